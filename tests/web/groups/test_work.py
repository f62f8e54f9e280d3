"""Groups are made again beside the requests: when something changed, and not all the time."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matcher.calibration import Calibration
from matcher.storage.database import Database
from ontologies import Release
from web.groups import work
from web.groups.work import GROUPS, REST, Grouping
from web.work.outbox import Outbox
from web.worker import Done

from ..conftest import Cast, case_of
from .grouping import database, fill, make, members

MUCH_LATER = timedelta(days=1)


@dataclass
class Clock:
    """A clock that the test sets."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def db(cast: Cast) -> Iterator[Database]:
    with database(cast) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def grouping(cast: Cast, release: Release, clock: Clock) -> Grouping:
    fill(cast)
    return Grouping(
        settings=cast.settings, release_id=lambda: release.release_id, clock=clock
    )


def is_left(grouping: Grouping, db: Database) -> bool:
    """Whether the making of groups is left to be done; it is taken away again."""
    grouping.leave_due(db)
    left = Outbox(db).waiting().get(GROUPS, 0)
    db.execute("DELETE FROM outbox")
    db.conn.commit()
    return bool(left)


def test_the_first_groups_are_made_at_once(grouping: Grouping, db: Database) -> None:
    assert is_left(grouping, db)


def test_one_making_is_left_at_a_time(grouping: Grouping, db: Database) -> None:
    grouping.leave_due(db)
    grouping.leave_due(db)

    assert Outbox(db).waiting() == {GROUPS: 1}


def test_nothing_is_left_where_nothing_changed(
    grouping: Grouping,
    db: Database,
    clock: Clock,
    cast: Cast,
    release: Release,
    calibration: Calibration,
) -> None:
    make(cast, release, calibration)
    clock.ahead = MUCH_LATER

    assert not is_left(grouping, db)
    cast.put(case_of("NORTH-3"))
    assert is_left(grouping, db)


def test_groups_rest_for_as_long_as_they_deserve(
    grouping: Grouping,
    db: Database,
    clock: Clock,
    cast: Cast,
    release: Release,
    calibration: Calibration,
) -> None:
    make(cast, release, calibration)
    cast.put(case_of("NORTH-3"))
    assert not is_left(grouping, db)
    clock.ahead = REST + timedelta(seconds=1)
    assert is_left(grouping, db)

    db.execute("UPDATE group_views SET seconds = 60")
    db.conn.commit()
    assert not is_left(grouping, db)
    clock.ahead = timedelta(minutes=9, seconds=2)
    assert is_left(grouping, db)


def test_a_new_release_makes_them_again(
    grouping: Grouping,
    db: Database,
    clock: Clock,
    cast: Cast,
    release: Release,
    calibration: Calibration,
) -> None:
    make(cast, release, calibration)
    clock.ahead = MUCH_LATER
    grouping.release_id = lambda: "another"

    assert is_left(grouping, db)


def test_nothing_is_made_before_the_first_release(
    grouping: Grouping, db: Database
) -> None:
    grouping.release_id = lambda: None

    assert not is_left(grouping, db)


def test_the_worker_lets_a_process_make_them(grouping: Grouping, cast: Cast) -> None:
    assert grouping.worker().once() == Done(done=1)

    assert ["NORTH-1", "NORTH-2", "HARBOUR-1"] in members(cast, "North")


def test_a_process_that_fails_is_tried_again_later(
    grouping: Grouping, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "CHILD", ("-c", "raise SystemExit(3)"))

    assert grouping.worker().once() == Done(failed=1)
    [row] = db.query("SELECT why, attempts FROM outbox")
    assert row == {
        "why": "the process that makes groups ended with status 3",
        "attempts": 1,
    }
    grouping.leave_due(db)
    assert Outbox(db).waiting() == {GROUPS: 1}


def test_work_that_takes_long_is_held(
    grouping: Grouping,
    db: Database,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "CHILD", ("-c", "input_ = __import__('time').sleep(1)"))
    monkeypatch.setattr(work, "BEAT_SECONDS", 0.1)
    grouping.leave_due(db)
    outbox = Outbox(db, clock)
    leased = outbox.take(GROUPS)
    assert leased is not None
    # Its lease would be over by now.
    clock.ahead = timedelta(minutes=11)

    grouping.make(db, leased)

    assert outbox.take(GROUPS) is None


def test_ending_the_service_ends_the_process(
    grouping: Grouping, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "CHILD", ("-c", "__import__('time').sleep(60)"))
    grouping.end()

    # Nothing is begun, nor told of as a failure; it is left again when a service begins.
    assert grouping.worker().once() == Done(done=1)
    assert grouping._child is None


CHILD_SCRIPT = """
import sys, time
from web.groups import __main__ as making
class Endless:
    def __init__(self, *, progress, **_):
        self.progress = progress
    def make_due(self):
        print("begun", flush=True)
        while True:
            self.progress("", 0, 0)
            time.sleep(0.02)
making.Maker = Endless
making.main(*sys.argv[1:])
"""
PARENT_SCRIPT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print(child.pid, flush=True)
"""


def test_a_process_ends_when_its_parent_is_gone(cast: Cast, release: Release) -> None:
    arguments = [release.release_id, str(cast.settings.directory)]
    child = [sys.executable, "-c", CHILD_SCRIPT, *arguments]
    parent = subprocess.run(
        [sys.executable, "-c", PARENT_SCRIPT, *child],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )

    deadline = time.monotonic() + 10
    while is_running(int(parent.stdout)) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not is_running(int(parent.stdout))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.split()[0] != "Z"
