"""What of a case may leave this site: the fields that its sharing level grants, and no other."""

from __future__ import annotations

from dataclasses import replace

from matcher.case import Case, GenomicFeature, Sharing

EXCHANGED = frozenset({Sharing.EXCHANGE_1, Sharing.EXCHANGE_2})


def is_exchanged(case: Case) -> bool:
    """Whether peers of the exchange may be told of the case at all."""
    return case.sharing in EXCHANGED


def disclosed(case: Case) -> Case:
    """Copy of a case with only what its sharing level lets a peer see.

    Level 1 is HPO terms, disease names and gene names; level 2 adds the variants that their
    depositor did not hold back. Notes, families, measurements and treatments never leave.

    Raises:
        ValueError: the case is not shared with the exchange.
    """
    if not is_exchanged(case):
        raise ValueError(
            f"case {case.case_id} is shared as {case.sharing}, not with the exchange"
        )
    variants = case.sharing is Sharing.EXCHANGE_2
    return Case(
        case_id=case.case_id,
        features=case.features,
        genomic_features=_disclosed_genes(case, variants),
        diseases=case.diseases,
        sex=case.sex,
        onset=case.onset,
        inheritance=case.inheritance,
        species=case.species,
        contact=case.contact,
        sharing=case.sharing,
        test=case.test,
    )


def _disclosed_genes(case: Case, variants: bool) -> tuple[GenomicFeature, ...]:
    def reduced(feature: GenomicFeature) -> GenomicFeature:
        shown = variants and feature.variant is not None and feature.variant.shareable
        return feature if shown else replace(feature, variant=None)

    kept = (
        reduced(feature) for feature in case.genomic_features if not feature.excluded
    )
    # A variant without a gene says nothing once it is held back.
    return tuple(dict.fromkeys(f for f in kept if f.gene or f.variant))
