"""When two descriptions are of one variant."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.case import Variant, Zygosity
from matcher.evidence.variants import (
    Allele,
    Comparison,
    assembly_name,
    chromosome_name,
    compare,
    compare_variants,
    normalised,
    reciprocal_overlap,
)

MISSENSE = Variant(
    assembly="GRCh38", chromosome="17", start=31_000, reference="C", alternate="T"
)
DELETION = Variant(
    assembly="GRCh38",
    chromosome="7",
    start=1_000,
    end=2_000,
    structural_type="SO:0001743",
)


def compared(first, second, tolerance=1, overlap=0.5):
    return compare(
        normalised(first), normalised(second), tolerance=tolerance, overlap=overlap
    )


def shared(query, candidate):
    return compare_variants(query, candidate, tolerance=1, overlap=0.5)


def allele(gene="A", alternate="T", **changes):
    return replace(normalised(replace(MISSENSE, alternate=alternate), gene), **changes)


@pytest.mark.parametrize(
    ("entered", "name"),
    [
        ("GRCh37.p13", "GRCh37"),
        ("hg19", "GRCh37"),
        ("b37", "GRCh37"),
        ("37", "GRCh37"),
        ("hg38", "GRCh38"),
        ("grch38", "GRCh38"),
        ("NCBI36", "NCBI36"),
        (" GRCh38 ", "GRCh38"),
        ("T2T-CHM13", "T2T-CHM13"),
        (None, ""),
    ],
)
def test_assembly_has_one_name(entered, name):
    assert assembly_name(entered) == name


@pytest.mark.parametrize(
    ("entered", "name"),
    [
        ("chr17", "17"),
        ("Chr_X", "X"),
        ("23", "X"),
        ("24", "Y"),
        ("M", "MT"),
        ("MT", "MT"),
        ("25", "MT"),
        ("NC_000017.11", "17"),
        ("NC_000023.10", "X"),
        ("NC_012920.1", "MT"),
        (None, ""),
    ],
)
def test_chromosome_has_one_name(entered, name):
    assert chromosome_name(entered) == name


@pytest.mark.parametrize(
    ("reference", "alternate", "trimmed"),
    [
        ("C", "T", ("C", "T", 100)),
        ("ca", "CAG", ("", "G", 102)),
        ("CAG", "C", ("AG", "", 101)),
        ("GGC", "GTC", ("G", "T", 101)),
        ("AAA", "AA", ("A", "", 100)),
        ("A", "-", ("A", "", 100)),
        ("A", ".", ("A", "", 100)),
    ],
)
def test_bases_that_both_alleles_share_are_trimmed(reference, alternate, trimmed):
    found = normalised(Variant(start=100, reference=reference, alternate=alternate))
    assert (found.reference, found.alternate, found.start) == trimmed


@pytest.mark.parametrize(
    ("reference", "alternate"),
    [("C", "<INS>"), ("N[5]", "C"), ("C", None), (None, "C")],
)
def test_alleles_that_are_not_bases_are_not_spelt(reference, alternate):
    found = normalised(Variant(start=100, reference=reference, alternate=alternate))
    assert (found.reference, found.alternate, found.start) == ("", "", 100)


def test_trimming_works_without_a_position():
    found = normalised(Variant(reference="CA", alternate="CT"))
    assert (found.reference, found.alternate, found.start) == ("A", "T", None)


@pytest.mark.parametrize(
    ("variant", "kind"),
    [
        (Variant(structural_type="SO:0001743"), "loss"),
        (Variant(structural_type="SO:0000159"), "loss"),
        (Variant(alternate="<DEL>"), "loss"),
        (Variant(alternate="<DUP:TANDEM>"), "gain"),
        (Variant(consequence="SO:1000035"), "gain"),
        (Variant(structural_type="SO:0000199"), "SO:0000199"),
        (Variant(consequence="SO:0001583"), ""),
        (Variant(reference="C", alternate="T", structural_type="SO:0001483"), ""),
    ],
)
def test_kind_of_a_structural_variant(variant, kind):
    assert normalised(variant).kind == kind


def test_homozygous_allele_is_there_twice():
    assert normalised(replace(MISSENSE, zygosity=Zygosity.HOMOZYGOUS)).copies == 2
    assert normalised(replace(MISSENSE, zygosity=Zygosity.HEMIZYGOUS)).copies == 1


def test_the_same_variant_in_two_spellings_is_the_same():
    other = Variant(
        assembly="hg38",
        chromosome="chr17",
        start=30_998,
        reference="AAC",
        alternate="AAT",
    )
    assert compared(MISSENSE, other, tolerance=0) is Comparison.SAME


@pytest.mark.parametrize(
    ("shift", "result"),
    [
        (0, Comparison.SAME),
        (1, Comparison.SAME),
        (-1, Comparison.SAME),
        (2, Comparison.DIFFERENT),
        (-2, Comparison.DIFFERENT),
    ],
)
def test_position_may_be_off_by_one_since_some_count_from_0(shift, result):
    other = replace(MISSENSE, start=31_000 + shift)
    assert compared(MISSENSE, other) is result


@pytest.mark.parametrize(
    "changes", [{"alternate": "G"}, {"reference": "A"}, {"chromosome": "18"}]
)
def test_position_next_to_it_is_no_excuse_for_other_bases(changes):
    assert compared(MISSENSE, replace(MISSENSE, **changes)) is Comparison.DIFFERENT


def test_positions_on_two_assemblies_are_not_compared():
    other = replace(MISSENSE, assembly="GRCh37")
    assert compared(MISSENSE, other) is Comparison.INCOMPARABLE


def test_position_without_assembly_counts_only_if_it_agrees():
    unnamed = replace(MISSENSE, assembly=None)
    assert compared(MISSENSE, unnamed) is Comparison.SAME
    assert compared(MISSENSE, replace(unnamed, start=5)) is Comparison.INCOMPARABLE


class ShiftBy:
    """A chain that moves everything up, and knows nothing above a limit."""

    def __init__(self, bases, limit=10**9):
        self.bases, self.limit = bases, limit

    def lift(self, chromosome, position):
        return position + self.bases if position <= self.limit else None


def test_chain_file_makes_two_assemblies_comparable():
    old = replace(MISSENSE, assembly="hg19", start=20_000)
    lifted = normalised(old, chain=ShiftBy(11_000))
    assert (lifted.assembly, lifted.start) == ("GRCh38", 31_000)
    found = compare(lifted, normalised(MISSENSE), tolerance=0, overlap=0.5)
    assert found is Comparison.SAME


def test_chain_file_moves_the_end_of_a_structural_variant():
    lifted = normalised(replace(DELETION, assembly="GRCh37"), chain=ShiftBy(10))
    assert (lifted.start, lifted.end) == (1_010, 2_010)


def test_position_that_cannot_be_lifted_stays_on_its_assembly():
    kept = normalised(replace(MISSENSE, assembly="GRCh37"), chain=ShiftBy(1, limit=5))
    assert (kept.assembly, kept.start) == ("GRCh37", 31_000)


def test_chain_file_leaves_the_newer_assembly_alone():
    assert normalised(MISSENSE, chain=ShiftBy(1)).start == 31_000


def test_equal_hgvs_is_the_same_variant_on_any_assembly():
    ours = replace(MISSENSE, hgvs=("NM_001042492.3:c.1466A>G",))
    theirs = Variant(hgvs=("NM_001042492.2(NF1):c.1466A>G",))
    assert compared(ours, theirs) is Comparison.SAME


@pytest.mark.parametrize(
    "expression",
    ["NP_055529.2:p.?", "NP_000258.1:p.Lys1423Glu", "NM_1.1:c.?", "NM_1.1:c.1A="],
)
def test_expression_that_singles_out_no_change_of_the_dna_is_no_agreement(expression):
    ours = replace(MISSENSE, hgvs=(expression,))
    assert compared(ours, replace(ours, start=500)) is Comparison.DIFFERENT


def test_place_on_another_version_of_a_chromosome_is_another_place():
    ours, theirs = Variant(hgvs=("NC_000017.11:g.5C>T",)), Variant(
        hgvs=("NC_000017.10:g.5C>T",)
    )
    assert compared(ours, ours) is Comparison.SAME
    assert compared(ours, theirs) is Comparison.INCOMPARABLE


def test_other_change_on_the_same_transcript_is_another_variant():
    ours, theirs = Variant(hgvs=("NM_1.1:c.1A>G",)), Variant(hgvs=("NM_1.1:c.2T>C",))
    assert compared(ours, theirs) is Comparison.DIFFERENT


def test_names_on_two_transcripts_are_not_compared():
    ours, theirs = Variant(hgvs=("NM_1.1:c.1A>G",)), Variant(hgvs=("NM_2.1:c.2T>C",))
    assert compared(ours, theirs) is Comparison.INCOMPARABLE


def test_variant_without_place_or_name_shows_nothing():
    assert compared(MISSENSE, Variant(label="stop")) is Comparison.INCOMPARABLE
    placed_only = Variant(assembly="GRCh38", chromosome="17", start=31_000)
    assert compared(MISSENSE, placed_only) is Comparison.INCOMPARABLE


@pytest.mark.parametrize(
    ("start", "end", "result"),
    [
        (1_000, 2_000, Comparison.SAME),
        (1_500, 2_500, Comparison.SAME),
        (1_502, 2_502, Comparison.DIFFERENT),
        (1_000, 4_000, Comparison.DIFFERENT),
        (5_000, 6_000, Comparison.DIFFERENT),
    ],
)
def test_structural_variants_are_compared_by_overlap(start, end, result):
    assert compared(DELETION, replace(DELETION, start=start, end=end)) is result


@pytest.mark.parametrize(
    "changes",
    [{"structural_type": "SO:0001742"}, {"chromosome": "8"}],
)
def test_overlap_of_gain_and_loss_is_no_agreement(changes):
    assert compared(DELETION, replace(DELETION, **changes)) is Comparison.DIFFERENT


def test_small_variant_within_a_deletion_is_another_variant():
    inside = replace(MISSENSE, chromosome="7", start=1_500)
    assert compared(DELETION, inside) is Comparison.DIFFERENT


def test_reciprocal_overlap_is_a_share_of_the_longer_one():
    short = Allele(start=1, end=10)
    assert reciprocal_overlap(short, Allele(start=6, end=25)) == 5 / 20
    assert reciprocal_overlap(Allele(start=6, end=25), short) == 5 / 20
    assert reciprocal_overlap(short, Allele(start=20, end=30)) == 0
    assert reciprocal_overlap(Allele(start=4), Allele(start=4)) == 1


def test_one_allele_against_the_same_one():
    (found,) = shared([allele()], [allele()])
    assert (found.gene, found.share) == ("A", 1.0)


def test_one_allele_against_another_one():
    (found,) = shared([allele()], [allele(alternate="G")])
    assert (found.share, found.same) == (0.0, ())


def test_compound_heterozygotes_with_both_alleles_in_common():
    both = [allele(), allele(alternate="G")]
    (found,) = shared(both, both[::-1])
    assert found.share == 1.0


def test_compound_heterozygotes_with_one_allele_in_common():
    (found,) = shared(
        [allele(), allele(alternate="G")],
        [allele(alternate="G"), allele(alternate="A")],
    )
    assert found.share == 0.5


@pytest.mark.parametrize("others", [[allele()], [allele(), allele(alternate="G")]])
def test_homozygous_allele_against_one_such_allele_is_half(others):
    (found,) = shared([allele(copies=2)], others)
    assert found.share == 0.5


def test_homozygous_allele_against_the_same_is_whole():
    (found,) = shared([allele(copies=2)], [allele(copies=2)])
    assert found.share == 1.0


def test_each_gene_is_compared_by_itself():
    ours = [allele("A"), allele("B", start=7), allele("C")]
    theirs = [allele("B", start=7), allele("A", alternate="G"), allele("D")]
    assert [(s.gene, s.share) for s in shared(ours, theirs)] == [("A", 0.0), ("B", 1.0)]


def test_gene_whose_variants_cannot_be_compared_is_left_out():
    assert shared([allele()], [allele(assembly="GRCh37")]) == ()


def test_the_same_allele_under_two_genes_is_not_compared():
    assert shared([allele("A")], [allele("B")]) == ()


def test_variant_without_a_gene_counts_if_it_agrees():
    (found,) = shared([allele(""), allele("B", start=9)], [allele("A")])
    assert (found.gene, found.share) == ("", 1.0)
    assert shared([allele("")], [allele("A", alternate="G")]) == ()


def test_variant_without_a_gene_counts_its_copies():
    (found,) = shared([allele("", copies=2)], [allele("A")])
    assert found.share == 0.5


alleles = st.lists(
    st.builds(
        allele,
        gene=st.sampled_from(["", "A", "B"]),
        alternate=st.sampled_from("TG"),
        copies=st.sampled_from([1, 2]),
        assembly=st.sampled_from(["GRCh38", "GRCh37"]),
    ),
    max_size=4,
    unique=True,
)


@given(alleles, alleles)
def test_comparison_is_symmetric(ours, theirs):
    ours, theirs = (
        sorted(side, key=lambda a: (a.gene, a.copies)) for side in (ours, theirs)
    )
    forward, backward = shared(ours, theirs), shared(theirs, ours)
    assert [(s.gene, s.share) for s in forward] == [(s.gene, s.share) for s in backward]
    assert all(0 <= s.share <= 1 for s in forward)


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        (replace(MISSENSE, label="MISSENSE"), "MISSENSE 17:31,000 C>T (GRCh38)"),
        (Variant(label="p.(Arg1*)"), "p.(Arg1*)"),
        (replace(MISSENSE, hgvs=("NM_1.1:c.1A>G",), label="x"), "NM_1.1:c.1A>G"),
        (MISSENSE, "17:31,000 C>T (GRCh38)"),
        (DELETION, "loss 7:1,000-2,000"),
        (
            Variant(chromosome="2", start=5, reference="A", alternate=""),
            "2:5 A>- (assembly unknown)",
        ),
        (
            Variant(chromosome="2", start=5, reference="A", alternate="A" + "CG" * 600),
            "2:6 ->1,200 bases (assembly unknown)",
        ),
        (
            Variant(chromosome="2", start=5, reference="ACGTACGTACGT", alternate="-"),
            "2:5 ACGTACGTACGT>- (assembly unknown)",
        ),
        (Variant(), "unnamed variant"),
    ],
)
def test_allele_is_called_by_hgvs_else_by_label_and_place(variant, name):
    assert normalised(variant).name == name
