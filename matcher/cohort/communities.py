"""Which cases of a graph belong together, and how firmly: Louvain communities, bootstrapped.

Modularity by the Louvain method (Blondel 2008, doi:10.1088/1742-5468/2008/10/P10008). A community
that is not connected, which the method may produce (Traag 2019, doi:10.1038/s41598-019-41695-z),
is taken apart. Firmness is how often two cases stay together when edges are drawn anew with
replacement and the communities found again (after Hennig 2007, doi:10.1016/j.csda.2006.11.025).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import networkx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ontologies.progress import Progress, silent

if TYPE_CHECKING:
    from matcher.cohort.graph import CaseGraph

    NumberGraph: TypeAlias = networkx.Graph[int]

Community = tuple[str, ...]

# At the usual 1 a group that is alone in its graph is about to fall apart. On published cases,
# 150 to 7,095 at a time, 1/2 agreed with the diagnoses as well as 1 or better in four of six.
RESOLUTION = 0.5


@dataclass(frozen=True, slots=True)
class Firmness:
    """In what share of resamples each two cases of a community stay together.

    `together` is the mean over all pairs, `of_case` the mean over the pairs of each case, in the
    order of the community. Both are None where nothing was resampled.
    """

    together: float | None
    of_case: tuple[float, ...] | None


def communities(
    graph: CaseGraph, *, seed: int, resolution: float = RESOLUTION, smallest: int = 2
) -> list[Community]:
    """The communities of at least `smallest` cases, largest first, ids in order.

    Edges weigh their `probability`. The result depends on the graph, not on the order in which it
    was built. A graph without edges has none.
    """
    numbered = _Numbered.of(graph)
    labels = numbered.labels(numbered.weights, seed, resolution)
    members: dict[int, list[str]] = {}
    for case_id, label in zip(numbered.case_ids, labels.tolist()):
        members.setdefault(label, []).append(case_id)
    found = [tuple(each) for each in members.values() if len(each) >= smallest]
    return sorted(found, key=lambda each: (-len(each), each))


def firmness(
    graph: CaseGraph,
    found: Sequence[Community],
    *,
    seed: int,
    resolution: float = RESOLUTION,
    resamples: int = 10,
    progress: Progress = silent,
) -> list[Firmness]:
    """How firmly each community holds together.

    About 37 of 100 edges are missing from a resample, so that a pair with nothing but its one
    match stays together in some 63 of 100.
    """
    numbered = _Numbered.of(graph)
    place = {case_id: number for number, case_id in enumerate(numbered.case_ids)}
    members = [np.array([place[case_id] for case_id in each]) for each in found]
    shares = [np.zeros(len(each)) for each in found]
    for done, weights in enumerate(numbered.resampled(seed, resamples), start=1):
        labels = numbered.labels(weights, seed, resolution)
        for share, each in zip(shares, members):
            share += _share_together(labels[each])
        progress("Resampling", done, resamples)
    if not resamples:
        return [Firmness(None, None) for _ in found]
    means = [share / resamples for share in shares]
    return [Firmness(float(mean.mean()), tuple(mean.tolist())) for mean in means]


def _share_together(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each of these cases the share of the others with its label."""
    counts = Counter(labels.tolist())
    together = np.array([counts[label] - 1 for label in labels.tolist()])
    result: NDArray[np.float64] = together / max(len(labels) - 1, 1)
    return result


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A graph with numbers for names, everything in order of the ids.

    Numbers, as the order of a set of texts differs between processes.
    """

    case_ids: tuple[str, ...]
    ones: NDArray[np.int64]
    others: NDArray[np.int64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, graph: CaseGraph) -> _Numbered:
        case_ids = tuple(sorted(graph))
        number = {case_id: at for at, case_id in enumerate(case_ids)}
        ends = (
            (number[one], number[other], probability)
            for one, other, probability in graph.edges(data="probability", default=1.0)
        )
        weighted = sorted((min(a, b), max(a, b), weight) for a, b, weight in ends)
        ones, others, weights = zip(*weighted) if weighted else ((), (), ())
        return cls(
            case_ids,
            np.array(ones, dtype=np.int64),
            np.array(others, dtype=np.int64),
            np.array(weights, dtype=np.float64),
        )

    def labels(
        self, weights: NDArray[np.float64], seed: int, resolution: float
    ) -> NDArray[np.int64]:
        """The community of each case as a number; edges of no weight are left out.

        Modularity of the whole graph is a sum over what is connected in it, each part with its
        share of the resolution.
        """
        labels = np.arange(len(self.case_ids))
        total = float(weights.sum())
        for edges in self._connected(weights):
            ends = np.concatenate([self.ones[edges], self.others[edges]])
            here = weights[edges]
            share = resolution * float(here.sum()) / total
            # No cut takes less than one edge, nor gains more than two halves of equal weight.
            if here.min() >= share * here.sum() / 2:
                labels[ends] = ends.min()
                continue
            graph: NumberGraph = networkx.Graph()
            graph.add_weighted_edges_from(
                zip(
                    self.ones[edges].tolist(),
                    self.others[edges].tolist(),
                    here.tolist(),
                )
            )
            for members in _communities(graph, seed, share):
                labels[members] = min(members)
        return labels

    def _connected(self, weights: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
        """The edges with a weight of each connected part, in order."""
        kept = np.flatnonzero(weights > 0)
        size = len(self.case_ids)
        matrix = sparse.coo_array(
            (weights[kept], (self.ones[kept], self.others[kept])), (size, size)
        )
        part = sparse.csgraph.connected_components(matrix, directed=False)[1]
        part_of_edge = part[self.ones[kept]]
        order = np.argsort(part_of_edge, kind="stable")
        starts = np.flatnonzero(np.diff(part_of_edge[order], prepend=-1))
        return (each for each in np.split(kept[order], starts[1:]) if len(each))

    def resampled(self, seed: int, count: int) -> Iterator[NDArray[np.float64]]:
        """The weights when as many edges are drawn with replacement."""
        # Only uniform doubles, as numpy may change what it makes of them otherwise.
        generator = np.random.Generator(np.random.PCG64(seed))
        size = len(self.weights)
        for _ in range(count):
            drawn = (generator.random(size) * size).astype(np.int64)
            yield self.weights * np.bincount(drawn, minlength=size)


def _communities(
    graph: NumberGraph, seed: int, resolution: float
) -> Iterator[list[int]]:
    found = networkx.community.louvain_communities(
        graph, weight="weight", resolution=resolution, seed=seed
    )
    for members in found:
        for part in networkx.connected_components(graph.subgraph(members)):
            yield list(part)
