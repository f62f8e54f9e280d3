"""Exact scores of one case against millions, compiled where numba is installed.

The measure is that of `similarity.py`, which is the readable form and the oracle.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import ParamSpec, Protocol, TypeVar

import numpy as np

from matcher.engine.numpy_kernels import NumpyKernels
from matcher.engine.packed import (
    IDENTICAL_TERM_FACTOR,
    LANES,
    UNITS_PER_NAT,
    Curve,
    Flags,
    Floats,
    Integers,
    Longs,
    Numbers,
    Profiles,
    Rows,
    Singles,
    Starts,
    Terms,
    TermTable,
    curve,
    empty_table,
)

# How many cases are held against many queries at once: their scores stay in a core's cache.
_TILE = 64

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _installed(name: str) -> ModuleType | None:
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


_NUMBA = _installed("numba")


class Kernels(Protocol):
    """The computations that touch every case, compiled or not."""

    def table(self, terms: Terms, query: Rows) -> TermTable:
        """S between every term and every query term (distinct rows)."""
        raise NotImplementedError

    def similarity(
        self, table: TermTable, profiles: Profiles, start: int, out: Floats
    ) -> None:
        """X of the cases from `start` on into `out`, nan where either side has no term."""
        raise NotImplementedError

    def similarities(
        self, terms: Terms, queries: Profiles, profiles: Profiles, out: Floats
    ) -> None:
        """The same X of many queries at once: out[query, case]."""
        raise NotImplementedError

    def log_likelihood(
        self, line: Curve, hubness: Singles, query_hubness: float, values: Floats
    ) -> None:
        """X becomes lnLR(Y) in place; nan becomes 0."""
        raise NotImplementedError

    def hubness(
        self, terms: Terms, profiles: Profiles, panel: Profiles, nearest: int
    ) -> Singles:
        """r of each profile: mean of its `nearest` largest X over the panel; 0 if empty."""
        raise NotImplementedError

    def implied(self, terms: Terms, profiles: Profiles) -> Flags:
        """For each entry of `profiles.rows`: whether another term of its case implies it."""
        raise NotImplementedError

    def having_any(self, profiles: Profiles, wanted: Flags) -> Flags:
        """Which cases have at least one of the wanted ontology rows."""
        raise NotImplementedError

    def add_looked_up(self, table: Floats, numbers: Numbers, out: Floats) -> None:
        """Add to each case of `out` what the table holds for its number."""
        raise NotImplementedError

    def largest(self, values: Floats, count: int) -> Floats:
        """The `count` largest values above minus infinity, in no order."""
        raise NotImplementedError


class CompiledKernels:
    """Machine code, made once and kept on disk; it runs without the interpreter's lock."""

    def table(self, terms: Terms, query: Rows) -> TermTable:
        best = empty_table(terms, query)
        closest = np.zeros(terms.size, dtype=np.int32)
        _fill_table(query, *_arrays(terms), best, closest)
        return TermTable(best, closest, len(query))

    def similarity(
        self, table: TermTable, profiles: Profiles, start: int, out: Floats
    ) -> None:
        _similarity(
            table.best,
            table.closest,
            table.length,
            profiles.rows,
            profiles.offsets,
            start,
            out,
        )

    def similarities(
        self, terms: Terms, queries: Profiles, profiles: Profiles, out: Floats
    ) -> None:
        distinct, columns = np.unique(queries.rows, return_inverse=True)
        _similarities(
            self.table(terms, distinct).best,
            columns,
            queries.offsets.astype(np.int64),
            profiles.rows,
            profiles.offsets,
            out,
        )

    def log_likelihood(
        self, line: Curve, hubness: Singles, query_hubness: float, values: Floats
    ) -> None:
        _log_likelihood(
            line.knots,
            line.origin,
            line.height,
            line.slope,
            hubness,
            query_hubness,
            values,
        )

    def hubness(
        self, terms: Terms, profiles: Profiles, panel: Profiles, nearest: int
    ) -> Singles:
        result = np.zeros(len(profiles), dtype=np.float32)
        _hubness(
            *_arrays(terms),
            profiles.rows,
            profiles.offsets,
            panel.rows,
            panel.offsets,
            nearest,
            result,
        )
        return result

    def implied(self, terms: Terms, profiles: Profiles) -> Flags:
        result = np.zeros(len(profiles.rows), dtype=np.bool_)
        _implied(
            terms.ancestor_offsets,
            terms.ancestors,
            profiles.rows,
            profiles.offsets,
            result,
        )
        return result

    def having_any(self, profiles: Profiles, wanted: Flags) -> Flags:
        result = np.zeros(len(profiles), dtype=np.bool_)
        _having_any(profiles.rows, profiles.offsets, wanted, result)
        return result

    def add_looked_up(self, table: Floats, numbers: Numbers, out: Floats) -> None:
        _add_looked_up(table, numbers, out)

    def largest(self, values: Floats, count: int) -> Floats:
        return _largest(values, count)


