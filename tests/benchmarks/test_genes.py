"""The simulated candidate gene lists, and what is made of them."""

import numpy as np
import pytest

from benchmarks.genes import gene_lists, with_genes
from matcher.case import Case, GenomicFeature, Variant

GENES = [f"HGNC:{number}" for number in range(100, 200)]


def drawn(causal, seed=0, chance=0.7, length=10):
    return gene_lists(causal, GENES, chance=chance, length=length, seed=seed)


def test_lists_are_as_long_as_asked_and_name_no_gene_twice():
    assert {len(set(each)) for each in drawn(["HGNC:1", None] * 50)} == {10}


@pytest.mark.parametrize(("chance", "holding"), [(0.0, 0), (1.0, 200)])
def test_chance_decides_whether_the_causal_gene_is_listed(chance, holding):
    lists = drawn(["HGNC:1"] * 200, chance=chance)
    assert sum("HGNC:1" in each for each in lists) == holding


def test_seven_of_ten_lists_hold_the_causal_gene():
    lists = drawn(["HGNC:1"] * 2000)
    assert np.mean(["HGNC:1" in each for each in lists]) == pytest.approx(0.7, abs=0.03)


def test_case_without_a_gene_lists_others_only():
    assert set(drawn([None])[0]) <= set(GENES)


def test_same_seed_draws_the_same_lists():
    assert drawn(["HGNC:1"] * 9) == drawn(["HGNC:1"] * 9)
    assert drawn(["HGNC:1"] * 9) != drawn(["HGNC:1"] * 9, seed=1)


def test_listed_genes_replace_those_of_the_record_and_its_variants():
    case = Case(
        case_id="a",
        genomic_features=(GenomicFeature(gene="KMT2D", variant=Variant()),),
    )
    found = with_genes(case, ["HGNC:1", "HGNC:2"])
    assert found.genomic_features == (
        GenomicFeature(gene="HGNC:1"),
        GenomicFeature(gene="HGNC:2"),
    )
