"""Whether a case can be true and can be matched: every rule it does not meet, at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from matcher.case import Case, DiseaseStatus, Onset, Sharing, Variant
from matcher.validation.issues import Issue, Rule, Severity
from matcher.validation.term_rules import TermRules

if TYPE_CHECKING:
    from ontologies import Release

__all__ = ["Issue", "Rule", "Severity", "Validator", "validate"]

MIN_TERMS = 3
MAX_YEARS = 150.0
HUMAN = "NCBITaxon:9606"

_DISEASE = re.compile(r"OMIM:\d{6}|ORPHA:\d{1,6}|MONDO:\d{7}", re.ASCII)
_ALLELE = re.compile("[ACGTN]+")
_ASSEMBLIES = ("GRCh37", "GRCh38")
_CHROMOSOMES = frozenset([*map(str, range(1, 23)), "X", "Y", "MT"])
_SHARED = (Sharing.NETWORK, Sharing.EXCHANGE_1, Sharing.EXCHANGE_2)


def validate(case: Case, release: Release) -> tuple[Issue, ...]:
    """Every issue of a case, errors first; empty for one without any."""
    return Validator(release).validate(case)


class Validator:
    """Validates many cases against one release."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._terms = TermRules(release.ontology)

    def validate(self, case: Case) -> tuple[Issue, ...]:
        """Every issue of a case, errors first; empty for one without any."""
        issues = [
            *self._profile(case),
            *self._terms.check(case),
            *self._genes(case),
            *self._diseases(case),
            *_ages(case),
            *_variants(case),
            *_circumstances(case),
        ]
        return tuple(
            sorted(issues, key=lambda issue: list(Severity).index(issue.severity))
        )

    def _profile(self, case: Case) -> Iterator[Issue]:
        features = (feature for feature in case.features if not feature.excluded)
        terms = len(set(self._terms.usable(features)))
        if self._has_gene(case):
            return
        if not terms:
            message = (
                "Nothing here can be matched: no observed HPO term and no gene that is known; "
                f"enter at least {MIN_TERMS} terms or a candidate gene."
            )
            yield Issue(Severity.ERROR, Rule.NOTHING_TO_MATCH, "features", message)
        elif terms < MIN_TERMS:
            count = f"{terms} usable term" + ("s" if terms > 1 else "")
            message = (
                f"Only {count} and no gene: peers answer such a case with no results; "
                f"enter at least {MIN_TERMS} terms or a candidate gene."
            )
            yield Issue(Severity.WARNING, Rule.FEW_TERMS, "features", message)

    def _has_gene(self, case: Case) -> bool:
        if any(self._release.genes.resolve(gene).gene for gene in case.genes):
            return True
        named = (g.variant for g in case.genomic_features if not g.excluded)
        return any(v and v.chromosome and v.start is not None for v in named)

    def _genes(self, case: Case) -> Iterator[Issue]:
        named = (g.gene for g in case.genomic_features if g.gene)
        for entered in dict.fromkeys(named):
            found = self._release.genes.resolve(entered)
            severity, rule = Severity.WARNING, Rule.UNKNOWN_GENE
            if found.gene is None and found.candidates:
                rule = Rule.AMBIGUOUS_GENE
                choices = ", ".join(gene.symbol for gene in found.candidates[:5])
                message = f"{entered!r} may be several genes and does not count; choose {choices}."
            elif found.gene is None:
                message = (
                    f"{entered!r} is not a gene known to HGNC and does not count; give an "
                    "approved symbol, an HGNC, Ensembl or Entrez id."
                )
            elif found.via in ("previous symbol", "alias"):
                severity, rule = Severity.NOTE, Rule.RENAMED_GENE
                message = (
                    f"{entered!r} is a {found.via} and counts as {found.gene.symbol}."
                )
            else:
                continue
            yield Issue(severity, rule, "genomic_features", message)

    def _diseases(self, case: Case) -> Iterator[Issue]:
        by_status: dict[DiseaseStatus, set[str]] = {s: set() for s in DiseaseStatus}
        for disease in case.diseases:
            name = self._release.diseases.normalise(disease.disease_id)
            by_status[disease.status].add(name)
            if not _DISEASE.fullmatch(name):
                message = (
                    f"{disease.disease_id!r} is no disease id that is compared; right would be "
                    "OMIM:610536, ORPHA:79113 or MONDO:0012516."
                )
                yield Issue(Severity.WARNING, Rule.DISEASE_ID, "diseases", message)
            elif not self._release.diseases.name(name):
                message = f"{name} is not among the diseases of this release; check the number."
                yield Issue(Severity.NOTE, Rule.UNKNOWN_DISEASE, "diseases", message)
        excluded = by_status[DiseaseStatus.EXCLUDED]
        stated = by_status[DiseaseStatus.CONFIRMED] | by_status[DiseaseStatus.CANDIDATE]
        for name in sorted(excluded & stated):
            message = f"{name} is both diagnosed and ruled out; remove one of them."
            yield Issue(Severity.ERROR, Rule.CONTRADICTION, "diseases", message)


