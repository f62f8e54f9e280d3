"""Which cases are tied together: the graph of confident matches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import networkx

from matcher.case import Case, DiseaseStatus
from matcher.many.shortlist import Hit, Shortlist

if TYPE_CHECKING:
    CaseGraph: TypeAlias = networkx.Graph[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRule:
    """When a match is confident enough to tie two cases together.

    A probability of `alone` is enough in one direction; the default is where the band "contact"
    begins. `mutual` is enough if each case finds the other. The band "look" begins at 1 in 50,
    which is worth the look of a person and too little for a group: of 7,095 published cases held
    against each other by phenotype alone, 87 of 100 such ties were right but chains of the others
    joined most cases into one; from 1 in 10 on, groups agreed best with the diagnoses.
    """

    alone: float = 1 / 4
    mutual: float = 1 / 10

    def ties(self, there: float, back: float) -> bool:
        """Whether these probabilities, 0 for not found, tie two cases together."""
        return max(there, back) >= self.alone or min(there, back) >= self.mutual


def case_graph(
    cases: Iterable[Case], shortlists: Iterable[Shortlist], rule: EdgeRule = EdgeRule()
) -> CaseGraph:
    """The cases, and an edge between each two that the rule ties together.

    Nodes have `site`, `diagnosed` and `family`, edges `probability` and `score` of the likelier
    direction, and `mutual`: whether each found the other. Whatever a shortlist says of cases that
    are not among these is passed over.
    """
    graph: CaseGraph = networkx.Graph()
    for case in sorted(cases, key=lambda each: each.case_id):
        graph.add_node(
            case.case_id,
            site=case.site,
            diagnosed=is_diagnosed(case),
            family=case.family,
        )
    hits = {
        (shortlist.query_id, hit.case_id): hit
        for shortlist in shortlists
        if shortlist.query_id in graph
        for hit in shortlist.hits
        if hit.case_id in graph and hit.probability >= min(rule.alone, rule.mutual)
    }
    pairs = {(min(pair), max(pair)) for pair in hits}
    for one, other in sorted(pairs):
        there, back = hits.get((one, other)), hits.get((other, one))
        found = [hit for hit in (there, back) if hit is not None]
        if rule.ties(_probability(there), _probability(back)):
            best = max(found, key=lambda hit: (hit.probability, hit.score))
            graph.add_edge(
                one,
                other,
                probability=best.probability,
                score=best.score,
                mutual=len(found) == 2,
            )
    return graph


def is_diagnosed(case: Case) -> bool:
    """Whether the case is solved or has a confirmed disease."""
    return case.solved or any(
        disease.status is DiseaseStatus.CONFIRMED for disease in case.diseases
    )


def _probability(hit: Hit | None) -> float:
    return 0.0 if hit is None else hit.probability
