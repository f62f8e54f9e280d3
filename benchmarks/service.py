"""How soon the service starts, finds what was saved, and answers peers, with 100,000 cases.

    python benchmarks/service.py PATH [--cases N] [--processes N] [--floor]
                                    [--own-variants] [--json FILE]

Published cases are drawn again and again under new ids until there are enough; with
`--own-variants` each has its variants moved to a place of its own. Everything is asked from
outside: new processes, a second process that follows the store, and `POST /match` over HTTP with
one client and with sixteen, every answer with results in it. The floor is a bare Flask route under
the same server. The clients use the same processors.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
from rich.console import Console
from rich.table import Table

from matcher import Case, read_cases
from matcher.case import GenomicFeature, Sharing
from matcher.readers import mme
from matcher.storage.store import CaseStore
from ontologies import open_release
from ontologies.library import data_directory
from web.db import open_database
from web.mme.nodes.register import Description, Nodes
from web.mme.answering.questions import too_little

STARTS = 7
SAVES = 100
WARMING = 20
SINGLE = 300
QUERIES = 1000
CLIENTS = 16
TOGETHER = 1600
SEED = 5
FLOOR_ROUTE = "/match"
RESULT = b'"results":[{"score"'
TYPE = "application/vnd.ga4gh.matchmaker.v1.1+json"

ANSWER = """
import sys
from matcher.storage.codec import decode
from web import create_app
from web.service import service
app = create_app()
for line in sys.stdin:
    with app.app_context():
        found = service().matcher.current().rank(decode(line), limit=10)
        print(*(match.case_id for match in found), flush=True)
"""

FLOOR = """
from flask import Flask, request
from web.config import load_settings
from web.cli import serving
app = Flask("floor")
@app.post("/match")
def match():
    return {"bytes": len(request.get_data())}
settings = load_settings()
listening = serving._bound(settings)
print("Listening at", settings.port, file=__import__("sys").stderr, flush=True)
if settings.processes == 1:
    serving.serve_socket(app, listening, settings)
else:
    serving._serve_in_processes(app, listening, settings)
"""


def resampled(cases: Sequence[Case], count: int, own_variants: bool) -> Iterator[Case]:
    """So many cases, shared with peers, drawn from these."""
    rng = np.random.default_rng(SEED)
    for number, drawn in enumerate(rng.integers(len(cases), size=count)):
        case = cases[drawn]
        yield dataclasses.replace(
            case,
            case_id=f"{number:08}",
            sharing=Sharing.EXCHANGE_2,
            # So that peers see it without anybody's consent.
            simulated=True,
            site=f"Site {number % 10}",
            submitter=f"person-{number % 50}",
            family=None,
            genomic_features=tuple(
                _moved(each, int(rng.integers(10**6)) if own_variants else 0)
                for each in case.genomic_features
            ),
        )


def _moved(feature: GenomicFeature, bases: int) -> GenomicFeature:
    variant = feature.variant
    if variant is None or variant.start is None:
        return feature
    moved = dataclasses.replace(variant, start=variant.start + bases)
    return dataclasses.replace(feature, variant=moved)


@contextlib.contextmanager
def data_directories() -> Iterator[Path]:
    """A data directory with nothing of its own but a database to come."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("releases", "sources", "calibrations"):
            (Path(folder) / name).symlink_to(data_directory() / name)
        yield Path(folder)


