"""Which genes and variants an MME patient names, in the many shapes peers give them."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from matcher.case import GenomicFeature, Variant, Zygosity
from matcher.readers import alleles
from matcher.readers.fields import MAX_ITEMS, Fields, flag, plain_text
from matcher.readers.report import Wrong

_NAMES = ("id", "_ensemblGeneID", "_geneName", "_entrezGeneID")
_FEATURE = frozenset({"gene", "variant", "zygosity", "type", "shareVariantLevelData"})
_VARIANT = frozenset(
    {
        "assembly",
        "referenceName",
        "start",
        "end",
        "referenceBases",
        "alternateBases",
        "shareVariantLevelData",
        "_share",
    }
)


class CoordinateBase(enum.Enum):
    """How a peer counts positions.

    The protocol says from 0, with the end behind the last base; many peers count from 1.
    STATED reads it off each variant: from 1 where the end only fits that, else from 0.
    """

    ZERO = 0
    ONE = 1
    STATED = -1


def read_genomic_features(
    patient: Fields, base: CoordinateBase, most: int = MAX_ITEMS
) -> Iterator[GenomicFeature]:
    """The candidate genes and variants of a patient."""
    shared = _is_shareable(patient)
    for fields in patient.children("genomicFeatures", most=most):
        fields.ignore_but(_FEATURE)
        gene, label = gene_of(fields)
        variant = _variant(fields, base, shared)
        if gene or variant:
            patient.record.mapped("genomicFeatures")
            yield GenomicFeature(gene=gene or None, gene_label=label, variant=variant)
        else:
            patient.record.dropped(
                "genomicFeatures",
                ", ".join(sorted(fields.data)),
                "A genomic feature names neither a gene nor a variant; left out.",
                place=fields.place,
                wrong=Wrong.MISSING,
                right="a gene with an id, or a variant",
            )


def gene_of(fields: Fields) -> tuple[str, str]:
    """The gene's best name, and its symbol where that is another."""
    value = fields.get("gene")
    if not isinstance(value, dict):
        return plain_text(value) or "", ""
    gene = fields.child("gene")
    names = (gene.text(name) for name in _NAMES)
    name = next((name for name in names if name), "")
    symbol = gene.text("_geneName") or gene.text("label") or gene.text("symbol")
    name = name or symbol
    return name, "" if symbol == name else symbol


def _variant(fields: Fields, base: CoordinateBase, shared: bool) -> Variant | None:
    variant = fields.child("variant")
    variant.ignore_but(_VARIANT)
    type_id, type_label = fields.term("type")
    zygosity = _zygosity(fields)
    if not any(variant.text(name) for name in ("referenceName", "start", "assembly")):
        if not type_id and zygosity is None:
            return None
    alternate = variant.text("alternateBases")
    reference = alleles.bases(variant.text("referenceBases"))
    start, end = _positions(variant, reference, base)
    if reference and alleles.bases(alternate) and start and end:
        # peers give the end in four ways, and the alleles say it anyway
        end = start + len(reference) - 1
    structural = alleles.symbolic_type(alternate)
    is_structural = type_id in alleles.STRUCTURAL_TYPES
    return Variant(
        assembly=alleles.assembly(variant.text("assembly")),
        chromosome=alleles.chromosome(variant.text("referenceName")),
        start=start,
        end=end,
        reference=reference,
        alternate=alleles.bases(alternate),
        zygosity=zygosity,
        consequence=None if is_structural else type_id or None,
        structural_type=type_id if is_structural else structural,
        label=type_label,
        shareable=shared and _is_shareable(fields) and _is_shareable(variant),
    )


def _is_shareable(fields: Fields) -> bool:
    """False where the depositor says so, or says something that cannot be understood."""
    said = (fields.get("_share"), fields.get("shareVariantLevelData"))
    return all(flag(value) is True for value in said if value is not None)


def _zygosity(fields: Fields) -> Zygosity | None:
    entered = fields.text("zygosity")
    found = alleles.zygosity(entered)
    if entered and found is None:
        fields.misfit("zygosity", entered, "1 (heterozygous) or 2 (homozygous)")
    return found


def _positions(
    variant: Fields, reference: str | None, base: CoordinateBase
) -> tuple[int | None, int | None]:
    """First and last base, counted from 1, both included."""
    start, end = _position(variant, "start"), _position(variant, "end")
    if start is None:
        return None, None
    if base is CoordinateBase.STATED:
        base = _stated_base(variant, start, end, reference)
    if base is CoordinateBase.ZERO:
        # half-open from 0: the first base moves by one, the last keeps its number
        start += 1
    if end is not None and end < start:
        end = start + len(reference or "N") - 1
    return start, end


def _stated_base(
    variant: Fields, start: int, end: int | None, reference: str | None
) -> CoordinateBase:
    length = len(reference) if reference else None
    if start == 0 or (end is not None and length and end - start == length):
        return CoordinateBase.ZERO
    if end is not None and length and end - start == length - 1:
        base, counted = CoordinateBase.ONE, "from 1, as its end only fits that"
    else:
        base, counted = CoordinateBase.ZERO, "from 0, as the protocol says"
    variant.record.guessed(
        variant.at("start"),
        start,
        f"The position {start} was taken to count {counted}.",
        place=variant.spot("start"),
        right="from 0, with an end behind the last base",
    )
    return base


def _position(variant: Fields, name: str) -> int | None:
    number = variant.number(name)
    if number is None:
        return None
    if number != int(number) or not 0 <= number < 2**31:
        variant.misfit(name, variant.get(name), "a position on the chromosome")
        return None
    return int(number)
