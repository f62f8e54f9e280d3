"""What is worth asking: the term whose answer tells the candidates apart."""

from __future__ import annotations

import math

import pytest

from matcher import Matcher
from matcher.calibration import default_calibration
from matcher.case import Case, PhenotypicFeature
from matcher.guidance import worth_asking
from matcher.guidance.questions import SHOWN_AGAIN
from ontologies import Release

SEIZURE, OLIGODONTIA, JOINTS, MOUTH = (
    "HP:0001250",
    "HP:0000677",
    "HP:0006237",
    "HP:0000154",
)
ECZEMA, NAILS, ABSENT_SPEECH = "HP:0000964", "HP:0002164", "HP:0001344"
QUERY = (OLIGODONTIA, JOINTS, MOUTH, SEIZURE)


def case(case_id: str, *observed: str, excluded: tuple[str, ...] = ()) -> Case:
    return Case(
        case_id=case_id,
        features=(
            *(PhenotypicFeature(term_id=i) for i in observed),
            *(PhenotypicFeature(term_id=i, excluded=True) for i in excluded),
        ),
    )


@pytest.fixture(scope="module")
def matcher(release: Release) -> Matcher:
    """A site with two close cases that differ in a few findings, and a far one."""
    cases = [
        case("near", OLIGODONTIA, JOINTS, MOUTH, ECZEMA, NAILS),
        case("next", OLIGODONTIA, JOINTS, SEIZURE, ECZEMA, excluded=(NAILS,)),
        case("far", "HP:0000510", "HP:0000365", ABSENT_SPEECH),
    ]
    return Matcher(release, cases, default_calibration(release))


def asked(matcher: Matcher, query: Case, limit: int = 5) -> list[str]:
    matches = matcher.rank(query)
    return [a.term_id for a in worth_asking(query, matches, matcher.release, limit)]


def test_answer_that_separates_the_closest_comes_first(matcher: Matcher) -> None:
    query = case("q", *QUERY)

    by_id = {
        a.term_id: a
        for a in worth_asking(query, matcher.rank(query), matcher.release, 5)
    }
    assert next(iter(by_id)) == NAILS
    assert by_id[NAILS].shown_by == ("near",)
    assert by_id[NAILS].ruled_out_by == ("next",)
    assert set(by_id[ECZEMA].shown_by) == {"near", "next"}


def test_what_is_answered_is_not_asked(matcher: Matcher) -> None:
    found = asked(matcher, case("q", *QUERY, NAILS, excluded=(ECZEMA,)))

    assert NAILS not in found and ECZEMA not in found
    assert not set(found) & set(QUERY)


def test_broader_exclusion_answers_the_narrower_question(
    matcher: Matcher, release: Release
) -> None:
    (broader,) = release.ontology.parents(ECZEMA)[:1]

    assert ECZEMA not in asked(matcher, case("q", *QUERY, excluded=(broader,)))


def test_no_question_is_a_kind_of_another(matcher: Matcher, release: Release) -> None:
    found = asked(matcher, case("q", OLIGODONTIA, JOINTS, MOUTH), limit=9)

    for term_id in found:
        broader = release.ontology.ancestors(term_id) - {term_id}
        assert not broader & set(found)


def test_nobody_alike_leaves_nothing_to_ask(release: Release) -> None:
    assert worth_asking(case("q", *QUERY), [], release) == []


def test_bits_are_the_mutual_information_of_two_equal_hypotheses(
    release: Release,
) -> None:
    """One candidate at even odds: w = 1/2 each, p = SHOWN_AGAIN against the usual share."""
    alone = Matcher(
        release, [case("near", *QUERY, NAILS)], default_calibration(release)
    )
    (match,) = alone.rank(case("q", *QUERY))
    ask, *_ = [
        a
        for a in worth_asking(case("q", *QUERY), [match], release, 9)
        if a.term_id == NAILS
    ]

    usual = min(max(1 / release.information_content.rarity(NAILS), 0.005), 0.3)
    w = min(match.probability, 0.9)
    overall = w * SHOWN_AGAIN + (1 - w) * usual
    expected = entropy(overall) - w * entropy(SHOWN_AGAIN) - (1 - w) * entropy(usual)
    assert ask.bits == pytest.approx(expected)


def entropy(p: float) -> float:
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)
