"""A live service in two processes switches under readers: every answer is of one release."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
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
PROCESSES = 2
# Two processes may write into one line.
FOLLOWED = re.compile(r'{[^{}]*"release followed"[^{}]*}')
PATIENCE_SECONDS = 600
# Of so many switches the last comes at once after the one before it.
CYCLE = 6


@dataclass(frozen=True)
class Reply:
    """What was answered to a query, and when it was asked and answered."""

    query: int
    asked_at: float
    answered_at: float
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


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline
        pause.wait(0.01)


class Live:
    """A service in several processes, and how many of them have followed where."""

    def __init__(self, place: Place) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "serve"],
            env={
                **os.environ,
                "SECONDCASE_DATA": str(place.directory),
                "SECONDCASE_PORT": str(self.port),
                "SECONDCASE_PROCESSES": str(PROCESSES),
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        self._is_listening = threading.Event()
        self._at = Counter({place.older.release_id: PROCESSES})
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        wait_until(self._is_listening.is_set)

    def are_at(self, release: Release) -> bool:
        """Whether every process answers by a release."""
        return self._at[release.release_id] == PROCESSES

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._thread.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.startswith("Listening at"):
                self._is_listening.set()
            for found in FOLLOWED.findall(line):
                said = json.loads(found)
                self._at.update({said["before"]: -1, said["release"]: 1})


@pytest.fixture
def live(place: Place) -> Iterator[Live]:
    started = Live(place)
    yield started
    started.end()


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

    def wait_for_all(self) -> None:
        """Wait until as many as there are readers were asked and answered from now on."""
        now, known = time.monotonic(), len(self.replies)
        wait_until(
            lambda: sum(r.asked_at > now for r in self.replies[known:]) >= READERS
        )

    def _read(self, number: int, token: str) -> None:
        asked = json.dumps(phenopackets.to_json(query(number)))
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        while not self._stop.wait(0.05):
            # A connection each time, so that any of the processes may take it.
            connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=PATIENCE_SECONDS
            )
            asked_at = time.monotonic()
            with closing(connection):
                connection.request("POST", "/api/v1/match", asked, headers)
                answer = connection.getresponse()
                said = answer.read()
            if answer.status == 200:
                body, now = json.loads(said), time.monotonic()
                self.replies.append(Reply(number, asked_at, now, body))
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
    place: Place, live: Live, activations: int
) -> None:
    settled: list[tuple[float, float, str]] = []
    with (
        Readers(place, live.port) as readers,
        closing(open_database(place.settings.database)) as db,
    ):
        readers.wait_for_all()
        for number in range(activations):
            release = (place.newer, place.older)[number % 2]
            chosen = place.edition(release)
            place.curator(db).activate(
                chosen.release_id,
                expected=place.active,
                calibration=chosen.calibration,
            )
            turn = number % CYCLE
            if turn < CYCLE - 1:
                wait_until(lambda: live.are_at(release))
                begun = time.monotonic()
                readers.wait_for_all()
                # After two that come at once a process may be on its way to the first still,
                # until all have followed twice more.
                if number < CYCLE or turn > 1:
                    settled.append((begun, time.monotonic(), release.release_id))
        wait_until(lambda: live.are_at(release))
        readers.wait_for_all()
    replays = Replays(place)

    assert readers.failures == []
    assert {len(reply.named) for reply in readers.replies} == {1}
    assert [r for r in readers.replies if r.matches != replays.of(r)] == []
    both = {place.older.release_id, place.newer.release_id}
    assert {release for r in readers.replies for release, _ in r.named} == both
    assert len(settled) > activations // 2 - 1
    within = [
        (name, reply)
        for begun, ended, name in settled
        for reply in readers.replies
        if begun < reply.asked_at and reply.answered_at < ended
    ]
    assert len(within) > READERS
    assert [r for name, r in within if {n for n, _ in r.named} != {name}] == []
