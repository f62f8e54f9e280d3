"""What of a case may leave this site: the fields that its sharing level grants, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from matcher.case import Case, Disease, GenomicFeature, PhenotypicFeature, Sharing

EXCHANGED = frozenset({Sharing.EXCHANGE_1, Sharing.EXCHANGE_2})


def is_exchanged(case: Case) -> bool:
    """Whether peers of the exchange may be told of the case at all."""
    return case.sharing in EXCHANGED


def disclosed(case: Case) -> Case:
    """Copy of a case with only what its sharing level lets a peer see.

    Level 1 is HPO terms, disease names and gene names; level 2 adds the variants that their
    depositor did not hold back, onset, inheritance, and what is said of a single term. Notes,
    families, measurements and treatments never leave.

    Raises:
        ValueError: the case is not shared with the exchange.
    """
    if not is_exchanged(case):
        raise ValueError(
            f"case {case.case_id} is shared as {case.sharing}, not with the exchange"
        )
    all_of_it = case.sharing is Sharing.EXCHANGE_2
    return Case(
        case_id=case.case_id,
        features=(
            case.features if all_of_it else tuple(map(_name_of_feature, case.features))
        ),
        genomic_features=_disclosed_genes(case.genomic_features, variants=all_of_it),
        diseases=(
            case.diseases if all_of_it else tuple(map(_name_of_disease, case.diseases))
        ),
        onset=case.onset if all_of_it else None,
        inheritance=case.inheritance if all_of_it else (),
        sex=case.sex,
        species=case.species,
        contact=case.contact,
        sharing=case.sharing,
        test=case.test,
    )


def _name_of_feature(feature: PhenotypicFeature) -> PhenotypicFeature:
    return PhenotypicFeature(
        term_id=feature.term_id, label=feature.label, excluded=feature.excluded
    )


def _name_of_disease(disease: Disease) -> Disease:
    return replace(disease, onset=None)


def _disclosed_genes(
    features: Sequence[GenomicFeature], *, variants: bool
) -> tuple[GenomicFeature, ...]:
    """Candidate genes, with the variants that may be seen.

    A gene of which a variant was held back is a candidate like any other. Where another variant
    of it is told, it is not named a second time: that would say that there is one more.
    """
    kept = list(dict.fromkeys(_reduced(features, variants)))
    told = {feature.gene for feature in kept if feature.variant}
    return tuple(f for f in kept if f.variant or f.gene not in told)


def _reduced(
    features: Sequence[GenomicFeature], variants: bool
) -> Iterator[GenomicFeature]:
    """The features that were not excluded, without the variants that may not be seen."""
    for feature in features:
        if feature.excluded or not feature.gene:
            # A peer takes no variant without a gene, so none is sent or weighed.
            continue
        variant = feature.variant
        shown = variants and variant is not None and variant.shareable
        yield feature if shown else replace(feature, variant=None)
