"""Which genes and variants a FHIR Genomics Reporting bundle names.

Guide: https://hl7.org/fhir/uv/genomics-reporting/. A variant is an Observation whose components
are named by LOINC codes; what it implies stands in Observations derived from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from matcher.case import GenomicFeature, Variant, Zygosity
from matcher.readers import alleles
from matcher.readers.fhir.coding import PRESENCE, Concept, concept
from matcher.readers.fields import Fields

VARIANT = "69548-6"
GENE = "48018-6"
CLASSIFICATION = "53037-8"
INHERITANCE = ("79742-3", "condition-inheritance", "mode-of-inheritance")
PHENOTYPE = "81259-4"
IMPLICATIONS = ("diagnostic-implication", "diagnostic-implications", "51968-6")
_HGVS = ("48004-6", "81290-9", "48005-3", "hgvs")
_ZYGOSITIES = {
    "la6706-1": Zygosity.HETEROZYGOUS,
    "la6705-3": Zygosity.HOMOZYGOUS,
    "la6707-9": Zygosity.HEMIZYGOUS,
}
_ASSEMBLIES = {
    "la14029-5": "GRCh37",
    "la26806-2": "GRCh38",
    "la14030-3": "NCBI36",
}
_SOMATIC = "la6684-0"
_VALUE = "valueCodeableConcept"
_CLASSES = {
    "la6668-3": "pathogenic",
    "la26332-9": "likely pathogenic",
    "la26333-7": "uncertain significance",
    "la26334-5": "likely benign",
    "la6675-8": "benign",
}


@dataclass(slots=True)
class Found:
    """The components of one Observation by their codes."""

    observation: Fields
    parts: dict[str, list[Fields]] = field(default_factory=dict)

    def concept(self, code: str) -> Concept:
        """The coded value of the first component of that code."""
        parts = self.parts.get(code, [])
        return concept(
            parts[0] if parts else Fields({}, self.observation.record), _VALUE
        )

    def text(self, code: str) -> str:
        """The value of the first component of that code as text."""
        for part in self.parts.get(code, []):
            words = part.text("valueString") or _code_or_words(concept(part, _VALUE))
            if words:
                return words
        return ""


def found_in(observation: Fields) -> Found:
    """The components of an Observation; one that has a value itself is its own component."""
    found = Found(observation)
    for part in (observation, *observation.children("component")):
        for _, code, _ in concept(part, "code").codes():
            found.parts.setdefault(code.casefold(), []).append(part)
    return found


def is_genomic(found: Found) -> bool:
    """Whether the Observation is about a gene or a variant."""
    return VARIANT in found.parts or GENE in found.parts


def is_implication(found: Found) -> bool:
    """Whether the Observation says what a variant means for the person."""
    return any(
        name in found.parts for name in (CLASSIFICATION, *INHERITANCE, PHENOTYPE)
    )


def read_gene(
    found: Found, implied: Sequence[Found], record_path: str
) -> GenomicFeature | None:
    """The gene and variant of an Observation; `implied` are those derived from it."""
    observation, record = found.observation, found.observation.record
    if concept(observation, _VALUE).meaning(PRESENCE) is False:
        record.dropped(record_path, VARIANT, "A variant that is absent was left out.")
        return None
    source = found.concept("48002-0")
    if source.has(_SOMATIC) or "somatic" in source.words.casefold():
        record.dropped(record_path, VARIANT, "A somatic variant was left out.")
        return None
    gene, label = _gene(found)
    variant = _variant(found, implied)
    if not gene and variant is None:
        record.dropped(
            record_path,
            VARIANT,
            "A genomic finding names neither a gene nor a variant.",
        )
        return None
    record.mapped(record_path)
    return GenomicFeature(gene=gene or None, gene_label=label, variant=variant)


def _gene(found: Found) -> tuple[str, str]:
    held = found.concept(GENE)
    for name, code, display in held.codes():
        if name == "HGNC" or code.upper().startswith("HGNC:"):
            number = code.upper().removeprefix("HGNC:")
            return (f"HGNC:{number}" if number.isdigit() else code), display
        if code:
            return code, display
    return held.words or found.text(GENE), ""


def _variant(found: Found, implied: Sequence[Found]) -> Variant | None:
    written = dict.fromkeys(found.text(code) for code in _HGVS)
    hgvs = tuple(each for each in written if each)
    start, end = _positions(found)
    chromosome = found.text("48000-4") or found.text("48001-2")
    reference, alternate = found.text("69547-8"), found.text("69551-0")
    zygosity = _zygosity(found)
    if not (hgvs or start or zygosity):
        return None
    return Variant(
        assembly=_assembly(found.concept("62374-4")),
        chromosome=alleles.chromosome(_chromosome(chromosome, found)),
        start=start,
        end=end,
        reference=alleles.bases(reference),
        alternate=alleles.bases(alternate),
        zygosity=zygosity,
        structural_type=alleles.symbolic_type(alternate),
        hgvs=hgvs,
        classification=_classification([found, *implied]),
    )


def _chromosome(written: str, found: Found) -> str:
    """The chromosome as it is written, or that of the genomic reference sequence."""
    return written or found.text("48013-7")


def _assembly(held: Concept) -> str | None:
    by_code = _first(held, _ASSEMBLIES)
    return by_code or alleles.assembly(held.words) if held else None


def _zygosity(found: Found) -> Zygosity | None:
    held = found.concept("53034-5")
    if not held:
        return None
    by_code = next(
        (
            _ZYGOSITIES[code.casefold()]
            for _, code, _ in held.codes()
            if code.casefold() in _ZYGOSITIES
        ),
        None,
    )
    zygosity = by_code or alleles.zygosity(held.words)
    if zygosity is None:
        held.fields.misfit("code", held.words, "hetero-, homo- or hemizygous")
    return zygosity


def _positions(found: Found) -> tuple[int | None, int | None]:
    for part in found.parts.get("81254-5", []):
        ends = part.child("valueRange")
        low = _position(ends.child("low"))
        return low, _position(ends.child("high")) or low
    return None, None


def _position(quantity: Fields) -> int | None:
    number = quantity.number("value") if quantity else None
    if number is None:
        return None
    if number != int(number) or not 0 < number < 2**31:
        quantity.misfit("value", number, "a position counted from 1")
        return None
    return int(number)


def _classification(said: Sequence[Found]) -> str | None:
    for found in said:
        held = found.concept(CLASSIFICATION)
        if held:
            return _first(held, _CLASSES) or held.words.casefold() or None
    return None


def _first(held: Concept, meanings: Mapping[str, str]) -> str:
    codes = (code.casefold() for _, code, _ in held.codes())
    return next((meanings[code] for code in codes if code in meanings), "")


def _code_or_words(held: Concept) -> str:
    """The code of a value that is no LOINC answer, else its words."""
    for _, code, display in held.codes():
        if code and not code.upper().startswith("LA"):
            return code
        if display:
            return display
    return held.words


def inheritance_of(found: Found) -> Iterator[str]:
    """The HPO modes of inheritance that an implication names."""
    for name in INHERITANCE:
        for part in found.parts.get(name, []):
            term_id, _ = concept(part, _VALUE).hpo()
            if term_id:
                part.record.mapped("Observation.inheritance")
                yield term_id
            elif concept(part, _VALUE).words:
                part.misfit(
                    "value", concept(part, _VALUE).words, "an HPO mode of inheritance"
                )
