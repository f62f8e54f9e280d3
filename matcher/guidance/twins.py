"""Which cases look like the same person as this one, entered before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.case import Case, Sex

if TYPE_CHECKING:
    from ontologies import Ontology, Release

# Fewer findings are shared by many; the rest is how alike two entries of one person are.
_FEWEST_SHARED = 4
_SHARE = 0.8
_YEARS_APART = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A case that may be the same person, with what makes it look so.

    `shared` of `findings` observed terms of the smaller profile are in both; `variants` are
    written the same in both; `has_label` tells that both are called the same.
    """

    case_id: str
    shared: int
    findings: int
    variants: tuple[str, ...]
    has_label: bool


def twins(case: Case, others: Iterable[Case], release: Release) -> list[Twin]:
    """The others that look like the same person, the most alike first.

    Neither sex nor age may speak against it, and one of three must speak for it: the same name
    at the site; four findings in common that are four fifths of the smaller profile; the same
    variant with half of the findings.
    """
    found = [
        twin
        for other in others
        if other.case_id != case.case_id and _may_be_one(case, other)
        for twin in _twin(case, other, release)
    ]
    return sorted(found, key=lambda t: (-t.has_label, -t.shared, t.case_id))


def _may_be_one(case: Case, other: Case) -> bool:
    sexes = {case.sex, other.sex} - {Sex.UNKNOWN}
    ages = [years for years in (case.age_years, other.age_years) if years is not None]
    return len(sexes) < 2 and (len(ages) < 2 or abs(ages[0] - ages[1]) <= _YEARS_APART)


def _twin(case: Case, other: Case, release: Release) -> Iterator[Twin]:
    ours, theirs = (_observed(c, release.ontology) for c in (case, other))
    shared, findings = len(ours & theirs), min(len(ours), len(theirs))
    variants = tuple(sorted(_variants(case, release) & _variants(other, release)))
    has_label = bool(case.label) and case.label.casefold() == other.label.casefold()
    is_alike = shared >= _FEWEST_SHARED and shared >= _SHARE * findings
    has_variant = bool(variants) and 2 * shared >= findings
    if has_label or is_alike or has_variant:
        yield Twin(
            case_id=other.case_id,
            shared=shared,
            findings=findings,
            variants=variants,
            has_label=has_label,
        )


def _observed(case: Case, ontology: Ontology) -> frozenset[str]:
    resolved = (ontology.resolve(term_id).term_id for term_id in case.observed)
    return frozenset(term_id for term_id in resolved if term_id)


def _variants(case: Case, release: Release) -> frozenset[str]:
    """The names of the variants, each with its gene however that was entered."""
    names = set()
    for feature in case.genomic_features:
        if feature.variant and not feature.excluded:
            gene = release.genes.resolve(feature.gene or "").gene
            symbol = gene.symbol if gene else feature.gene or ""
            names |= {f"{symbol} {name}".strip() for name in feature.variant.hgvs}
    return frozenset(names)
