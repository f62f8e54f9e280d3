"""How two lists of the same case differ, worked out by hand."""

from __future__ import annotations

import pytest

from matcher.calibration import Band
from matcher.impact.ranks import Drift, compared
from matcher.many.shortlist import Hit, Shortlist


def shortlist(*hits: tuple[str, float, Band]) -> Shortlist:
    made = [
        Hit(rank, case_id, score, score / 10, None, band, None)
        for rank, (case_id, score, band) in enumerate(hits, 1)
    ]
    return Shortlist(query_id="Q", hits=tuple(made), searched=9)


BEFORE = shortlist(
    ("a", 5.0, Band.CONTACT), ("b", 3.0, Band.LOOK), ("c", 1.0, Band.BACKGROUND)
)
AFTER = shortlist(
    ("b", 4.0, Band.CONTACT), ("a", 3.5, Band.LOOK), ("d", 2.0, Band.LOOK)
)


def test_moved_gained_and_lost_candidates_are_named() -> None:
    shift = compared(BEFORE, AFTER)

    assert (shift.case_id, shift.kept, shift.gained, shift.lost) == ("Q", 2, 1, 1)
    assert {pair.case_id: pair.moved for pair in shift.pairs} == {
        "a": 1,
        "b": 1,
        "c": 8,
        "d": 8,
    }
    assert shift.largest_move == 8


def test_a_list_that_is_the_same_has_no_pairs() -> None:
    shift = compared(BEFORE, BEFORE)

    assert (shift.pairs, shift.kept, shift.largest_move) == ((), 3, 0)


def test_drift_is_of_the_pairs_on_both_lists() -> None:
    drift = Drift()
    drift.add(BEFORE, AFTER, compared(BEFORE, AFTER))
    drift.add(BEFORE, BEFORE, compared(BEFORE, BEFORE))

    assert drift.to_json() == {
        "cases": 2,
        "same_lists": 1,
        "same_best": 1,
        "top_overlap": pytest.approx(5 / 6, abs=1e-4),
        "gained": 1,
        "lost": 1,
        "pairs": 5,
        "mean_score_shift": pytest.approx((1.5 + 1.0) / 5),
        "largest_score_shift": 1.5,
        "mean_probability_shift": pytest.approx(0.25 / 5),
        "bands": {"contact to look": 1, "look to contact": 1},
    }


def test_means_of_nothing_are_not_numbers() -> None:
    told = Drift().to_json()

    assert told["top_overlap"] is told["mean_score_shift"] is None
