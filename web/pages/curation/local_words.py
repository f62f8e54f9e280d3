"""What the people of this site write short, and by which terms the search answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.readers.fields import printable
from matcher.storage.database import write_transaction
from web.abbreviations import Abbreviation, Abbreviations, BadAbbreviation
from web.audit import Audit
from web.db import connection
from web.pages.admission import the_curator
from web.pages.entry.terms import site_lookup
from web.pages.words import counted, moment, sentence
from web.service import service

blueprint = Blueprint("local_words", __name__)

LISTED = "local word listed"
REMOVED = "local word removed"
MOST_CHANGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A word of the site, and the term that its meaning leads to, "" where it leads to none."""

    word: Abbreviation
    term_id: str
    label: str
    when: str


@blueprint.get("/curation/words")
def show() -> ResponseReturnValue:
    """The list, a form to add to it, and how it came to be."""
    the_curator()
    return _page()


@blueprint.post("/curation/words")
def add() -> ResponseReturnValue:
    """List a word; every process finds by it from its next search on."""
    person = the_curator()
    short = " ".join(request.form.get("short", "").split())
    meaning = " ".join(request.form.get("meaning", "").split())
    try:
        with write_transaction(connection()):
            Abbreviations(connection()).add(short, meaning, person.name)
            Audit(connection()).record(person.name, LISTED, word=short)
    except BadAbbreviation as error:
        field = (
            "short"
            if str(error).startswith(f"“{printable(short[:60])}”")
            else "meaning"
        )
        return _page([(field, sentence(field), sentence(str(error)))]), 422
    flash(f"{short} stands for {meaning}.", "good")
    return redirect(url_for("pages.curation.local_words.show"), 303)


@blueprint.post("/curation/words/remove")
def remove() -> ResponseReturnValue:
    """Take a word off the list, in one meaning."""
    person = the_curator()
    short = request.form.get("short", "")[:100]
    meaning = request.form.get("meaning", "")[:300]
    with write_transaction(connection()):
        gone = meaning and Abbreviations(connection()).remove(
            short, meaning, person.name
        )
        if gone:
            Audit(connection()).record(person.name, REMOVED, word=short)
    if gone:
        flash(f"{short} is off the list.", "good")
    else:
        flash("It was not on the list any more.", "look")
    return redirect(url_for("pages.curation.local_words.show"), 303)


def _page(problems: Sequence[tuple[str, str, str]] = ()) -> str:
    known = Abbreviations(connection())
    lines = [_line(each) for each in known.listed()]
    return render_template(
        "curation/local_words.html",
        heading=_heading(lines),
        lines=lines,
        changes=[
            (
                moment(each.at),
                each.actor,
                "added" if each.is_added else "removed",
                each.short,
                each.meaning,
            )
            for each in known.changes(MOST_CHANGES)
        ],
        entered=request.form,
        problems=problems,
        wrong={field: message for field, _, message in problems},
    )


def _line(word: Abbreviation) -> Line:
    hits = site_lookup().search(word.meaning, limit=1)
    found = [hit.term_id for hit in hits if hit.is_close]
    return Line(
        word=word,
        term_id="".join(found),
        label="".join(map(service().release.ontology.label, found)),
        when=moment(word.added_at),
    )


def _heading(lines: Sequence[Line]) -> str:
    if not lines:
        return "The search knows no word of your site’s own yet"
    lost = sum(not line.term_id for line in lines)
    known = f"The search knows {counted(len(lines), 'word')} of your site"
    if lost:
        return f"{known}; {counted(lost, 'meaning')} lead{'s' if lost == 1 else ''} to no term"
    return known
