"""Whoever is killed while switching leaves the release before or the one after."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
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
LONGEST = 0.4


@pytest.mark.parametrize(
    "kills", [8, pytest.param(200, marks=pytest.mark.full)], ids=str
)
def test_killed_at_any_point_it_is_old_or_new(place: Place, kills: int) -> None:
    newer = place.edition(place.newer)
    both = {newer, place.edition(place.older)}
    choose, states = random.Random(7), set()
    switcher = subprocess.Popen(
        [sys.executable, str(SWITCHER), newer.release_id, newer.calibration],
        env={**os.environ, "SECONDCASE_DATA": str(place.directory)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert switcher.stdin and switcher.stdout
    pause = threading.Event()
    for _ in range(kills):
        switcher.stdin.write("\n")
        switcher.stdin.flush()
        child = int(switcher.stdout.readline())
        pause.wait(choose.uniform(0.05, LONGEST))
        os.kill(child, signal.SIGKILL)
        assert int(switcher.stdout.readline()) == signal.SIGKILL

        found = pointed(place.directory)
        states.add(found.active)
        assert found.active in both
        assert len(found.before) <= 1
        assert open_release().release_id == found.active.release_id
    switcher.communicate()

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
    assert len(done) > kills
    assert set(done) == {ACTIVATED, ROLLED_BACK}
    unfinished = [p for p in (place.directory / "releases").glob(".active-*")]
    assert unfinished == []
