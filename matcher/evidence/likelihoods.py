"""The formulas of the evidence besides the phenotype: numbers in, log likelihood ratios out.

Every result is ln( P(both findings | same disorder) / P(both findings | different disorders) ),
in nats, symmetric in the two cases. Nothing here knows a case or a release.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence


def gene_share(
    listed: int, cases: int, annotated: int, prior_cases: float = 20.0
) -> float:
    """Chance, in (0, 1], that an unrelated case lists a gene.

    (n_g + 20 p0) / (n + 20), where `listed` = n_g of `cases` = n reference cases name the gene
    and p0 = 1 / `annotated`, the number of genes known to cause a disease. A site without
    reference cases starts from p0.
    """
    prior = 1.0 / annotated
    return (listed + prior_cases * prior) / (cases + prior_cases)


def gene_log_ratio(
    query: Collection[str],
    candidate: Collection[str],
    share: Callable[[str], float],
    pi: float,
) -> float:
    """How much two candidate gene lists speak for one disorder; mean of both directions.

    One direction, Lq being the list that asks and Lc the one that answers:
    ln[ (1-pi) + pi/|Lq| * sum over g in Lq of ( (pi + (1-pi) p_g) / p_g if g in Lc else (1-pi) ) ].
    `pi` is the chance that a list holds the causal gene. An empty list is missing evidence: 0.
    """
    if not query or not candidate:
        return 0.0

    def one_way(asking: Collection[str], answering: Collection[str]) -> float:
        total = math.fsum(
            (pi + (1 - pi) * share(gene)) / share(gene) if gene in answering else 1 - pi
            for gene in asking
        )
        return math.log((1 - pi) + pi / len(asking) * total)

    return (one_way(query, candidate) + one_way(candidate, query)) / 2


def onset_log_ratio(
    query_years: float,
    candidate_years: float,
    *,
    slope: float = 0.4,
    offset: float = 1.57,
    shift: float = 0.5,
) -> float:
    """-0.4 (|ln(age_q + .5) - ln(age_c + .5)| - 1.57); ages in years, below 0 read as 0.

    Between 0.63 for equal ages and about -1.5 for birth against seventy.
    """
    query_log = math.log(max(query_years, 0.0) + shift)
    candidate_log = math.log(max(candidate_years, 0.0) + shift)
    return -slope * (abs(query_log - candidate_log) - offset)


def allele_log_ratio(shared: float, same: float, chance: float) -> float:
    """What identical alleles add once a gene is shared.

    f ln(s/b) + (1-f) ln((1-s)/(1-b)), f = `shared` being the share of alleles in common (0 to 1),
    s = `same` = P(same variant | shared gene, same disorder) and b = `chance` = P(same variant |
    shared gene, different disorders). The two alleles of one gene count a half each, since they
    are not independent of each other: a shared pair adds as much as one shared dominant allele.
    """
    return shared * math.log(same / chance) + (1 - shared) * math.log(
        (1 - same) / (1 - chance)
    )


def mean_ratio(log_ratios: Collection[float]) -> float:
    """ln of the mean of the ratios: one of several genes is causal, each as likely. Empty: 0."""
    if not log_ratios:
        return 0.0
    return math.log(
        math.fsum(math.exp(value) for value in log_ratios) / len(log_ratios)
    )


def category_log_ratio(facts: Sequence[tuple[float, float | None]]) -> float:
    """How much coded facts of one side, such as diagnoses, speak for one disorder.

    ln of the mean over the facts of (1-t) + ( t/p if the other side agrees else 0 ). A fact is
    (t, p): t the chance that it holds and fits the same disorder, p the share of unrelated
    cases that agree with it, None where the other side does not agree. No facts: 0. This is one
    direction; the caller averages both.
    """
    if not facts:
        return 0.0
    terms = (
        1 - trust + (0.0 if share is None else trust / share) for trust, share in facts
    )
    return math.log(math.fsum(terms) / len(facts))
