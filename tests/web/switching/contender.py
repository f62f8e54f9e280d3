"""Activates a release when it is told to: `contender.py ACTOR RELEASE CALIBRATION`.

It says "looked" once it has seen what is active, goes on at the next line, and says what came
of it.
"""

from __future__ import annotations

import sys
from contextlib import closing

from switcher import admitted, opened

from ontologies.curation.admission import Verdict
from ontologies.errors import ActiveReleaseChanged
from ontologies.library import data_directory
from ontologies.pointer import pointed
from web.config import load_settings
from web.switching.activating import Curator


def judge(release_id: str) -> Verdict:
    """Asked after it was looked whether the expected release is still active."""
    print("looked", flush=True)
    sys.stdin.readline()
    return admitted(release_id)


def main(actor: str, release_id: str, calibration: str) -> None:
    with closing(opened()) as db:
        curator = Curator(db, load_settings(), actor, judge=judge)
        expected = pointed(data_directory()).active
        try:
            curator.activate(release_id, expected=expected, calibration=calibration)
        except ActiveReleaseChanged as error:
            print(f"told: {error}", flush=True)
        else:
            print("won", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
