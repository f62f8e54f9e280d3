"""Ranks, their means and their differences on a few numbers."""

import numpy as np
import pytest

from benchmarks.ranking import (
    by_disease,
    metrics_of_ranks,
    paired_bootstrap,
    ranks_of_best_hit,
)

RIGHT, WRONG = 1, 0
OWN_PUBLICATION = -1


def rank(scores, kinds):
    kinds = np.array([kinds])
    found = ranks_of_best_hit(np.array([scores]), kinds == RIGHT, kinds == WRONG)
    return found.item()


@pytest.mark.parametrize(
    "scores, kinds, expected",
    [
        ([3.0, 2.0, 1.0], [RIGHT, WRONG, WRONG], 1),
        ([3.0, 2.0, 1.0], [WRONG, WRONG, RIGHT], 3),
        ([3.0, 2.0, 1.0], [WRONG, RIGHT, RIGHT], 2),
        ([2.0, 2.0, 2.0], [WRONG, RIGHT, WRONG], 2),
        ([3.0, 2.0, 2.0], [WRONG, RIGHT, WRONG], 2.5),
        ([9.0, 2.0, 1.0], [OWN_PUBLICATION, RIGHT, WRONG], 1),
        ([-np.inf, 0.0, 1.0], [RIGHT, WRONG, WRONG], 3),
    ],
)
def test_rank_counts_better_wrong_ones_and_half_of_the_ties(scores, kinds, expected):
    assert rank(scores, kinds) == expected


def test_right_answers_never_push_the_best_one_down():
    assert rank([5.0, 5.0, 4.0], [RIGHT, RIGHT, WRONG]) == 1


def test_metrics_of_a_rank():
    found = metrics_of_ranks(np.array([1, 1.5, 10, 10.5]))
    assert found.tolist() == [
        [1, 1, 1],
        [0, 1, 1 / 1.5],
        [0, 1, 0.1],
        [0, 0, 1 / 10.5],
    ]


def test_each_disease_counts_once_however_many_queries_it_has():
    values = np.array([[1.0], [0.0], [0.5]])
    assert by_disease(values, np.array([0, 0, 1])).tolist() == [[0.5], [0.5]]


def test_difference_that_every_disease_shows_has_no_width():
    ours = np.array([[0.7], [0.4], [0.2]])
    (interval,) = paired_bootstrap(ours, ours - 0.1, seed=1, resamples=50)
    assert interval.mean == pytest.approx(0.1)
    assert (interval.low, interval.high) == pytest.approx((0.1, 0.1))


def test_interval_is_that_of_the_resampled_mean():
    random = np.random.default_rng(5)
    ours = random.normal(0.2, 1, size=(400, 1))
    (interval,) = paired_bootstrap(ours, np.zeros((400, 1)), seed=1, resamples=2000)
    error = ours.std() / np.sqrt(400)
    assert interval.low == pytest.approx(ours.mean() - 1.96 * error, abs=0.01)
    assert interval.high == pytest.approx(ours.mean() + 1.96 * error, abs=0.01)


def test_same_seed_gives_same_interval():
    ours = np.random.default_rng(5).normal(size=(30, 3))
    first = paired_bootstrap(ours, np.zeros((30, 3)), seed=2, resamples=100)
    assert first == paired_bootstrap(ours, np.zeros((30, 3)), seed=2, resamples=100)
