"""A case form as it was typed: read from a request, checked, and made into a case."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from matcher.case import Case, GenomicFeature, Onset, PhenotypicFeature, Sex, Sharing
from ontologies import Release
from web.pages import ages, choices

MOST_LINES = 200
LONGEST_NOTE = 20_000
LONGEST_LABEL = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct: the id of the field, its name on the page, and the sentence."""

    field: str
    label: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything on the form. `features` and `genes` keep what the case already knew of each."""

    features: tuple[PhenotypicFeature, ...] = ()
    genomic_features: tuple[GenomicFeature, ...] = ()
    label: str = ""
    sex: str = Sex.UNKNOWN.value
    age: str = ""
    onset: str = ""
    onset_age: str = ""
    inheritance: tuple[str, ...] = ()
    sharing: str = Sharing.PRIVATE.value
    note: str = ""
    version: int = 0
    search: str = ""
    gene_search: str = ""

    @classmethod
    def from_case(cls, case: Case, version: int) -> Draft:
        """The form of a stored case, as it is first shown."""
        onset = case.onset or Onset()
        return cls(
            features=case.features,
            genomic_features=case.genomic_features,
            label=case.label,
            sex=case.sex.value,
            age=_typed(case.age_years),
            onset=onset.term_id or "",
            onset_age=_typed(onset.years),
            inheritance=case.inheritance,
            sharing=case.sharing.value,
            note=case.note,
            version=version,
        )

    @classmethod
    def from_form(cls, form: MultiDict[str, str], base: Case) -> Draft:
        """What was sent; features and genes that `base` has keep their further details."""
        return cls(
            features=tuple(_features(form, base)),
            genomic_features=tuple(_genomic_features(form.getlist("gene"), base)),
            label=form.get("label", "").strip(),
            sex=form.get("sex", Sex.UNKNOWN.value),
            age=form.get("age", "").strip(),
            onset=form.get("onset", ""),
            onset_age=form.get("onset_age", "").strip(),
            inheritance=tuple(dict.fromkeys(form.getlist("inheritance"))),
            sharing=form.get("sharing", base.sharing.value),
            note=form.get("note", "").replace("\r\n", "\n").strip(),
            version=form.get("version", 0, type=int),
            search=form.get("q", "").strip(),
            gene_search=form.get("gene_q", "").strip(),
        )

    def problems(self, release: Release, base: Case) -> list[Problem]:
        """Everything to correct before the case can be saved, in the order of the form."""
        return [
            *_feature_problems(self, release, base),
            *_gene_problems(self),
            *_age_problems(self),
            *_choice_problems(self, base),
            *_text_problems(self),
        ]

    def case(self, base: Case) -> Case:
        """`base` with what the form says. Call only where there are no problems."""
        onset = Onset(years=ages.years(self.onset_age), term_id=self.onset or None)
        return dataclasses.replace(
            base,
            features=self.features,
            genomic_features=self.genomic_features,
            label=self.label,
            sex=Sex(self.sex),
            age_years=_unrounded(self.age, base.age_years),
            onset=None if onset == Onset() else onset,
            inheritance=self.inheritance,
            sharing=Sharing(self.sharing),
            note=self.note,
        )

    def with_feature(self, feature: PhenotypicFeature) -> Draft:
        """The draft with one feature more, which replaces an earlier word on the same term."""
        return dataclasses.replace(
            self.without_feature(feature.term_id),
            features=(*self.without_feature(feature.term_id).features, feature),
            search="",
        )

    def without_feature(self, term_id: str) -> Draft:
        """The draft without this term, observed or excluded."""
        kept = tuple(f for f in self.features if f.term_id != term_id)
        return dataclasses.replace(self, features=kept)

    def turned(self, term_id: str) -> Draft:
        """The draft with an observed term made excluded, or the reverse."""
        turned = tuple(
            (
                dataclasses.replace(f, excluded=not f.excluded)
                if f.term_id == term_id
                else f
            )
            for f in self.features
        )
        return dataclasses.replace(self, features=turned)

    def with_gene(self, gene: str, label: str) -> Draft:
        """The draft with one candidate gene more; a gene that it has stays as it is."""
        listed = any(g.gene == gene for g in self.genomic_features)
        more = () if listed else (GenomicFeature(gene=gene, gene_label=label),)
        return dataclasses.replace(
            self, genomic_features=(*self.genomic_features, *more), gene_search=""
        )

    def without_gene(self, gene: str) -> Draft:
        """The draft without this gene and the variants in it."""
        kept = tuple(g for g in self.genomic_features if g.gene != gene)
        return dataclasses.replace(self, genomic_features=kept)


def _typed(years: float | None) -> str:
    """An age as one would type it: whole months, so that it reads back the same."""
    if years is None:
        return ""
    whole, months = divmod(round(years * 12), 12)
    return (
        f"{whole} y {months} m"
        if whole and months
        else f"{whole} y" if whole else f"{months} m"
    )


def _unrounded(entered: str, before: float | None) -> float | None:
    """The age typed, or the more exact one known before where nothing was changed."""
    return before if entered == _typed(before) else ages.years(entered)


def _features(form: MultiDict[str, str], base: Case) -> Iterator[PhenotypicFeature]:
    known = {f.term_id: f for f in base.features}
    lines = [(i, False) for i in form.getlist("observed")]
    lines += [(i, True) for i in form.getlist("excluded")]
    for term_id, excluded in dict.fromkeys(lines):
        feature = known.get(term_id, PhenotypicFeature(term_id=term_id))
        yield dataclasses.replace(
            feature,
            excluded=excluded,
            onset=_onset(form.get(f"onset-{term_id}"), feature.onset),
        )


def _onset(entered: str | None, before: Onset | None) -> Onset | None:
    if entered is None or entered == ((before and before.term_id) or ""):
        return before
    return Onset(term_id=entered) if entered else None


def _genomic_features(genes: Iterable[str], base: Case) -> Iterator[GenomicFeature]:
    for gene in dict.fromkeys(genes):
        known = [g for g in base.genomic_features if g.gene == gene]
        yield from known or [GenomicFeature(gene=gene)]
    yield from (g for g in base.genomic_features if not g.gene)


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


def _gene_problems(draft: Draft) -> Iterator[Problem]:
    if len(draft.genomic_features) > MOST_LINES:
        yield Problem(
            "gene_q",
            "Genes",
            f"{len(draft.genomic_features)} are more than {MOST_LINES}.",
        )
    if draft.gene_search:
        yield Problem(
            "gene_q",
            "Genes",
            f"“{draft.gene_search}” is not added yet. Choose a gene, or clear the box.",
        )


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
