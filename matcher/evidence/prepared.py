"""What a case offers besides its phenotype, resolved through a release once and compared often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcher.case import Case, DiseaseStatus, Onset
from matcher.evidence.settings import EvidenceSettings
from matcher.evidence.variants import Allele, normalised

if TYPE_CHECKING:
    from ontologies import Ontology, Release

_INHERITANCE = "HP:0000005"
# Neither names a mode: qualifiers such as incomplete penetrance, and "sporadic", which says
# that one person of a family is affected.
_NO_MODES = frozenset({"HP:0034335", "HP:0003745"})


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode of inheritance with everything it is a case of, itself included."""

    term_id: str
    label: str
    ancestors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A disease, all its equivalent ids, and how far the diagnosis is trusted (0 to 1)."""

    disease_id: str
    label: str
    ids: frozenset[str]
    trust: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedEvidence:
    """What a case offers besides its phenotype, resolved through a release; all in id order.

    `genes` maps HGNC ids to symbols. `unresolved` holds gene names that stand for no gene or
    for several, with the choices; they are reported and never guessed.
    """

    genes: Mapping[str, str] = field(default_factory=dict)
    unresolved: tuple[tuple[str, tuple[str, ...]], ...] = ()
    alleles: tuple[Allele, ...] = ()
    onset_years: float | None = None
    modes: tuple[Mode, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()


def prepare(
    case: Case, release: Release, settings: EvidenceSettings
) -> PreparedEvidence:
    """Everything about `case` that the evidence needs, so that pairs are compared quickly."""
    genes, unresolved = _genes(case, release)
    return PreparedEvidence(
        genes=genes,
        unresolved=unresolved,
        alleles=_alleles(case, release, settings),
        onset_years=onset_in_years(case, release.ontology, settings),
        modes=_modes(case, release.ontology),
        diagnoses=_diagnoses(case, release, settings),
    )


def _genes(
    case: Case, release: Release
) -> tuple[dict[str, str], tuple[tuple[str, tuple[str, ...]], ...]]:
    found: dict[str, str] = {}
    unresolved = []
    for entered in case.genes:
        resolution = release.genes.resolve(entered)
        if resolution.gene is None:
            unresolved.append(
                (entered, tuple(gene.symbol for gene in resolution.candidates))
            )
        else:
            found[resolution.gene.hgnc_id] = resolution.gene.symbol
    return dict(sorted(found.items())), tuple(unresolved)


def _alleles(
    case: Case, release: Release, settings: EvidenceSettings
) -> tuple[Allele, ...]:
    """Variants the depositor lets others see, each once.

    One that is not to be shared is not compared either: its agreement would give it away.
    """
    found = {
        normalised(feature.variant, _gene_id(feature.gene, release), settings.chain)
        for feature in case.genomic_features
        if feature.variant is not None
        and feature.variant.shareable
        and not feature.excluded
    }
    return tuple(sorted(found, key=_allele_order))


def _gene_id(entered: str | None, release: Release) -> str:
    gene = release.genes.resolve(entered).gene if entered else None
    return gene.hgnc_id if gene is not None else ""


def _allele_order(allele: Allele) -> tuple[object, ...]:
    return (
        allele.gene,
        allele.chromosome,
        allele.start or 0,
        allele.end or 0,
        allele.reference,
        allele.alternate,
        allele.assembly,
        allele.kind,
        sorted(allele.hgvs),
        allele.copies,
    )


def onset_in_years(
    case: Case, ontology: Ontology, settings: EvidenceSettings
) -> float | None:
    """Age at onset: of the case, else the earliest of its diagnoses; None if neither is given."""
    onsets = [case.onset] if case.onset is not None else []
    if not onsets:
        onsets = [
            disease.onset
            for disease in case.diseases
            if disease.onset is not None
            and disease.status is not DiseaseStatus.EXCLUDED
        ]
    years = [_years(onset, ontology, settings.onset_years) for onset in onsets]
    return min((value for value in years if value is not None), default=None)


def _years(
    onset: Onset, ontology: Ontology, table: Mapping[str, float]
) -> float | None:
    """The age given, else that of the nearest class of the table at or above the onset term."""
    if onset.years is not None:
        return max(onset.years, 0.0)
    term_id = ontology.resolve(onset.term_id).term_id if onset.term_id else None
    level: Iterable[str] = () if term_id is None else (term_id,)
    while level := tuple(level):
        listed = [table[item] for item in level if item in table]
        if listed:
            return min(listed)
        level = sorted({parent for item in level for parent in ontology.parents(item)})
    return None


def _modes(case: Case, ontology: Ontology) -> tuple[Mode, ...]:
    found = {}
    for entered in case.inheritance:
        term_id = ontology.resolve(entered).term_id
        if term_id is None:
            continue
        ancestors = ontology.ancestors(term_id)
        if (
            _INHERITANCE in ancestors
            and term_id != _INHERITANCE
            and not ancestors & _NO_MODES
        ):
            found[term_id] = Mode(
                term_id, ontology.label(term_id), frozenset(ancestors)
            )
    return tuple(found[term_id] for term_id in sorted(found))


def _diagnoses(
    case: Case, release: Release, settings: EvidenceSettings
) -> tuple[Diagnosis, ...]:
    trust = {
        DiseaseStatus.CONFIRMED: settings.confirmed_trust,
        DiseaseStatus.CANDIDATE: settings.candidate_trust,
    }
    found: dict[str, Diagnosis] = {}
    for disease in case.diseases:
        disease_id = release.diseases.normalise(disease.disease_id)
        if disease.status is DiseaseStatus.EXCLUDED:
            continue
        ids = frozenset({disease_id, *release.diseases.equivalents(disease_id)})
        label = disease.label or release.diseases.name(disease_id)
        diagnosis = Diagnosis(disease_id, label, ids, trust[disease.status])
        earlier = found.get(disease_id, diagnosis)
        found[disease_id] = max(earlier, diagnosis, key=lambda d: d.trust)
    return tuple(found[disease_id] for disease_id in sorted(found))
