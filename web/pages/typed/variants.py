"""A variant as a clinician writes it: HGVS names or a place on the genome, in one line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from matcher.case import GenomicFeature, Variant, Zygosity
from matcher.readers.alleles import SYMBOLIC_ALLELES, chromosome

ASSEMBLY = "GRCh38"
LONGEST = 500
# Named in the field, separated as people separate them; 11,051,318 is one number.
_SEPARATOR = re.compile(r"\s*;\s*|,\s+|\n+")
_PLACE = re.compile(
    r"(?:chr)?(?P<chromosome>\d{1,2}|X|Y|M|MT|NC_\d+\.\d+)\s*[:\-]\s*(?:g\.)?"
    r"(?P<start>\d[\d,]*)",
    re.IGNORECASE,
)
_SMALL = re.compile(
    r"[\s:\-]*(?P<reference>[ACGTN]+)\s*[>:/\-]\s*(?P<alternate>[ACGTN]+)",
    re.IGNORECASE,
)
_LONG = re.compile(
    r"\s*[-_]\s*(?P<end>\d[\d,]*)[\s:]*(?P<kind><?[A-Z]+(?::[A-Z]+)?>?|SO:\d{7})",
    re.IGNORECASE,
)
_HGVS = re.compile(
    r"(?:(?P<sequence>[\w.\-]+(?:\([\w.\-]+\))?):)?(?P<level>[cgmnpr])\.(?P<change>\S+)"
)
_NUMBER = r"[*\-]?\d+(?:[+\-]\d+)?"
_DNA_CHANGE = re.compile(
    rf"\(?{_NUMBER}(?:_{_NUMBER})?(?:[ACGTNacgu]*>[ACGTNacgu]+|=|inv|\[\d+\]"
    r"|(?:del|dup)[ACGTN\d]*(?:ins[ACGTN\d]+)?|delins[ACGTN\d]+|ins[ACGTN\d]+)\)?"
)
_PROTEIN_CHANGE = re.compile(r"\(?(?:[A-Z][a-z]{0,2}\d+\S*|[?0=])\)?")
_KINDS = {kind: symbol for symbol, kind in SYMBOLIC_ALLELES.items()}


class NotAVariant(ValueError):
    """A text that is no variant; the sentence says what would be one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedVariant:
    """One variant of the form, as it was typed. `known` is what the case has of it already."""

    gene: str = ""
    label: str = ""
    written: str = ""
    assembly: str = ASSEMBLY
    zygosity: str = ""
    origin: str = ""
    classification: str = ""
    known: GenomicFeature | None = None

    @classmethod
    def of(cls, feature: GenomicFeature) -> TypedVariant:
        """A stored variant as the form first shows it."""
        variant = feature.variant or Variant()
        return cls(
            gene=feature.gene or "",
            label=feature.gene_label,
            written=written(variant),
            assembly=variant.assembly or ASSEMBLY,
            zygosity=variant.zygosity.value if variant.zygosity else "",
            origin=variant.origin or "",
            classification=variant.classification or "",
            known=feature,
        )

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed into it."""
        return not (self.written or self.zygosity or self.origin or self.classification)

    def feature(self) -> GenomicFeature:
        """The gene with the variant; what is kept of a known one is what was not typed anew.

        Raises `NotAVariant`.
        """
        before = TypedVariant.of(self.known) if self.known else None
        if self.known is not None and self == before:
            return self.known
        same = before is not None and before.written == self.written
        place = (self.known and self.known.variant) if same else read(self.written)
        variant = replace(
            place or Variant(),
            zygosity=Zygosity(self.zygosity) if self.zygosity else None,
            origin=self.origin or None,
            classification=self.classification or None,
        )
        if variant.start is not None:
            variant = replace(variant, assembly=self.assembly)
        base = self.known or GenomicFeature(
            gene=self.gene or None, gene_label=self.label
        )
        return replace(base, variant=variant)


def written(variant: Variant) -> str:
    """The variant in one line that `read` understands, as far as it can be written so."""
    names = [_placed(variant), *variant.hgvs]
    return "; ".join(name for name in names if name) or variant.label


def _placed(variant: Variant) -> str:
    if not variant.chromosome or variant.start is None:
        return ""
    place = f"chr{variant.chromosome.removeprefix('chr')}:{variant.start}"
    if variant.reference and variant.alternate:
        return f"{place} {variant.reference}>{variant.alternate}"
    kind = variant.structural_type
    if variant.end is not None and kind:
        return f"{place}-{variant.end} {_KINDS.get(kind, kind)}"
    return place


def read(entered: str) -> Variant:
    """The variant that a line names; an empty line names none that is known.

    Raises `NotAVariant` for the first part that is neither HGVS nor a place.
    """
    variant = Variant()
    for part in filter(None, _SEPARATOR.split(entered.strip())):
        variant = _with_place(variant, part) or _with_name(variant, part)
    return variant


def _with_place(variant: Variant, part: str) -> Variant | None:
    """The variant with the place that `part` says, None if it says none at all."""
    place = _PLACE.match(part)
    if place is None:
        return None
    rest = part[place.end() :]
    small, long = _SMALL.fullmatch(rest), _LONG.fullmatch(rest)
    at = replace(
        variant,
        chromosome=chromosome(place["chromosome"]),
        start=_position(place["start"]),
    )
    if small:
        return replace(
            at,
            reference=small["reference"].upper(),
            alternate=small["alternate"].upper(),
        )
    if long and (kind := _kind(long["kind"])):
        end = _position(long["end"])
        if at.start is not None and end < at.start:
            raise NotAVariant(
                f"“{part}” ends before it starts. Exchange the positions."
            )
        return replace(at, end=end, structural_type=kind)
    raise NotAVariant(
        f"“{part}” does not say what changes there. Write it like chr7:11051318 C>T or "
        "chr7:11050000-11060000 DEL."
    )


def _position(text: str) -> int:
    digits = text.replace(",", "")
    if len(digits) > 9 or int(digits) < 1:
        raise NotAVariant(
            f"{text[:20]} is no position on a chromosome; they count from 1."
        )
    return int(digits)


def _kind(text: str) -> str | None:
    symbol = text.strip("<>").upper()
    return symbol if symbol.startswith("SO:") else SYMBOLIC_ALLELES.get(symbol)


def _with_name(variant: Variant, part: str) -> Variant:
    name = _HGVS.fullmatch(part)
    if name is None:
        raise NotAVariant(
            f"“{part[:60]}” is neither an HGVS name nor a place. Write it like "
            "NM_014660.4:c.1204C>T, p.Arg402* or chr7:11051318 C>T."
        )
    change, level = name["change"], name["level"]
    rule = _PROTEIN_CHANGE if level == "p" else _DNA_CHANGE
    if not rule.fullmatch(change):
        lacks = "lacks the new base" if change.endswith(">") else "is no change in HGVS"
        like = "p.Arg402*" if level == "p" else f"{level}.1204C>T"
        raise NotAVariant(f"“{part[:60]}” {lacks}. Write it like {like}.")
    return replace(variant, hgvs=(*variant.hgvs, part))
