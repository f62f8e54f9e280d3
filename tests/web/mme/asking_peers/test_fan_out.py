"""Calls side by side: results as they come, and an end whatever they do."""

from __future__ import annotations

import threading

import pytest

from web.mme.asking.calling.fan_out import fan_out

PATIENCE = 30.0


def test_results_come_as_they_are_done() -> None:
    first, second = threading.Event(), threading.Event()
    calls = {
        "slow": lambda: second.wait(PATIENCE),
        "fast": lambda: first.wait(PATIENCE),
    }
    found = fan_out(calls, seconds=PATIENCE, threads=2)

    first.set()
    assert next(found) == ("fast", True)
    second.set()

    assert list(found) == [("slow", True)]


def test_results_that_wait_come_in_the_order_in_which_they_were_done() -> None:
    last = threading.Event()
    calls = {n: lambda n=n: n == 19 and last.set() for n in range(20)}
    found = fan_out(calls, seconds=PATIENCE, threads=1)

    first = next(found)
    assert last.wait(PATIENCE)

    assert [key for key, _ in [first, *found]] == list(range(20))


def test_what_is_not_done_in_time_is_none_and_holds_nobody_up() -> None:
    never = threading.Event()

    found = dict(
        fan_out(
            {"never": lambda: never.wait(PATIENCE), "done": lambda: True},
            seconds=0.2,
            threads=2,
        )
    )
    never.set()

    assert found == {"never": None, "done": True}


def test_no_more_threads_than_allowed_are_at_work() -> None:
    at_work: list[str] = []
    most: list[int] = []

    def work() -> None:
        at_work.append("x")
        most.append(len(at_work))
        at_work.pop()

    list(fan_out({n: work for n in range(50)}, seconds=PATIENCE, threads=1))

    assert len(most) == 50 and max(most) == 1


def test_nobody_to_call_is_no_result() -> None:
    assert list(fan_out({}, seconds=1, threads=4)) == []


def test_an_error_of_ours_is_raised() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(fan_out({"x": broken}, seconds=PATIENCE, threads=1))
