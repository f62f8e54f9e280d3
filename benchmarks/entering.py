"""How soon the form of a case is answered while one types, on a store of 10,000 cases.

    python benchmarks/entering.py [--cases N]

Simulated cases of one site that all may be seen, so that every one is searched. Each question
keeps the draft and asks for the whole advice: how specific the profile is, what to ask, and who
may be the same person. Times are of the processor that answers, and of the clock beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from flask import Flask, g

from matcher.case import Sharing
from matcher.simulation import simulate_cases
from matcher.storage.store import CaseStore
from ontologies import Release, open_release
from web import create_app
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Person, Role
from web.config import Settings
from web.db import open_database
from web.pages.entry.advice import advice
from web.pages.entry.bases import empty_case
from web.pages.entry.drafts import Draft

ASKED = 200
WARMING = 10
SEED = 11


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    count = parser.parse_args().cases
    release = open_release()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(directory=Path(folder), secret_key="0" * 64)
        app = create_app(settings, release=release)
        person = filled(settings, release, count)
        processor, clock = times(app, person, release)
    for name, took in (("processor", processor), ("clock", clock)):
        cuts = quantiles(took, n=100)
        print(f"{name}: median {cuts[49]:.0f} ms, 95th percentile {cuts[94]:.0f} ms")


def filled(settings: Settings, release: Release, count: int) -> Person:
    """Put so many cases of one site into the store; somebody who may open them all."""
    with CaseStore.open(settings.database) as store:
        cases = (
            replace(case, site="North", submitter="alice", sharing=Sharing.SITE)
            for case in simulate_cases(release, count, seed=SEED)
        )
        store.put_many(cases, actor="alice")
    db = open_database(settings.database)
    try:
        people = Accounts(db, Passwords())
        people.add(
            "alice", "a second case is a disease", roles=[Role.CLINICIAN], site="North"
        )
        return people.find("alice")
    finally:
        db.close()


def times(
    app: Flask, person: Person, release: Release
) -> tuple[list[float], list[float]]:
    """Milliseconds of the processor and of the clock for each answer."""
    processor, clock = [], []
    asked = simulate_cases(release, ASKED + WARMING, seed=SEED + 1)
    for number, case in enumerate(asked):
        with app.test_request_context():
            base = empty_case(person)
            draft = replace(Draft.from_case(case, 0), version=0)
            before = process_time(), perf_counter()
            advice(person, draft, base)
            after = process_time(), perf_counter()
            g.pop("database", None)
        if number >= WARMING:
            processor.append(1000 * (after[0] - before[0]))
            clock.append(1000 * (after[1] - before[1]))
    return processor, clock


if __name__ == "__main__":
    main()
