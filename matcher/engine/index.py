"""All cases as packed arrays that change one case at a time and never under a running query.

Cases lie in segments, each sorted by case id and never altered. A new case makes a new segment,
a removed one is marked dead, and segments of like size are merged, so that every case is copied
a few times only however many are added (a log-structured merge).
"""

from __future__ import annotations

import bisect
import enum
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
import numpy as np
from numpy.typing import NDArray

from matcher.engine.packed import (
    Flags,
    Longs,
    Profiles,
    Singles,
    Starts,
    expand,
    offsets_of,
    starts_of,
)

_SMALL = 512
_GROWTH = 4
_SORTABLE_WIDTH = 128

Codes = NDArray[np.uint32]


class Column(enum.Enum):
    """What is known of every case as one number: an index into a list of distinct values."""

    ONSET = "onset"
    ALLELES = "alleles"
    DIAGNOSES = "diagnoses"
    CIRCUMSTANCES = "circumstances"
    FAMILY = "family"
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Texts:
    """Many short texts in one piece of memory."""

    data: NDArray[np.uint8]
    offsets: Starts

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """The texts in their order."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        lengths = np.fromiter(
            (len(e) for e in encoded), dtype=np.int64, count=len(encoded)
        )
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), starts_of(lengths))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, position: int) -> str:
        # As Python's own numbers, with which slicing takes a third of the time.
        start, stop = self.offsets.item(position), self.offsets.item(position + 1)
        return self.data[start:stop].tobytes().decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[position] for position in range(len(self)))

    def take(self, positions: NDArray[np.integer]) -> Texts:
        """The texts at `positions`, in that order."""
        lengths = np.diff(self.offsets)[positions]
        return Texts(
            self.data[expand(self.offsets[:-1][positions], lengths)],
            starts_of(lengths),
        )

    def order(self) -> Longs:
        """The positions in ascending order of the texts."""
        lengths = np.diff(self.offsets)
        width = int(lengths.max(initial=1))
        if width > _SORTABLE_WIDTH:
            return np.array(
                sorted(range(len(self)), key=self.__getitem__), dtype=np.int64
            )
        padded = np.zeros((len(self), width), dtype=np.uint8)
        padded[np.arange(width) < lengths[:, None]] = self.data
        return np.argsort(padded.view(f"S{width}").ravel(), kind="stable")


@dataclass(frozen=True, slots=True)
class Postings:
    """Which cases list a gene: pairs of gene number and position, ascending."""

    genes: NDArray[np.uint16]
    positions: NDArray[np.uint32]

    def of_gene(self, gene: int) -> NDArray[np.uint32]:
        """Positions of the cases that list the gene, ascending."""
        start, stop = np.searchsorted(self.genes, [gene, gene + 1])
        return self.positions[start:stop]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedCase:
    """One case as the index keeps it: rows ascending without implied ones, genes ascending."""

    case_id: str
    rows: Sequence[int] = ()
    hubness: float = 0.0
    genes: Sequence[int] = ()
    numbers: Mapping[Column, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """Cases sorted by id, position by position in every array."""

    case_ids: Texts
    profiles: Profiles
    hubness: Singles
    gene_counts: NDArray[np.uint16]
    postings: Postings
    columns: Mapping[Column, Codes]

    @classmethod
    def of(cls, cases: Iterable[IndexedCase]) -> Segment:
        """A segment of cases with distinct ids."""
        cases = sorted(cases, key=lambda case: case.case_id)
        count = len(cases)
        counts = np.fromiter(
            (len(c.genes) for c in cases), dtype=np.uint16, count=count
        )
        genes = np.array(
            [gene for case in cases for gene in case.genes], dtype=np.uint16
        )
        positions = np.repeat(np.arange(count, dtype=np.uint32), counts)
        return cls(
            case_ids=Texts.of([case.case_id for case in cases]),
            profiles=Profiles.of([case.rows for case in cases]),
            hubness=np.fromiter(
                (c.hubness for c in cases), dtype=np.float32, count=count
            ),
            gene_counts=counts,
            postings=_sorted_postings(genes, positions),
            columns={
                column: np.fromiter(
                    (c.numbers.get(column, 0) for c in cases),
                    dtype=np.uint32,
                    count=count,
                )
                for column in Column
            },
        )

    def __len__(self) -> int:
        return len(self.hubness)

    @property
    def nbytes(self) -> int:
        """Size of the arrays, case ids included."""
        arrays: tuple[NDArray[Any], ...] = (
            self.case_ids.data,
            self.case_ids.offsets,
            self.profiles.rows,
            self.profiles.offsets,
            self.hubness,
            self.gene_counts,
            self.postings.genes,
            self.postings.positions,
            *self.columns.values(),
        )
        return sum(array.nbytes for array in arrays)

    def find(self, case_id: str) -> int | None:
        """Position of the case with this id."""
        position = bisect.bisect_left(self.case_ids, case_id)
        found = position < len(self) and self.case_ids[position] == case_id
        return position if found else None

    def take(self, positions: Longs) -> Segment:
        """The cases at `positions`, which leave the ids in ascending order."""
        place = np.full(len(self), -1, dtype=np.int64)
        place[positions] = np.arange(len(positions))
        moved = place[self.postings.positions]
        kept = moved >= 0
        return Segment(
            case_ids=self.case_ids.take(positions),
            profiles=self.profiles.take(positions),
            hubness=self.hubness[positions],
            gene_counts=self.gene_counts[positions],
            postings=_sorted_postings(
                self.postings.genes[kept], moved[kept].astype(np.uint32)
            ),
            columns={
                column: codes[positions] for column, codes in self.columns.items()
            },
        )


def _sorted_postings(
    genes: NDArray[np.uint16], positions: NDArray[np.uint32]
) -> Postings:
    order = np.lexsort((positions, genes))
    return Postings(genes[order], positions[order])


@dataclass(frozen=True)
class Part:
    """A segment and which of its cases are still there; None means all."""

    segment: Segment
    alive: Flags | None = None

    def __len__(self) -> int:
        return (
            len(self.segment)
            if self.alive is None
            else int(np.count_nonzero(self.alive))
        )

    @cached_property
    def circumstances(self) -> Longs:
        """How many of its cases have each number of circumstances."""
        numbers = self.segment.columns[Column.CIRCUMSTANCES]
        return np.bincount(numbers if self.alive is None else numbers[self.alive])

    def find(self, case_id: str) -> int | None:
        """Position of the case with this id, if it is still there."""
        position = self.segment.find(case_id)
        if position is None or self.alive is None or self.alive[position]:
            return position
        return None

    def without(self, positions: Sequence[int]) -> Part:
        """The same part with these cases dead."""
        alive = np.ones(len(self.segment), dtype=np.bool_)
        if self.alive is not None:
            alive[:] = self.alive
        alive[positions] = False
        return replace(self, alive=alive)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The cases at one moment; nothing that is added or removed later changes it."""

    parts: tuple[Part, ...] = ()

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    @property
    def nbytes(self) -> int:
        """Size of all arrays."""
        return sum(part.segment.nbytes for part in self.parts)

    def find(self, case_id: str) -> tuple[int, int] | None:
        """Part and position of a case."""
        for number, part in enumerate(self.parts):
            position = part.find(case_id)
            if position is not None:
                return number, position
        return None

    def packed(self) -> Segment:
        """All its cases as one segment, nothing of a removed one left in it."""
        return _merged(self.parts).segment if self.parts else Segment.of(())

    def case_ids(self) -> Iterator[str]:
        """Every case id, part by part, ascending within a part."""
        for part in self.parts:
            for position, case_id in enumerate(part.segment.case_ids):
                if part.alive is None or part.alive[position]:
                    yield case_id


