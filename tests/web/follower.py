"""A process with a matcher of its own, which asks, saves and removes as it is told.

Called with a database. Lines on standard input: `find ID`, `save ID FAMILY`, `delete ID`, `keep`;
each is answered by one line.
"""

from __future__ import annotations

import sys
from pathlib import Path

from matcher.calibration import default_calibration
from matcher.case import Case, PhenotypicFeature
from matcher.storage.database import connect
from matcher.storage.store import CaseStore
from ontologies.library import fetch_release
from web.matching import LiveMatcher


def case(case_id: str, family: str) -> Case:
    signs = ("HP:0001250", "HP:0000252", "HP:0000154")
    features = tuple(PhenotypicFeature(term_id=sign) for sign in signs)
    return Case(case_id=case_id, features=features, family=family)


def answered(store: CaseStore, live: LiveMatcher, line: str) -> object:
    told, *values = line.split()
    if told == "save":
        return store.put(case(*values), actor="follower").version
    if told == "delete":
        return store.delete(values[0], "follower")
    if told == "keep":
        live.current()
        return live.keep(store)
    ranked = live.current().rank(case("query", ""), limit=None)
    return values[0] in {match.case_id for match in ranked}


def main(path: str) -> None:
    release = fetch_release(make_active=False).release
    calibration = default_calibration(release)
    with CaseStore(connect(Path(path))) as store:
        live = LiveMatcher(release, calibration, lambda: store)
        for line in sys.stdin:
            print(answered(store, live, line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
