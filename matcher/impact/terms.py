"""Which terms of the stored cases another release reads otherwise."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ontologies.ontology import Resolution

if TYPE_CHECKING:
    from ontologies import Ontology, Release


class Change(enum.StrEnum):
    """What becomes of a term, as entered, from one release to the other; the worst first."""

    AMBIGUOUS = "ambiguous"
    LOST = "lost"
    REPLACED = "replaced"
    FOUND = "found"
    MOVED = "moved"
    RENAMED = "renamed"


# What changes which term counts, and so leaves scores as they are only by chance.
RESOLVES_OTHERWISE = frozenset(
    {Change.AMBIGUOUS, Change.LOST, Change.REPLACED, Change.FOUND}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """A term that cases name, and how both releases read it.

    AMBIGUOUS: no single term stands for it any more, and somebody must choose among the
    candidates. LOST: nothing does. REPLACED: another term does. FOUND: something does again.
    MOVED: it has other ancestors. `gained_nats` is by how much more it tells.
    """

    term_id: str
    change: Change
    before: Resolution
    after: Resolution
    label: str
    new_label: str
    gained_nats: float

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "term_id": self.term_id,
            "change": str(self.change),
            "label": self.label,
            "before": self.before.term_id,
            "after": self.after.term_id,
            "new_label": self.new_label,
            "candidates": list(self.after.candidates) if is_open(self.after) else [],
            "gained_nats": round(self.gained_nats, 4),
        }


def term_changes(
    before: Release, after: Release, term_ids: Mapping[str, int]
) -> Iterator[TermChange]:
    """Each of the terms that is read otherwise, those of most cases first.

    `term_ids` maps each to the number of its cases.
    """
    order = sorted(term_ids, key=lambda term_id: (-term_ids[term_id], term_id))
    for term_id in order:
        old = before.ontology.resolve(term_id)
        new = after.ontology.resolve(term_id)
        change = _change(before.ontology, after.ontology, old, new)
        if change is not None:
            yield TermChange(
                term_id=term_id,
                change=change,
                before=old,
                after=new,
                label=_label(before.ontology, old),
                new_label=_label(after.ontology, new),
                gained_nats=_information(after, new) - _information(before, old),
            )


def is_open(resolution: Resolution) -> bool:
    """Whether somebody must choose which of several terms is meant."""
    return resolution.term_id is None and bool(resolution.candidates)


def _change(
    old_terms: Ontology, new_terms: Ontology, old: Resolution, new: Resolution
) -> Change | None:
    if (old.term_id, old.candidates) != (new.term_id, new.candidates):
        if new.term_id is not None:
            return Change.REPLACED if old.term_id is not None else Change.FOUND
        if is_open(new):
            return Change.AMBIGUOUS
        return Change.LOST if old.term_id is not None or is_open(old) else None
    if new.term_id is None:
        return None
    if old_terms.ancestors(new.term_id) != new_terms.ancestors(new.term_id):
        return Change.MOVED
    if old_terms.label(new.term_id) != new_terms.label(new.term_id):
        return Change.RENAMED
    return None


def _label(ontology: Ontology, resolution: Resolution) -> str:
    return "" if resolution.term_id is None else ontology.label(resolution.term_id)


def _information(release: Release, resolution: Resolution) -> float:
    """What a term tells, in nats; nothing where it is no term."""
    if resolution.term_id is None:
        return 0.0
    return float(release.information_content[resolution.term_id])
