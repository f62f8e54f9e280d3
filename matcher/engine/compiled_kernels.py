"""The kernels in machine code: one case against millions."""

from __future__ import annotations

import numpy as np

from matcher.engine import loops
from matcher.engine.packed import (
    Curve,
    Flags,
    Floats,
    Integers,
    Longs,
    Numbers,
    Profiles,
    Rows,
    Singles,
    Terms,
    TermTable,
    empty_table,
)


class CompiledKernels:
    """Machine code, made once and kept on disk; it runs without the interpreter's lock."""

    def table(self, terms: Terms, query: Rows) -> TermTable:
        best = empty_table(terms, query)
        closest = np.zeros(terms.size, dtype=np.int32)
        loops.fill_table(query, *_arrays(terms), best, closest)
        return TermTable(best, closest, len(query))

    def similarity(
        self, table: TermTable, profiles: Profiles, start: int, out: Floats
    ) -> None:
        loops.similarity(
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
        loops.similarities(
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
        loops.log_likelihood(
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
        loops.hubness(
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
        loops.implied(
            terms.ancestor_offsets,
            terms.ancestors,
            profiles.rows,
            profiles.offsets,
            result,
        )
        return result

    def having_any(self, profiles: Profiles, wanted: Flags) -> Flags:
        result = np.zeros(len(profiles), dtype=np.bool_)
        loops.having_any(profiles.rows, profiles.offsets, wanted, result)
        return result

    def add_looked_up(self, table: Floats, numbers: Numbers, out: Floats) -> None:
        loops.add_looked_up(table, numbers, out)

    def largest(self, values: Floats, count: int) -> Floats:
        return loops.largest(values, count)


def _arrays(terms: Terms) -> tuple[Integers, Longs, Integers, Longs, Rows, Integers]:
    return (
        terms.position,
        terms.parent_offsets,
        terms.parents,
        terms.ancestor_offsets,
        terms.ancestors,
        terms.content,
    )
