"""A case as a Matchmaker Exchange patient, strictly as peers can take it.

Only fields of the protocol are written, in the shapes that the strictest peer accepts. What
may leave at all is decided before, by whoever hands the case over: each field that the
protocol knows is written if the case has it. Note, site, submitter, family, sharing level,
publications and variants that are not shareable are never written. Nor is text where an id, a
chromosome or bases belong: typed by hand, it could tell anything. Of a variant that means its
HGVS, label, origin and classification too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from matcher.case import (
    Case,
    Contact,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sex,
    Variant,
    Zygosity,
)
from matcher.readers import alleles
from matcher.readers.identifiers import is_hpo_id
from matcher.readers.mme_genomics import CoordinateBase

if TYPE_CHECKING:
    from ontologies import Release

Json = dict[str, object]

_ASSEMBLIES = ("NCBI36", "GRCh37", "GRCh38")
_ZYGOSITIES = {
    Zygosity.HETEROZYGOUS: 1,
    Zygosity.HEMIZYGOUS: 1,
    Zygosity.HOMOZYGOUS: 2,
}
_SEXES = {Sex.FEMALE: "FEMALE", Sex.MALE: "MALE", Sex.OTHER: "OTHER"}
_DISEASE_PREFIXES = {"OMIM": "MIM", "ORPHA": "Orphanet"}
_DISEASE_NUMBER = re.compile(r"[0-9]{1,6}")
_TYPE = re.compile(r"SO:[0-9]{7}")
_SPECIES = re.compile(r"NCBITaxon:[0-9]{1,7}")
_CHROMOSOME = re.compile(r"[1-9]|1[0-9]|2[0-2]|X|Y|MT")
_BASES = re.compile(r"[ACGTUNRYSWKMBDHV]+")


def to_json(
    case: Case,
    *,
    release: Release | None = None,
    gene_symbols: bool = False,
    coordinate_base: CoordinateBase = CoordinateBase.ZERO,
) -> Json:
    """The patient of one case, without its envelope.

    With a `release`, genes get their Ensembl id (or the symbol, if the peer prefers
    `gene_symbols`), terms and diseases their current id, and terms and genes that the release
    does not know stay out. Without one, ids are written as entered where their shape allows it,
    and genes in any shape.
    """
    writer = _Writer(release, gene_symbols, coordinate_base)
    return _filled(
        {
            "id": case.case_id,
            "label": case.label,
            "contact": _contact(case.contact) if case.contact else None,
            "species": case.species if _SPECIES.fullmatch(case.species) else None,
            "sex": _SEXES.get(case.sex),
            "ageOfOnset": writer.onset(case.onset),
            "inheritanceMode": next(writer.terms(case.inheritance), None),
            "disorders": list(writer.disorders(case.diseases)),
            "features": list(writer.features(case.features)),
            "genomicFeatures": list(writer.genomic_features(case.genomic_features)),
            "test": case.test or None,
        }
    )


def _filled(values: Json) -> Json:
    """The values without empty ones; a position may be 0."""
    return {k: v for k, v in values.items() if v or v == 0}


def _contact(contact: Contact) -> Json:
    return _filled(
        {
            "name": contact.name,
            "institution": contact.institution,
            "href": contact.href,
            "roles": list(contact.roles),
        }
    )


class _Writer:
    """Writes the parts of a patient for one peer."""

    def __init__(
        self, release: Release | None, symbols: bool, base: CoordinateBase
    ) -> None:
        self.release = release
        self.symbols = symbols
        self.offset = 1 if base is CoordinateBase.ZERO else 0

    def term(self, entered: str) -> str | None:
        """The current id of a term; None for what is no HPO term."""
        if self.release is not None:
            return self.release.ontology.resolve(entered).term_id
        return entered if is_hpo_id(entered) else None

    def terms(self, entered: Sequence[str]) -> Iterator[str]:
        return (term_id for term_id in map(self.term, entered) if term_id)

    def onset(self, onset: Onset | None) -> str | None:
        return self.term(onset.term_id) if onset and onset.term_id else None

    def features(self, features: Sequence[PhenotypicFeature]) -> Iterator[Json]:
        for feature in features:
            term_id = self.term(feature.term_id)
            if term_id is None:
                continue
            written: Json = {"id": term_id}
            if label := self._label(term_id, feature):
                written["label"] = label
            written["observed"] = "no" if feature.excluded else "yes"
            if onset := self.onset(feature.onset):
                written["ageOfOnset"] = onset
            given = (feature.severity or "", *feature.modifiers)
            if modifiers := list(self.terms(list(filter(None, given)))):
                written["modifiers"] = [{"id": modifier} for modifier in modifiers]
            yield written

    def _label(self, term_id: str, feature: PhenotypicFeature) -> str:
        """The release's label: one typed by hand could tell more than the term does."""
        if self.release is not None:
            return self.release.ontology.label(term_id)
        return feature.label

    def disorders(self, diseases: Sequence[Disease]) -> Iterator[Json]:
        for disease in diseases:
            disease_id = self._disease_id(disease.disease_id)
            if disease_id and disease.status == DiseaseStatus.CONFIRMED:
                label = self._name(disease)
                yield _filled({"id": disease_id, "label": label})

    def _name(self, disease: Disease) -> str:
        if self.release is not None:
            return self.release.diseases.name(disease.disease_id)
        return disease.label

    def _disease_id(self, entered: str) -> str | None:
        known: tuple[str, ...] = (entered,)
        if self.release is not None:
            canonical = self.release.diseases.normalise(entered)
            known = (canonical, *self.release.diseases.equivalents(canonical))
        for name in known:
            prefix, _, number = name.partition(":")
            if prefix in _DISEASE_PREFIXES and _DISEASE_NUMBER.fullmatch(number):
                return f"{_DISEASE_PREFIXES[prefix]}:{number}"
        return None

    def genomic_features(self, features: Sequence[GenomicFeature]) -> Iterator[Json]:
        for feature in features:
            if feature.gene is None or feature.excluded:
                continue
            gene = self._gene(feature.gene, feature.gene_label)
            if gene is None:
                continue
            variant = feature.variant
            shared = variant if variant and variant.shareable else None
            type_id = _type_id(shared) if shared else None
            zygosity = shared.zygosity if shared else None
            yield _filled(
                {
                    "gene": gene,
                    "variant": self._variant(shared) if shared else None,
                    "zygosity": _ZYGOSITIES[zygosity] if zygosity else None,
                    "type": {"id": type_id} if type_id else None,
                }
            )

    def _gene(self, entered: str, label: str) -> Json | None:
        if self.release is None:
            return _filled({"id": entered, "_geneName": label})
        gene = self.release.genes.resolve(entered).gene
        if gene is None:
            return None
        preferred = gene.symbol if self.symbols else gene.ensembl_id
        return _filled(
            {
                "id": preferred or gene.symbol,
                "_geneName": gene.symbol,
                "_ensemblGeneID": gene.ensembl_id,
                "_entrezGeneID": gene.entrez_id,
            }
        )

    def _variant(self, variant: Variant) -> Json | None:
        """None without assembly, chromosome and start: a part of a variant is refused."""
        if variant.assembly not in _ASSEMBLIES or variant.start is None:
            return None
        chromosome = alleles.chromosome(variant.chromosome or "") or ""
        reference = alleles.bases(variant.reference or "")
        alternate = alleles.bases(variant.alternate or "")
        written = (base for base in (reference, alternate) if base)
        if not _CHROMOSOME.fullmatch(chromosome) or not all(
            _BASES.fullmatch(base) for base in written
        ):
            return None
        end = variant.end
        if end is None:
            end = variant.start + len(reference or "N") - 1
        return _filled(
            {
                "assembly": variant.assembly,
                "referenceName": "M" if chromosome == "MT" else chromosome,
                "start": variant.start - self.offset,
                "end": end,
                "referenceBases": reference,
                "alternateBases": alternate,
            }
        )


def _type_id(variant: Variant) -> str | None:
    given = (variant.consequence or "", variant.structural_type or "")
    return next(filter(_TYPE.fullmatch, given), None)
