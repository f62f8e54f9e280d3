"""Whoever is killed while switching leaves the release before or the one after."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from ontologies import open_release
from ontologies.pointer import pointed
from web.audit import Audit
from web.db import open_database
from web.switching.activating import ACTIVATED, FOUND, ROLLED_BACK

from .conftest import Place

SWITCHER = Path(__file__).parent / "switcher.py"
# A child is killed within the switch after so many at most.
MOST_SWITCHES = 2


class Switcher:
    """The process whose children switch until they are killed."""

    def __init__(self, place: Place) -> None:
        newer = place.edition(place.newer)
        self._process = subprocess.Popen(
            [sys.executable, str(SWITCHER), newer.release_id, newer.calibration],
            env={**os.environ, "SECONDCASE_DATA": str(place.directory)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._choose = random.Random(7)
        self._pause = threading.Event()
        # How long switches take on this machine at this moment.
        self._seconds = [0.1]
        self.switched = 0

    def kill_one(self) -> None:
        """Let a child switch, and kill it at some point of a switch."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        child = int(self._line())
        for _ in range(self._choose.randint(0, MOST_SWITCHES)):
            begun = time.monotonic()
            assert self._line() == "switched"
            self._seconds.append(time.monotonic() - begun)
            self.switched += 1
        longest = 1.5 * statistics.median(self._seconds[-9:])
        self._pause.wait(self._choose.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        while (said := self._line()) == "switched":
            self.switched += 1
        assert said == f"ended {int(signal.SIGKILL)}"

    def end(self) -> None:
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@pytest.mark.parametrize(
    "kills", [8, pytest.param(200, marks=pytest.mark.full)], ids=str
)
def test_killed_at_any_point_it_is_old_or_new(place: Place, kills: int) -> None:
    newer = place.edition(place.newer)
    both, states = {newer, place.edition(place.older)}, set()
    switcher = Switcher(place)
    for _ in range(kills):
        switcher.kill_one()

        found = pointed(place.directory)
        states.add(found.active)
        assert found.active in both
        assert len(found.before) <= 1
        assert open_release().release_id == found.active.release_id
    switcher.end()

    assert states == both
    with closing(open_database(place.settings.database)) as db:
        audit = Audit(db)
        assert audit.first_break() is None
        done = [e.action for e in audit.entries() if e.action != FOUND]
        if place.active == newer:
            place.curator(db).roll_back(expected=newer)
        else:
            place.curator(db).activate(
                newer.release_id,
                expected=place.active,
                calibration=newer.calibration,
            )
    # Every switch that took place is on record, and at most one more for each kill.
    assert switcher.switched <= len(done) - 2 <= switcher.switched + kills
    assert set(done) == {ACTIVATED, ROLLED_BACK}
    unfinished = [p for p in (place.directory / "releases").glob(".active-*")]
    assert unfinished == []
