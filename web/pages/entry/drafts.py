"""A case form as it was typed: read from a request, changed by its buttons, made into a case."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from matcher.case import (
    Case,
    Death,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Relative,
    Sex,
    Sharing,
)
from web.pages.entry.gene_lines import bare_genes, in_order, readable
from web.pages.typed import ages, lines
from web.pages.typed.coded import TypedExposure, TypedTreatment
from web.pages.typed.relatives import NotARelative, TypedRelative
from web.pages.typed.variants import TypedVariant


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything on the form. Its lines keep what the case already knew of each.

    `gene_lines` are genes without a variant, `variants` those with one, which may not be readable
    yet. `feature_ages` has the ages at onset as typed, by term. `unexamined` are
    terms that are not to be asked about again: nobody looked for them, and the case says nothing
    of them.
    """

    features: tuple[PhenotypicFeature, ...] = ()
    feature_ages: Mapping[str, str] = field(default_factory=dict)
    gene_lines: tuple[GenomicFeature, ...] = ()
    variants: tuple[TypedVariant, ...] = ()
    diseases: tuple[Disease, ...] = ()
    treatments: tuple[TypedTreatment, ...] = ()
    exposures: tuple[TypedExposure, ...] = ()
    uncertain: tuple[PhenotypicFeature, ...] = ()
    relatives: tuple[TypedRelative, ...] = ()
    died: bool = False
    death_age: str = ""
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
    disease_search: str = ""
    pasted: str = ""
    keeps_pasted: bool = False
    unexamined: tuple[str, ...] = ()

    @classmethod
    def from_case(cls, case: Case, version: int) -> Draft:
        """The form of a stored case, as it is first shown."""
        onset = case.onset or Onset()
        listed = case.genomic_features
        return cls(
            features=case.features,
            feature_ages={
                f.term_id: ages.typed(f.onset.years) for f in case.features if f.onset
            },
            gene_lines=tuple(g for g in listed if g.variant is None),
            variants=tuple(TypedVariant.of(g) for g in listed if g.variant),
            diseases=case.diseases,
            treatments=tuple(map(TypedTreatment.of, case.treatments)),
            exposures=tuple(map(TypedExposure.of, case.exposures)),
            uncertain=case.uncertain,
            relatives=tuple(map(TypedRelative.of, case.relatives)),
            died=case.death is not None,
            death_age=ages.typed(case.death.years) if case.death else "",
            label=case.label,
            sex=case.sex.value,
            age=ages.typed(case.age_years),
            onset=onset.term_id or "",
            onset_age=ages.typed(onset.years),
            inheritance=case.inheritance,
            sharing=case.sharing.value,
            note=case.note,
            version=version,
        )

    @classmethod
    def from_form(cls, form: MultiDict[str, str], base: Case) -> Draft:
        """What was sent; lines that `base` has keep their further details.

        A part of the form that was not on the page is as it is in `base`.
        """
        genes = tuple(dict.fromkeys(form.getlist("gene")))
        variants = tuple(lines.variants(form, base, genes))
        is_told = lines.is_shown(form, "death")
        with_variant = {variant.gene for variant in variants}
        return cls(
            features=tuple(lines.features(form, base)),
            feature_ages=lines.feature_ages(form, base),
            gene_lines=tuple(bare_genes(genes, base, with_variant)),
            variants=variants,
            diseases=tuple(lines.diseases(form, base)),
            treatments=tuple(lines.treatments(form, base)),
            exposures=tuple(lines.exposures(form, base)),
            uncertain=tuple(lines.uncertain(form, base)),
            relatives=tuple(lines.relatives(form, base)),
            died="died" in form if is_told else base.death is not None,
            death_age=(
                form.get("death_age", "").strip()
                if is_told
                else ages.typed(base.death.years) if base.death else ""
            ),
            label=form.get("label", "").strip(),
            sex=form.get("sex", Sex.UNKNOWN.value),
            age=form.get("age", "").strip(),
            onset=form.get("onset", ""),
            onset_age=form.get("onset_age", "").strip(),
            inheritance=tuple(dict.fromkeys(form.getlist("inheritance"))),
            sharing=form.get("sharing", base.sharing.value),
            note=lines.text(form, "note"),
            version=form.get("version", 0, type=int),
            search=form.get("q", "").strip(),
            gene_search=form.get("gene_q", "").strip(),
            disease_search=form.get("disease_q", "").strip(),
            pasted=lines.text(form, "pasted"),
            keeps_pasted="keep_pasted" in form,
            unexamined=tuple(dict.fromkeys(form.getlist("unexamined"))),
        )

    @property
    def genomic_features(self) -> tuple[GenomicFeature, ...]:
        """Genes and variants, without what cannot be read yet."""
        return (*self.gene_lines, *readable(self.variants))

    @property
    def listed_genes(self) -> tuple[GenomicFeature, ...]:
        """Every gene on the form, with its variants or without, however they are written."""
        named = (
            GenomicFeature(gene=v.gene, gene_label=v.label)
            for v in self.variants
            if v.gene
        )
        return (*self.gene_lines, *named)

    def case(self, base: Case) -> Case:
        """`base` with what the form says, as far as it can be read.

        Of a draft without problems that is all of it.
        """
        onset = Onset(years=_years(self.onset_age), term_id=self.onset or None)
        return dataclasses.replace(
            base,
            features=tuple(self._with_age(f, base) for f in self.features),
            genomic_features=in_order(self.genomic_features, base),
            diseases=self.diseases,
            treatments=tuple(t.treatment() for t in self.treatments if t.name),
            exposures=tuple(e.exposure() for e in self.exposures if e.name),
            uncertain=self.uncertain,
            relatives=tuple(_readable_relatives(self.relatives)),
            death=self._death(base),
            solved=self._is_solved(base),
            label=self.label,
            sex={each.value: each for each in Sex}.get(self.sex, base.sex),
            age_years=_unrounded(self.age, base.age_years),
            onset=None if onset == Onset() else onset,
            inheritance=self.inheritance,
            sharing={s.value: s for s in Sharing}.get(self.sharing, base.sharing),
            note=self.whole_note,
        )

    @property
    def whole_note(self) -> str:
        """The note of the case, with the pasted one where that is to be kept."""
        kept = self.pasted if self.keeps_pasted else ""
        return "\n\n".join(text for text in (self.note, kept) if text)

    def _is_solved(self, base: Case) -> bool:
        """A final diagnosis solves a case; what else was said of it stays while none changed."""
        if self.diseases == base.diseases:
            return base.solved
        return any(d.status is DiseaseStatus.CONFIRMED for d in self.diseases)

    def _death(self, base: Case) -> Death | None:
        """That the person died; an age alone says so as well."""
        if not self.died and not self.death_age:
            return None
        known = base.death or Death()
        years = _unrounded(self.death_age, known.years)
        return dataclasses.replace(known, years=years)

    def _with_age(self, feature: PhenotypicFeature, base: Case) -> PhenotypicFeature:
        entered = self.feature_ages.get(feature.term_id)
        if entered is None:
            return feature
        onset = feature.onset or Onset()
        was = next((f for f in base.features if f.term_id == feature.term_id), None)
        before = was.onset.years if was and was.onset else None
        stated = dataclasses.replace(onset, years=_unrounded(entered, before))
        return dataclasses.replace(feature, onset=None if stated == Onset() else stated)

    def with_feature(self, feature: PhenotypicFeature) -> Draft:
        """The draft with one feature more, which replaces an earlier word on the same term."""
        return dataclasses.replace(
            self.without_feature(feature.term_id),
            features=(*self.without_feature(feature.term_id).features, feature),
            search="",
        )

    def without_feature(self, term_id: str) -> Draft:
        """The draft without this term, observed, excluded or uncertain."""
        return dataclasses.replace(
            self,
            features=tuple(f for f in self.features if f.term_id != term_id),
            uncertain=tuple(f for f in self.uncertain if f.term_id != term_id),
        )

    def doubted(self, term_id: str) -> Draft:
        """The draft with this term as uncertain, whatever was said of it before."""
        feature = PhenotypicFeature(term_id=term_id)
        rest = self.without_feature(term_id)
        return dataclasses.replace(
            rest, uncertain=(*rest.uncertain, feature), search=""
        )

    def passed_over(self, term_id: str) -> Draft:
        """The draft with one term more that nobody looked for."""
        return dataclasses.replace(self, unexamined=(*self.unexamined, term_id))

    def turned(self, term_id: str) -> Draft:
        """The draft with an observed term made excluded, and any other made observed."""
        if any(f.term_id == term_id for f in self.uncertain):
            return self.with_feature(PhenotypicFeature(term_id=term_id))
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
        listed = any(g.gene == gene for g in self.listed_genes)
        more = () if listed else (GenomicFeature(gene=gene, gene_label=label),)
        return dataclasses.replace(
            self, gene_lines=(*self.gene_lines, *more), gene_search=""
        )

    def with_found(self, features: Iterable[GenomicFeature]) -> Draft:
        """The draft with genes and variants that a file held, each once.

        A variant takes the place of its gene alone.
        """
        draft = self
        for feature in features:
            if feature.variant is None:
                draft = draft.with_gene(feature.gene or "", feature.gene_label)
                continue
            typed = TypedVariant.of(feature)
            same = [(v.gene, v.written) for v in draft.variants]
            if (typed.gene, typed.written) in same:
                continue
            kept = [g for g in draft.gene_lines if g.excluded or g.gene != feature.gene]
            draft = dataclasses.replace(
                draft, gene_lines=tuple(kept), variants=(*draft.variants, typed)
            )
        return draft

    def without_gene(self, gene: str) -> Draft:
        """The draft without this gene and the variants in it."""
        return dataclasses.replace(
            self,
            gene_lines=tuple(g for g in self.gene_lines if g.gene != gene),
            variants=tuple(v for v in self.variants if v.gene != gene),
        )

    def with_variant(self, gene: str) -> Draft:
        """The draft with an empty line for one more variant of a gene."""
        label = next((g.gene_label for g in self.gene_lines if g.gene == gene), "")
        blank = TypedVariant(gene=gene, label=label)
        return dataclasses.replace(self, variants=(*self.variants, blank))

    def without_variant(self, number: str) -> Draft:
        """The draft without the variant of that number on the form; its gene stays."""
        place = int(number) if number.isdecimal() else -1
        if not 0 <= place < len(self.variants):
            return self
        gone = self.variants[place]
        kept = (*self.variants[:place], *self.variants[place + 1 :])
        draft = dataclasses.replace(self, variants=kept)
        return draft.with_gene(gone.gene, gone.label) if gone.gene else draft

    def with_disease(self, disease_id: str, label: str) -> Draft:
        """The draft with one candidate diagnosis more."""
        listed = any(d.disease_id == disease_id for d in self.diseases)
        added = Disease(
            disease_id=disease_id, label=label, status=DiseaseStatus.CANDIDATE
        )
        return dataclasses.replace(
            self,
            diseases=self.diseases if listed else (*self.diseases, added),
            disease_search="",
        )

    def without_disease(self, disease_id: str) -> Draft:
        """The draft without this diagnosis."""
        kept = tuple(d for d in self.diseases if d.disease_id != disease_id)
        return dataclasses.replace(self, diseases=kept)


def _unrounded(entered: str, before: float | None) -> float | None:
    """The age typed, or the more exact one known before where nothing was changed."""
    return before if entered == ages.typed(before) else _years(entered)


def _years(entered: str) -> float | None:
    try:
        return ages.years(entered)
    except ages.NotAnAge:
        return None


def _readable_relatives(relatives: Iterable[TypedRelative]) -> Iterator[Relative]:
    for typed in relatives:
        try:
            yield typed.relative()
        except NotARelative:
            continue
