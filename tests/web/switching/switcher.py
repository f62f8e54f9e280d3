"""Switches back and forth in children that may be killed: `switcher.py RELEASE CALIBRATION`.

For each line that it reads it tells the number of a new child, then "switched" for each switch of
the child, and at last how the child ended.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing

from matcher.storage.database import Database
from ontologies import open_release
from ontologies.curation.admission import Verdict
from ontologies.curation.records import read_record
from ontologies.library import data_directory
from ontologies.pointer import pointed
from web import matching
from web.config import load_settings
from web.db import open_database
from web.switching.activating import Curator


def admitted(release_id: str) -> Verdict:
    """The slices of the tests have warnings, which are judged elsewhere."""
    record = read_record(release_id, data_directory())
    return Verdict(open_release(release_id), None, (), record)


def switch(db: Database, release_id: str, calibration: str) -> None:
    """Activate the release or, if it is active, roll back."""
    curator = Curator(db, load_settings(), "switcher", judge=admitted)
    active = pointed(data_directory()).active
    assert active is not None
    if active.release_id == release_id:
        curator.roll_back(expected=active)
    else:
        curator.activate(release_id, expected=active, calibration=calibration)


def opened() -> Database:
    return open_database(load_settings().database)


def main(release_id: str, calibration: str) -> None:
    """For each line a child, which switches until it is killed."""
    matching.WORTH_KEEPING = 2
    with closing(opened()) as db:
        # What is slow at the first time only is behind the children.
        for _ in range(2):
            switch(db, release_id, calibration)
    for _ in iter(sys.stdin.readline, ""):
        child = os.fork()
        if not child:
            print(os.getpid(), flush=True)
            db = opened()
            while True:
                switch(db, release_id, calibration)
                print("switched", flush=True)
        print(f"ended {os.waitpid(child, 0)[1]}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
