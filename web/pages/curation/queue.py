"""What came from outside and is no term: the curators see it, decide, and write it up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from matcher.readers.identifiers import hpo_id
from web.abbreviations import BadAbbreviation
from web.audit import Audit
from web.db import connection
from web.pages.admission import the_curator
from web.pages.entry.terms import site_lookup
from web.pages.files import attached
from web.pages.words import counted, day, moment, sentence
from web.service import service
from web.unrecognised.arriving import Kind
from web.unrecognised.deciding import (
    BadDecision,
    DecidedMeanwhile,
    Decision,
    Decisions,
    Place,
)
from web.unrecognised.queue import (
    LONGEST_FIND,
    PAGE_SIZE,
    Entry,
    Order,
    Queue,
    State,
    UnknownEntry,
    Wanted,
)
from web.unrecognised.suggesting import Suggestion, suggestions
from web.unrecognised.upstream import MOST_REPORTED, REPORTED, Form, reportable, written

blueprint = Blueprint("queue", __name__)

# What each decision does, beside its button, and the key that chooses it.
CHOICES = (
    (State.TERM, "t", "Stands for the term", "Offered wherever it comes again."),
    (State.SYNONYM, "w", "Local word for the term", "The search finds it at once."),
    (State.UPSTREAM, "r", "Report it to HPO", "Into the report, at a term if chosen."),
    (State.IGNORED, "i", "Ignore it", "It is no feature, or says too little."),
    (State.ERASED, "e", "Erase it", "It tells of a person; it is never kept again."),
)
KINDS = {
    Kind.QUESTION: "questions of peers",
    Kind.ANSWER: "answers of peers",
    Kind.IMPORT: "imports",
    Kind.DEPOSIT: "deposits",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry as it is listed, and the term that comes nearest."""

    entry: Entry
    came: str
    days: str
    decided: str
    best: Suggestion | None


