"""Many against many: which cases form a group, what they share, and what sets them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from matcher.case import Case, DiseaseStatus
from matcher.cohort.common_profile import TermMatrix
from matcher.cohort.communities import (
    RESOLUTION,
    Community,
    Firmness,
    communities,
    firmness,
)
from matcher.cohort.drawing import positions
from matcher.cohort.graph import EdgeRule, case_graph, is_diagnosed
from matcher.cohort.groups import Cohort, Group, SharedGene
from matcher.many.shortlist import Shortlist
from ontologies.progress import Progress, silent

if TYPE_CHECKING:
    from matcher.cohort.graph import CaseGraph
    from ontologies import Release

__all__ = [
    "Cohort",
    "EdgeRule",
    "Group",
    "case_graph",
    "find_groups",
    "is_diagnosed",
    "positions",
]


def find_groups(
    release: Release,
    cases: Iterable[Case],
    shortlists: Iterable[Shortlist],
    *,
    rule: EdgeRule = EdgeRule(),
    resolution: float = RESOLUTION,
    smallest: int = 2,
    seed: int = 1,
    resamples: int = 10,
    progress: Progress = silent,
) -> Cohort:
    """The groups among these cases, of which `shortlists` are the matches with each other.

    Depends on nothing but the arguments, and not on their order. Higher resolutions give smaller
    groups.
    """
    ordered = sorted(cases, key=lambda case: case.case_id)
    graph = case_graph(ordered, shortlists, rule)
    everything = communities(graph, seed=seed, resolution=resolution)
    found = [each for each in everything if len(each) >= smallest]
    firm = firmness(
        graph,
        found,
        seed=seed,
        resolution=resolution,
        resamples=resamples,
        progress=progress,
    )
    describer = _Describer(release, ordered, graph)
    groups = []
    for done, (community, each) in enumerate(zip(found, firm), start=1):
        groups.append(describer.group(community, each))
        progress("Describing groups", done, len(found))
    return Cohort(
        cases=len(ordered),
        ties=graph.number_of_edges(),
        groups=tuple(groups),
        rule=rule,
        resolution=resolution,
        seed=seed,
        resamples=resamples,
        release_id=release.release_id,
        smallest=smallest,
        largest=max(map(len, everything), default=0),
    )


class _Describer:
    """Says what the cases of a group have in common, among all cases."""

    def __init__(
        self, release: Release, cases: Sequence[Case], graph: CaseGraph
    ) -> None:
        self._cases = cases
        self._graph = graph
        self._release = release
        self._place = {case.case_id: number for number, case in enumerate(cases)}
        self._terms = TermMatrix(release, cases)
        self._genes = [self._genes_of(case) for case in cases]
        self._listed = Counter(gene for genes in self._genes for gene in genes)

    def group(self, community: Community, firm: Firmness) -> Group:
        members = np.array([self._place[case_id] for case_id in community])
        cases = [self._cases[number] for number in members.tolist()]
        unrelated = sum(1 for case in cases if not case.family)
        families = {case.family for case in cases if case.family}
        firm_of = zip(community, firm.of_case or ())
        return Group(
            case_ids=community,
            ties=self._graph.subgraph(community).number_of_edges(),
            families=unrelated + len(families),
            sites=_counted(case.site for case in cases if case.site),
            diagnosed=sum(map(is_diagnosed, cases)),
            diagnoses=_counted(
                disease for case in cases for disease in self._confirmed(case)
            ),
            simulated=sum(case.simulated for case in cases),
            shared=self._terms.shared(members),
            distinctive=self._terms.distinctive(members),
            genes=self._shared_genes(members.tolist()),
            firmness=firm.together,
            firmness_of=dict(firm_of),
        )

    def _genes_of(self, case: Case) -> dict[str, str]:
        """Symbols of the candidate genes that are certain, by HGNC id."""
        genes = (self._release.genes.resolve(entered).gene for entered in case.genes)
        return {gene.hgnc_id: gene.symbol for gene in genes if gene is not None}

    def _shared_genes(self, members: Sequence[int]) -> tuple[SharedGene, ...]:
        counts = Counter(gene for number in members for gene in self._genes[number])
        symbols = {
            hgnc_id: symbol
            for number in members
            for hgnc_id, symbol in self._genes[number].items()
        }
        found = (
            SharedGene(
                hgnc_id=hgnc_id,
                symbol=symbols[hgnc_id],
                cases=count,
                elsewhere=self._listed[hgnc_id] - count,
            )
            for hgnc_id, count in counts.items()
            if count > 1
        )
        return tuple(sorted(found, key=lambda gene: (-gene.cases, gene.symbol)))

    def _confirmed(self, case: Case) -> set[str]:
        return {
            self._release.diseases.normalise(disease.disease_id)
            for disease in case.diseases
            if disease.status is DiseaseStatus.CONFIRMED
        }


def _counted(values: Iterable[str]) -> dict[str, int]:
    """How often each occurs, commonest first, then by name."""
    counts = Counter(values)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
