"""The printed factors give the printed frequency."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.evidence import Evidence, EvidenceKind
from matcher.explanation.ladder import banded, ladder
from matcher.wording import frequency

KINDS = (EvidenceKind.PHENOTYPE, EvidenceKind.GENE, EvidenceKind.ONSET)


def evidence(kind, factor, **details):
    return Evidence(kind=kind, log_likelihood_ratio=math.log(factor), details=details)


def rungs(*factors, searched=9855, expected=1.0):
    found = [evidence(kind, factor) for kind, factor in zip(KINDS, factors)]
    return ladder(found, searched, expected)


@pytest.mark.parametrize(
    ("factors", "result", "verdict"),
    [
        ((1300, 80, 1.2), "9 in 10", "probably"),
        ((1500,), "1 in 8", "possibly"),
        ((1600, 0.6, 1.1), "1 in 10", "possibly"),
        ((4, 80, 0.8), "1 in 40", "possibly"),
        ((4, 0.36), "less likely than 1 in 50", "hardly"),
        ((1e9, 1e9), "9 in 10", "probably"),
    ],
)
def test_prior_times_factors_is_the_result(factors, result, verdict):
    found = rungs(*factors)
    assert (found.one_in, found.result, found.verdict) == (9855, result, verdict)


@pytest.mark.parametrize(
    ("factor", "printed", "result"), [(5.749, 5.7, "9 in 10"), (5.649, 5.6, "8 in 10")]
)
def test_result_is_computed_from_the_factors_as_printed(factor, printed, result):
    found = rungs(factor, searched=1)
    assert found.steps[0].factor == printed
    assert found.result == frequency(printed / (1 + printed)).words == result


def test_result_of_an_unrounded_factor_would_be_another():
    # 0.1764 is printed as 0.18, and one is 2 in 10 where the other is 1 in 7.
    found = rungs(0.1764, searched=1)
    assert (found.steps[0].text, found.result) == ("× 0.18", "2 in 10")
    assert frequency(0.1764 / 1.1764).words == "1 in 7"


@pytest.mark.parametrize(
    ("searched", "verdict", "result"),
    [
        (1, "probably", "5 in 10"),
        (2, "possibly", "3 in 10"),
        (49, "possibly", "1 in 50"),
        (50, "hardly", "less likely than 1 in 50"),
    ],
)
def test_verdict_turns_at_an_even_chance_and_at_one_in_fifty(searched, verdict, result):
    found = rungs(1, searched=searched)
    assert (found.verdict, found.result) == (verdict, result)


@pytest.mark.parametrize(
    ("searched", "result"),
    [
        (3, "at least 1 in 4"),
        (4, "1 in 50 to 1 in 4"),
        (49, "1 in 50 to 1 in 4"),
        (50, "less likely than 1 in 50"),
    ],
)
def test_ranges_told_outside_turn_at_the_bands(searched, result):
    assert banded(rungs(1, searched=searched)).result == result


def test_expected_partners_raise_the_start():
    assert rungs(1, searched=1000, expected=4.0).one_in == 250
    assert rungs(1, searched=0).one_in == 1


def test_a_million_cases_make_phenotype_alone_a_faint_hint():
    assert rungs(4000, searched=1_000_000).result == "less likely than 1 in 50"


def test_extreme_evidence_overflows_nowhere():
    huge = [Evidence(kind=kind, log_likelihood_ratio=500.0) for kind in KINDS]
    tiny = [Evidence(kind=kind, log_likelihood_ratio=-500.0) for kind in KINDS]
    assert ladder(huge, 10).result == "9 in 10"
    assert ladder(tiny, 10).result == "less likely than 1 in 50"


def test_missing_evidence_is_a_rung_without_a_factor():
    missing = Evidence(kind=EvidenceKind.GENE, missing="they")
    (step,) = ladder([missing], 10).steps
    assert (step.text, step.factor, step.note) == ("", 1.0, "not given by them")
    assert (step.label, step.missing) == ("no gene in common", "they")


@pytest.mark.parametrize(
    ("factor", "label"),
    [(1.2, "gene in common"), (1, "no gene in common"), (0.5, "no gene in common")],
)
def test_rung_is_named_for_the_way_it_points(factor, label):
    (step,) = ladder([evidence(EvidenceKind.GENE, factor)], 10).steps
    assert step.label == label


def test_rung_that_is_shown_but_not_counted_says_so():
    item = Evidence(
        kind=EvidenceKind.INHERITANCE, details={"weight": 0.0, "unweighted": 0.6}
    )
    (step,) = ladder([item], 10).steps
    assert (step.text, step.note) == ("× 1", "shown, but not counted")


def test_the_kind_that_decides_is_named():
    assert rungs(1300, 80, 1.2).decisive == (
        "Without the gene this pair would be at 1 in 7: the gene decides."
    )
    assert rungs(4, 80, 40).decisive == (
        "Without the gene this pair would be less likely than 1 in 50: the gene decides."
    )


@pytest.mark.parametrize("factors", [(56, 5.5), (56, 5.0)])
def test_what_halves_the_probability_decides(factors):
    assert rungs(*factors, searched=100).decisive.startswith("Without the gene")


def test_what_takes_less_than_half_does_not_decide():
    assert rungs(70, 5.5, searched=100).decisive == ""


@pytest.mark.parametrize(
    "factors", [(1300,), (1300, 1.2), (1e6, 80), (1300, 4.9), (0.001, 80)]
)
def test_nothing_decides_that_changes_little(factors):
    assert rungs(*factors).decisive == ""


@given(st.lists(st.floats(-13, 20), max_size=3), st.integers(1, 10**7))
def test_printed_numbers_multiply_to_the_printed_result(values, searched):
    found = ladder(
        [Evidence(kind=k, log_likelihood_ratio=v) for k, v in zip(KINDS, values)],
        searched,
    )
    odds = math.prod(step.factor for step in found.steps) / found.one_in
    assert found.result == frequency(round(odds / (1 + odds), 12)).words
    for step in found.steps:
        assert float(step.text.removeprefix("× ").replace(",", "")) == step.factor


@pytest.mark.parametrize(
    ("factors", "result"),
    [
        ((1300, 80, 1.2), "at least 1 in 4"),
        ((1500,), "1 in 50 to 1 in 4"),
        ((4,), "less likely than 1 in 50"),
    ],
)
def test_outside_only_a_range_is_told(factors, result):
    found = banded(rungs(*factors))
    assert (found.result, found.frequency, found.decisive) == (result, None, "")


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (1300, "about × 1,000"),
        (80, "about × 100"),
        (0.36, "about × 1"),
        (0.2, "about × 0.1"),
    ],
)
def test_outside_factors_are_powers_of_ten(factor, text):
    (step,) = banded(rungs(factor)).steps
    assert step.text == text


def test_outside_missing_evidence_stays_missing():
    missing = Evidence(kind=EvidenceKind.GENE, missing="you")
    (step,) = banded(ladder([missing], 10)).steps
    assert (step.missing, step.text) == ("you", "")


def test_ladder_as_json():
    found = rungs(80).to_json()
    assert found["one_in"] == 9855
    assert found["frequency"] == {"count": 0, "of": 50}
    assert found["steps"] == [
        {
            "kind": "phenotype",
            "label": "phenotype",
            "factor": 80.0,
            "text": "× 80",
            "missing": "",
            "note": "",
        }
    ]
    assert banded(rungs(80)).to_json()["frequency"] is None
