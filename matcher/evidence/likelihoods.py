"""The formulas of the evidence besides the phenotype: numbers in, log likelihood ratios out.

Every result is ln( P(both findings | same disorder) / P(both findings | different disorders) ),
in nats, symmetric in the two cases. Nothing here knows a case or a release.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence


def gene_share(
    listed: int, listings: int, annotated: int, prior_listings: float = 20.0
) -> float:
    """Share, in (0, 1], of the places on lists of unrelated cases that a gene takes.

    max( p0, (n_g + 20 p0) / (n + 20) ), where `listed` = n_g of the n = `listings` genes that
    reference cases list, all cases together, are this one and p0 = 1 / `annotated`, the number of
    genes known to cause a disease. A site without reference cases starts from p0. No gene counts
    as rarer than that, or two very long lists would agree by the genes that nobody lists.
    """
    prior = 1.0 / annotated
    return max(prior, (listed + prior_listings * prior) / (listings + prior_listings))


def gene_log_ratio(
    query: Collection[str],
    candidate: Collection[str],
    share: Callable[[str], float],
    pi: float,
) -> float:
    """How much two candidate gene lists speak for one disorder.

    ln[ 1 - pi^2 + pi^2 * sum over the genes g of both of p_g / (b_q b_c) ], b = min(1, |L| p_g)
    being the chance that an unrelated list as long as L holds g, and `pi` that a list holds the
    causal gene. An empty list is missing evidence: 0. The derivation is in docs/scoring.md.
    """
    if not query or not candidate:
        return 0.0

    def agreement(gene: str) -> float:
        p = share(gene)
        return p / (min(1.0, len(query) * p) * min(1.0, len(candidate) * p))

    shared = math.fsum(agreement(gene) for gene in query if gene in candidate)
    return math.log(1 - pi * pi + pi * pi * shared)


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
