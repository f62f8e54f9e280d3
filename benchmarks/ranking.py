"""How high the right answers stand, and how sure a difference between two measures is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Positions = NDArray[np.int64]

METRICS = ("top-1", "top-10", "MRR")
RESAMPLES = 5000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference and its 95% confidence interval."""

    mean: float
    low: float
    high: float


def ranks_of_best_hit(scores: Floats, right: Flags, wrong: Flags) -> Floats:
    """1 + wrong ones scored better than the best right one + half of the wrong ones as good.

    Arrays are [query, case]; each query has a right answer. Other right answers never count.
    """
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    better = (wrong & (scores > best)).sum(axis=1)
    ties = (wrong & (scores == best)).sum(axis=1)
    ranks: Floats = 1 + better + ties / 2
    return ranks


def metrics_of_ranks(ranks: Floats) -> Floats:
    """Whether the rank is 1, whether it is up to 10, and its reciprocal: [query, metric]."""
    return np.stack([ranks <= 1, ranks <= 10, 1 / ranks], axis=1).astype(np.float64)


def by_disease(values: Floats, diseases: Positions) -> Floats:
    """Means over the queries of each disease, numbered from 0: [disease, metric]."""
    sums = np.zeros((diseases.max() + 1, values.shape[1]))
    np.add.at(sums, diseases, values)
    means: Floats = sums / np.bincount(diseases)[:, np.newaxis]
    return means


def paired_bootstrap(
    first: Floats, second: Floats, seed: int, resamples: int = RESAMPLES
) -> list[Interval]:
    """First minus second in each metric, with percentile intervals over resampled diseases.

    Arrays are [disease, metric]. Each resample takes the same diseases of both. Efron 1979,
    doi:10.1214/aos/1176344552.
    """
    differences = first - second
    count = len(differences)
    random = np.random.default_rng(seed)
    means = np.array(
        [
            differences[random.integers(count, size=count)].mean(axis=0)
            for _ in range(resamples)
        ]
    )
    bounds = np.percentile(means, [2.5, 97.5], axis=0)
    return [
        Interval(float(mean), float(low), float(high))
        for mean, low, high in zip(differences.mean(axis=0), *bounds, strict=True)
    ]