class Process:
    """A process of ours on a data directory."""

    def __init__(self, folder: Path, *command: str, **settings: object) -> None:
        said = {f"SECONDCASE_{name.upper()}": str(v) for name, v in settings.items()}
        root = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env={
                **os.environ,
                **said,
                "SECONDCASE_DATA": str(folder),
                "PYTHONPATH": path,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if settings else None,
            text=True,
        )

    def ask(self, line: str) -> str:
        """The line that answers a line."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)

    def processor_seconds(self) -> float:
        """What it and its children have used so far."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        ticks = 0
        for each in (pid, *children):
            fields = Path(f"/proc/{each}/stat").read_text("ascii").rpartition(")")[2]
            ticks += sum(map(int, fields.split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


def starts(folder: Path, queries: Sequence[str]) -> list[float]:
    """Seconds from starting a process to its first answer; the first one reads every case."""
    seconds = []
    for query in queries[: STARTS + 1]:
        begin = time.perf_counter()
        with Process(folder, "-c", ANSWER) as process:
            process.ask(query)
            seconds.append(time.perf_counter() - begin)
            # Asked once more, it has kept what it read for those that come.
            process.ask(query)
            if len(seconds) == 1:
                _until_kept(folder)
    return seconds


def _until_kept(folder: Path) -> None:
    while not any(folder.glob("secondcase.db.*.index")):
        time.sleep(0.1)


def saves(folder: Path, encoded: Sequence[str], cases: Sequence[Case]) -> Times:
    """Seconds from a case being saved here until another process answers with it."""
    saving, finding = [], []
    with (
        Process(folder, "-c", ANSWER) as other,
        CaseStore.open(folder / "secondcase.db") as store,
    ):
        other.ask(encoded[0])
        for number, (case, text) in enumerate(zip(cases, encoded)):
            # Of equal totals the first id comes first.
            new = dataclasses.replace(case, case_id=f"+{number}")
            begin = time.perf_counter()
            store.put(new, actor="benchmark")
            saved = time.perf_counter()
            answer = other.ask(text)
            saving.append(saved - begin)
            finding.append(time.perf_counter() - saved)
            if new.case_id not in answer.split():
                raise AssertionError(f"{new.case_id} was not found: {answer}")
    return saving, finding


Times = tuple[list[float], list[float]]


class Clients:
    """Clients that send requests over kept connections, each as soon as it was answered.

    An answer without what is wanted ends the measurement. Each is a peer of its own, since a
    peer has only a few questions answered at a time.
    """

    def __init__(
        self,
        port: int,
        tokens: Sequence[str],
        bodies: Sequence[bytes],
        wanted: bytes,
    ) -> None:
        """`wanted` stands in every answer that counts."""
        self._port, self._tokens, self._bodies = port, tokens, bodies
        self._wanted = wanted

    def seconds(self, clients: int, requests: int) -> tuple[list[float], float]:
        """The time of each request, and that of all together."""
        taken: list[float] = []
        # Whoever was answered asks the next one, so that no process idles before the end.
        numbers = iter(range(requests))
        begin = time.perf_counter()
        with ThreadPoolExecutor(clients) as executor:
            for each in [
                executor.submit(self._run, client, numbers, taken)
                for client in range(clients)
            ]:
                each.result()
        return taken, time.perf_counter() - begin

    def _run(self, client: int, numbers: Iterator[int], taken: list[float]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        headers = {
            "X-Auth-Token": self._tokens[client % len(self._tokens)],
            "Content-Type": TYPE,
            "Accept": TYPE,
        }
        with contextlib.closing(connection):
            for number in numbers:
                body = self._bodies[number % len(self._bodies)]
                begin = time.perf_counter()
                connection.request("POST", FLOOR_ROUTE, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                taken.append(time.perf_counter() - begin)
                if answer.status != 200 or self._wanted not in content:
                    raise AssertionError(f"{answer.status}: {content[:200]!r}")


def over_http(
    folder: Path,
    processes: int,
    tokens: Sequence[str],
    bodies: Sequence[bytes],
    wanted: bytes,
    *command: str,
) -> list[dict[str, Any]]:
    """One client, then sixteen; every answer holds what is wanted."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = []
    with Process(folder, *command, port=port, processes=processes) as server:
        assert server.process.stderr is not None
        for line in server.process.stderr:
            if line.startswith("Listening"):
                break
        threading.Thread(target=server.process.stderr.read, daemon=True).start()
        clients = Clients(port, tokens, bodies, wanted)
        clients.seconds(CLIENTS, WARMING * CLIENTS)
        for count, requests in ((1, SINGLE), (CLIENTS, TOGETHER)):
            before = server.processor_seconds()
            seconds, wall = clients.seconds(count, requests)
            used = (server.processor_seconds() - before) / len(seconds)
            found.append(
                {
                    "clients": count,
                    **_quantiles(seconds),
                    "rate": len(seconds) / wall,
                    "processor_ms": 1000 * used,
                    "load": os.getloadavg()[0],
                }
            )
    return found


def _quantiles(seconds: Sequence[float]) -> dict[str, float]:
    median, late = np.quantile(seconds, [0.5, 0.95])
    return {"p50_ms": 1000 * float(median), "p95_ms": 1000 * float(late)}


def measured(
    path: str, count: int, processes: int, floor: bool, own_variants: bool
) -> dict[str, Any]:
    """All figures."""
    from matcher.storage.codec import encode

    release = open_release()
    cases = read_cases(path)
    rng = np.random.default_rng(SEED + 1)
    shuffled = (cases[n] for n in rng.permutation(len(cases)))
    chosen = (case for case in shuffled if not too_little(case, release))
    queries = [
        dataclasses.replace(case, case_id=f"query-{n}")
        for n, case in enumerate(islice(chosen, QUERIES))
    ]
    bodies = [
        json.dumps({"patient": mme.to_json(query, release=release)}).encode()
        for query in queries
    ]
    encoded = [encode(query) for query in queries[:SAVES]]
    with data_directories() as folder:
        db = open_database(folder / "secondcase.db")
        with CaseStore(db) as store:
            nodes = Nodes(db)
            # Every answer is to be of the kind that costs most: new cases, never a refusal.
            trusted = Description(daily_budget=1_000_000)
            tokens = [nodes.add(f"benchmark {n}", trusted) for n in range(CLIENTS)]
            store.put_many(resampled(cases, count, own_variants), actor="benchmark")
        first, *later = starts(folder, encoded)
        figures: dict[str, Any] = {"cases": count, "first_start_s": first}
        figures["start"] = _quantiles(later)
        saving, finding = saves(folder, encoded[:SAVES], queries[:SAVES])
        figures |= {"save": _quantiles(saving), "find": _quantiles(finding)}
        figures["match"] = over_http(
            folder, processes, tokens, bodies, RESULT, "-m", "web.cli", "serve"
        )
        if floor:
            figures["floor"] = over_http(
                folder, processes, tokens, bodies, b"bytes", "-c", FLOOR
            )
    return figures


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", help="published cases, such as a zip of phenopackets")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--floor", action="store_true", help="also a bare Flask route")
    parser.add_argument(
        "--own-variants", action="store_true", help="no two cases share a variant"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args(argv)
    figures = measured(
        given.path, given.cases, given.processes, given.floor, given.own_variants
    )
    Console(width=110).print(_table(figures))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), "utf-8")


def _table(figures: dict[str, Any]) -> Table:
    title = f"{figures['cases']:,} cases, {os.cpu_count()} processors"
    table = Table(
        "what", "median ms", "p95 ms", "a second", "CPU ms", "load", title=title
    )
    table.add_row("first start of all", f"{1000 * figures['first_start_s']:.0f}")
    for name, what in (
        ("start", "start to first answer"),
        ("save", "save a case"),
        ("find", "saved to found elsewhere"),
    ):
        each = figures[name]
        table.add_row(what, f"{each['p50_ms']:.1f}", f"{each['p95_ms']:.1f}")
    for name, what in (("match", "POST /match"), ("floor", "bare route")):
        for each in figures.get(name, ()):
            cells = (each[k] for k in ("p50_ms", "p95_ms", "rate", "processor_ms"))
            table.add_row(
                f"{what}, {each['clients']} clients",
                *(f"{cell:.1f}" for cell in cells),
                f"{each['load']:.1f}",
            )
    return table


if __name__ == "__main__":
    main()
