"""What has to be corrected before a case form can be saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from matcher.case import Case, PhenotypicFeature
from ontologies import Release
from web.pages.entry.drafts import Draft
from web.pages.typed import ages, choices, coded, relatives, variants
from web.pages.typed.relatives import NotARelative
from web.pages.typed.variants import NotAVariant, TypedVariant

MOST_LINES = 200
LONGEST_NOTE = 20_000
LONGEST_LABEL = 120
NOT_OFFERED = "is none of those offered."


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
        *_qualifier_problems(draft, release, base),
        *_gene_problems(draft, release, base),
        *_variant_problems(draft),
        *_disease_problems(draft, release, base),
        *_coded_problems(draft),
        *_relative_problems(draft),
        *_age_problems(draft),
        *_death_problems(draft),
        *_choice_problems(draft, base),
        *_text_problems(draft),
    ]


def _feature_problems(draft: Draft, release: Release, base: Case) -> Iterator[Problem]:
    known = {f.term_id for f in (*base.features, *base.uncertain)}
    number = len(draft.features) + len(draft.uncertain)
    if number > MOST_LINES:
        yield Problem("q", "Features", f"{number} are more than {MOST_LINES}.")
        return
    if draft.search:
        yield Problem(
            "q",
            "Features",
            f"“{draft.search}” is not added yet. Choose a term, or clear the box.",
        )
    for feature in (*draft.features, *draft.uncertain):
        if feature.term_id not in known:
            yield from _term_problems(feature.term_id, release)
    for term_id in sorted(_twice(draft.features)):
        label = release.ontology.resolve(term_id).term_id
        name = release.ontology.label(label) if label else term_id
        yield Problem(
            "q", "Features", f"{name} stands as observed and as not found. Keep one."
        )
    said = {f.term_id for f in draft.features}
    for term_id in sorted(said & {f.term_id for f in draft.uncertain}):
        name = _feature_name(term_id, release)
        message = f"{name} stands as uncertain and as decided. Keep one."
        yield Problem("q", "Features", message)


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
    genes = {g.gene for g in draft.listed_genes if g.gene}
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


def _qualifier_problems(
    draft: Draft, release: Release, base: Case
) -> Iterator[Problem]:
    known = {i for f in base.features for i in (f.severity, *f.modifiers) if i}
    offered = {
        term_id
        for offers in (choices.SEVERITIES, choices.SIDES, choices.COURSES)
        for term_id, _ in offers
    }
    for feature in draft.features:
        name = _feature_name(feature.term_id, release)
        for said in (feature.severity, *feature.modifiers):
            if said and said not in offered | known:
                yield Problem("q", name, f"“{said[:60]}” {NOT_OFFERED}")
        entered = draft.feature_ages.get(feature.term_id, "")
        field = f"age-{feature.term_id}"
        try:
            years = ages.years(entered)
        except ages.NotAnAge as problem:
            yield Problem(field, f"Onset of {name}", str(problem))
            continue
        if years is not None and _is_later(entered, draft.age):
            message = f"{entered} is later than the last visit at {draft.age}."
            yield Problem(field, f"Onset of {name}", message)


def _is_later(entered: str, visit: str) -> bool:
    try:
        first, last = ages.years(entered), ages.years(visit)
    except ages.NotAnAge:
        return False
    return first is not None and last is not None and first > last


def _feature_name(term_id: str, release: Release) -> str:
    resolved = release.ontology.resolve(term_id).term_id
    return release.ontology.label(resolved) if resolved else term_id[:60]


def _variant_problems(draft: Draft) -> Iterator[Problem]:
    if len(draft.variants) > MOST_LINES:
        message = f"{len(draft.variants)} are more than {MOST_LINES}."
        yield Problem("gene_q", "Variants", message)
        return
    for number, typed in enumerate(draft.variants):
        name = f"Variant {number + 1}"
        is_typed = typed.known is None
        if is_typed and len(typed.written) > variants.LONGEST:
            message = (
                f"{len(typed.written):,} characters are more than {variants.LONGEST}."
            )
            yield Problem(f"variant-{number}", name, message)
            continue
        wrong = _not_offered(typed)
        if wrong:
            field, said = wrong
            yield Problem(f"{field}-{number}", name, f"“{said[:60]}” {NOT_OFFERED}")
            continue
        try:
            typed.feature()
        except NotAVariant as problem:
            yield Problem(f"variant-{number}", name, str(problem))


def _not_offered(typed: TypedVariant) -> tuple[str, str] | None:
    """The first field of a variant with a value that neither the form nor the case has."""
    known = TypedVariant.of(typed.known) if typed.known else TypedVariant()
    for field, offers in (
        ("assembly", choices.ASSEMBLIES),
        ("zygosity", choices.ZYGOSITIES),
        ("origin", choices.ORIGINS),
        ("classification", choices.CLASSES),
    ):
        said = getattr(typed, field)
        if said not in {"", getattr(known, field), *(value for value, _ in offers)}:
            return field, said
    return None


def _disease_problems(draft: Draft, release: Release, base: Case) -> Iterator[Problem]:
    if draft.disease_search:
        message = f"“{draft.disease_search}” is not added yet. Choose a diagnosis or clear the box."
        yield Problem("disease_q", "Diagnoses", message)
    if len(draft.diseases) > MOST_LINES:
        message = f"{len(draft.diseases)} are more than {MOST_LINES}."
        yield Problem("disease_q", "Diagnoses", message)
        return
    known = {d.disease_id for d in base.diseases}
    for disease in draft.diseases:
        if (
            disease.disease_id not in known
            and disease.disease_id not in release.diseases
        ):
            yield disease_problem(disease.disease_id)


def disease_problem(entered: str) -> Problem:
    """Why a name or id stands for no diagnosis."""
    message = (
        f"“{entered[:60]}” names no diagnosis. Use a name of Orphanet or OMIM, or an id such as "
        "OMIM:610536 or ORPHA:79113."
    )
    return Problem("disease_q", "Diagnoses", message)


def _coded_problems(draft: Draft) -> Iterator[Problem]:
    offered = {value for value, _ in coded.RESPONSES}
    for number, treatment in enumerate(draft.treatments):
        field, name = f"treatment-{number}", f"Treatment {number + 1}"
        known = treatment.known.response if treatment.known else ""
        if not treatment.name:
            yield Problem(field, name, "It says how it went, but not what was tried.")
        elif treatment.response not in offered | {known}:
            said = treatment.response[:60]
            yield Problem(f"response-{number}", name, f"“{said}” {NOT_OFFERED}")
        yield from _too_long(field, name, treatment.name, treatment.reason)
    for number, exposure in enumerate(draft.exposures):
        field, name = f"exposure-{number}", f"Exposure {number + 1}"
        if not exposure.name:
            yield Problem(field, name, "It says how much, but not what of.")
        yield from _too_long(field, name, exposure.name, exposure.note)
    for field, name, lines in (
        ("treatment-0", "Treatments", len(draft.treatments)),
        ("exposure-0", "Exposures", len(draft.exposures)),
    ):
        if lines > MOST_LINES:
            yield Problem(field, name, f"{lines} are more than {MOST_LINES}.")


def _relative_problems(draft: Draft) -> Iterator[Problem]:
    if len(draft.relatives) > MOST_LINES:
        message = f"{len(draft.relatives)} are more than {MOST_LINES}."
        yield Problem("relation-0", "Family", message)
        return
    for number, typed in enumerate(draft.relatives):
        field, name = f"relation-{number}", f"Relative {number + 1}"
        if typed.known is None and len(typed.findings) > relatives.LONGEST:
            message = (
                f"{len(typed.findings):,} characters are more than {relatives.LONGEST}."
            )
            yield Problem(field, name, message)
            continue
        try:
            typed.relative()
        except NotARelative as problem:
            yield Problem(field, name, str(problem))


def _too_long(field: str, name: str, *texts: str) -> Iterator[Problem]:
    longest = max(map(len, texts))
    if longest > coded.LONGEST:
        message = f"{longest:,} characters are more than {coded.LONGEST}."
        yield Problem(field, name, message)


def _age_problems(draft: Draft) -> Iterator[Problem]:
    read: dict[str, float | None] = {}
    for field, label, entered in (
        ("age", "Age at last visit", draft.age),
        ("onset_age", "Age at onset", draft.onset_age),
        ("death_age", "Age at death", draft.death_age),
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


def _death_problems(draft: Draft) -> Iterator[Problem]:
    if _is_later(draft.age, draft.death_age):
        message = f"{draft.death_age} is before the last visit at {draft.age}."
        yield Problem("death_age", "Age at death", message)


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
        ("note", "Note", draft.whole_note, LONGEST_NOTE),
    ):
        if len(text) > most:
            yield Problem(
                field, label, f"{len(text):,} characters are more than {most:,}."
            )