class CaseIndex:
    """The current snapshot, and the one place where it changes. Safe to use from threads."""

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        self._lock = threading.Lock()
        self._snapshot = Snapshot(tuple(Part(segment) for segment in segments))

    def __len__(self) -> int:
        return len(self._snapshot)

    def snapshot(self) -> Snapshot:
        """The cases as they are now."""
        return self._snapshot

    def put(self, cases: Iterable[IndexedCase]) -> None:
        """Add cases; one with the id of another replaces it. Of one id the last counts."""
        latest = {case.case_id: case for case in cases}
        if not latest:
            return
        with self._lock:
            parts, _ = _buried(self._snapshot.parts, latest)
            parts.append(Part(Segment.of(latest.values())))
            self._snapshot = Snapshot(_settled(parts))

    def remove(self, case_id: str) -> bool:
        """Take a case out; False if there is none of this id."""
        with self._lock:
            parts, count = _buried(self._snapshot.parts, [case_id])
            self._snapshot = Snapshot(_settled(parts))
            return count > 0


def _buried(parts: Iterable[Part], case_ids: Collection[str]) -> tuple[list[Part], int]:
    """The parts with these cases dead, and how many there were."""
    left, count = [], 0
    for part in parts:
        found = [part.find(case_id) for case_id in case_ids]
        positions = [position for position in found if position is not None]
        left.append(part.without(positions) if positions else part)
        count += len(positions)
    return left, count


def _settled(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts without much dead weight, and each much larger than the next."""
    settled: list[Part] = []
    for part in parts:
        if 2 * len(part) <= len(part.segment):
            part = _merged([part])
        if len(part):
            settled.append(part)
        while len(settled) > 1 and _belong_together(*settled[-2:]):
            last = settled.pop()
            settled[-1] = _merged([settled[-1], last])
    return tuple(settled)


def _belong_together(earlier: Part, later: Part) -> bool:
    size = len(earlier.segment)
    return size <= _SMALL or size <= _GROWTH * len(later.segment)


def _merged(parts: Sequence[Part]) -> Part:
    segments = [part.segment for part in parts]
    alive = [
        np.ones(len(part.segment), dtype=np.bool_) if part.alive is None else part.alive
        for part in parts
    ]
    joined = _joined(segments)
    order = joined.case_ids.order()
    return Part(joined.take(order[np.concatenate(alive)[order]]))


def _joined(segments: Sequence[Segment]) -> Segment:
    """The cases of all segments one after another, ids not in order."""
    starts = offsets_of(np.array([len(segment) for segment in segments]))
    return Segment(
        case_ids=Texts(
            np.concatenate([s.case_ids.data for s in segments]),
            starts_of(np.concatenate([np.diff(s.case_ids.offsets) for s in segments])),
        ),
        profiles=Profiles.joined([s.profiles for s in segments]),
        hubness=np.concatenate([s.hubness for s in segments]),
        gene_counts=np.concatenate([s.gene_counts for s in segments]),
        postings=Postings(
            np.concatenate([s.postings.genes for s in segments]),
            np.concatenate(
                [
                    s.postings.positions + np.uint32(start)
                    for s, start in zip(segments, starts)
                ]
            ),
        ),
        columns={
            column: np.concatenate([s.columns[column] for s in segments])
            for column in Column
        },
    )
