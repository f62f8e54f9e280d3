"""`python -m web.groups RELEASE DIRECTORY`: makes the groups that are due; ends with its parent."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

from ontologies import open_release
from web import logs
from web.config import load_settings
from web.db import open_database
from web.groups.making import Maker
from web.service import as_set, chosen_calibration

# Not lower: it holds the lock of the database for a moment, when everybody else waits.
LOW_PRIORITY = 5


def main(release_id: str, directory: str) -> None:
    """Make them for the settings and the database of a directory, at low priority."""
    parent = os.getppid()

    def end_with_parent(task: str, done: int, total: int) -> None:
        if os.getppid() != parent:
            raise SystemExit("whoever wanted groups is gone")

    os.nice(LOW_PRIORITY)
    settings = load_settings(directory=Path(directory))
    logs.configure(settings.log_level)
    release = open_release(release_id)
    calibration = as_set(chosen_calibration(settings, release), settings)
    with closing(open_database(settings.database)) as db:
        Maker(
            db=db,
            release=release,
            calibration=calibration,
            settings=settings,
            processes=os.cpu_count() or 1,
            progress=end_with_parent,
        ).make_due()


if __name__ == "__main__":
    main(*sys.argv[1:])