def fastest_kernels() -> Kernels:
    """Compiled ones where numba is installed, else those in numpy."""
    return NumpyKernels() if _NUMBA is None else CompiledKernels()


def warm_up(kernels: Kernels, terms: Terms) -> None:
    """Do everything once with little, so that nobody waits for a compiler later."""
    profiles = Profiles.of([[0]])
    values = np.zeros(1)
    kernels.similarity(kernels.table(terms, profiles[0]), profiles, 0, values)
    line = curve(np.arange(2.0), np.arange(2.0), 1.0, 1.0)
    kernels.log_likelihood(
        line, kernels.hubness(terms, profiles, profiles, 1), 0.0, values
    )
    kernels.implied(terms, profiles)
    kernels.having_any(profiles, np.ones(terms.size, dtype=np.bool_))
    for number in (np.zeros(1, dtype=np.uint16), np.zeros(1, dtype=np.uint32)):
        kernels.add_looked_up(values, number, values)
    kernels.largest(values, 1)


def _arrays(terms: Terms) -> tuple[Integers, Longs, Integers, Longs, Rows, Integers]:
    return (
        terms.position,
        terms.parent_offsets,
        terms.parents,
        terms.ancestor_offsets,
        terms.ancestors,
        terms.content,
    )


def _compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    if _NUMBA is None:
        return function
    machine_code: Callable[_P, _R] = _NUMBA.njit(nogil=True, cache=True)(function)
    return machine_code


@_compiled
def _fill_table(
    query: Rows,
    position: Integers,
    parent_offsets: Longs,
    parents: Integers,
    ancestor_offsets: Longs,
    ancestors: Rows,
    content: Integers,
    best: Integers,
    closest: Integers,
) -> None:
    width = best.shape[1]
    for column in range(len(query)):
        row = query[column]
        for k in range(ancestor_offsets[row], ancestor_offsets[row + 1]):
            term = position[ancestors[k]]
            if term >= 0:
                best[term, column] = content[term]
    for term in range(len(content)):
        for k in range(parent_offsets[term], parent_offsets[term + 1]):
            parent = parents[k]
            for column in range(width):
                best[term, column] = max(best[term, column], best[parent, column])
    # After the propagation, or the bonus would leak to descendants of the identical term.
    for column in range(len(query)):
        term = position[query[column]]
        if term >= 0:
            best[term, column] = np.rint(IDENTICAL_TERM_FACTOR * content[term])
    for term in range(len(content)):
        largest = np.int32(0)
        for column in range(width):
            largest = max(largest, best[term, column])
        closest[term] = largest


@_compiled
def _similarity(
    best: Integers,
    closest: Integers,
    length: int,
    rows: Rows,
    offsets: Starts,
    start: int,
    out: Floats,
) -> None:
    width = best.shape[1]
    found = np.empty(width, dtype=np.int32)
    for case in range(len(out)):
        first = np.int64(offsets[start + case])
        last = np.int64(offsets[start + case + 1])
        if first == last or length == 0:
            out[case] = np.nan
            continue
        found[:] = 0
        covering = np.int64(0)
        for k in range(first, last):
            term = rows[k]
            covering += closest[term]
            for column in range(width):
                found[column] = max(found[column], best[term, column])
        covered = np.int64(0)
        for column in range(width):
            covered += found[column]
        product = (covered / length) * (covering / (last - first))
        out[case] = np.sqrt(product) / UNITS_PER_NAT


@_compiled
def _similarities(
    best: Integers,
    columns: Longs,
    starts: Longs,
    rows: Rows,
    offsets: Starts,
    out: Floats,
) -> None:
    """Cases in tiles, so that every inner loop runs over consecutive numbers."""
    lengths = np.diff(starts).astype(np.float64)
    lengths[lengths == 0] = np.nan
    closest = _closest(best, columns, starts, rows)
    found = np.zeros((best.shape[1], _TILE), dtype=np.int32)
    covering = np.zeros((len(lengths), _TILE), dtype=np.int64)
    covered = np.empty(_TILE, dtype=np.int64)
    terms = np.empty(_TILE)
    for begin in range(0, out.shape[1], _TILE):
        count = min(_TILE, out.shape[1] - begin)
        for case in range(count):
            first = np.int64(offsets[begin + case])
            last = np.int64(offsets[begin + case + 1])
            terms[case] = last - first if last > first else np.nan
            found[:, case], covering[:, case] = _held_against(
                best, closest, rows[first:last]
            )
        for query in range(len(lengths)):
            covered[:] = 0
            for k in range(starts[query], starts[query + 1]):
                column = found[columns[k]]
                for case in range(_TILE):
                    covered[case] += column[case]
            product = (covered / lengths[query]) * (covering[query] / terms)
            scores = np.sqrt(product) / UNITS_PER_NAT
            out[query, begin : begin + count] = scores[:count]


