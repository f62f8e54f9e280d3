"""What has to be corrected before a case form can be saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from matcher.case import Case, PhenotypicFeature
from ontologies import Release
from web.pages import ages, choices
from web.pages.drafts import Draft

MOST_LINES = 200
LONGEST_NOTE = 20_000
LONGEST_LABEL = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct: the id of the field, its name on the page, and the sentence."""

    field: str
    label: str
    message: str


def problems(draft: Draft, release: Release, base: Case) -> list[Problem]:
    """Everything to correct, in the order of the form. What `base` has already may stay."""
    return [
        *_feature_problems(draft, release, base),
        *_gene_problems(draft, release, base),
        *_age_problems(draft),
        *_choice_problems(draft, base),
        *_text_problems(draft),
    ]


def _feature_problems(draft: Draft, release: Release, base: Case) -> Iterator[Problem]:
    known = {f.term_id for f in base.features}
    if len(draft.features) > MOST_LINES:
        yield Problem(
            "q", "Features", f"{len(draft.features)} are more than {MOST_LINES}."
        )
        return
    if draft.search:
        yield Problem(
            "q",
            "Features",
            f"“{draft.search}” is not added yet. Choose a term, or clear the box.",
        )
    for feature in draft.features:
        if feature.term_id not in known:
            yield from _term_problems(feature.term_id, release)
    for term_id in sorted(_twice(draft.features)):
        label = release.ontology.resolve(term_id).term_id
        name = release.ontology.label(label) if label else term_id
        yield Problem(
            "q", "Features", f"{name} stands as observed and as not found. Keep one."
        )


def _twice(features: Iterable[PhenotypicFeature]) -> set[str]:
    observed = {f.term_id for f in features if not f.excluded}
    return observed & {f.term_id for f in features if f.excluded}


def _term_problems(term_id: str, release: Release) -> Iterator[Problem]:
    resolution = release.ontology.resolve(term_id)
    if not resolution.is_resolved or resolution.term_id is None:
        yield Problem(
            "q",
            "Features",
            f"“{term_id}” is no term of HPO {release.versions['hpo']}. Search for it by name.",
        )
    elif not release.ontology.is_phenotype(resolution.term_id):
        label = release.ontology.label(resolution.term_id)
        yield Problem(
            "q", "Features", f"“{label}” is no finding, so it cannot be a feature."
        )


def _gene_problems(draft: Draft, release: Release, base: Case) -> Iterator[Problem]:
    genes = {g.gene for g in draft.genomic_features if g.gene}
    if len(genes) > MOST_LINES:
        yield Problem("gene_q", "Genes", f"{len(genes)} are more than {MOST_LINES}.")
        return
    if draft.gene_search:
        yield gene_problem(draft.gene_search, release)
    for gene in sorted(genes - {g.gene for g in base.genomic_features}):
        if not release.genes.resolve(gene).is_resolved:
            yield gene_problem(gene, release)


def gene_problem(entered: str, release: Release) -> Problem:
    """Why a name or id stands for no single gene."""
    candidates = release.genes.resolve(entered).candidates
    if candidates:
        message = (
            f"“{entered}” may be any of {len(candidates)} genes. Choose one below."
        )
    else:
        message = (
            f"“{entered}” names no gene. Use an HGNC symbol, an older symbol, or an Ensembl, "
            "Entrez or HGNC id."
        )
    return Problem("gene_q", "Genes", message)


def _age_problems(draft: Draft) -> Iterator[Problem]:
    read: dict[str, float | None] = {}
    for field, label, entered in (
        ("age", "Age at last visit", draft.age),
        ("onset_age", "Age at onset", draft.onset_age),
    ):
        try:
            read[field] = ages.years(entered)
        except ages.NotAnAge as problem:
            yield Problem(field, label, str(problem))
    age, onset = read.get("age"), read.get("onset_age")
    if age is not None and onset is not None and onset > age:
        yield Problem(
            "onset_age",
            "Age at onset",
            f"{draft.onset_age} is later than the last visit at {draft.age}.",
        )


def _choice_problems(draft: Draft, base: Case) -> Iterator[Problem]:
    offered_onsets = {"", *(term_id for term_id, _ in choices.ONSETS)}
    offered_inheritance = {term_id for term_id, _ in choices.INHERITANCE} | set(
        base.inheritance
    )
    if base.onset and base.onset.term_id:
        offered_onsets.add(base.onset.term_id)
    feature_onsets = {
        f.onset.term_id for f in draft.features if f.onset and f.onset.term_id
    }
    known = {f.onset.term_id for f in base.features if f.onset}
    if not feature_onsets - known <= offered_onsets:
        yield Problem(
            "q", "Features", "The onset of a feature is none of those offered."
        )
    if draft.sex not in {value for value, _ in choices.SEXES}:
        yield Problem("sex", "Sex", f"“{draft.sex}” is none of those offered.")
    if draft.onset not in offered_onsets:
        yield Problem("onset", "Onset", f"“{draft.onset}” is none of those offered.")
    if not set(draft.inheritance) <= offered_inheritance:
        yield Problem(
            "inheritance", "Inheritance", "One of the modes is none of those offered."
        )
    if draft.sharing not in {value for value, *_ in choices.SHARING}:
        yield Problem(
            "sharing", "Sharing", f"“{draft.sharing}” is none of the levels offered."
        )


def _text_problems(draft: Draft) -> Iterator[Problem]:
    for field, label, text, most in (
        ("label", "Name at your site", draft.label, LONGEST_LABEL),
        ("note", "Note", draft.note, LONGEST_NOTE),
    ):
        if len(text) > most:
            yield Problem(
                field, label, f"{len(text):,} characters are more than {most:,}."
            )
