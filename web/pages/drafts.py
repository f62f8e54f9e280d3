"""A case form as it was typed: read from a request, changed by its buttons, made into a case."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from matcher.case import Case, GenomicFeature, Onset, PhenotypicFeature, Sex, Sharing
from web.pages import ages


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

    def case(self, base: Case) -> Case:
        """`base` with what the form says; only for a draft without problems."""
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
    # The page shows the rarest first; what is stored keeps the order in which it was entered.
    order = {term_id: place for place, term_id in enumerate(known)}
    for term_id, excluded in sorted(
        dict.fromkeys(lines), key=lambda line: order.get(line[0], len(order))
    ):
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
