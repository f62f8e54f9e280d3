"""What is printed for a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.wording import (
    age,
    alleles_in_common,
    frequency,
    listing,
    look_alikes,
    number,
    printed_factor,
    rarity,
    significant,
)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.9999, "9 in 10"),
        (0.927, "9 in 10"),
        (0.84, "8 in 10"),
        (0.25, "3 in 10"),
        (0.15, "2 in 10"),
        (0.1368, "1 in 7"),
        (0.1321, "1 in 8"),
        (0.1001, "1 in 10"),
        (0.0968, "1 in 10"),
        (0.0708, "1 in 10"),
        (0.0706, "1 in 20"),
        (0.0355, "1 in 20"),
        (0.0353, "1 in 40"),
        (0.0253, "1 in 40"),
        (0.0223, "1 in 50"),
        (0.02, "1 in 50"),
        (0.0199, "less likely than 1 in 50"),
        (0.0, "less likely than 1 in 50"),
    ],
)
def test_probability_is_said_as_a_frequency(probability, words):
    assert frequency(probability).words == words


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_probability_never_sounds_lower(first, second):
    low, high = sorted((first, second))
    lower, higher = frequency(low), frequency(high)
    assert lower.count * higher.of <= higher.count * lower.of


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (1300.0, "1,300"),
        (80.0, "80"),
        (1.2, "1.2"),
        (0.6, "0.6"),
        (0.067, "0.067"),
        (4.0, "4"),
        (120000000.0, "120,000,000"),
        (0.00012, "0.00012"),
        (3.4e-9, "3.4e-09"),
        (2.0e16, "2.0e+16"),
    ],
)
def test_number_has_no_idle_digits(value, printed):
    assert number(value) == printed


@pytest.mark.parametrize(
    ("log_ratio", "factor"),
    [(7.157, 1300.0), (0.628, 1.9), (-1.0217, 0.36), (0.0, 1.0)],
)
def test_factor_has_two_significant_digits(log_ratio, factor):
    assert printed_factor(log_ratio) == factor


@pytest.mark.parametrize("log_ratio", [-1e6, 1e6])
def test_factor_of_an_extreme_ratio_stays_a_positive_number(log_ratio):
    assert 0 < printed_factor(log_ratio) < float("inf")


def test_significant_digits():
    assert significant(0.06749) == 0.067
    assert significant(1283, digits=1) == 1000


@pytest.mark.parametrize(
    ("one_in", "words"),
    [
        (1076.9, "1 in 1,077 diseases"),
        (27.6, "1 in 28 diseases"),
        (0.2, "1 in 1 diseases"),
    ],
)
def test_rarity_is_a_whole_number(one_in, words):
    assert rarity(one_in) == words


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        (9000, "thousands of unrelated cases this alike are expected by chance."),
        (900, "hundreds of unrelated cases this alike are expected by chance."),
        (21, "dozens of unrelated cases this alike are expected by chance."),
        (20, "about 20 unrelated cases this alike are expected by chance."),
        (1.6, "about 2 unrelated cases this alike are expected by chance."),
        (1.0, "about 1 unrelated case this alike is expected by chance."),
        (0.99, "a look-alike this close turns up in 9 of 10 searches."),
        (0.15, "a look-alike this close turns up in 2 of 10 searches."),
        (0.02, "a look-alike this close turns up in 1 of 50 searches."),
        (0.00123, "a look-alike this close turns up in 1 of 810 searches."),
        (
            0.0,
            "a look-alike this close turns up in fewer than 1 of 10,000 searches.",
        ),
    ],
)
def test_expected_false_matches_are_a_sentence(expected, sentence):
    assert look_alikes(expected) == f"By features alone, {sentence}"


@pytest.mark.parametrize(
    ("years", "words"),
    [
        (-0.2, "birth"),
        (0.0, "birth"),
        (1 / 365.25, "1 day"),
        (0.04, "15 days"),
        (0.4, "5 months"),
        (1.9, "23 months"),
        (2.0, "2 y"),
        (6.75, "6 y 9 m"),
        (4.0, "4 y"),
        (17.5, "17 y 6 m"),
        (18.4, "18 y"),
        (40.3, "40 y"),
    ],
)
def test_age_is_as_exact_as_matters(years, words):
    assert age(years) == words


@pytest.mark.parametrize(
    ("items", "words"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")],
)
def test_listing(items, words):
    assert listing(items, "or") == words


def test_listing_says_and_by_itself():
    assert listing(["a", "b"]) == "a and b"


@pytest.mark.parametrize(
    ("share", "count", "words"),
    [
        (1.0, 1, "Same variant in A"),
        (1.0, 2, "Same variants in A"),
        (0.5, 1, "One allele in common in A"),
        (0.67, 2, "Some alleles in common in A"),
    ],
)
def test_alleles_in_common(share, count, words):
    assert alleles_in_common(share, count, "A") == words


def test_alleles_in_common_of_no_named_gene():
    assert alleles_in_common(1.0, 1) == "Same variant"
