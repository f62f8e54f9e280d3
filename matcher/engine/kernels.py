"""What is computed over every case, and by whom: compiled where that can be, else in numpy."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from matcher.engine.compiled_kernels import CompiledKernels
from matcher.engine.loops import IS_COMPILED
from matcher.engine.numpy_kernels import NumpyKernels
from matcher.engine.packed import (
    Curve,
    Flags,
    Floats,
    Numbers,
    Profiles,
    Rows,
    Singles,
    Terms,
    TermTable,
    curve,
)


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


def fastest_kernels() -> Kernels:
    """Compiled ones where numba is installed, else those in numpy."""
    return CompiledKernels() if IS_COMPILED else NumpyKernels()


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
