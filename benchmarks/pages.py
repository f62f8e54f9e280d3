"""How large and how quick every page of a clinician is on a store of 10,000 cases.

    python benchmarks/pages.py [--cases N] [--rounds N] [--json FILE]

Cases are simulated, a third of them at each of three sites of one node; the reader is a clinician
and the operator of the first. Two peers have told of patients. Every page of the map of routes is
asked for several cases in turn, within one process; beside each time stand what it cost of a
processor, and its ratio to a page that asks nothing (`/keyboard`) in the same round. The first
round warms up and is not counted. The exit status is 1 if a page is larger than 300 kB, or slower
than 500 ms by its 95th percentile.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table

from matcher import Calibration, Case
from matcher.calibration import default_calibration
from matcher.case import Contact, Sharing
from matcher.simulation import simulate_cases
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies import Release, open_release
from ontologies.library import data_directory
from web import create_app
from web.accounts import Accounts, Passwords, Role
from web.config import Settings
from web.db import open_database
from web.mme.asking.answers import Answer, RemoteCase, State
from web.mme.asking.reading.comparison import Comparison
from web.mme.asking.kept import Kept
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.unrecognised.arriving import Arrivals, Arrived, Kind
from web.verdicts.kept import Verdicts
from web.verdicts.verdict import Judged, PairKey, Said

SITES = ("North", "Harbour", "Island")
PEERS = ("Valley", "Ridge")
# Of one peer no more are kept.
UNKNOWN = 200
PATIENTS = 10
ASKING = 6
READER, PASSWORD = "reader", "a second case is a disease"
TRIVIAL = "/keyboard"
MOST_BYTES, MOST_MS = 300_000, 500.0
SEED = 5
# Files, answers to single keystrokes, and pages that need what somebody wrote or sent, or that
# she is not logged in.
NOT_ASKED = frozenset(
    f"pages.{name}"
    for name in (
        "account.log_in",
        "conversations.show",
        "curation.changes.as_file",
        "curation.changes.show",
        "curation.update.show",
        "exports.csv_of_pair",
        "exports.csv_of_patient",
        "exports.json_of_list",
        "exports.json_of_pair",
        "exports.json_of_patient",
        "exports.phenopacket",
        "exports.phenopacket_of_pair",
        "exports.phenopacket_of_patient",
        "group_exports.as_csv",
        "group_exports.as_json",
        "groups.one",
        "imports.show",
        "new_password.show",
        "node.peer.report",
        "notices.one",
        "openid.back",
        "openid.begin",
        "outside_letters.show",
        "second_factor.ask",
        "terms.diseases",
        "terms.genes",
        "terms.search",
    )
)
# Of so many earlier lists of a case the history is told.
LOOKS = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """One kind of page: its largest answer, how long the answers took, and what they cost."""

    page: str
    bytes: int
    median_ms: float
    p95_ms: float
    processor_ms: float
    ratio: float

    @property
    def is_good(self) -> bool:
        """Whether it is as small and quick as is promised."""
        return self.bytes <= MOST_BYTES and self.p95_ms <= MOST_MS


def stored_cases(release: Release, count: int) -> Iterator[Case]:
    """So many simulated cases, of three sites in turn, shared so that all of them meet."""
    for number, case in enumerate(simulate_cases(release, count, seed=SEED)):
        site = SITES[number % len(SITES)]
        yield dataclasses.replace(
            case,
            case_id=f"{site.upper()}-{number:06}",
            site=site,
            submitter=READER if site == SITES[0] and number < 600 else "somebody",
            sharing=Sharing.EXCHANGE_1 if number % 2 else Sharing.NETWORK,
            contact=Contact(
                name="Dr Simulated", href="mailto:a@b.example", institution=site
            ),
            simulated=True,
        )


@dataclass(frozen=True, slots=True)
class World:
    """The application, and the cases that the reader asks about."""

    app: Flask
    client: FlaskClient
    asking: Sequence[Case]


@contextlib.contextmanager
def world(release: Release, calibration: Calibration, count: int) -> Iterator[World]:
    """A node with so many cases, its reader logged in, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(directory=Path(folder), secret_key="0123456789abcdef" * 4)
        for name in ("releases", "sources", "calibrations"):
            if (data_directory() / name).exists():
                (Path(folder) / name).symlink_to(data_directory() / name)
        db = open_database(settings.database)
        with contextlib.closing(db):
            cases = list(stored_cases(release, count))
            CaseStore(db).put_many(iter(cases), actor="benchmark")
            Accounts(db, Passwords()).add(
                READER,
                PASSWORD,
                roles=[Role.CLINICIAN, Role.CURATOR, Role.OPERATOR],
                site=SITES[0],
            )
            asking = [
                case
                for case in cases
                if case.submitter == READER and len(case.observed) > 4
            ][:ASKING]
            for each in asking:
                tell_of_patients(db, release, calibration, each, cases)
                judge_some(db, each, cases)
            bring_unknown_features(db, release)
        app = create_app(settings, release=release, calibration=calibration)
        yield World(app, logged_in(app), asking)


