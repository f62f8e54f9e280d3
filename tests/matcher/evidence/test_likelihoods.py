"""The formulas of docs/scoring.md, each term worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.evidence.likelihoods import (
    allele_log_ratio,
    category_log_ratio,
    gene_log_ratio,
    gene_share,
    mean_ratio,
    onset_log_ratio,
)

genes = st.frozensets(st.sampled_from("ABCDEFGH"), max_size=6)


def share_of(gene):
    return {"A": 0.001, "B": 0.01, "C": 0.25}.get(gene, 0.0002)


lists = st.sets(st.sampled_from("ABCDE"), min_size=1)


def counted_out(query, candidate, pi):
    """P(both lists | same) / P(both lists | different), any of five genes being causal.

    A list holds the causal gene and others, or is drawn from all five.
    """

    def chance(listed, causal):
        holding = math.comb(4, len(listed) - 1)
        return pi * (causal in listed) / holding + (1 - pi) / math.comb(5, len(listed))

    def of_any(listed):
        return sum(chance(listed, causal) for causal in "ABCDE") / 5

    same = sum(chance(query, g) * chance(candidate, g) for g in "ABCDE") / 5
    return same / (of_any(query) * of_any(candidate))


def test_gene_share_starts_from_one_annotated_gene():
    assert gene_share(0, 0, 5000) == pytest.approx(1 / 5000)


def test_gene_share_counts_twenty_prior_listings():
    # (30 + 20/5000) / (980 + 20)
    assert gene_share(30, 980, 5000) == pytest.approx(30.004 / 1000)
    assert gene_share(30, 980, 5000, 120) == pytest.approx(30.024 / 1100)


def test_gene_that_no_reference_case_lists_is_no_rarer_than_one_annotated_gene():
    assert gene_share(0, 980, 5000) == 1 / 5000


def test_one_shared_gene_of_one():
    # ln(1 - .64 + .64 * 1000)
    assert gene_log_ratio({"A"}, {"A"}, share_of, 0.8) == pytest.approx(
        math.log(640.36)
    )


def test_lists_without_a_common_gene_speak_against():
    # ln(1 - .64), whatever the lengths
    expected = pytest.approx(math.log(0.36))
    assert gene_log_ratio({"A", "B"}, {"C"}, share_of, 0.8) == expected
    assert gene_log_ratio({"B"}, {"A", "C"}, share_of, 0.8) == expected


def test_shared_gene_counts_less_by_the_length_of_either_list():
    # b of two and of three places: .002 and .003
    expected = math.log(0.36 + 0.64 * 0.001 / (0.002 * 0.003))
    found = gene_log_ratio({"A", "D"}, {"A", "E", "F"}, share_of, 0.8)
    assert found == pytest.approx(expected)


def test_two_shared_genes_add_up():
    expected = math.log(0.36 + 0.64 * (0.001 / 0.002**2 + 0.25 / 0.5**2))
    assert gene_log_ratio({"A", "C"}, {"A", "C"}, share_of, 0.8) == pytest.approx(
        expected
    )


def test_gene_that_a_list_of_that_length_surely_holds_says_nothing():
    # C takes a quarter of the places: eight of them hold it in any case.
    assert gene_log_ratio("C", "CDEFGHIJ", share_of, 0.8) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("others", [1, 10, 100, 200])
def test_list_of_every_gene_says_nothing(others):
    every = [f"G{number}" for number in range(200)]
    found = gene_log_ratio(every, every[:others], lambda gene: 1 / 200, 0.8)
    assert found == pytest.approx(0, abs=1e-12)


@given(lists, lists, st.sampled_from([0.3, 0.8]))
def test_gene_ratio_is_that_of_the_model_counted_out(query, candidate, pi):
    found = gene_log_ratio(query, candidate, lambda gene: 1 / 5, pi)
    assert found == pytest.approx(math.log(counted_out(query, candidate, pi)), abs=1e-9)


@pytest.mark.parametrize(("query", "candidate"), [((), "A"), ("A", ()), ((), ())])
def test_an_empty_gene_list_counts_exactly_nothing(query, candidate):
    assert gene_log_ratio(query, candidate, share_of, 0.8) == 0.0


@given(genes, genes)
def test_gene_ratio_is_symmetric_to_the_last_bit(query, candidate):
    forward = gene_log_ratio(query, candidate, share_of, 0.8)
    assert forward == gene_log_ratio(candidate, query, share_of, 0.8)


@given(st.permutations("ABCDEFGH"))
def test_order_of_the_genes_changes_not_one_bit(order):
    found = gene_log_ratio(order, "ABXYZ", share_of, 0.8)
    assert found == gene_log_ratio("ABCDEFGH", "ABXYZ", share_of, 0.8)


@given(genes)
def test_one_more_gene_in_common_speaks_for_it(both):
    apart = gene_log_ratio(both | {"X"}, both | {"Y"}, share_of, 0.8)
    shared = gene_log_ratio(both | {"X"}, both | {"X"}, share_of, 0.8)
    assert shared > apart


@given(genes, genes)
def test_one_more_gene_of_one_side_never_speaks_for_it(query, candidate):
    shorter = gene_log_ratio(query | {"A"}, candidate | {"A"}, share_of, 0.8)
    longer = gene_log_ratio(query | {"A", "X"}, candidate | {"A"}, share_of, 0.8)
    assert longer <= shorter


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_no_pair_of_lists_counts_more_than_one_shared_gene_of_one(one, other, data):
    shared = data.draw(st.integers(0, min(one, other)))
    query = [f"G{number}" for number in range(one)]
    candidate = query[:shared] + [f"H{number}" for number in range(other - shared)]
    found = gene_log_ratio(query, candidate, lambda gene: 1 / 200, 0.8)
    assert math.log(0.36) - 1e-9 <= found <= math.log(0.36 + 0.64 * 200) + 1e-9


@pytest.mark.parametrize(
    ("query", "candidate", "expected"),
    [
        (4.0, 4.0, 0.4 * 1.57),
        (0.0, 0.0, 0.4 * 1.57),
        # ln(10.5) - ln(.5) = 3.0445
        (0.0, 10.0, -0.4 * (3.044522 - 1.57)),
        (35.0, 4.0, -0.4 * (math.log(35.5 / 4.5) - 1.57)),
    ],
)
def test_onset_formula(query, candidate, expected):
    assert onset_log_ratio(query, candidate) == pytest.approx(expected, abs=1e-6)


def test_onset_before_birth_is_read_as_birth():
    assert onset_log_ratio(-0.3, 2.0) == onset_log_ratio(0.0, 2.0)
    assert onset_log_ratio(2.0, -0.3) == onset_log_ratio(2.0, 0.0)


def test_onset_constants_can_be_set():
    assert onset_log_ratio(1, 1, slope=2.0, offset=0.5, shift=1.0) == pytest.approx(1.0)
    expected = -(math.log(3 / 1) - 1.57)
    assert onset_log_ratio(2, 0, slope=1.0, shift=1.0) == pytest.approx(expected)


def test_identical_alleles_add_the_ratio_of_recurrence_to_chance():
    assert allele_log_ratio(1.0, 0.1, 0.007) == pytest.approx(math.log(0.1 / 0.007))


def test_different_alleles_speak_a_little_against():
    assert allele_log_ratio(0.0, 0.1, 0.007) == pytest.approx(math.log(0.9 / 0.993))


def test_one_of_two_alleles_counts_half_of_each():
    expected = (math.log(0.1 / 0.007) + math.log(0.9 / 0.993)) / 2
    assert allele_log_ratio(0.5, 0.1, 0.007) == pytest.approx(expected)


def test_mean_ratio_averages_ratios_not_their_logarithms():
    assert mean_ratio([math.log(14), 0.0]) == pytest.approx(math.log(7.5))


def test_mean_ratio_of_nothing_is_nothing():
    assert mean_ratio([]) == 0.0


def test_agreeing_fact_counts_by_its_rarity():
    assert category_log_ratio([(0.9, 0.05)]) == pytest.approx(
        math.log(0.1 + 0.9 / 0.05)
    )


def test_disagreeing_fact_leaves_the_chance_that_it_does_not_hold():
    assert category_log_ratio([(0.9, None)]) == pytest.approx(math.log(0.1))


def test_facts_of_one_side_are_averaged():
    expected = math.log(((0.1 + 0.9 / 0.05) + 0.5) / 2)
    assert category_log_ratio([(0.9, 0.05), (0.5, None)]) == pytest.approx(expected)


def test_no_facts_count_exactly_nothing():
    assert category_log_ratio([]) == 0.0
