"""Cases and ontology as packed arrays, in the form that the kernels read.

Information content is held as whole numbers of 2**-26 nats, so sums do not depend on their
order: compiled and plain numpy code, and every machine, give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNITS_PER_NAT = 1 << 26
IDENTICAL_TERM_FACTOR = 1.4
# Columns of a table come in whole vector registers of sixteen numbers.
LANES = 16

Rows = NDArray[np.uint16]
Starts = NDArray[np.uint32]
Numbers = NDArray[np.uint16] | NDArray[np.uint32]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Terms:
    """The ontology as a table of best information content is filled from it.

    `position[row]` is the place of an ontology row in this table, -1 for rows left out.
    `parent_offsets` and `parents` speak of positions, parents before children; the ancestors
    of a row include itself.
    """

    position: Integers
    parent_offsets: Longs
    parents: Integers
    ancestor_offsets: Longs
    ancestors: Rows
    content: Integers

    @property
    def size(self) -> int:
        """How many terms a table has."""
        return len(self.content)

    def restricted_to(self, rows: Rows) -> Terms:
        """The same ontology without what is not needed to score profiles made of `rows`."""
        keep = np.zeros(len(self.position), dtype=np.bool_)
        for row in np.unique(rows):
            start, stop = self.ancestor_offsets[row : int(row) + 2]
            keep[self.ancestors[start:stop]] = True
        kept = self.position[np.flatnonzero(keep & (self.position >= 0))]
        kept.sort()
        renumbered = np.full(self.size + 1, -1, dtype=np.int32)
        renumbered[kept] = np.arange(len(kept), dtype=np.int32)
        lengths = np.diff(self.parent_offsets)[kept]
        members = expand(self.parent_offsets[:-1][kept], lengths)
        return Terms(
            position=renumbered[self.position],
            parent_offsets=offsets_of(lengths),
            parents=renumbered[self.parents[members]],
            ancestor_offsets=self.ancestor_offsets,
            ancestors=self.ancestors,
            content=self.content[kept],
        )


def terms(
    parent_offsets: NDArray[np.integer],
    parent_rows: NDArray[np.integer],
    ancestor_offsets: NDArray[np.integer],
    ancestor_rows: NDArray[np.integer],
    information_content: Floats,
) -> Terms:
    """All terms of an ontology, with their information content in nats (below 32)."""
    content = np.rint(np.asarray(information_content) * UNITS_PER_NAT)
    # Copies, as numba compiles read-only and memory-mapped arrays once more.
    return Terms(
        position=np.arange(len(content), dtype=np.int32),
        parent_offsets=np.array(parent_offsets, dtype=np.int64),
        parents=np.array(parent_rows, dtype=np.int32),
        ancestor_offsets=np.array(ancestor_offsets, dtype=np.int64),
        ancestors=np.array(ancestor_rows, dtype=np.uint16),
        content=content.astype(np.int32),
    )


@dataclass(frozen=True, slots=True)
class TermTable:
    """What each term of the ontology is worth to one query.

    `best[u, j]` is S between term u and query term j, `closest[u]` the largest of its row.
    Columns past `length` are 0 and fill whole vector registers.
    """

    best: Integers
    closest: Integers
    length: int


@dataclass(frozen=True, slots=True)
class Profiles:
    """The terms of many cases: case i has `rows[offsets[i]:offsets[i + 1]]`, ascending."""

    rows: Rows
    offsets: Starts

    @classmethod
    def of(cls, cases: Sequence[Sequence[int]]) -> Profiles:
        """The profiles of cases given by their rows."""
        lengths = np.fromiter(
            (len(rows) for rows in cases), dtype=np.int64, count=len(cases)
        )
        rows = np.array([row for rows in cases for row in rows], dtype=np.uint16)
        return cls(rows, starts_of(lengths))

    @classmethod
    def joined(cls, parts: Sequence[Profiles]) -> Profiles:
        """The cases of all parts, one part after another."""
        lengths = np.concatenate([part.lengths() for part in parts])
        rows = np.concatenate([part.rows for part in parts])
        return cls(rows, starts_of(lengths))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, position: int) -> Rows:
        start, stop = self.offsets[position : position + 2]
        return self.rows[start:stop]

    def lengths(self) -> Starts:
        """Number of terms of each case."""
        return np.diff(self.offsets)

    def take(self, positions: NDArray[np.integer]) -> Profiles:
        """The cases at `positions`, in that order."""
        lengths = self.lengths()[positions]
        members = expand(self.offsets[:-1][positions], lengths)
        return Profiles(self.rows[members], starts_of(lengths))


@dataclass(frozen=True, slots=True)
class Curve:
    """A piecewise linear function: piece p starts where `knots[p - 1]` lies.

    At x its value is `height[p] + (x - origin[p]) * slope[p]`, p being the number of knots
    at or below x.
    """

    knots: Floats
    origin: Floats
    height: Floats
    slope: Floats

    def __call__(self, x: Floats) -> Floats:
        piece = np.searchsorted(self.knots, x, side="right")
        value: Floats = (
            self.height[piece] + (x - self.origin[piece]) * self.slope[piece]
        )
        return value

    def scaled(self, factor: float) -> Curve:
        """The function times a factor."""
        return Curve(self.knots, self.origin, factor * self.height, factor * self.slope)


def curve(knots: Floats, heights: Floats, below: float, above: float) -> Curve:
    """The function through the knots, with slopes `below` the first and `above` the last."""
    inner = np.diff(heights) / np.diff(knots)
    return Curve(
        knots=np.asarray(knots, dtype=np.float64),
        origin=np.concatenate([knots[:1], knots]),
        height=np.concatenate([heights[:1], heights]),
        slope=np.concatenate([[below], inner, [above]]),
    )


def offsets_of(lengths: NDArray[np.integer]) -> Longs:
    """Where each of the consecutive stretches of these lengths starts, and the end."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def starts_of(lengths: NDArray[np.integer]) -> Starts:
    """The same in 32 bits. Raises OverflowError past four thousand million."""
    offsets = offsets_of(lengths)
    if offsets[-1] > np.iinfo(np.uint32).max:
        raise OverflowError(
            f"{offsets[-1]:,} entries do not fit one segment; use several."
        )
    return offsets.astype(np.uint32)


def expand(starts: NDArray[np.integer], lengths: NDArray[np.integer]) -> Longs:
    """Every index of the stretches that begin at `starts`, one stretch after another."""
    offsets = offsets_of(lengths)
    first = np.repeat(np.asarray(starts, dtype=np.int64) - offsets[:-1], lengths)
    return first + np.arange(offsets[-1])


def empty_table(terms: Terms, query: Rows) -> Integers:
    """Room for S between every term and every query term, all 0."""
    width = max(LANES, -(-len(query) // LANES) * LANES)
    return np.zeros((terms.size, width), dtype=np.int32)


def mean_of_largest(scores: Floats, count: int) -> float:
    """Mean of the `count` largest scores that are numbers; 0 if there is none."""
    known = np.sort(scores[~np.isnan(scores)])[::-1][:count]
    return float(known.cumsum()[-1] / len(known)) if len(known) else 0.0
