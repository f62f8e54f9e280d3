"""Which terms come, go, and change their name, place or synonyms with a release."""

from __future__ import annotations

from collections.abc import Iterator

from ontologies.curation.differences.changes import Change, Part, What, gone_and_come
from ontologies.ontology import Ontology
from ontologies.terms import Term


def term_changes(before: Ontology, after: Ontology) -> Iterator[Change]:
    """The changes by their kind, then by the id of the term."""
    live_before, live_after = frozenset(before.term_ids), frozenset(after.term_ids)
    came = sorted(live_after - live_before)
    retired = frozenset(before.retired_ids)
    yield from (_arrival(i, after, What.ADDED) for i in came if i not in retired)
    yield from (_arrival(i, after, What.RETURNED) for i in came if i in retired)
    yield from _departures(sorted(live_before - live_after), before, after)
    stayed = sorted(live_before & live_after)
    yield from _renamed(stayed, before, after)
    yield from _moved(stayed, before, after)
    yield from _synonyms(stayed, before, after)


def _arrival(term_id: str, ontology: Ontology, what: What) -> Change:
    parents = tuple(sorted(ontology.parents(term_id)))
    return Change(Part.TERMS, what, term_id, ontology.label(term_id), after=parents)


def _departures(gone: list[str], before: Ontology, after: Ontology) -> Iterator[Change]:
    changes = [_departure(term_id, before, after) for term_id in gone]
    for what in (What.OBSOLETED, What.MERGED, What.WITHDRAWN):
        yield from (change for change in changes if change.what is what)


def _departure(term_id: str, before: Ontology, after: Ontology) -> Change:
    heirs = after.resolve(term_id).candidates
    if len(heirs) == 1 and term_id in after.term(heirs[0]).alternative_ids:
        what = What.MERGED
    elif term_id in after.retired_ids:
        what = What.OBSOLETED
    else:
        what = What.WITHDRAWN
    return Change(Part.TERMS, what, term_id, before.label(term_id), after=heirs)


def _renamed(stayed: list[str], before: Ontology, after: Ontology) -> Iterator[Change]:
    for term_id in stayed:
        old, new = before.label(term_id), after.label(term_id)
        if old != new:
            yield Change(Part.TERMS, What.RENAMED, term_id, new, (old,), (new,))


def _moved(stayed: list[str], before: Ontology, after: Ontology) -> Iterator[Change]:
    for term_id in stayed:
        lost, gained = gone_and_come(before.parents(term_id), after.parents(term_id))
        if lost or gained:
            label = after.label(term_id)
            yield Change(Part.TERMS, What.MOVED, term_id, label, lost, gained)


def _synonyms(stayed: list[str], before: Ontology, after: Ontology) -> Iterator[Change]:
    for term_id in stayed:
        lost, gained = gone_and_come(
            _texts(before.term(term_id)), _texts(after.term(term_id))
        )
        if lost or gained:
            what = What.NAMED if gained else What.UNNAMED
            label = after.label(term_id)
            yield Change(Part.TERMS, what, term_id, label, lost, gained)


def _texts(term: Term) -> Iterator[str]:
    return (synonym.text for synonym in term.synonyms)
