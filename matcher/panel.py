"""How close cases come to cases that have nothing to do with them: the fixed panel."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from matcher.case import Case
from matcher.engine.kernels import Kernels, fastest_kernels, warm_up
from matcher.engine.packed import (
    Floats,
    Profiles,
    Rows,
    Singles,
    Terms,
    mean_of_largest,
)
from matcher.engine.profile import ProfileReader, terms_of

if TYPE_CHECKING:
    from ontologies import Release

NEAREST = 10
TAIL = 0.02

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class QueryScale:
    """How close one query comes to the panel.

    `hubness` is r(q); `scores` are its Y against the panel, ascending; `threshold` and `excess`
    describe their upper tail: u, the 98th percentile, and sigma, the mean excess over it.
    """

    hubness: float
    scores: Floats
    threshold: float
    excess: float

    @classmethod
    def of(cls, hubness: float, scores: Floats) -> QueryScale:
        """The scale of the scores of one query, in any order; nan ones are left out."""
        known = np.sort(scores[~np.isnan(scores)])
        if not len(known):
            return cls(hubness, known, math.inf, math.inf)
        threshold = float(np.quantile(known, 1 - TAIL))
        beyond = known[known > threshold] - threshold
        return cls(
            hubness, known, threshold, float(beyond.mean()) if len(beyond) else 0.0
        )

    def share_beyond(self, y: float) -> float:
        """Share of cases like those of the panel that come at least as close as `y`.

        .02 exp(-(Y - u) / sigma) from u on; below u the share of the panel itself. A panel
        without any score tells nothing: 1.
        """
        if not len(self.scores):
            return 1.0
        if y < self.threshold:
            closer = len(self.scores) - int(
                np.searchsorted(self.scores, y, side="left")
            )
            return max(TAIL, closer / len(self.scores))
        if not self.excess:
            return TAIL if y == self.threshold else 0.0
        return TAIL * math.exp(-(y - self.threshold) / self.excess)


@dataclass(frozen=True)
class Panel:
    """Profiles of the panel's cases, with r of each over the others."""

    terms: Terms
    profiles: Profiles
    hubness: Singles
    nearest: int = NEAREST
    kernels: Kernels = field(default_factory=fastest_kernels, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.profiles)

    @classmethod
    def of(
        cls,
        release: Release,
        cases: Iterable[Case],
        *,
        nearest: int = NEAREST,
        progress: Progress = silent,
    ) -> Panel:
        """A panel of these cases; those without any phenotype take no part."""
        kernels, terms = fastest_kernels(), terms_of(release)
        warm_up(kernels, terms)
        profiles = ProfileReader(release.ontology, terms, kernels).pack(list(cases))
        hubness = np.zeros(len(profiles), dtype=np.float32)
        scores = np.empty(len(profiles))
        for case in range(len(profiles)):
            table = kernels.table(terms, profiles[case])
            kernels.similarity(table, profiles, 0, scores)
            scores[case] = np.nan
            hubness[case] = mean_of_largest(scores, nearest)
            progress(case + 1, len(profiles))
        return cls(terms, profiles, hubness, nearest, kernels)

    def hubness_of(self, profiles: Profiles, workers: int = 1) -> Singles:
        """r of each profile: the mean of its `nearest` largest X over the panel."""
        pieces = np.array_split(
            np.arange(len(profiles)), min(workers, len(profiles)) or 1
        )
        if len(pieces) == 1:
            return self._hubness_of(profiles)
        with ThreadPoolExecutor(len(pieces)) as executor:
            parts = executor.map(self._hubness_of, map(profiles.take, pieces))
            return np.concatenate(list(parts))

    def _hubness_of(self, profiles: Profiles) -> Singles:
        return self.kernels.hubness(
            self._own_terms, profiles, self._packed, self.nearest
        )

    def scale(self, query: Rows) -> QueryScale:
        """How the query stands to the panel."""
        scores = np.empty(len(self))
        table = self.kernels.table(self._own_terms, query)
        self.kernels.similarity(table, self._packed, 0, scores)
        return self._scale(scores)

    def scales(self, queries: Profiles) -> list[QueryScale]:
        """How each of many queries stands to the panel, much faster than one by one."""
        scores = np.empty((len(queries), len(self)))
        self.kernels.similarities(self._own_terms, queries, self._packed, scores)
        return [self._scale(each) for each in scores]

    def _scale(self, scores: Floats) -> QueryScale:
        hubness = float(np.float32(mean_of_largest(scores, self.nearest)))
        y = scores - 0.5 * hubness - 0.5 * self.hubness.astype(np.float64)
        return QueryScale.of(hubness, y)

    def save(self, folder: Path) -> None:
        """Write what cannot be had from the release."""
        np.save(folder / "panel.rows.npy", self.profiles.rows, allow_pickle=False)
        np.save(folder / "panel.offsets.npy", self.profiles.offsets, allow_pickle=False)
        np.save(folder / "panel.hubness.npy", self.hubness, allow_pickle=False)

    @classmethod
    def open(cls, folder: Path, release: Release, nearest: int) -> Panel:
        """The panel that was saved, for the release it was saved with."""
        rows, offsets, hubness = (
            np.load(folder / f"panel.{name}.npy", allow_pickle=False)
            for name in ("rows", "offsets", "hubness")
        )
        return cls(terms_of(release), Profiles(rows, offsets), hubness, nearest)

    @cached_property
    def _own_terms(self) -> Terms:
        return self.terms.restricted_to(self.profiles.rows)

    @cached_property
    def _packed(self) -> Profiles:
        places = self._own_terms.position[self.profiles.rows]
        return Profiles(places.astype(np.uint16), self.profiles.offsets)
