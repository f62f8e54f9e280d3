"""Genes and variants of two cases beside each other, on each build that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from matcher.case import Case, Variant
from matcher.evidence.variants import Chain, assembly_name
from ontologies import Release
from web.pages.cards.remote import text
from web.pages.cases import profile

GIVEN, LIFTED = "GRCh37", "GRCh38"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantLine:
    """A variant: what it is, and where on each build."""

    said: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneSide:
    """What one side says of a gene; not `is_listed` where it does not list it."""

    is_listed: bool = False
    variants: tuple[VariantLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneComparison:
    """One gene with what each side says of it."""

    symbol: str
    yours: GeneSide
    theirs: GeneSide

    @property
    def is_shared(self) -> bool:
        """Whether both sides list it."""
        return self.yours.is_listed and self.theirs.is_listed


def genes(
    yours: Case, theirs: Case, release: Release, chain: Chain | None = None
) -> list[GeneComparison]:
    """All candidate genes of both sides, shared ones first, then by symbol.

    With a `chain` what was given on GRCh37 is placed on GRCh38 too.
    """
    mine, other = (_by_gene(case, release, chain) for case in (yours, theirs))
    nothing = GeneSide()
    rows = [
        GeneComparison(
            symbol=symbol,
            yours=mine.get(symbol, nothing),
            theirs=other.get(symbol, nothing),
        )
        for symbol in sorted(mine.keys() | other.keys())
    ]
    return sorted(rows, key=lambda row: not row.is_shared)


def _by_gene(case: Case, release: Release, chain: Chain | None) -> dict[str, GeneSide]:
    said: dict[str, list[VariantLine]] = {}
    for feature in case.genomic_features:
        if feature.gene and not feature.excluded:
            symbol = text(profile.gene_name(feature.gene, feature.gene_label, release))
            lines = said.setdefault(symbol, [])
            if feature.variant:
                lines.append(variant_line(feature.variant, chain))
    return {
        symbol: GeneSide(is_listed=True, variants=tuple(dict.fromkeys(lines)))
        for symbol, lines in said.items()
    }


def variant_line(variant: Variant, chain: Chain | None) -> VariantLine:
    """A variant by its names, zygosity, origin and class, and its place on each build."""
    names = variant.hgvs[:2] or filter(None, [variant.label])
    zygosity = variant.zygosity.value if variant.zygosity else ""
    said = (*names, zygosity, variant.origin, variant.classification)
    return VariantLine(
        said=text(", ".join(filter(None, said))) or "variant",
        places=tuple(text(place) for place in _places(variant, chain)),
    )


def _places(variant: Variant, chain: Chain | None) -> Iterator[str]:
    """The place as given, then the one that follows from it."""
    if not (variant.chromosome and variant.start):
        return
    yield _place(variant)
    if chain is None or assembly_name(variant.assembly) != GIVEN:
        return
    chromosome = variant.chromosome.removeprefix("chr")
    start = chain.lift(chromosome, variant.start)
    end = chain.lift(chromosome, variant.end) if variant.end else None
    if start and (end or not variant.end):
        moved = replace(variant, assembly=LIFTED, start=start, end=end)
        yield f"{_place(moved)}, by liftover"


def _place(variant: Variant) -> str:
    chromosome = (variant.chromosome or "").removeprefix("chr")
    place = f"{chromosome}:{variant.start:,}"
    if variant.reference and variant.alternate:
        place += f" {variant.reference}>{variant.alternate}"
    elif variant.end:
        place += f"-{variant.end:,}"
    return f"{place} ({variant.assembly or 'build not given'})"
