"""The total of every case of a snapshot for one query, and the best of them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from matcher.engine.constraints import Admission
from matcher.engine.index import Part, Snapshot
from matcher.engine.kernels import Kernels
from matcher.engine.packed import Curve, Flags, Floats, TermTable
from matcher.engine.tables import Adjustments, EvidenceTables
from matcher.errors import NegativeLimit

# Small enough that a block's totals stay in a core's cache while evidence is added to them.
_BLOCK = 1 << 15


class Found(NamedTuple):
    """One case and its total, in nats."""

    total: float
    case_id: str
    part: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One query against one snapshot. `curve` is lnLR(Y), None where phenotype is not used.

    `similarities` holds X of the cases of each part where it is known already; else `table` is
    what X is computed from.
    """

    snapshot: Snapshot
    table: TermTable | None
    curve: Curve | None
    query_hubness: float
    evidence: EvidenceTables
    admission: Admission
    kernels: Kernels
    workers: int = 1
    similarities: Sequence[Floats] = ()

    def best(self, limit: int | None) -> list[Found]:
        """The cases with the highest totals, ties by case id; all admitted ones if None.

        Raises `NegativeLimit`.
        """
        if limit is not None and limit < 0:
            raise NegativeLimit(limit)
        prepared = [
            self._prepared(part, known)
            for part, known in zip_longest(self.snapshot.parts, self.similarities)
        ]
        blocks = [block for each in prepared for block in each.blocks()]
        count = len(self.snapshot) if limit is None else limit
        if limit is None or count >= len(self.snapshot):
            self._each(blocks, 0)
            threshold = -np.inf
        else:
            largest = np.concatenate([np.zeros(0), *self._each(blocks, count)])
            if not len(largest) or not count:
                return []
            count = min(count, len(largest))
            threshold = np.partition(largest, len(largest) - count)[
                len(largest) - count
            ]
        return self._ordered(prepared, float(threshold), count)

    def _prepared(self, part: Part, similarities: Floats | None) -> PreparedPart:
        return PreparedPart(
            part=part,
            similarities=similarities,
            totals=np.empty(len(part.segment)),
            admitted=self.admission.admitted(part),
            adjustments=self.evidence.adjustments(part.segment),
        )

    def _each(self, blocks: Sequence[Block], count: int) -> list[Floats]:
        """The largest totals of every block. Threads, as kernels do without the lock."""
        workers = min(self.workers, len(blocks))
        if workers < 2:
            return [self._score(block, count) for block in blocks]
        with ThreadPoolExecutor(workers) as executor:
            return list(executor.map(lambda block: self._score(block, count), blocks))

    def _score(self, block: Block, count: int) -> Floats:
        prepared, start, stop = block
        segment = prepared.part.segment
        totals = prepared.totals[start:stop]
        if self.curve is None:
            totals.fill(0.0)
        else:
            if prepared.similarities is not None:
                totals[:] = prepared.similarities[start:stop]
            elif self.table is not None:
                self.kernels.similarity(self.table, segment.profiles, start, totals)
            hubness = segment.hubness[start:stop]
            self.kernels.log_likelihood(self.curve, hubness, self.query_hubness, totals)
        for table, numbers in self.evidence.lookups(segment):
            self.kernels.add_looked_up(table, numbers[start:stop], totals)
        first, last = np.searchsorted(prepared.adjustments.positions, [start, stop])
        changed = prepared.adjustments.positions[first:last] - start
        totals[changed] += prepared.adjustments.values[first:last]
        if prepared.admitted is not None:
            totals[~prepared.admitted[start:stop]] = -np.inf
        return self.kernels.largest(totals, count)

    def _ordered(
        self, prepared: Sequence[PreparedPart], threshold: float, count: int
    ) -> list[Found]:
        found = (
            Found(total, each.part.segment.case_ids[position], number, position)
            for number, each in enumerate(prepared)
            for total, position in each.above(threshold, count)
        )
        return heapq.nsmallest(count, found, key=lambda f: (-f.total, f.case_id))


@dataclass(frozen=True, slots=True)
class PreparedPart:
    """A part with room for its totals; `admitted` None means all, no `similarities` unknown."""

    part: Part
    similarities: Floats | None
    totals: Floats
    admitted: Flags | None
    adjustments: Adjustments

    def blocks(self) -> Iterator[Block]:
        """The part cut into pieces for the threads."""
        size = len(self.totals)
        return (
            Block(self, at, min(at + _BLOCK, size)) for at in range(0, size, _BLOCK)
        )

    def above(self, threshold: float, count: int) -> Iterator[tuple[float, int]]:
        """Totals of at least the threshold with their positions; of equal ones the first ids."""
        higher = np.flatnonzero(self.totals > threshold)
        equal = (
            np.flatnonzero(self.totals == threshold)
            if threshold > -np.inf
            else higher[:0]
        )
        for position in (*higher, *equal[:count]):
            yield float(self.totals[position]), int(position)


class Block(NamedTuple):
    """A stretch of the cases of one part."""

    prepared: PreparedPart
    start: int
    stop: int
