"""A node that is asked without a network, for what depends on the bytes of a request alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from matcher.case import Case
from matcher.storage.store import CaseStore
from ontologies import Release
from web import create_app
from web.config import load_settings
from web.db import open_database
from web.mme.nodes import Nodes


@dataclass(frozen=True)
class AskedNode:
    """A node with cases, and the token of a peer."""

    client: FlaskClient
    token: str

    @classmethod
    def with_cases(
        cls, folder: Path, release: Release, cases: Iterable[Case]
    ) -> AskedNode:
        """A new node in an empty folder."""
        settings = load_settings({}, directory=folder)
        db = open_database(settings.database)
        token = Nodes(db).add("Island")
        with CaseStore(db) as store:
            store.put_many(cases, actor="test")
        return cls(create_app(settings, release=release).test_client(), token)

    def post(
        self,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        path: str = "/match",
    ) -> TestResponse:
        """The answer to a request with these headers and the token, and no others."""
        sent = {"X-Auth-Token": self.token, **(headers or {})}
        return self.client.post(path, data=body, headers=sent)

    def ask(self, **patient: Any) -> dict[str, Any]:
        """What it tells about a patient of whom this is said."""
        contact = {"name": "Dr Example", "href": "mailto:a@island.example"}
        asked = {"patient": {"id": "theirs-1", "contact": contact, **patient}}
        answer = self.post(json.dumps(asked).encode())
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json(force=True)
        return told


def results_by_id(told: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The results of an answer by the id of their case."""
    return {result["patient"]["id"]: result for result in told["results"]}