def _ages(case: Case) -> Iterator[Issue]:
    stated: list[tuple[str, Onset | None]] = [("onset", case.onset)]
    stated += [("features.onset", feature.onset) for feature in case.features]
    stated += [("diseases.onset", disease.onset) for disease in case.diseases]
    ages = [("age_years", case.age_years)]
    ages += [(field, onset.years) for field, onset in stated if onset]
    for field, age in dict.fromkeys(ages):
        if age is None:
            continue
        message, severity = "", Severity.ERROR
        if not math.isfinite(age) or not 0 <= age <= MAX_YEARS:
            message = (
                f"An age of {age:g} years cannot be; give 0 to {MAX_YEARS:g} years."
            )
        elif case.age_years is not None and age > math.ceil(case.age_years + 0.01):
            # whole years only: an age is often given without its months
            severity = Severity.WARNING
            message = (
                f"An onset at {age:g} years lies after the last encounter at "
                f"{case.age_years:g} years; correct one of them."
            )
        if message:
            yield Issue(severity, Rule.IMPOSSIBLE_AGE, field, message)


def _variants(case: Case) -> Iterator[Issue]:
    for feature in case.genomic_features:
        if feature.variant:
            yield from _variant(feature.variant)


def _variant(variant: Variant) -> Iterator[Issue]:
    field = "genomic_features.variant"
    start, end = variant.start, variant.end
    if start is not None and end is not None and end < start:
        message = (
            f"The variant ends at {end} before it starts at {start}; exchange them."
        )
        yield Issue(Severity.ERROR, Rule.POSITION, field, message)
    if start is not None and start < 1:
        message = f"The variant starts at {start}; positions count from 1."
        yield Issue(Severity.ERROR, Rule.POSITION, field, message)
    if start is not None and variant.chromosome not in _CHROMOSOMES:
        message = (
            f"{variant.chromosome!r} is no chromosome that is compared; "
            "right would be 1 to 22, X, Y or MT."
        )
        yield Issue(Severity.WARNING, Rule.POSITION, field, message)
    if start is not None and variant.assembly not in _ASSEMBLIES:
        message = (
            f"{variant.assembly!r} is no assembly that positions are compared on; "
            "right would be GRCh37 or GRCh38."
        )
        yield Issue(Severity.WARNING, Rule.ASSEMBLY, field, message)
    for allele in (variant.reference, variant.alternate):
        if allele and not _ALLELE.fullmatch(allele):
            message = (
                f"The allele {allele[:40]!r} is not made of A, C, G, T and N; "
                "describe a structural variant by its end and type."
            )
            yield Issue(Severity.WARNING, Rule.ALLELE, field, message)
    if variant.alternate and variant.reference == variant.alternate:
        message = (
            f"The variant changes {variant.reference[:40]} to itself; correct one."
        )
        yield Issue(Severity.WARNING, Rule.ALLELE, field, message)


def _circumstances(case: Case) -> Iterator[Issue]:
    if case.species != HUMAN:
        message = (
            f"The species is {case.species!r}, not human ({HUMAN}); its terms and genes are "
            "compared as if they were human."
        )
        yield Issue(Severity.WARNING, Rule.SPECIES, "species", message)
    if case.sharing in _SHARED and not (case.contact and case.contact.href):
        message = (
            f"The case is shared as {str(case.sharing)!r} but names nobody to reach; "
            "give a contact with an e-mail or web address."
        )
        yield Issue(Severity.WARNING, Rule.NO_CONTACT, "contact", message)
