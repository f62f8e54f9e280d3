"""The constants of the evidence: the kinds used, their weights, and what is usual anyway."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from matcher.evidence.likelihoods import gene_share
from matcher.evidence.variants import Chain

if TYPE_CHECKING:
    from ontologies import Release


class EvidenceKind(enum.StrEnum):
    """The kinds of evidence, in the order in which they are shown."""

    PHENOTYPE = "phenotype"
    GENE = "gene"
    VARIANT = "variant"
    ONSET = "onset"
    INHERITANCE = "inheritance"
    DIAGNOSIS = "diagnosis"


ALL_KINDS = frozenset(EvidenceKind)
# A diagnosis tells what the search is to find out, so it is used only by who asks for it.
DEFAULT_KINDS = ALL_KINDS - {EvidenceKind.DIAGNOSIS}

ONSET_YEARS: Mapping[str, float] = MappingProxyType(
    {
        "HP:0030674": 0.0,  # antenatal, with embryonal and foetal onset below it
        "HP:0003577": 0.0,  # congenital
        "HP:0003623": 0.04,  # neonatal
        "HP:0003593": 0.4,  # infantile
        "HP:0011463": 4.0,  # childhood
        "HP:0003621": 10.0,  # juvenile
        "HP:0011462": 25.0,  # young adult
        "HP:0003581": 35.0,  # adult
        "HP:0003596": 50.0,  # middle age
        "HP:0003584": 65.0,  # late
    }
)

# Share of the 8,449 OMIM diseases with a mode in phenotype.hpoa 2026-06-06 that have this one
# or one below it; qualifiers such as incomplete penetrance are no modes.
MODE_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "HP:0034345": 8323 / 8449,  # Mendelian
        "HP:0000007": 4316 / 8449,  # autosomal recessive
        "HP:0000006": 3658 / 8449,  # autosomal dominant
        "HP:0001417": 516 / 8449,  # X-linked
        "HP:0001419": 279 / 8449,  # X-linked recessive
        "HP:0001423": 97 / 8449,  # X-linked dominant
        "HP:0001426": 92 / 8449,  # non-Mendelian
        "HP:0001427": 29 / 8449,  # mitochondrial
    }
)


def _default_weights() -> Mapping[EvidenceKind, float]:
    # Inheritance has not been calibrated: it is shown and counts for nothing.
    return MappingProxyType(
        {
            kind: 0.0 if kind is EvidenceKind.INHERITANCE else 1.0
            for kind in EvidenceKind
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSettings:
    """Every constant of the evidence, and which kinds are used with which weight.

    docs/scoring.md gives the reason for each value.
    """

    kinds: frozenset[EvidenceKind] = DEFAULT_KINDS
    weights: Mapping[EvidenceKind, float] = field(default_factory=_default_weights)
    pi: float = 0.8
    gene_prior_listings: float = 20.0
    same_variant: float = 0.1
    chance_variant: float = 0.007
    position_tolerance: int = 1
    reciprocal_overlap: float = 0.5
    chain: Chain | None = None
    onset_slope: float = 0.4
    onset_offset: float = 1.57
    onset_shift: float = 0.5
    onset_years: Mapping[str, float] = field(default_factory=lambda: ONSET_YEARS)
    inheritance_trust: float = 0.9
    mode_shares: Mapping[str, float] = field(default_factory=lambda: MODE_SHARES)
    rare_mode_share: float = 0.01
    confirmed_trust: float = 0.9
    candidate_trust: float = 0.5

    def weight(self, kind: EvidenceKind) -> float:
        """By how much the log likelihood ratio of `kind` is multiplied in the total."""
        return self.weights.get(kind, 0.0)


@dataclass(frozen=True, kw_only=True)
class Background:
    """How usual a gene or a disease is among cases that have nothing to do with each other.

    `counts` says how many reference cases list each gene (HGNC id), every gene that one of them
    lists; `annotated` is the number of genes known to cause a disease, `diseases` the number of
    diseases.
    """

    annotated: int
    diseases: int
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_release(cls, release: Release) -> Background:
        """What a site starts from that has no reference cases."""
        return cls(
            annotated=release.genes.annotated,
            diseases=release.information_content.diseases,
        )

    @cached_property
    def listings(self) -> int:
        """How many genes the reference cases list, all cases together."""
        return sum(self.counts.values())

    def gene_share(self, gene_id: str, settings: EvidenceSettings) -> float:
        """Share of the places on lists of unrelated cases that the gene takes."""
        return gene_share(
            self.counts.get(gene_id, 0),
            self.listings,
            self.annotated,
            settings.gene_prior_listings,
        )
