"""Of two processes that switch at once one wins and the other is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from matcher.storage.database import Database
from ontologies.pointer import pointed
from web.audit import Audit

from .conftest import Place

CONTENDER = Path(__file__).parent / "contender.py"


def contender(place: Place, actor: str) -> subprocess.Popen[str]:
    newer = place.edition(place.newer)
    return subprocess.Popen(
        [sys.executable, str(CONTENDER), actor, newer.release_id, newer.calibration],
        env={**os.environ, "SECONDCASE_DATA": str(place.directory)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_two_processes_at_once_one_wins_and_the_other_is_told(
    place: Place, db: Database
) -> None:
    older, newer = place.active, place.edition(place.newer)
    names = ("dana", "erin")
    processes = [contender(place, name) for name in names]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "looked\n"
    # Both have seen the older one active by now.
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = {name: p.communicate()[0] for name, p in zip(names, processes)}

    (winner,) = (name for name, words in said.items() if words == "won\n")
    (told,) = (words for name, words in said.items() if name != winner)
    assert told.startswith(f"told: Active is {newer.release_id}")
    assert (pointed(place.directory).active, pointed(place.directory).before) == (
        newer,
        (older,),
    )
    assert [each.actor for each in Audit(db).entries()] == [winner]
