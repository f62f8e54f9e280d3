"""One thing that changes with a release, as data."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Part(enum.StrEnum):
    """Which part of a release changes."""

    TERMS = "terms"
    ANNOTATIONS = "annotations"
    GENES = "genes"
    DISEASES = "diseases"


class What(enum.StrEnum):
    """How an entry changes.

    What is merged goes on as another id of a live one; what is obsoleted is taken out and leads
    to its replacement, to candidates, or to nothing.
    """

    ADDED = "added"
    OBSOLETED = "obsoleted"
    MERGED = "merged"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    RENAMED = "renamed"
    MOVED = "moved"
    NAMED = "new synonyms"
    UNNAMED = "lost synonyms"
    REANNOTATED = "annotated otherwise"
    REFERRED = "cross references"


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that changes. What `before` and `after` hold follows from `what`:

    the parents of what is added or moved, only those that differ; the names of what is renamed;
    the synonyms, terms, diseases or references lost and gained; in `after` alone what takes the
    place of what is merged, obsoleted or withdrawn. `label` is the later name where there is one.
    """

    part: Part
    what: What
    entry: str
    label: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """A term whose information content changes, in nats."""

    term_id: str
    label: str
    before: float
    after: float

    @property
    def by(self) -> float:
        """How much more it tells."""
        return self.after - self.before


def gone_and_come(
    before: Iterable[str], after: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What only the first has and what only the second has, each in order."""
    first, second = set(before), set(after)
    return tuple(sorted(first - second)), tuple(sorted(second - first))