@_compiled
def _closest(best: Integers, columns: Longs, starts: Longs, rows: Rows) -> Integers:
    """The largest S of each term to each query: [term, query]; 0 for terms without a case."""
    is_used = np.zeros(len(best), dtype=np.bool_)
    for row in rows:
        is_used[row] = True
    closest = np.zeros((len(best), len(starts) - 1), dtype=np.int32)
    for term in range(len(best)):
        if not is_used[term]:
            continue
        for query in range(closest.shape[1]):
            largest = np.int32(0)
            for k in range(starts[query], starts[query + 1]):
                largest = max(largest, best[term, columns[k]])
            closest[term, query] = largest
    return closest


@_compiled
def _held_against(
    best: Integers, closest: Integers, rows: Rows
) -> tuple[Integers, Longs]:
    """What the terms of one case give each column, and sum up to for each query."""
    found = np.zeros(best.shape[1], dtype=np.int32)
    covering = np.zeros(closest.shape[1], dtype=np.int64)
    for row in rows:
        values = best[np.int64(row)]
        for column in range(len(found)):
            # An expression, as this becomes vector code and max() does not.
            found[column] = (
                values[column] if values[column] > found[column] else found[column]
            )
        nearest = closest[np.int64(row)]
        for query in range(len(covering)):
            covering[query] += nearest[query]
    return found, covering


@_compiled
def _log_likelihood(
    knots: Floats,
    origin: Floats,
    height: Floats,
    slope: Floats,
    hubness: Singles,
    query_hubness: float,
    values: Floats,
) -> None:
    for case in range(len(values)):
        x = values[case]
        if np.isnan(x):
            values[case] = 0.0
            continue
        y = x - 0.5 * query_hubness - 0.5 * np.float64(hubness[case])
        piece = 0
        # Without a branch to leave early, which processors guess wrongly half the time.
        for knot in knots:
            piece += knot <= y
        values[case] = height[piece] + (y - origin[piece]) * slope[piece]


@_compiled
def _hubness(
    position: Integers,
    parent_offsets: Longs,
    parents: Integers,
    ancestor_offsets: Longs,
    ancestors: Rows,
    content: Integers,
    rows: Rows,
    offsets: Starts,
    panel_rows: Rows,
    panel_offsets: Starts,
    nearest: int,
    out: Singles,
) -> None:
    scores = np.empty(len(panel_offsets) - 1)
    closest = np.zeros(len(content), dtype=np.int32)
    best = np.zeros((len(content), LANES), dtype=np.int32)
    for case in range(len(out)):
        query = rows[np.int64(offsets[case]) : np.int64(offsets[case + 1])]
        if len(query) == 0:
            continue
        width = -(-len(query) // LANES) * LANES
        if width == best.shape[1]:
            best[:] = 0
        else:
            best = np.zeros((len(content), width), dtype=np.int32)
        _fill_table(
            query,
            position,
            parent_offsets,
            parents,
            ancestor_offsets,
            ancestors,
            content,
            best,
            closest,
        )
        _similarity(best, closest, len(query), panel_rows, panel_offsets, 0, scores)
        top = np.sort(_largest(scores, nearest))[::-1]
        if len(top):
            out[case] = top.cumsum()[-1] / len(top)


@_compiled
def _implied(
    ancestor_offsets: Longs, ancestors: Rows, rows: Rows, offsets: Starts, out: Flags
) -> None:
    for case in range(len(offsets) - 1):
        first = np.int64(offsets[case])
        last = np.int64(offsets[case + 1])
        for below in range(first, last):
            start = ancestor_offsets[rows[below]]
            stop = ancestor_offsets[rows[below] + 1]
            for above in range(first, last):
                if rows[above] == rows[below]:
                    continue
                k = start + np.searchsorted(ancestors[start:stop], rows[above])
                if k < stop and ancestors[k] == rows[above]:
                    out[above] = True


@_compiled
def _having_any(rows: Rows, offsets: Starts, wanted: Flags, out: Flags) -> None:
    for case in range(len(out)):
        for k in range(np.int64(offsets[case]), np.int64(offsets[case + 1])):
            if wanted[rows[k]]:
                out[case] = True
                break


@_compiled
def _add_looked_up(table: Floats, numbers: Numbers, out: Floats) -> None:
    for case in range(len(out)):
        out[case] += table[numbers[case]]


@_compiled
def _largest(values: Floats, count: int) -> Floats:
    """A heap of the largest seen so far, its smallest at the root."""
    heap = np.empty(max(count, 1))
    size = 0
    for value in values:
        if not value > -np.inf:
            continue
        if size < count:
            child = size
            size += 1
            while child > 0 and heap[(child - 1) // 2] > value:
                heap[child] = heap[(child - 1) // 2]
                child = (child - 1) // 2
            heap[child] = value
        elif count > 0 and value > heap[0]:
            hole = 0
            while 2 * hole + 1 < size:
                child = 2 * hole + 1
                if child + 1 < size and heap[child + 1] < heap[child]:
                    child += 1
                if heap[child] >= value:
                    break
                heap[hole] = heap[child]
                hole = child
            heap[hole] = value
    return heap[:size]
