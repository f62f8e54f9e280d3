"""A profile of rare findings stands out more than one of usual findings."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from matcher import Matcher
from matcher.calibration import default_calibration
from matcher.case import Case, PhenotypicFeature
from matcher.guidance import Specificity, specificity
from ontologies import Release

USUAL = ("HP:0001250", "HP:0001263", "HP:0001252")
RARE = ("HP:0006237", "HP:0000677", "HP:0011343")


@pytest.fixture(scope="module")
def matcher(release: Release) -> Matcher:
    return Matcher(release, calibration=default_calibration(release))


def depth(matcher: Matcher, observed: Iterable[str]) -> Specificity | None:
    features = tuple(PhenotypicFeature(term_id=i) for i in observed)
    question = matcher.question(Case(case_id="q", features=features))
    return specificity(matcher, question)


def test_usual_findings_expect_more_unrelated_cases_than_rare_ones(
    matcher: Matcher,
) -> None:
    usual, rare = depth(matcher, USUAL), depth(matcher, RARE)

    assert usual is not None and rare is not None
    assert usual.expected > 20 * rare.expected


def test_more_rare_findings_are_more_specific(matcher: Matcher) -> None:
    few, more = depth(matcher, USUAL), depth(matcher, (*USUAL, *RARE))

    assert few is not None and more is not None
    assert more.expected < few.expected
    assert set(more.carriers) == set(RARE)


def test_nothing_observed_has_no_depth(matcher: Matcher) -> None:
    assert depth(matcher, ()) is None


def test_order_of_the_findings_does_not_matter(matcher: Matcher) -> None:
    assert depth(matcher, RARE) == depth(matcher, RARE[::-1])