@blueprint.get("/curation/queue")
def show() -> ResponseReturnValue:
    """The entries that were asked for, a page at a time."""
    the_curator()
    wanted, queue = _wanted(), Queue(connection())
    total = queue.count(wanted)
    pages = max(1, math.ceil(total / PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    entries = queue.page(wanted, offset=(page - 1) * PAGE_SIZE)
    counts = queue.counts()
    return render_template(
        "curation/queue.html",
        heading=_heading(counts[State.OPEN]),
        lines=[_line(each) for each in entries],
        wanted=wanted,
        asked=_asked(wanted),
        states=[(state, counts[state]) for state in State],
        kinds=[("", "any source"), *((str(k), text) for k, text in KINDS.items())],
        orders=[(str(each), sentence(str(each))) for each in Order],
        total=total,
        page=page,
        pages=pages,
        waiting=queue.waiting(),
        unfit=[(why, times, day(last)) for why, times, last in queue.unfit()],
        readable_from=service().settings.readable_from,
        to_report=counts[State.UPSTREAM],
    )


@blueprint.get("/curation/queue/<int:number>")
def one(number: int) -> ResponseReturnValue:
    """One entry with its suggestions, and the form to decide it."""
    the_curator()
    return _page(_entry(number))


@blueprint.post("/curation/queue/<int:number>")
def decide(number: int) -> ResponseReturnValue:
    """Take a decision, and go on to the next entry that waits."""
    person = the_curator()
    entry = _entry(number)
    try:
        decided = Decisions(connection(), service().release).decide(
            number,
            _decision(),
            actor=person.name,
            # A form without one has seen nothing.
            expected_version=request.form.get("version", -1, type=int),
        )
    except DecidedMeanwhile as error:
        flash(str(error), "alert")
        return _to(number)
    except (BadDecision, BadAbbreviation) as error:
        field = error.field if isinstance(error, BadDecision) else "decision"
        problem = (field, sentence(field.replace("_id", "")), sentence(str(error)))
        return _page(entry, [problem]), 422
    flash(f"Entry {number}: {decided.state}.", "good")
    following = Queue(connection()).following(number)
    if decided.state is State.OPEN or following is None:
        return _to(number)
    return _to(following.number)


@blueprint.post("/curation/queue/ignore")
def ignore() -> ResponseReturnValue:
    """Ignore what was ticked, as far as nobody has decided it meanwhile."""
    person = the_curator()
    ticked = _ticked()
    numbers = ticked[:MOST_REPORTED]
    ignored = Decisions(connection(), service().release).ignore(
        numbers, actor=person.name
    )
    if not numbers:
        flash("Nothing was ticked, so nothing was ignored.", "look")
    elif ignored == len(numbers):
        flash(f"Ignored: {ignored:,}.", "good")
    else:
        gone = len(numbers) - ignored
        flash(f"Ignored: {ignored:,}; decided by somebody before: {gone:,}.", "look")
    if more := len(ticked) - len(numbers):
        flash(f"Not looked at: {more:,}; tick at most {MOST_REPORTED:,}.", "alert")
    return redirect(url_for("pages.curation.queue.show"), 303)


@blueprint.post("/curation/queue/report")
def as_file() -> ResponseReturnValue:
    """A report for the HPO tracker, of the entries that were ticked or of all to be reported."""
    person = the_curator()
    ticked = _ticked()
    if len(ticked) > MOST_REPORTED:
        said = f"{len(ticked):,} are ticked; a report takes at most {MOST_REPORTED:,}."
        flash(said, "alert")
        return redirect(url_for("pages.curation.queue.show"), 303)
    asked = request.form.get("form", "")
    form = Form(asked) if asked in list(Form) else Form.MARKDOWN
    try:
        entries = reportable(connection(), ticked)
    except UnknownEntry:
        abort(404)
    if not entries:
        flash("Nothing is ticked, and nothing is to be reported.", "look")
        return redirect(url_for("pages.curation.queue.show"), 303)
    release = service().release
    numbers = [each.number for each in entries]
    Audit(connection()).record(person.name, REPORTED, entries=numbers)
    text = written(form, entries, release, site_lookup())
    name = f"missed terms HPO {release.ontology.version}.{form.ending}"
    return attached(text, form.kind, name)


def _ticked() -> list[int]:
    numbers = request.form.getlist("entry", type=int)
    return list(dict.fromkeys(numbers))


def _entry(number: int) -> Entry:
    try:
        return Queue(connection()).get(number)
    except UnknownEntry:
        abort(404)


def _to(number: int) -> Response:
    return redirect(url_for("pages.curation.queue.one", number=number), 303)


def _decision() -> Decision:
    """What the form says. Raises `BadDecision`."""
    form = request.form
    state, place = form.get("decision", ""), form.get("place", "")
    if state not in list(State):
        raise BadDecision(
            "decision",
            f"{state[:40]!r} is no decision; choose one of those that are offered.",
        )
    typed = hpo_id(form.get("other", "").strip()[:60])
    needs_term = state in (State.TERM, State.SYNONYM, State.UPSTREAM)
    return Decision(
        state=State(state),
        term_id=(typed or form.get("term_id", "")[:60]) if needs_term else "",
        place=Place(place) if place in list(Place) else Place.SYNONYM,
        reason=" ".join(form.get("reason", "").split()),
    )


def _page(entry: Entry, problems: Sequence[tuple[str, str, str]] = ()) -> str:
    found = _suggested(entry)
    label = _label(entry.term_id)
    return render_template(
        "curation/queue_entry.html",
        entry=entry,
        line=_line(entry),
        suggestions=found,
        choices=[
            each for each in CHOICES if entry.words or each[0] is not State.SYNONYM
        ],
        places=[(str(each), f"{sentence(str(each))} the term") for each in Place],
        decided=f"{label} ({entry.term_id})" if label else entry.term_id,
        entered=request.form,
        problems=problems,
        wrong={field: message for field, _, message in problems},
    )


def _suggested(entry: Entry, limit: int = 5) -> list[Suggestion]:
    search = service().words.remembered(connection())
    return suggestions(entry.code, entry.words, service().release, search, limit)


def _label(term_id: str) -> str:
    ontology = service().release.ontology
    is_known = term_id in ontology or term_id in ontology.obsolete_ids
    return ontology.label(term_id) if is_known else ""


def _line(entry: Entry) -> Line:
    first, last = day(entry.first_day), day(entry.last_day)
    found = _suggested(entry, 1) if entry.state is State.OPEN else []
    by = f"{entry.decided_by}, {moment(entry.decided_at)}" if entry.decided_at else ""
    return Line(
        entry=entry,
        came=", ".join(KINDS[kind] for kind in entry.kinds),
        days=first if first == last else f"{first} to {last}",
        decided=by,
        best=found[0] if found else None,
    )


def _wanted() -> Wanted:
    """What the address asks for; what is no such thing is left out."""
    asked = request.args
    state, kind, order = (asked.get(name, "") for name in ("state", "kind", "order"))
    return Wanted(
        state=State(state) if state in list(State) else State.OPEN,
        kind=Kind(kind) if kind in list(Kind) else None,
        find=asked.get("find", "").strip()[:LONGEST_FIND],
        order=Order(order) if order in list(Order) else Order.OFTEN,
    )


def _asked(wanted: Wanted) -> dict[str, Any]:
    """The same for an address, without what is asked for anyway."""
    return {
        "state": str(wanted.state),
        "kind": str(wanted.kind or "") or None,
        "find": wanted.find or None,
        "order": None if wanted.order is Order.OFTEN else str(wanted.order),
    }


def _heading(count: int) -> str:
    if not count:
        return "Nothing unknown waits to be decided"
    verb = "waits" if count == 1 else "wait"
    return sentence(f"{counted(count, 'unknown feature')} {verb} to be decided")
