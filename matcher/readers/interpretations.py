"""What a Phenopacket's interpretations say: candidate genes, variants, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matcher.case import Disease, DiseaseStatus, GenomicFeature, Variant, Zygosity
from matcher.readers import alleles
from matcher.readers.fields import Fields, flag
from matcher.readers.identifiers import clean_disease

_SOLVED = ("SOLVED", "3")
_REJECTED = ("REJECTED", "1")
_CLASSIFICATIONS = (
    "NOT_PROVIDED",
    "BENIGN",
    "LIKELY_BENIGN",
    "UNCERTAIN_SIGNIFICANCE",
    "LIKELY_PATHOGENIC",
    "PATHOGENIC",
)
_DESCRIPTOR = frozenset(
    {
        "id",
        "label",
        "description",
        "geneContext",
        "expressions",
        "vcfRecord",
        "allelicState",
        "structuralType",
        "extensions",
        "moleculeContext",
    }
)


@dataclass(frozen=True, slots=True)
class Interpretations:
    """Everything the interpretations of one packet say about its case."""

    genomic_features: tuple[GenomicFeature, ...]
    diseases: tuple[Disease, ...]
    solved: bool


def read_interpretations(packet: Fields, stated: Sequence[Disease]) -> Interpretations:
    """The interpretations of a packet, and its `stated` diseases with theirs added.

    A disease that only an interpretation names is confirmed if that one is solved, else it
    is a candidate.
    """
    genomic: list[GenomicFeature] = []
    diseases = {disease.disease_id: disease for disease in stated}
    solved = False
    for interpretation in packet.children("interpretations"):
        is_solved = interpretation.text("progressStatus").upper() in _SOLVED
        solved = solved or is_solved
        diagnosis = interpretation.child("diagnosis")
        disease = _disease(diagnosis, is_solved)
        if disease:
            diseases.setdefault(disease.disease_id, disease)
        genomic.extend(_genomic_features(diagnosis))
    packet.record.mapped("interpretations.genomicInterpretations", len(genomic))
    return Interpretations(tuple(genomic), tuple(diseases.values()), solved)


def _disease(diagnosis: Fields, solved: bool) -> Disease | None:
    entered, label = diagnosis.term("disease")
    if not entered:
        return None
    status = DiseaseStatus.CONFIRMED if solved else DiseaseStatus.CANDIDATE
    found = clean_disease(entered, diagnosis.record, diagnosis.at("disease"))
    return Disease(disease_id=found, label=label, status=status)


def _genomic_features(diagnosis: Fields) -> Iterator[GenomicFeature]:
    for fields in diagnosis.children("genomicInterpretations"):
        interpretation = fields.child("variantInterpretation")
        variation = interpretation.child("variationDescriptor")
        gene = fields.child("gene") or fields.child("geneDescriptor")
        gene = gene or variation.child("geneContext")
        symbol = gene.text("symbol")
        name = gene.text("valueId") or symbol
        variant = _variant(interpretation, variation) if variation else None
        if not name and variant is None:
            fields.record.dropped(
                fields.path,
                ", ".join(sorted(fields.data)),
                "A genomic interpretation names neither a gene nor a variant; left out.",
            )
            continue
        yield GenomicFeature(
            gene=name or None,
            gene_label=symbol,
            variant=variant,
            excluded=fields.text("interpretationStatus").upper() in _REJECTED,
        )


def _variant(interpretation: Fields, variation: Fields) -> Variant:
    variation.ignore_but(_DESCRIPTOR)
    record = variation.child("vcfRecord")
    extensions = _extensions(variation)
    start = _position(record, "pos")
    alternate = record.text("alt")
    breakend = alternate if "[" in alternate or "]" in alternate else ""
    return Variant(
        assembly=alleles.assembly(record.text("genomeAssembly")),
        chromosome=alleles.chromosome(record.text("chrom")),
        start=start,
        end=_end(record),
        reference=alleles.bases(record.text("ref")),
        alternate=alleles.bases(alternate),
        zygosity=_zygosity(variation),
        consequence=extensions.get("consequence"),
        structural_type=(
            variation.term("structuralType")[0] or alleles.symbolic_type(alternate)
        ),
        hgvs=tuple(_hgvs(variation)),
        label=variation.text("label") or variation.text("description") or breakend,
        origin=extensions.get("origin"),
        classification=_classification(interpretation),
        shareable=flag(extensions.get("shareable", "true")) is True,
    )


def _extensions(variation: Fields) -> dict[str, str]:
    found = {}
    for extension in variation.children("extensions"):
        name, value = extension.text("name"), extension.get("value")
        if name in ("consequence", "origin", "shareable") and value is not None:
            found[name] = str(value)
        else:
            variation.record.ignored(extension.path)
    return found


def _position(record: Fields, name: str) -> int | None:
    number = record.number(name)
    if number is None:
        return None
    if number != int(number) or not 0 < number < 2**31:
        record.misfit(name, record.get(name), "a position counted from 1")
        return None
    return int(number)


def _end(record: Fields) -> int | None:
    for part in record.text("info").split(";"):
        key, _, value = part.partition("=")
        if key.strip().upper() == "END":
            return _position(Fields({"end": value}, record.record, record.path), "end")
    return None


def _zygosity(variation: Fields) -> Zygosity | None:
    term_id, label = variation.term("allelicState")
    found = alleles.zygosity(term_id) or alleles.zygosity(label)
    if term_id and found is None:
        variation.misfit("allelicState", term_id, "a GENO term for zygosity")
    return found


def _hgvs(variation: Fields) -> Iterator[str]:
    for expression in variation.children("expressions"):
        syntax, value = expression.text("syntax").lower(), expression.text("value")
        if value and (syntax.startswith("hgvs") or (not syntax and ":" in value)):
            yield value
        elif value:
            variation.record.ignored(f"{expression.path}.{syntax or 'unnamed'}")


def _classification(interpretation: Fields) -> str | None:
    entered = interpretation.text("acmgPathogenicityClassification").upper()
    if len(entered) == 1 and entered in "012345":
        entered = _CLASSIFICATIONS[int(entered)]
    if entered in ("", _CLASSIFICATIONS[0]):
        return None
    return entered.lower().replace("_", " ")
