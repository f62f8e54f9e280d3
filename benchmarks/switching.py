"""How long it takes to prepare a release, to say what it changes, to switch, and to go back.

    python benchmarks/switching.py PATH [--cases N] [--sample N] [--from BUNDLE] [--to BUNDLE]
                                   [--processes N] [--json FILE]

Published cases are drawn again and again under new ids until there are enough. Each step is the
command that a curator calls, in a process of its own, while a service in several processes goes
on answering; how soon it follows is what each process logs, and the last question that the
release before answered.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any

if not __package__:
    # Started as a file, whose folder is then searched for packages instead of the one above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from rich.console import Console
from rich.table import Table

from benchmarks.service import Process, resampled
from matcher import Case, read_cases
from matcher.readers import phenopackets
from matcher.storage.store import CaseStore
from ontologies import Release, fetch_release
from ontologies.library import data_directory
from web.api.tokens import Scope, Tokens
from web.db import open_database

READERS = 4
# So many answers are had from each release before the next step.
ANSWERS = 20
# Two processes may write into one line.
FOLLOWED = re.compile(r'{[^{}]*"release followed"[^{}]*}')
PATIENCE_SECONDS = 600


@contextmanager
def installation(releases: list[Release]) -> Iterator[Path]:
    """A data directory of its own; the first release is active."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "releases").mkdir()
        for release in releases:
            (folder / "releases" / release.release_id).symlink_to(release.folder)
        (folder / "releases" / "active").write_text(f"{releases[0].release_id}\n")
        (folder / "sources").symlink_to(data_directory() / "sources")
        yield folder


Took = tuple[float, float]


def command(folder: Path, *arguments: str) -> tuple[Took, str]:
    """Seconds on the clock and of processors that a command took, and what it printed."""
    begun, used = time.perf_counter(), _used()
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", "ontology", *arguments],
        env={**os.environ, "SECONDCASE_DATA": str(folder)},
        cwd=Path(__file__).resolve().parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return (time.perf_counter() - begun, _used() - used), done.stdout


def _used() -> float:
    """Seconds of processors that commands have used so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    """Wait for a condition. Raises `TimeoutError` that names it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {PATIENCE_SECONDS} s")
        time.sleep(0.02)


class Log:
    """What a service writes to standard error, read as it comes."""

    def __init__(self, lines: IO[str]) -> None:
        self.is_listening = threading.Event()
        # When a process followed, in seconds of the clock, and to which release.
        self.followed: list[tuple[float, str]] = []
        threading.Thread(target=self._read, args=[lines], daemon=True).start()

    def of(self, release_id: str, since: float) -> list[float]:
        """When processes have followed to a release since a moment."""
        return [at for at, name in self.followed if name == release_id and at > since]

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            if line.startswith("Listening"):
                self.is_listening.set()
            for found in FOLLOWED.findall(line):
                said = json.loads(found)
                at = datetime.fromisoformat(said["timestamp"]).timestamp()
                self.followed.append((at, said["release"]))


