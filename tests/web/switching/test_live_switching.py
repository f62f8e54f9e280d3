"""A live service in two processes switches under readers: every answer is of one release."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from matcher import Case, Matcher
from matcher.calibration import Calibration
from matcher.case import GenomicFeature
from matcher.readers import phenopackets
from matcher.storage.store import CaseStore
from ontologies import Release
from web.api.tokens import Scope, Tokens
from web.db import open_database

from ...matcher.kept.conftest import a_case
from .conftest import Place

READERS = 16
# As many as the API answers with by itself.
SHOWN = 10
FOLLOWED_SECONDS = 2.0


@dataclass(frozen=True)
class Reply:
    """What was answered to a query, and when it was asked."""

    query: int
    asked_at: float
    body: dict[str, Any]

    @property
    def named(self) -> set[tuple[str, str]]:
        """The releases and calibrations that its matches name."""
        said = (each["provenance"] for each in self.body["results"])
        return {(each["release"], each["calibration"]) for each in said}

    @property
    def matches(self) -> list[tuple[str, float, float]]:
        return [
            (each["case_id"], each["score"], each["probability"])
            for each in self.body["results"]
        ]


def query(number: int) -> Case:
    return a_case(
        500 + number, genomic_features=(GenomicFeature(gene="KARS1"),), onset=None
    )


@pytest.fixture
def port(place: Place) -> Iterator[int]:
    """A service in two processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "serve"],
        env={
            **os.environ,
            "SECONDCASE_DATA": str(place.directory),
            "SECONDCASE_PORT": str(port),
            "SECONDCASE_PROCESSES": "2",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Listening at"):
            break
    drain = threading.Thread(target=process.stderr.read, daemon=True)
    drain.start()
    yield port
    process.terminate()
    process.wait(30)
    drain.join()
    process.stderr.close()


class Readers:
    """Systems that ask again and again, each with a token and a query of its own."""

    def __init__(self, place: Place, port: int) -> None:
        self._port = port
        with closing(open_database(place.settings.database)) as db:
            tokens = [
                Tokens(db).add(f"r{n}", "North", [Scope.MATCH]) for n in range(READERS)
            ]
        self.replies: list[Reply] = []
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._read, args=[number, token])
            for number, token in enumerate(tokens)
        ]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self, number: int, token: str) -> None:
        body = json.dumps(phenopackets.to_json(query(number)))
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        while not self._stop.wait(0.05):
            # A connection each time, so that any of the processes may take it.
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            asked_at = time.monotonic()
            with closing(connection):
                connection.request("POST", "/api/v1/match", body, headers)
                answer = connection.getresponse()
                said = answer.read()
            if answer.status == 200:
                self.replies.append(Reply(number, asked_at, json.loads(said)))
            else:
                self.failures.append(f"{answer.status} {said[:200]!r}")


class Replays:
    """The same queries ranked here, by the release and calibration that a reply names."""

    def __init__(self, place: Place) -> None:
        with CaseStore(open_database(place.settings.database)) as store:
            cases = [stored.case for stored in store.cases()]
        self._matchers = {}
        for release in (place.older, place.newer):
            matcher = self._matcher(place, release, cases)
            self._matchers[(release.release_id, matcher.calibration.calibration_id)] = (
                matcher
            )
        self._known: dict[tuple[int, tuple[str, str]], list[tuple[str, float, float]]]
        self._known = {}

    @staticmethod
    def _matcher(place: Place, release: Release, cases: list[Case]) -> Matcher:
        name = place.calibrations[release.release_id]
        folder = place.directory / "calibrations" / name
        return Matcher(release, cases, Calibration.open(folder, release))

    def of(self, reply: Reply) -> list[tuple[str, float, float]]:
        (named,) = reply.named
        if (reply.query, named) not in self._known:
            found = self._matchers[named].rank(query(reply.query), limit=SHOWN)
            self._known[reply.query, named] = [
                (match.case_id, match.score, match.probability) for match in found
            ]
        return self._known[reply.query, named]


@pytest.mark.parametrize(
    "activations", [6, pytest.param(100, marks=pytest.mark.full)], ids=str
)
def test_every_answer_while_releases_change_is_of_the_one_it_names(
    place: Place, port: int, activations: int
) -> None:
    switches: list[tuple[float, str]] = [(0.0, place.older.release_id)]
    pause = threading.Event()
    with (
        Readers(place, port) as readers,
        closing(open_database(place.settings.database)) as db,
    ):
        pause.wait(1)
        for number in range(activations):
            chosen = place.edition((place.newer, place.older)[number % 2])
            place.curator(db).activate(
                chosen.release_id,
                expected=place.active,
                calibration=chosen.calibration,
            )
            switches.append((time.monotonic(), chosen.release_id))
            # Some come before the one before them was followed.
            pause.wait(FOLLOWED_SECONDS + 0.5 if number % 3 != 1 else 0.3)
        pause.wait(FOLLOWED_SECONDS + 0.5)
    replays = Replays(place)

    assert readers.failures == []
    assert len(readers.replies) > 5 * activations
    assert {len(reply.named) for reply in readers.replies} == {1}
    assert [r for r in readers.replies if r.matches != replays.of(r)] == []
    both = {place.older.release_id, place.newer.release_id}
    assert {release for r in readers.replies for release, _ in r.named} == both
    late = [r for r in readers.replies if not _is_in_time(r, switches)]
    assert late == []


def _is_in_time(reply: Reply, switches: list[tuple[float, str]]) -> bool:
    """Whether it names a release that was active within two seconds before it was asked."""
    ((release, _),) = reply.named
    ends = [at for at, _ in switches[1:]] + [float("inf")]
    return any(
        release == name and end + FOLLOWED_SECONDS > reply.asked_at
        for (at, name), end in zip(switches, ends)
        # One that was asked before the switch may be answered after it.
        if at <= reply.asked_at + 30
    )
