"""A case as lines to show: features rarest first, genes by symbol, facts in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from matcher.case import (
    Case,
    Death,
    Disease,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Relative,
    Sex,
    Variant,
)
from matcher.labels import lowered
from matcher.wording import age, rarity
from ontologies import Release
from web.pages.typed.ages import typed
from web.pages.typed.choices import COURSES, INHERITANCE, ONSETS, SIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a list. `id` is the id as stored, `fact` what stands grey at its right."""

    id: str = ""
    label: str = ""
    lower: str = ""
    fact: str = ""
    rarity: float = 0.0
    tags: tuple[str, ...] = ()
    flag: str = ""
    onset: str = ""
    onset_label: str = ""
    age: str = ""
    severity: str = ""
    side: str = ""
    course: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneRow:
    """One variant, or a gene without one, as the page of a case shows it."""

    id: str
    label: str
    variant: str = ""
    zygosity: str = ""
    origin: str = ""
    classification: str = ""
    tags: tuple[str, ...] = field(default=())


def lines(features: Iterable[PhenotypicFeature], release: Release) -> list[Line]:
    """The features as lines, rarest first, then by label; unknown terms last, with the reason."""
    made = [_line(feature, release) for feature in features]
    return sorted(made, key=lambda line: (-line.rarity, line.label.casefold(), line.id))


def _line(feature: PhenotypicFeature, release: Release) -> Line:
    resolution = release.ontology.resolve(feature.term_id)
    onset = (feature.onset and feature.onset.term_id) or ""
    line = Line(
        id=feature.term_id,
        onset=onset,
        onset_label=onset_words(Onset(term_id=onset), release) if onset else "",
        age=typed(feature.onset.years) if feature.onset else "",
        severity=feature.severity or "",
        side=_one_of(SIDES, feature.modifiers),
        course=_one_of(COURSES, feature.modifiers),
    )
    if resolution.term_id is None:
        label = feature.label or feature.term_id
        flag = f"not a term of HPO {release.versions['hpo']}, so it is not compared"
        return replace(line, label=label, lower=lowered(label), flag=flag)
    term_id = resolution.term_id
    label = release.ontology.label(term_id)
    one_in = release.information_content.rarity(term_id)
    was = () if term_id == feature.term_id else (f"now {term_id}",)
    return replace(
        line,
        label=label,
        lower=lowered(label),
        fact=rarity(one_in),
        rarity=one_in,
        tags=(*qualifiers(feature, release), *was),
    )


def _one_of(offered: Iterable[tuple[str, str]], modifiers: Iterable[str]) -> str:
    of_kind = {term_id for term_id, _ in offered}
    return next((m for m in modifiers if m in of_kind), "")


def qualifiers(feature: PhenotypicFeature, release: Release) -> tuple[str, ...]:
    """How severe a feature is, where, how it goes, and since when, in words."""
    stated = [i for i in (feature.severity, *feature.modifiers) if i]
    named = [lowered(term_label(i, release)) for i in stated]
    onset = onset_words(feature.onset, release)
    return (*named, *([f"from {onset}"] if onset else []))


def term_label(term_id: str, release: Release) -> str:
    """The label of any HPO id, or the id itself where the release does not know it."""
    resolved = release.ontology.resolve(term_id).term_id
    return release.ontology.label(resolved) if resolved else term_id


def onset_words(onset: Onset | None, release: Release) -> str:
    """`at birth`, `5 months`, or empty."""
    if onset is None:
        return ""
    if onset.years is not None:
        return age(onset.years)
    if onset.term_id is None:
        return ""
    return dict(ONSETS).get(onset.term_id) or lowered(
        term_label(onset.term_id, release)
    )


def inheritance_words(case: Case, release: Release) -> str:
    """The modes of inheritance that were given, in words."""
    named = dict(INHERITANCE)
    return ", ".join(
        named.get(i) or lowered(term_label(i, release)) for i in case.inheritance
    )


def gene_name(gene: str, label: str, release: Release) -> str:
    """The current symbol of a gene however it was entered; what was entered where unknown."""
    resolution = release.genes.resolve(gene)
    return resolution.gene.symbol if resolution.gene else label or gene


def gene_names(case: Case, release: Release) -> list[str]:
    """The symbols of the candidate genes, each once, in their order."""
    labels = {g.gene: g.gene_label for g in case.genomic_features if g.gene}
    named = (gene_name(gene, labels.get(gene, ""), release) for gene in case.genes)
    return list(dict.fromkeys(named))


