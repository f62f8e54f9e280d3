"""Loops over packed arrays, compiled to machine code where numba is installed.

The measure is that of `similarity.py`, which is the readable form and the oracle.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import ParamSpec, TypeVar

import numpy as np

from matcher.engine.packed import (
    IDENTICAL_TERM_FACTOR,
    LANES,
    UNITS_PER_NAT,
    Flags,
    Floats,
    Integers,
    Longs,
    Numbers,
    Rows,
    Singles,
    Starts,
)

# How many cases are held against many queries at once: their scores stay in a core's cache.
_TILE = 64

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _installed(name: str) -> ModuleType | None:
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


_NUMBA = _installed("numba")


IS_COMPILED = _NUMBA is not None


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    if _NUMBA is None:
        return function
    machine_code: Callable[_P, _R] = _NUMBA.njit(nogil=True, cache=True)(function)
    return machine_code


@compiled
def fill_table(
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


@compiled
def similarity(
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


@compiled
def similarities(
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
    closest = nearest_of(best, columns, starts, rows)
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
            found[:, case], covering[:, case] = held_against(
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


@compiled
def nearest_of(best: Integers, columns: Longs, starts: Longs, rows: Rows) -> Integers:
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


@compiled
def held_against(
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


@compiled
def log_likelihood(
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


@compiled
def hubness(
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
        fill_table(
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
        similarity(best, closest, len(query), panel_rows, panel_offsets, 0, scores)
        top = np.sort(largest(scores, nearest))[::-1]
        if len(top):
            out[case] = top.cumsum()[-1] / len(top)


@compiled
def implied(
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


@compiled
def having_any(rows: Rows, offsets: Starts, wanted: Flags, out: Flags) -> None:
    for case in range(len(out)):
        for k in range(np.int64(offsets[case]), np.int64(offsets[case + 1])):
            if wanted[rows[k]]:
                out[case] = True
                break


@compiled
def add_looked_up(table: Floats, numbers: Numbers, out: Floats) -> None:
    for case in range(len(out)):
        out[case] += table[numbers[case]]


@compiled
def largest(values: Floats, count: int) -> Floats:
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
