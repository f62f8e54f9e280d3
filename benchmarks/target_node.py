"""A node with published cases that answers on loopback, and an attacker's token for it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import structlog
import waitress.server

from matcher import Case
from matcher.case import Sharing
from matcher.storage.store import CaseStore
from ontologies import Release
from web import create_app
from web.config import load_settings
from web.db import close_idle, open_database
from web.mme.nodes import Nodes
from web.mme.nodes.register import Description

TYPE = "application/vnd.ga4gh.matchmaker.v1.1+json"
NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Guards:
    """What the node grants a peer in a day: new cases, and nearly equal questions."""

    name: str
    daily_budget: int
    near_duplicates: int


OFF = Guards("off", NO_LIMIT, NO_LIMIT)
ON = Guards("on", 50, 20)


class Attacker:
    """A peer with a token that asks whatever it likes, one question after the other."""

    def __init__(self, connection: HTTPConnection, token: str) -> None:
        self._connection = connection
        self._token = token
        self.asked = 0
        self.refused = 0

    def ask(
        self, terms: Sequence[str], gene: str | None = None
    ) -> list[dict[str, Any]] | None:
        """The results for a patient with these terms, None if the question is refused."""
        patient = {
            "id": f"made-up-{self.asked}",
            "contact": {"name": "A", "href": "mailto:a@attacker.example"},
            "features": [{"id": term} for term in terms],
            "genomicFeatures": [{"gene": {"id": gene}}] if gene else [],
        }
        self.asked += 1
        headers = {
            "X-Auth-Token": self._token,
            "Content-Type": TYPE,
            "Accept": TYPE,
        }
        body = json.dumps({"patient": patient})
        self._connection.request("POST", "/match", body, headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if response.status == 429:
            self.refused += 1
            return None
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {answer['message']}")
        results: list[dict[str, Any]] = answer["results"]
        return results


def shared_with_peers(cases: Iterable[Case], level: Sharing) -> list[Case]:
    """The cases, shared at a level of the exchange."""
    return [dataclasses.replace(each, sharing=level) for each in cases]


def quiet() -> None:
    """Leave out the alerts of the node, of which there are as many as questions."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )


@contextlib.contextmanager
def attacked(
    release: Release, cases: Sequence[Case], guards: Guards
) -> Iterator[Attacker]:
    """A node with these cases and guards, on loopback and with a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        said = {"SECONDCASE_NEAR_DUPLICATES": str(guards.near_duplicates)}
        settings = load_settings(said, directory=Path(folder))
        db = open_database(settings.database)
        allowed = Description(daily_budget=guards.daily_budget)
        token = Nodes(db).add("Attacker", allowed)
        with CaseStore(db) as store:
            store.put_many(cases, actor="benchmark")
        app = create_app(settings, release=release)
        server = waitress.server.create_server(app, host="127.0.0.1", port=0)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                server.asyncore.loop(timeout=1, map=server._map, count=1)

        thread = threading.Thread(target=serve)
        thread.start()
        connection = HTTPConnection("127.0.0.1", server.effective_port, timeout=60)
        try:
            yield Attacker(connection, token)
        finally:
            connection.close()
            ended.set()
            server.pull_trigger()
            thread.join()
            server.task_dispatcher.shutdown()
            server.asyncore.close_all(server._map)
            close_idle(app)
