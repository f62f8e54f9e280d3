"""What a page costs when peers answer with as many and as long patients as are taken.

    python benchmarks/long_replies.py [--peers N] [--patients N] [--rounds N] [--json FILE]

Each peer has told of 200 patients of 200 features and 100 genes about one case of twelve features.
The pages that show them are asked for in turn, within one process: the first look, the look again
while sites are waited for (`?seen=`), and the list of all matches. Told is the time of a processor,
and its ratio to a page that asks nothing (`/keyboard`) in the same round; the first round warms up.
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.pages import READER, SITES, TRIVIAL, logged_in, seconds
from matcher import Calibration, Case
from matcher.calibration import default_calibration
from matcher.case import Contact, GenomicFeature, PhenotypicFeature, Sharing
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
from web.mme.asking.reading.replies import MOST_RESULTS
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.mme.answering.questions import MOST_FEATURES, MOST_GENES

CASE = "NORTH-1"
SLOW = "Slow"
PASSWORD = "a second case is a disease"
OURS = 12
CASES_THERE = 2_000
SEED = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """One page: its size, what it costs of a processor, and how many pages that ask nothing."""

    page: str
    bytes: int
    processor_ms: float
    ratio: float


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", type=int, default=1)
    parser.add_argument("--patients", type=int, default=MOST_RESULTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args(argv)
    release = open_release()
    calibration = default_calibration(release)
    figures = measured(release, calibration, given.peers, given.patients, given.rounds)
    Console(width=100).print(table_of(figures, given.peers, given.patients))
    if given.json:
        rows = [dataclasses.asdict(each) for each in figures]
        given.json.write_text(json.dumps(rows, indent=1), "utf-8")


def measured(
    release: Release, calibration: Calibration, peers: int, patients: int, rounds: int
) -> list[Figures]:
    """Every page that shows what peers told of, asked for in each round."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            directory=Path(folder),
            secret_key="0123456789abcdef" * 4,
            # The one that does not answer is waited for to the end.
            peer_seconds=3_600.0,
        )
        for name in ("releases", "sources", "calibrations"):
            if (data_directory() / name).exists():
                (Path(folder) / name).symlink_to(data_directory() / name)
        with contextlib.closing(open_database(settings.database)) as db:
            fill(db, release, calibration, peers, patients)
        app = create_app(settings, release=release, calibration=calibration)
        client = logged_in(app)
        page = f"/cases/{CASE}/other-sites"
        told = client.get(page).get_data(as_text=True)
        seen = re.findall(r'data-seen="([0-9a-f]+)"', told)[0]
        addresses: Mapping[str, str] = {
            "other sites": page,
            "other sites, looked at again": f"{page}?seen={seen}",
            "matches": f"/cases/{CASE}/matches",
            "matches, a filter": f"/cases/{CASE}/matches?show=gene",
        }
        taken: dict[str, list[float]] = {name: [] for name in addresses}
        ratios: dict[str, list[float]] = {name: [] for name in addresses}
        sizes: dict[str, int] = {}
        for number in range(rounds + 1):
            _, floor, _ = seconds(client, TRIVIAL)
            for name, address in addresses.items():
                _, used, sizes[name] = seconds(client, address)
                if number:
                    taken[name].append(1000 * used)
                    ratios[name].append(used / floor)
    return [
        Figures(
            page=name,
            bytes=sizes[name],
            processor_ms=float(np.median(times)),
            ratio=float(np.median(ratios[name])),
        )
        for name, times in taken.items()
    ]


def fill(
    db: Database,
    release: Release,
    calibration: Calibration,
    peers: int,
    patients: int,
) -> None:
    """A reader with one case: each peer told of so many patients, one more is waited for."""
    Accounts(db, Passwords()).add(
        READER, PASSWORD, roles=[Role.CLINICIAN], site=SITES[0]
    )
    rng = np.random.default_rng(SEED)
    ours = long_case(release, rng, CASE, OURS, 2)
    ours = dataclasses.replace(
        ours, site=SITES[0], submitter=READER, sharing=Sharing.EXCHANGE_1
    )
    CaseStore(db).put(ours, actor="benchmark")
    for number in range(peers):
        remotes = tuple(told_of(release, rng, f"Peer-{number}", ours, patients))
        Nodes(db).add(f"Peer-{number}")
        node = Nodes(db).get(f"Peer-{number}")
        Breaker(db).has_cases(node.node_id, CASES_THERE)
        found = Comparison(release, calibration).ranked(ours, remotes, CASES_THERE)
        kept = Kept(db)
        answer = Answer(state=State.ANSWERED, remotes=remotes)
        kept.record(kept.begin(ours, READER), node, answer, 400, found)
    Nodes(db).add(SLOW)
    Kept(db).expect(Kept(db).begin(ours, READER), [Nodes(db).get(SLOW)])


def told_of(
    release: Release, rng: np.random.Generator, node: str, ours: Case, count: int
) -> Iterator[RemoteCase]:
    """So many patients, each with our own features and genes among all of theirs."""
    for number in range(count):
        other = long_case(
            release, rng, f"P-{number}", MOST_FEATURES - OURS, MOST_GENES - 2
        )
        case = dataclasses.replace(
            other,
            features=ours.features + other.features,
            genomic_features=ours.genomic_features + other.genomic_features,
        )
        yield RemoteCase(node=node, case=case, peer_score="0.5", score_in_range=0.5)


def long_case(
    release: Release, rng: np.random.Generator, name: str, features: int, genes: int
) -> Case:
    """A case of so many features and genes, drawn at random."""
    ontology = release.ontology
    phenotypes = [each for each in ontology.term_ids if ontology.is_phenotype(each)]
    symbols = [gene.symbol for gene in release.genes]
    return Case(
        case_id=name,
        features=tuple(
            PhenotypicFeature(term_id=str(each))
            for each in rng.choice(phenotypes, features, replace=False)
        ),
        genomic_features=tuple(
            GenomicFeature(gene=str(each))
            for each in rng.choice(symbols, genes, replace=False)
        ),
        contact=Contact(name="Dr Simulated", href="mailto:a@b.example"),
    )


def table_of(figures: list[Figures], peers: int, patients: int) -> Table:
    """The figures, in the order in which a clinician meets the pages."""
    title = f"{peers} × {patients} patients, load {os.getloadavg()[0]:.1f}"
    columns = ("page", "bytes", "CPU ms", f"of {TRIVIAL}")
    table = Table(*columns, title=title)
    for each in figures:
        table.add_row(
            each.page,
            f"{each.bytes:,}",
            f"{each.processor_ms:.0f}",
            f"× {each.ratio:.0f}",
        )
    return table


if __name__ == "__main__":
    main()
