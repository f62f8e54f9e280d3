"""A pasted note: the findings it tells of, each with the words it came from.

Nothing enters the case but by a click, and the note is gone with the page unless it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matcher.labels import lowered
from ontologies import Release
from ontologies.notes.context import Status
from ontologies.notes.reader import NoteTerm
from web.db import connection
from web.pages.admission import the_clinician
from web.pages.typed import lines
from web.service import service

blueprint = Blueprint("notes", __name__)

LONGEST = 20_000
# The class of the words in the note, and how each status is said.
MARKS = {
    Status.OBSERVED: "s-obs",
    Status.EXCLUDED: "s-exc",
    Status.UNCERTAIN: "s-may",
    Status.FAMILY: "s-fam",
}


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the note, with the class of its mark; empty where nothing was found."""

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One finding of the note: `status` is what the note says of it."""

    id: str
    label: str
    lower: str
    status: str
    said: str
    fact: str
    rarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a note tells: offered to be added, in the case already, and of relatives."""

    runs: tuple[Run, ...]
    offered: tuple[Suggestion, ...]
    known: tuple[Suggestion, ...]
    family: tuple[Suggestion, ...]
    too_long: int = 0


@blueprint.post("/notes/read")
def read() -> ResponseReturnValue:
    """What a note tells, as a piece of the form. Neither is stored."""
    the_clinician()
    form = request.form
    listed = (*form.getlist("observed"), *form.getlist("excluded"))
    listed += tuple(form.getlist("uncertain"))
    note = lines.text(form, "pasted")
    return render_template(
        "cases/_reading.html",
        reading=reading(note, listed, form.getlist("dismissed")),
    )


def reading(
    note: str, listed: Iterable[str], dismissed: Iterable[str] = ()
) -> Reading | None:
    """What a note tells beside the terms that are listed; None for an empty one."""
    if not note:
        return None
    if len(note) > LONGEST:
        return Reading(runs=(), offered=(), known=(), family=(), too_long=len(note))
    found = service().words.reader(connection()).read(note)
    told = _suggestions(found, note, service().release)
    known = set(listed)
    left = set(dismissed)
    patient = [s for s in told if s.status != Status.FAMILY]
    return Reading(
        runs=tuple(runs(note, found)),
        offered=tuple(s for s in patient if s.id not in known | left),
        known=tuple(s for s in patient if s.id in known),
        family=tuple(s for s in told if s.status == Status.FAMILY),
    )


def _suggestions(
    found: Sequence[NoteTerm], note: str, release: Release
) -> list[Suggestion]:
    """One for each term: what is said of it with several statuses is left for the person."""
    statuses: dict[str, set[Status]] = {}
    for term in found:
        if term.status is not Status.FAMILY:
            statuses.setdefault(term.term_id, set()).add(term.status)
    return list(_each_once(found, note, statuses, release))


def _each_once(
    found: Iterable[NoteTerm],
    note: str,
    statuses: Mapping[str, set[Status]],
    release: Release,
) -> Iterator[Suggestion]:
    seen = set()
    for term in found:
        status = term.status
        if status is not Status.FAMILY and len(statuses[term.term_id]) > 1:
            status = Status.UNCERTAIN
        if (term.term_id, status) in seen:
            continue
        seen.add((term.term_id, status))
        one_in = release.information_content.rarity(term.term_id)
        yield Suggestion(
            id=term.term_id,
            label=term.label,
            lower=lowered(term.label),
            status=str(status),
            said=" … ".join(note[start:end] for start, end in term.spans),
            fact=f"1 in {max(1, round(one_in)):,} diseases",
            rarity=one_in,
        )


def runs(note: str, found: Iterable[NoteTerm]) -> Iterator[Run]:
    """The note cut where marks begin and end; of marks that overlap the first stays whole."""
    marks = sorted((*span, MARKS[term.status]) for term in found for span in term.spans)
    done = 0
    for start, end, mark in marks:
        if start < done:
            continue
        if start > done:
            yield Run(note[done:start])
        yield Run(note[start:end], mark)
        done = end
    if done < len(note):
        yield Run(note[done:])
