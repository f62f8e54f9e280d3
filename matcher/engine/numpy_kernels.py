"""The kernels in plain numpy, for where numba is missing: the same bits, several times slower."""

from __future__ import annotations

import numpy as np

from matcher.engine.packed import (
    IDENTICAL_TERM_FACTOR,
    UNITS_PER_NAT,
    Curve,
    Flags,
    Floats,
    Numbers,
    Profiles,
    Rows,
    Singles,
    Terms,
    TermTable,
    empty_table,
    mean_of_largest,
)


class NumpyKernels:
    """Whole arrays at a time."""

    def table(self, terms: Terms, query: Rows) -> TermTable:
        best = empty_table(terms, query)
        kept = np.flatnonzero(terms.position >= 0)
        content = np.zeros(len(terms.position), dtype=np.int32)
        content[kept] = terms.content[terms.position[kept]]
        for column, row in enumerate(query):
            start, stop = terms.ancestor_offsets[row : int(row) + 2]
            own = np.zeros(len(content), dtype=np.int32)
            own[terms.ancestors[start:stop]] = content[terms.ancestors[start:stop]]
            common = np.maximum.reduceat(
                own[terms.ancestors], terms.ancestor_offsets[:-1]
            )
            best[terms.position[kept], column] = common[kept]
        own = terms.position[query]
        inside = np.flatnonzero(own >= 0)
        best[own[inside], inside] = np.rint(
            IDENTICAL_TERM_FACTOR * terms.content[own[inside]].astype(np.float64)
        )
        return TermTable(best, best.max(axis=1), len(query))

    def similarity(
        self, table: TermTable, profiles: Profiles, start: int, out: Floats
    ) -> None:
        out.fill(np.nan)
        offsets = profiles.offsets[start : start + len(out) + 1].astype(np.int64)
        filled = np.flatnonzero(np.diff(offsets))
        if not len(filled) or not table.length:
            return
        rows = profiles.rows[offsets[0] : offsets[-1]]
        begins = offsets[filled] - offsets[0]
        covered = np.maximum.reduceat(table.best[rows], begins, axis=0).sum(
            axis=1, dtype=np.int64
        )
        covering = np.add.reduceat(table.closest[rows].astype(np.int64), begins)
        lengths = np.diff(offsets)[filled]
        out[filled] = (
            np.sqrt((covered / table.length) * (covering / lengths)) / UNITS_PER_NAT
        )

    def similarities(
        self, terms: Terms, queries: Profiles, profiles: Profiles, out: Floats
    ) -> None:
        for query in range(len(queries)):
            table = self.table(terms, queries[query])
            self.similarity(table, profiles, 0, out[query])

    def log_likelihood(
        self, line: Curve, hubness: Singles, query_hubness: float, values: Floats
    ) -> None:
        known = np.flatnonzero(~np.isnan(values))
        y = (
            values[known]
            - 0.5 * query_hubness
            - 0.5 * hubness[known].astype(np.float64)
        )
        values.fill(0.0)
        values[known] = line(y)

    def hubness(
        self, terms: Terms, profiles: Profiles, panel: Profiles, nearest: int
    ) -> Singles:
        result = np.zeros(len(profiles), dtype=np.float32)
        scores = np.empty(len(panel))
        for case in range(len(profiles)):
            query = profiles.rows[profiles.offsets[case] : profiles.offsets[case + 1]]
            self.similarity(self.table(terms, query), panel, 0, scores)
            result[case] = mean_of_largest(scores, nearest)
        return result

    def implied(self, terms: Terms, profiles: Profiles) -> Flags:
        result = np.zeros(len(profiles.rows), dtype=np.bool_)
        for case in range(len(profiles)):
            start, stop = int(profiles.offsets[case]), int(profiles.offsets[case + 1])
            rows = profiles.rows[start:stop]
            for row in rows:
                first, last = terms.ancestor_offsets[row : int(row) + 2]
                above = terms.ancestors[first:last]
                result[start:stop] |= np.isin(rows, above[above != row])
        return result

    def having_any(self, profiles: Profiles, wanted: Flags) -> Flags:
        result = np.zeros(len(profiles), dtype=np.bool_)
        filled = np.flatnonzero(profiles.lengths())
        if len(filled):
            starts = profiles.offsets[filled].astype(np.int64)
            result[filled] = np.logical_or.reduceat(wanted[profiles.rows], starts)
        return result

    def add_looked_up(self, table: Floats, numbers: Numbers, out: Floats) -> None:
        out += table[numbers]

    def largest(self, values: Floats, count: int) -> Floats:
        values = values[values > -np.inf]
        if len(values) <= count:
            return values
        ascending = np.partition(values, len(values) - count) if count else values
        return ascending[len(values) - count :]