def gene_lines(features: Iterable[GenomicFeature], release: Release) -> list[Line]:
    """One line a gene for the case form."""
    labels: dict[str, str] = {}
    for feature in features:
        if feature.gene:
            labels[feature.gene] = labels.get(feature.gene) or feature.gene_label
    return [_gene_line(gene, label, release) for gene, label in labels.items()]


def _gene_line(gene: str, label: str, release: Release) -> Line:
    resolution = release.genes.resolve(gene)
    if resolution.gene is None:
        flag = "no gene is known by this name"
        return Line(id=gene, label=label or gene, flag=flag)
    return Line(id=gene, label=resolution.gene.symbol, fact=resolution.gene.name)


def gene_rows(features: Iterable[GenomicFeature], release: Release) -> list[GeneRow]:
    """Genes and variants as the page of a case lists them."""
    return [_gene_row(feature, release) for feature in features]


def _gene_row(feature: GenomicFeature, release: Release) -> GeneRow:
    variant = feature.variant
    gene = feature.gene or ""
    return GeneRow(
        id=gene if gene.startswith("HGNC:") else "",
        label=gene_name(gene, feature.gene_label, release) if gene else "–",
        variant=variant_words(variant) if variant else "",
        zygosity=variant.zygosity.value if variant and variant.zygosity else "",
        origin=(variant.origin or "") if variant else "",
        classification=(variant.classification or "") if variant else "",
        tags=("considered and ruled out",) if feature.excluded else (),
    )


def variant_words(variant: Variant) -> str:
    """`chr7:11,051,318 C>T (GRCh38), p.(Arg402*)`, as much of it as is known."""
    place = ""
    if variant.chromosome and variant.start:
        place = f"chr{variant.chromosome.removeprefix('chr')}:{variant.start:,}"
        if variant.reference and variant.alternate:
            place += f" {variant.reference}>{variant.alternate}"
        elif variant.end:
            place += f"-{variant.end:,}"
        if variant.assembly:
            place += f" ({variant.assembly})"
    said = (place, *variant.hgvs[:2], "" if variant.hgvs else variant.label)
    return ", ".join(part for part in said if part) or "variant"


def facts(case: Case, release: Release) -> list[tuple[str, str]]:
    """What is known of the person, name and value; the value is empty where nothing is."""
    return [
        ("Sex", "" if case.sex is Sex.UNKNOWN else case.sex.value),
        ("Age", age(case.age_years) if case.age_years is not None else ""),
        ("Onset", onset_words(case.onset, release)),
        ("Inheritance", inheritance_words(case, release)),
        *([("Died", death_words(case.death))] if case.death else []),
        ("Entered by", case.submitter or ""),
    ]


def death_words(death: Death | None) -> str:
    """`at 4 y 2 m, of heart failure`, or empty where nobody died."""
    if death is None:
        return ""
    when = "yes, age not stated" if death.years is None else f"at {age(death.years)}"
    cause = death.cause or death.cause_id
    return f"{when}, of {cause}" if cause else when


def relatives(case: Case, release: Release) -> list[tuple[str, str]]:
    """Each relative by relation, and what is known of her: `affected; Seizure; no Ataxia`."""
    return [
        (each.relation.value, relative_words(each, release)) for each in case.relatives
    ]


def relative_words(relative: Relative, release: Release) -> str:
    """What is known of a relative, in words."""
    states = {True: "affected", False: "not affected", None: "state not known"}
    said = [states[relative.affected]]
    for feature in relative.features:
        label = term_label(feature.term_id, release)
        said.append(f"no {lowered(label)}" if feature.excluded else label)
    return "; ".join(said)


def disease_lines(case: Case, release: Release) -> list[Line]:
    """Diagnoses by name, with how sure each is."""
    return [
        Line(
            id=disease.disease_id,
            label=release.diseases.name(disease.disease_id) or disease.label,
            tags=(disease.status.value,),
        )
        for disease in case.diseases
    ]


def disease_options(diseases: Iterable[Disease], release: Release) -> list[Line]:
    """Diagnoses as lines of the form; `status` says how sure each is."""
    return [
        Line(
            id=disease.disease_id,
            label=release.diseases.name(disease.disease_id)
            or disease.label
            or disease.disease_id,
            status=disease.status.value,
        )
        for disease in diseases
    ]
