"""A variant in one line: read, written, and refused with the right way beside it."""

from __future__ import annotations

import dataclasses

import pytest

from matcher.case import GenomicFeature, Variant, Zygosity
from web.pages.typed.variants import NotAVariant, TypedVariant, read, written

PLACED = Variant(chromosome="7", start=11051318, reference="C", alternate="T")


@pytest.mark.parametrize(
    ("entered", "variant"),
    [
        ("chr7:11,051,318 C>T", PLACED),
        ("7-11051318-C-T", PLACED),
        ("7:11051318:c:t", PLACED),
        ("chr7:g.11051318C>T", PLACED),
        ("NC_000007.14:g.11051318C>T", PLACED),
        (
            "chrX:100-200 DEL",
            Variant(chromosome="X", start=100, end=200, structural_type="SO:0000159"),
        ),
        ("c.1204C>T", Variant(hgvs=("c.1204C>T",))),
        (
            "NM_014660.4:c.1204C>T; p.(Arg402*)",
            Variant(hgvs=("NM_014660.4:c.1204C>T", "p.(Arg402*)")),
        ),
        ("c.76_78del, c.88+1G>A", Variant(hgvs=("c.76_78del", "c.88+1G>A"))),
        (
            "chr7:11051318 C>T; p.?",
            dataclasses.replace(PLACED, hgvs=("p.?",)),
        ),
        ("", Variant()),
    ],
)
def test_line_is_read(entered: str, variant: Variant) -> None:
    assert read(entered) == variant


@pytest.mark.parametrize(
    "variant",
    [
        PLACED,
        dataclasses.replace(PLACED, hgvs=("c.1204C>T", "p.Arg402*")),
        Variant(chromosome="X", start=5, end=9, structural_type="SO:1000035"),
        Variant(chromosome="X", start=5, end=9, structural_type="SO:0001743"),
    ],
)
def test_what_is_written_reads_back_the_same(variant: Variant) -> None:
    assert read(written(variant)) == variant


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ("c.1204C>", "lacks the new base. Write it like c.1204C>T"),
        ("the usual one", "neither an HGVS name nor a place"),
        ("chr7:11051318", "does not say what changes there"),
        ("chr7:900-200 DEL", "ends before it starts"),
        ("chr7:0 C>T", "no position"),
        ("p.whatever", "Write it like p.Arg402*"),
        ("<script>alert(1)</script>", "neither an HGVS name nor a place"),
    ],
)
def test_what_is_no_variant_is_refused_with_what_would_be_right(
    entered: str, said: str
) -> None:
    with pytest.raises(NotAVariant, match=said.replace("*", r"\*").replace(".", r"\.")):
        read(entered)


def test_what_was_not_typed_anew_keeps_its_details() -> None:
    variant = dataclasses.replace(
        PLACED, assembly="GRCh37", consequence="SO:0001587", shareable=False
    )
    known = GenomicFeature(gene="HGNC:1", variant=variant)
    typed = TypedVariant.of(known)

    assert typed.feature() is known
    changed = dataclasses.replace(typed, zygosity="homozygous").feature().variant
    assert changed == dataclasses.replace(variant, zygosity=Zygosity.HOMOZYGOUS)


def test_new_place_does_not_inherit_the_old_consequence() -> None:
    variant = dataclasses.replace(PLACED, consequence="SO:0001587", assembly="GRCh38")
    typed = TypedVariant.of(GenomicFeature(gene="HGNC:1", variant=variant))

    moved = dataclasses.replace(typed, written="chr7:5 G>A").feature().variant

    assert moved is not None and (moved.start, moved.consequence) == (5, None)
