"""What counts for a match and differs between two states of a case."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from matcher.case import Case, Disease, Onset, PhenotypicFeature, Variant
from matcher.wording import age

UNKNOWN = "not given"


class Part(enum.StrEnum):
    """The parts of a case that decide a match, or who may see it."""

    TERM = "term"
    GENE = "gene"
    VARIANT = "variant"
    ONSET = "onset"
    INHERITANCE = "inheritance"
    DIAGNOSIS = "diagnosis"
    SHARING = "sharing"
    CIRCUMSTANCE = "circumstance"


class Way(enum.StrEnum):
    """How a part differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class CaseChange:
    """One difference: `subject` is the term, gene or disease as entered, `words` says it."""

    part: Part
    way: Way
    subject: str
    words: str


def case_changes(before: Case, after: Case) -> tuple[CaseChange, ...]:
    """Every difference that can change a match; notes and the like cannot."""
    pairs = (
        (Part.TERM, _terms(before), _terms(after)),
        (Part.GENE, _genes(before), _genes(after)),
        (Part.VARIANT, _variants(before), _variants(after)),
        (Part.INHERITANCE, _modes(before), _modes(after)),
        (Part.DIAGNOSIS, _diagnoses(before), _diagnoses(after)),
    )
    lists = (change for part, old, new in pairs for change in _of_list(part, old, new))
    return (*lists, *_of_values(before, after))


def _of_list(
    part: Part, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[CaseChange]:
    """What came, what went, and what is the same thing and is said otherwise."""
    for subject, words in new.items():
        if subject not in old:
            yield CaseChange(part, Way.ADDED, subject, f"{words} was added")
        elif words != old[subject]:
            said = f"{old[subject]} became {words}"
            yield CaseChange(part, Way.CHANGED, subject, said)
    for subject, words in old.items():
        if subject not in new:
            yield CaseChange(part, Way.REMOVED, subject, f"{words} was removed")


def _of_values(before: Case, after: Case) -> Iterator[CaseChange]:
    old, new = _values(before), _values(after)
    for name, (part, value) in new.items():
        if value != old[name][1]:
            said = f"{name} became {value} (it was {old[name][1]})"
            yield CaseChange(part, Way.CHANGED, name, said)


def _values(case: Case) -> Mapping[str, tuple[Part, str]]:
    circumstance = Part.CIRCUMSTANCE
    return {
        "onset": (Part.ONSET, _onset(case.onset)),
        "the sharing level": (Part.SHARING, str(case.sharing)),
        "the site": (circumstance, case.site or UNKNOWN),
        "the submitter": (circumstance, case.submitter or UNKNOWN),
        "the family": (circumstance, case.family or UNKNOWN),
        "solved": (circumstance, _yes(case.solved)),
        "test case": (circumstance, _yes(case.test)),
    }


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _onset(onset: Onset | None) -> str:
    if onset is None:
        return UNKNOWN
    years = [] if onset.years is None else [age(onset.years)]
    return ", ".join([*years, *filter(None, [onset.term_id])]) or UNKNOWN


def _terms(case: Case) -> dict[str, str]:
    return {feature.term_id: _term(feature) for feature in case.features}


def _term(feature: PhenotypicFeature) -> str:
    named = _named(feature.label, feature.term_id)
    return f"no {named}" if feature.excluded else named


def _named(label: str, identifier: str) -> str:
    return f"{label} ({identifier})" if label else identifier


def _genes(case: Case) -> dict[str, str]:
    return {
        each.gene: _named(each.gene_label, each.gene)
        for each in case.genomic_features
        if each.gene and not each.excluded
    }


def _variants(case: Case) -> dict[str, str]:
    found = {}
    for each in case.genomic_features:
        if each.variant is not None and not each.excluded:
            words = _variant(each.variant, each.gene_label or each.gene or "")
            found[words] = words
    return found


def _variant(variant: Variant, gene: str) -> str:
    place = [variant.assembly, variant.chromosome, variant.start, variant.end]
    alleles = [variant.reference, variant.alternate, variant.structural_type]
    written = ":".join(str(part) for part in [*place, *alleles] if part is not None)
    said = next(iter(variant.hgvs), "") or variant.label or written
    zygosity = f", {variant.zygosity}" if variant.zygosity else ""
    return f"variant {said}{f' of {gene}' if gene else ''}{zygosity}"


def _modes(case: Case) -> dict[str, str]:
    return {mode: f"mode of inheritance {mode}" for mode in case.inheritance}


def _diagnoses(case: Case) -> dict[str, str]:
    return {each.disease_id: _diagnosis(each) for each in case.diseases}


def _diagnosis(disease: Disease) -> str:
    return f"{disease.status} diagnosis {_named(disease.label, disease.disease_id)}"