def tell_of_patients(
    db: Database,
    release: Release,
    calibration: Calibration,
    asking: Case,
    cases: Sequence[Case],
) -> None:
    """Let every peer have answered with patients about the case."""
    kept, measure = Kept(db), Comparison(release, calibration)
    rng = np.random.default_rng(SEED)
    for name in PEERS:
        if name not in {node.name for node in Nodes(db)}:
            Nodes(db).add(name)
        node = Nodes(db).get(name)
        Breaker(db).has_cases(node.node_id, 2000)
        chosen = (cases[n] for n in rng.integers(len(cases), size=PATIENTS))
        remotes = [
            RemoteCase(node=name, case=dataclasses.replace(case, case_id=f"P-{number}"))
            for number, case in enumerate(chosen)
        ]
        found = measure.ranked(asking, remotes, 2000)
        answer = Answer(state=State.ANSWERED, remotes=tuple(remotes))
        kept.record(kept.begin(asking, READER), node, answer, 400, found)


def bring_unknown_features(db: Database, release: Release) -> None:
    """Let three patients of a peer each have many features that are no term."""
    arrivals = Arrivals(db, release)
    for patient in range(3 * UNKNOWN // 20):
        words = [f"strange toe {'x' * (patient // 3)} {number}" for number in range(20)]
        arrived = Arrived(Case(case_id=f"P-{patient}"), words)
        arrivals.note(Kind.QUESTION, PEERS[0], [arrived])


def judge_some(db: Database, asking: Case, cases: Sequence[Case]) -> None:
    """Let the site have judged some pairs of the case."""
    verdicts = Verdicts(db, SITES[0])
    for number, other in enumerate(cases[:60]):
        if other.case_id != asking.case_id:
            said = Said.SAME if number % 3 else Said.NOT
            judged = Judged(said=said, reason="gene", band="contact", probability=0.5)
            pair = PairKey(case_id=asking.case_id, other_id=other.case_id)
            verdicts.give(pair, judged, READER)


def logged_in(app: Flask) -> FlaskClient:
    """A browser of the reader."""
    client = app.test_client()
    page = client.get("/log-in").get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    form = {"csrf_token": found[1], "name": READER, "password": PASSWORD}
    answer = client.post("/log-in", data=form)
    assert answer.status_code == 303, answer.status_code
    return client


def change_and_look(made: World) -> None:
    """Let each case have changed again and again between two looks at its matches."""
    database = made.app.config["SECONDCASE_DATABASE"]
    for number in range(LOOKS):
        for each in made.asking:
            kept = each.features[: len(each.features) - number % 2]
            with CaseStore.open(database) as store:
                store.put(dataclasses.replace(each, features=kept), actor=READER)
            made.client.get(f"/cases/{each.case_id}/matches")


def pages(made: World, case: Case) -> Mapping[str, str]:
    """The address of every kind of page about a case, by its name."""
    base = f"/cases/{case.case_id}"
    matches = made.client.get(f"{base}/matches").get_data(as_text=True)
    pairs = re.findall(rf'href="({base}/matches/[^"#?/]+)"', matches)
    far = pairs[-1] if pairs else base
    far_case = far.rpartition("/")[2]
    return {
        "my cases": "/",
        "my site": "/site",
        "my site, a text": "/site?find=seizure",
        "case, new": "/cases/new",
        "shared with me": "/shared",
        "groups": "/groups",
        "case, erase": f"{base}/erase",
        "second factor": "/account/second-factor",
        "curation": "/curation",
        "curation, words": "/curation/words",
        "curation, unknown features": "/curation/queue",
        "curation, one of them": "/curation/queue/1",
        "curation, decisions": "/curation/decisions",
        "node, people": "/node/people",
        "node, a person": f"/node/people/{READER}",
        "node, erase": "/node/erase",
        "case, history": f"{base}/history",
        "genes from a file": f"{base}/genes",
        "import": "/cases/import",
        "conversations": "/conversations",
        "conversation, first message": f"{base}/matches/{far_case}/conversation",
        "node": "/node",
        "node, a peer": f"/node/peers/{PEERS[0]}",
        "node, add a peer": "/node/add",
        "node, audit": "/node/audit",
        "node, safeguards": "/node/safeguards",
        "node in numbers": "/exchange",
        "guide of the API": "/api/v1/docs",
        "keyboard": TRIVIAL,
        "case": base,
        "case, edit": f"{base}/edit",
        "matches": f"{base}/matches",
        "matches, a filter": f"{base}/matches?show=gene&sort=new",
        "pair": pairs[0] if pairs else base,
        "pair, the furthest listed": far,
        "pair, patient of a peer": f"{base}/other-sites/{PEERS[0]}/P-0",
        "what changed": f"{base}/match-history",
        "other sites": f"{base}/other-sites",
        "what peers see": f"{base}/sharing",
        "export, CSV": f"{base}/matches.csv",
        "record of the bands": "/verdicts",
        "notices": "/notices",
        "account": "/account",
        "how a score is made": "/how-a-score-is-made",
    }


def unmeasured(made: World) -> list[str]:
    """Routes of pages that no address of `pages` leads to; empty if all are measured."""
    adapter = made.app.url_map.bind("localhost")
    asked = {
        adapter.match(path.partition("?")[0])[0]
        for path in pages(made, made.asking[0]).values()
    }
    routes = {
        rule.endpoint
        for rule in made.app.url_map.iter_rules()
        if rule.endpoint.startswith("pages.") and "GET" in (rule.methods or ())
    }
    return sorted(routes - asked - NOT_ASKED)


def measured(made: World, rounds: int) -> list[Figures]:
    """Every kind of page, asked for each case in each round."""
    change_and_look(made)
    taken: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    sizes: dict[str, int] = {}
    ratios: dict[str, list[float]] = {}
    addresses = [pages(made, case) for case in made.asking]
    for number in range(rounds + 1):
        for each in addresses:
            floor, *_ = seconds(made.client, TRIVIAL)
            for name, path in each.items():
                took, used, size = seconds(made.client, path)
                sizes[name] = max(sizes.get(name, 0), size)
                if number:
                    taken.setdefault(name, []).append(1000 * took)
                    costs.setdefault(name, []).append(1000 * used)
                    ratios.setdefault(name, []).append(took / floor)
    return [
        Figures(
            page=name,
            bytes=sizes[name],
            median_ms=float(np.median(times)),
            p95_ms=float(np.quantile(times, 0.95)),
            processor_ms=float(np.median(costs[name])),
            ratio=float(np.median(ratios[name])),
        )
        for name, times in taken.items()
    ]


def seconds(client: FlaskClient, path: str) -> tuple[float, float, int]:
    """How long an answer took, how much of a processor, and how many bytes it has."""
    begin, used = time.perf_counter(), time.process_time()
    answer = client.get(path, buffered=True)
    took, used = time.perf_counter() - begin, time.process_time() - used
    if answer.status_code != 200:
        raise AssertionError(f"{path}: {answer.status}")
    return took, used, len(answer.get_data())


def table_of(figures: Sequence[Figures], count: int) -> Table:
    """The figures, the slowest page first."""
    title = (
        f"{count:,} cases, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    )
    table = Table(
        *("page", "bytes", "median ms", "p95 ms", "CPU ms", f"of {TRIVIAL}", ""),
        title=title,
    )
    for each in sorted(figures, key=lambda one: -one.p95_ms):
        table.add_row(
            each.page,
            f"{each.bytes:,}",
            f"{each.median_ms:.1f}",
            f"{each.p95_ms:.1f}",
            f"{each.processor_ms:.1f}",
            f"× {each.ratio:.1f}",
            "" if each.is_good else "too much",
        )
    return table


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args(argv)
    release = open_release()
    calibration = default_calibration(release)
    with world(release, calibration, given.cases) as made:
        figures = measured(made, given.rounds)
    Console(width=100).print(table_of(figures, given.cases))
    if given.json:
        rows = [dataclasses.asdict(each) for each in figures]
        given.json.write_text(json.dumps(rows, indent=1), "utf-8")
    if not all(each.is_good for each in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
