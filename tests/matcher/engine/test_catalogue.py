from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matcher.case import Case
from matcher.engine.catalogue import Catalogue
from matcher.evidence.prepared import PreparedEvidence
from matcher.evidence.variants import Allele, Comparison, compare, compare_variants

TOLERANCE, OVERLAP = 1, 0.5
RULES = {"tolerance": TOLERANCE, "overlap": OVERLAP}

small = st.builds(
    Allele,
    gene=st.sampled_from(["", "HGNC:1"]),
    assembly=st.sampled_from(["", "GRCh37", "GRCh38"]),
    chromosome=st.sampled_from(["1", "X"]),
    start=st.integers(1022, 1026),
    reference=st.sampled_from(["A", "CT"]),
    alternate=st.sampled_from(["G", ""]),
    hgvs=st.frozensets(st.sampled_from(["NM_1:c.1A>G", "NM_2:c.9del"])),
)
structural = st.builds(
    Allele,
    gene=st.sampled_from(["", "HGNC:1"]),
    assembly=st.just("GRCh38"),
    chromosome=st.sampled_from(["1", "X"]),
    start=st.integers(1, 5000),
    end=st.integers(5000, 9000),
    kind=st.sampled_from(["loss", "gain"]),
)
unplaced = st.builds(
    Allele, hgvs=st.frozensets(st.sampled_from(["NM_1:c.1A>G", "NM_2:c.9del"]))
)


def entered(catalogue, *alleles):
    """The number of a case's alleles."""
    prepared = PreparedEvidence(alleles=alleles)
    catalogue.entry(Case(case_id="a"), prepared, (), 0.0, 0)
    return catalogue.alleles.find(alleles)


@settings(deadline=None)
@given(*[small | structural | unplaced] * 2)
def test_alleles_that_agree_without_a_gene_in_common_are_found(ours, theirs):
    catalogue = Catalogue()
    number = entered(catalogue, theirs)
    found = catalogue.near([ours], TOLERANCE)
    same = (
        compare(ours, theirs, tolerance=TOLERANCE, overlap=OVERLAP) is Comparison.SAME
    )
    if same and not (ours.gene and theirs.gene):
        assert number in found
    if ours.gene and theirs.gene:
        assert not found


@settings(deadline=None)
@given(*[small | structural | unplaced] * 2)
def test_alleles_that_agree_are_like_each_other(ours, theirs):
    catalogue = Catalogue()
    number = entered(catalogue, theirs)
    same = (
        compare(ours, theirs, tolerance=TOLERANCE, overlap=OVERLAP) is Comparison.SAME
    )
    assert not same or number in catalogue.like([ours], TOLERANCE)


sets = st.lists(small | structural | unplaced, min_size=1, max_size=3).map(tuple)


@settings(deadline=None, max_examples=300)
@given(sets, sets, sets)
def test_sets_of_one_shape_without_the_allele_are_worth_the_same(ours, one, other):
    catalogue = Catalogue()
    numbers = [entered(catalogue, *each) for each in (one, other)]
    like = catalogue.like(ours, TOLERANCE)
    assume(not like.intersection(numbers))
    assume(catalogue.shape(numbers[0]) == catalogue.shape(numbers[1]))

    worth = [
        [(found.gene, found.share) for found in compare_variants(ours, theirs, **RULES)]
        for theirs in (one, other)
    ]

    assert worth[0] == worth[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"gene": "HGNC:2"},
        {"assembly": "GRCh37"},
        {"chromosome": ""},
        {"hgvs": frozenset({"NM_1:c.1A>G"})},
    ],
)
def test_what_alleles_are_compared_by_makes_their_shape(changed):
    allele = Allele(
        gene="HGNC:1",
        assembly="GRCh38",
        chromosome="1",
        start=9,
        reference="A",
        alternate="G",
    )
    catalogue = Catalogue()
    one = entered(catalogue, allele)
    far = entered(catalogue, replace(allele, start=9_000_000))
    other = entered(catalogue, replace(allele, **changed))

    assert catalogue.shape(one) == catalogue.shape(far) != catalogue.shape(other)


def test_alleles_far_apart_are_not_looked_at():
    catalogue = Catalogue()
    entered(catalogue, Allele(chromosome="1", start=9, reference="A", alternate="G"))
    far = Allele(chromosome="1", start=90_000, reference="A", alternate="G")
    assert catalogue.near([far], TOLERANCE) == frozenset()


def test_numbers_are_given_once_and_zero_means_nothing():
    genes = Catalogue().genes
    asked = ("HGNC:2", "HGNC:1", "HGNC:2", "")
    assert [genes.number(gene) for gene in asked] == [1, 2, 1, 0]
    assert genes.find("HGNC:3") is None


@pytest.mark.parametrize(
    "field", ["genes", "families", "onsets", "alleles", "diagnoses"]
)
def test_a_case_that_offers_nothing_is_numbered_zero(field):
    catalogue = Catalogue()
    entry = catalogue.entry(Case(case_id="a"), PreparedEvidence(), (), 0.0, 0)
    assert set(entry.numbers.values()) == {0}
    assert len(getattr(catalogue, field).values) == 1
