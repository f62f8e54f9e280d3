"""Where the cases of a group stand in a picture: alike ones near each other, always the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import networkx
import numpy as np

if TYPE_CHECKING:
    from matcher.cohort.graph import CaseGraph

# More would take seconds, and no eye tells them apart.
MOST_LAID_OUT = 200
_ROUNDS = 100


def positions(
    graph: CaseGraph, case_ids: Sequence[str], *, seed: int
) -> dict[str, tuple[float, float]]:
    """Across and down, each from 0 to 1, by springs along the ties (Fruchterman 1991).

    The first `MOST_LAID_OUT` of the cases; doi:10.1002/spe.4380211102.
    """
    chosen = case_ids[:MOST_LAID_OUT]
    drawn: CaseGraph = networkx.Graph()
    drawn.add_nodes_from(chosen)
    # A part of a graph has its cases in the order of a set, which differs between processes.
    ties = graph.subgraph(chosen).edges(data="probability", default=1.0)
    drawn.add_weighted_edges_from(
        sorted((min(ends), max(ends), weight) for *ends, weight in ties)
    )
    if len(drawn) < 3:
        return {case_id: (at, 0.5) for at, case_id in enumerate(drawn)}
    found = networkx.spring_layout(drawn, seed=seed, iterations=_ROUNDS)
    places = np.array([found[case_id] for case_id in drawn], dtype=np.float64)
    places -= places.min(axis=0)
    places /= np.maximum(places.max(axis=0), 1e-9)
    return {
        case_id: (round(float(x), 3), round(float(y), 3))
        for case_id, (x, y) in zip(drawn, places)
    }
