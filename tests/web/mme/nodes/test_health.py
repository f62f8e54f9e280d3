"""When a peer that fails is asked again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from matcher.storage.database import Database
from web.db import open_database
from web.mme.nodes import Nodes
from web.mme.nodes.health import LONGEST, SHORTEST, TRIAL, Breaker, Health

from .conftest import Clock


@pytest.fixture
def node_id(db: Database) -> int:
    nodes = Nodes(db)
    nodes.add("Island")
    return nodes.get("Island").node_id


@pytest.fixture
def breaker(db: Database, clock: Clock) -> Breaker:
    return Breaker(db, clock, chance=lambda: 0.0)


def wait_of(breaker: Breaker, node_id: int, clock: Clock) -> timedelta:
    until = breaker.health(node_id).open_until
    assert until is not None
    return datetime.fromisoformat(until) - clock.now


def test_a_peer_of_which_nothing_is_known_is_asked(
    breaker: Breaker, node_id: int
) -> None:
    assert breaker.admits(node_id) and breaker.admits(node_id)


def test_each_failure_doubles_the_wait_up_to_a_day(
    breaker: Breaker, node_id: int, clock: Clock
) -> None:
    waits = []
    for _ in range(60):
        breaker.failed(node_id)
        waits.append(wait_of(breaker, node_id, clock))

    doubled = [min(SHORTEST * 2 ** min(n, 11), LONGEST) for n in range(60)]
    assert waits == doubled


def test_chance_makes_a_wait_longer_but_never_over_a_day(
    db: Database, node_id: int, clock: Clock
) -> None:
    breaker = Breaker(db, clock, chance=lambda: 1.0)

    breaker.failed(node_id)

    assert wait_of(breaker, node_id, clock) == SHORTEST * 1.25
    for _ in range(12):
        breaker.failed(node_id)
    assert wait_of(breaker, node_id, clock) == LONGEST


def test_one_question_goes_through_when_the_wait_is_over(
    breaker: Breaker, node_id: int, clock: Clock
) -> None:
    breaker.failed(node_id)
    clock.wait(seconds=59)
    assert not breaker.admits(node_id)

    clock.wait(seconds=2)

    assert [breaker.admits(node_id) for _ in range(3)] == [True, False, False]


def test_another_goes_through_if_the_first_never_tells(
    breaker: Breaker, node_id: int, clock: Clock
) -> None:
    breaker.failed(node_id)
    clock.wait(minutes=2)
    assert breaker.admits(node_id)

    clock.wait(seconds=TRIAL.total_seconds() + 1)

    assert breaker.admits(node_id)


def test_an_answer_closes_the_breaker(
    breaker: Breaker, node_id: int, clock: Clock
) -> None:
    breaker.failed(node_id)
    breaker.failed(node_id)

    breaker.succeeded(node_id, latency_ms=12)

    health = breaker.health(node_id)
    assert (health.failures, health.open_until, health.latency_ms) == (0, None, 12)
    assert health.succeeded_at is not None and health.failing_since is None
    assert breaker.admits(node_id)


def test_silence_counts_from_the_first_failure(
    breaker: Breaker, node_id: int, clock: Clock
) -> None:
    breaker.failed(node_id)
    since = breaker.health(node_id).failing_since
    clock.wait(hours=3)

    breaker.failed(node_id)

    assert breaker.health(node_id).failing_since == since
    assert breaker.health(node_id).failures == 2


def test_a_peer_that_asks_for_time_gets_it_and_no_more_than_a_day(
    breaker: Breaker, node_id: int, clock: Clock
) -> None:
    breaker.failed(node_id, retry_after=600)
    assert wait_of(breaker, node_id, clock) == timedelta(minutes=10)

    breaker.failed(node_id, retry_after=10**9)
    assert wait_of(breaker, node_id, clock) == LONGEST


def test_a_refusal_is_no_failure(breaker: Breaker, node_id: int, clock: Clock) -> None:
    breaker.failed(node_id)

    breaker.refused(node_id)

    assert breaker.admits(node_id)
    assert breaker.health(node_id).failures == 0


def test_a_refusal_for_a_while_is_kept_to(
    breaker: Breaker, node_id: int, clock: Clock
) -> None:
    breaker.refused(node_id, retry_after=90)

    assert not breaker.admits(node_id)
    clock.wait(seconds=91)
    assert breaker.admits(node_id)
    breaker.refused(node_id, retry_after=10**9)
    assert wait_of(breaker, node_id, clock) == LONGEST


def test_of_many_at_once_one_question_goes_through(
    breaker: Breaker, node_id: int, clock: Clock, tmp_path: Path
) -> None:
    breaker.failed(node_id)
    clock.wait(minutes=1)

    def admits(number: int) -> bool:
        with closing(open_database(tmp_path / "secondcase.db")) as own:
            return Breaker(own, clock).admits(node_id)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admits, range(24))) == 1


def test_nothing_is_kept_of_a_peer_that_was_removed_meanwhile(
    db: Database, breaker: Breaker, node_id: int
) -> None:
    Nodes(db).remove("Island")

    breaker.failed(node_id)
    breaker.succeeded(node_id, 5)

    assert breaker.health(node_id) == Health()


def test_the_state_outlives_the_process(
    db: Database, breaker: Breaker, node_id: int, clock: Clock
) -> None:
    breaker.failed(node_id)

    assert not Breaker(db, clock).admits(node_id)


def test_an_operator_can_let_a_question_through(breaker: Breaker, node_id: int) -> None:
    breaker.failed(node_id)

    breaker.close(node_id)

    assert breaker.admits(node_id)


def test_how_many_cases_a_peer_has_is_kept(breaker: Breaker, node_id: int) -> None:
    breaker.has_cases(node_id, 1234)

    breaker.succeeded(node_id, latency_ms=1)

    assert breaker.health(node_id).cases == 1234
