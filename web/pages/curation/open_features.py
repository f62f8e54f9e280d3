"""Features that a release leaves open, as far as a person may know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ontologies import Release
from web.accounts import Person
from web.db import connection
from web.pages.words import sentence
from web.service import service
from web.switching.unsettled import Unsettled, UnsettledFeatures
from web.unrecognised.deciding import stand_for, stands_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One feature of a case, and the terms that may stand for it.

    Of `candidates` each has whether the active release knows it, so that it may stand already.
    `curators` is the term that the curators of the site let the id stand for, with its name,
    where the release offers none.
    """

    case_id: str
    version: int
    term_id: str
    label: str
    said: str
    candidates: Sequence[tuple[str, str, bool]]
    known_to: Sequence[str]
    curators: tuple[str, str] | None


def open_questions(
    person: Person, release: Release, only_new: bool = False
) -> list[Question]:
    """What the release leaves open in cases that the person may open.

    `only_new` leaves out what the active release leaves open already.
    """
    db, active = connection(), service().release
    found = list(UnsettledFeatures(db, release).of(person))
    if only_new and found:
        already = {
            (each.case_id, each.term_id)
            for each in UnsettledFeatures(db, active).of(person)
        }
        found = [each for each in found if (each.case_id, each.term_id) not in already]
    chosen = stand_for(db) if found else {}
    return [_question(each, release, active, chosen) for each in found]


def undecided(release: Release) -> int:
    """How many cases, whosever they are, a release leaves open beyond the active one."""
    db, active = connection(), service().release
    new, old = UnsettledFeatures(db, release), UnsettledFeatures(db, active)
    return new.count_beyond(old)


def _question(
    each: Unsettled, release: Release, active: Release, chosen: Mapping[str, str]
) -> Question:
    no = "no " if each.excluded else ""
    label = each.label or _label(each.term_id, release, active)
    return Question(
        case_id=each.case_id,
        version=each.version,
        term_id=each.term_id,
        label=sentence(f"{no}{label}".strip()),
        said=str(each.status),
        candidates=[
            (term_id, name, active.ontology.resolve(term_id).term_id == term_id)
            for term_id, name in each.candidates
        ],
        known_to=each.known_to,
        curators=(
            None if each.candidates else _of_curators(each.term_id, chosen, active)
        ),
    )


def _of_curators(
    term_id: str, chosen: Mapping[str, str], active: Release
) -> tuple[str, str] | None:
    found = active.ontology.resolve(stands_for(chosen, term_id)).term_id
    return (found, active.ontology.label(found)) if found else None


def _label(term_id: str, *releases: Release) -> str:
    """The name of a term by the first release that has one."""
    for release in releases:
        if term_id in release.ontology or term_id in release.ontology.obsolete_ids:
            return release.ontology.term(term_id).label
    return ""