class Readers:
    """Systems that ask again and again, and note which release answered when."""

    def __init__(self, port: int, tokens: list[str], query: Case) -> None:
        self._port = port
        self._body = json.dumps(phenopackets.to_json(query))
        self._stop = threading.Event()
        self.answers: list[tuple[float, float, str]] = []
        self._threads = [
            threading.Thread(target=self._read, args=[token], daemon=True)
            for token in tokens
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def count(self, release_id: str) -> int:
        """How many questions a release has answered."""
        return sum(name == release_id for _, _, name in self.answers)

    def last(self, release_id: str) -> float:
        """When the last question was asked that this release answered."""
        return max(
            (asked for asked, _, name in self.answers if name == release_id), default=0
        )

    def _read(self, token: str) -> None:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        while not self._stop.wait(0.05):
            asked = time.perf_counter()
            with closing(HTTPConnection("127.0.0.1", self._port, timeout=60)) as http:
                http.request("POST", "/api/v1/match", self._body, headers)
                answer = http.getresponse()
                said = json.loads(answer.read())
            if answer.status != 200:
                raise AssertionError(f"{answer.status}: {said}")
            taken = time.perf_counter() - asked
            name = said["results"][0]["provenance"]["release"]
            self.answers.append((asked, taken, name))


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    bundles = (given.before, given.after)
    releases = [fetch_release(each, make_active=False).release for each in bundles]
    older, newer = (each.release_id for each in releases)
    cases = read_cases(given.path)
    with installation(releases) as folder:
        db = open_database(folder / "secondcase.db")
        tokens = [
            Tokens(db).add(f"reader{n}", "Site 1", [Scope.MATCH])
            for n in range(READERS)
        ]
        with CaseStore(db) as store:
            store.put_many(resampled(cases, given.cases, False), actor="benchmark")
        figures: dict[str, Any] = {"cases": given.cases, "sample": given.sample}
        figures["first_prepare"], _ = command(folder, "prepare", older)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with Process(
            folder, "-m", "web.cli", "serve", port=port, processes=given.processes
        ) as server:
            assert server.process.stderr is not None
            log = Log(server.process.stderr)
            wait_until("the service", log.is_listening.is_set)
            query = next(
                each for each in cases if each.genes and len(each.observed) > 4
            )
            readers = Readers(port, tokens, query)
            wait_until("an answer", lambda: readers.count(older) >= ANSWERS)
            figures |= _steps(folder, older, newer, given, readers, log)
            readers.end()
        taken = sorted(each for _, each, _ in readers.answers)
        figures["answers"] = len(taken)
        figures["answer_p50_ms"] = 1000 * statistics.median(taken)
        figures["answer_p99_ms"] = 1000 * taken[int(0.99 * len(taken))]
    return figures


def _steps(
    folder: Path,
    older: str,
    newer: str,
    given: argparse.Namespace,
    readers: Readers,
    log: Log,
) -> dict[str, Any]:
    """What a curator does, one after the other."""
    figures: dict[str, Any] = {}
    figures["prepare"], _ = command(folder, "prepare", newer)
    arguments = ["--sample", str(given.sample), "--format", "json"]
    figures["impact_took"], said = command(folder, "impact", newer, *arguments)
    figures["impact"] = json.loads(said)["result"]
    for name, before, after, call in (
        ("activate", older, newer, ("activate", newer, "--reason", "Measured only")),
        ("rollback", newer, older, ("rollback",)),
    ):
        known = readers.count(after)
        figures[name], _ = command(folder, *call)
        pointer = (folder / "releases" / "active").stat().st_mtime
        wait_until("following", lambda: len(log.of(after, pointer)) >= given.processes)
        wait_until("an answer", lambda: readers.count(after) >= known + ANSWERS)
        slowest = max(log.of(after, pointer)) - pointer
        figures[f"{name}_followed_by_all_s"] = slowest
        switched = time.perf_counter() - (time.time() - pointer)
        last = max(0.0, readers.last(before) - switched)
        figures[f"{name}_last_answer_by_the_one_before_s"] = last
    return figures


def main(argv: list[str] | None = None) -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", help="published cases, such as a zip of phenopackets")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=2000)
    parser.add_argument("--from", dest="before", default="2026-01-08")
    parser.add_argument("--to", dest="after", default="current")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args(argv)
    figures = measured(given)
    Console(width=110).print(_table(figures))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), "utf-8")


def _table(figures: dict[str, Any]) -> Table:
    title = f"{figures['cases']:,} cases, {os.cpu_count()} processors"
    table = Table("what", "figure", "of processors", title=title)
    for name, value in figures.items():
        said = name.replace("_", " ")
        if isinstance(value, float):
            table.add_row(said, f"{value:.2f}")
        elif isinstance(value, tuple):
            table.add_row(f"{said} s", f"{value[0]:.1f}", f"{value[1]:.1f}")
    table.add_row("answers meanwhile", f"{figures['answers']:,}")
    return table


if __name__ == "__main__":
    main()
