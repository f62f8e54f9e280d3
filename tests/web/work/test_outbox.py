"""Work that is left is done, once, by one process at a time, or the operator hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matcher.case import Case
from matcher.storage.database import Database, connect, rows, write_transaction
from matcher.storage.store import CaseStore
from web.db import open_database
from web.work.outbox import (
    LEASE,
    MOST_ATTEMPTS,
    UNSEEN_END,
    NotDone,
    Outbox,
    Work,
    delay,
)

START = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "secondcase.db")) as opened:
        yield opened


@pytest.fixture
def outbox(db: Database, clock: Clock) -> Outbox:
    return Outbox(db, clock)


def taken(outbox: Outbox) -> Work:
    work = outbox.take("letter")
    assert work is not None
    return work


def test_work_is_left_with_what_makes_it_necessary_or_not_at_all(
    db: Database, outbox: Outbox
) -> None:
    with pytest.raises(ZeroDivisionError):
        with write_transaction(db):
            outbox.add("letter", "a")
            raise ZeroDivisionError

    assert outbox.waiting() == {}


def test_work_that_waits_is_left_once(outbox: Outbox) -> None:
    outbox.add("letter", "a")
    outbox.add("letter", "a")
    outbox.add("digest", "a")

    assert outbox.waiting() == {"letter": 1, "digest": 1}


def test_what_is_left_while_the_same_is_done_is_done_after_it(outbox: Outbox) -> None:
    outbox.add("letter", "a")
    first = taken(outbox)

    outbox.add("letter", "a")
    outbox.done(first)

    assert taken(outbox).subject == "a"


def test_work_is_taken_when_it_is_due_the_longest_due_first(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.add("letter", "later", due=START + timedelta(hours=2))
    outbox.add("letter", "sooner", due=START + timedelta(hours=1))
    assert outbox.take("letter") is None

    clock.pass_by(timedelta(hours=2))

    assert [taken(outbox).subject, taken(outbox).subject] == ["sooner", "later"]


def test_leased_work_is_nobody_elses_until_the_lease_ends(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.add("letter", "a")
    lost = taken(outbox)
    clock.pass_by(LEASE - timedelta(seconds=1))
    assert outbox.take("letter") is None

    clock.pass_by(timedelta(seconds=1))
    found = taken(outbox)

    assert (found.work_id, found.attempts) == (lost.work_id, 2)


def test_late_end_of_a_lost_lease_changes_nothing(outbox: Outbox, clock: Clock) -> None:
    outbox.add("letter", "a")
    lost = taken(outbox)
    clock.pass_by(LEASE)
    taken(outbox)

    outbox.done(lost)
    outbox.failed(lost, NotDone("late", again=False))

    assert outbox.waiting() == {"letter": 1}


def test_threads_take_each_piece_once(tmp_path: Path, outbox: Outbox) -> None:
    for number in range(30):
        outbox.add("letter", str(number))

    def take_all(_: int) -> list[str]:
        with closing(connect(tmp_path / "secondcase.db")) as own:
            other = Outbox(own, Clock())
            return [work.subject for work in iter(lambda: other.take("letter"), None)]

    with ThreadPoolExecutor(4) as pool:
        found = [subject for part in pool.map(take_all, range(4)) for subject in part]

    assert sorted(map(int, found)) == list(range(30))


def test_delays_double_and_reach_five_days() -> None:
    delays = [delay(attempt) for attempt in range(1, MOST_ATTEMPTS)]

    assert delays[:3] == [timedelta(minutes=m) for m in (1, 2, 4)]
    assert timedelta(days=5) <= sum(delays, timedelta()) <= timedelta(days=6)


def test_failed_work_is_put_off_and_then_given_up(outbox: Outbox, clock: Clock) -> None:
    outbox.add("letter", "a")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        work = taken(outbox)
        assert work.attempts == attempt
        outbox.failed(work, NotDone("the mail server is down"))
        assert outbox.take("letter") is None
        clock.pass_by(delay(attempt))

    assert outbox.take("letter") is None
    assert [each.why for each in outbox.given_up()] == ["the mail server is down"]


def test_work_that_cannot_be_done_is_given_up_at_once_and_can_be_retried(
    outbox: Outbox,
) -> None:
    outbox.add("letter", "a")
    outbox.failed(taken(outbox), NotDone("no such mailbox", again=False))
    assert outbox.take("letter") is None

    assert outbox.retry() == 1

    assert list(outbox.given_up()) == []
    assert taken(outbox).attempts == 1


def test_work_whose_end_was_never_seen_is_begun_twice_at_most(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.add("letter", "a")
    for _ in range(2):
        outbox.begin(taken(outbox))
        clock.pass_by(LEASE)

    assert outbox.take("letter") is None
    assert [each.why for each in outbox.given_up()] == [UNSEEN_END]


def test_refusal_after_a_crash_leaves_the_crash_counted(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.add("letter", "a")
    outbox.begin(taken(outbox))
    clock.pass_by(LEASE)
    again = taken(outbox)
    outbox.begin(again)
    outbox.failed(again, NotDone("refused (451)"))
    clock.pass_by(delay(2))
    outbox.begin(taken(outbox))
    clock.pass_by(LEASE)

    assert outbox.take("letter") is None
    assert [each.why for each in outbox.given_up()] == [UNSEEN_END]


def test_process_that_always_dies_on_a_piece_does_not_take_it_for_ever(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.add("letter", "a")
    for _ in range(MOST_ATTEMPTS):
        taken(outbox)
        clock.pass_by(LEASE)

    assert outbox.take("letter") is None
    assert len(list(outbox.given_up())) == 1


def test_failed_work_that_was_left_again_waits_once(
    outbox: Outbox, clock: Clock
) -> None:
    outbox.add("letter", "a")
    first = taken(outbox)
    outbox.add("letter", "a")

    outbox.failed(first, NotDone("down"))

    assert outbox.waiting() == {"letter": 1}


@pytest.mark.parametrize("how", ["delete", "erase"])
def test_work_goes_with_its_case(db: Database, outbox: Outbox, how: str) -> None:
    store = CaseStore(db)
    store.put(Case(case_id="NORTH-1"), actor="alice")
    outbox.add("letter", "a", case_id="NORTH-1")

    getattr(store, how)("NORTH-1", "alice")

    assert outbox.waiting() == {}


def test_nothing_is_written_while_nothing_is_due(db: Database, outbox: Outbox) -> None:
    before = rows(db, "PRAGMA data_version")

    with closing(connect(Path(rows(db, "PRAGMA database_list")[0]["file"]))) as other:
        Outbox(other, Clock()).take("letter")

    assert rows(db, "PRAGMA data_version") == before
