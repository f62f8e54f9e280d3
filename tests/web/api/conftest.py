"""The systems of the API tests: of North and of Harbour, for submitting, matching or both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from web.api.documents import PREFIX
from web.api.tokens import Scope, Tokens
from web.db import open_database
from web.mme.nodes import Nodes

from ..conftest import OLIGODONTIA, PHF14, PROMINENT_JOINTS, SEIZURE, WIDE_MOUTH, Cast

SYSTEMS: Mapping[str, tuple[str, str, tuple[Scope, ...]]] = {
    "seqr": ("seqr", "North", (Scope.SUBMIT, Scope.MATCH)),
    "scout": ("scout", "North", (Scope.SUBMIT,)),
    "asker": ("asker", "North", (Scope.MATCH,)),
    "harbour": ("ehr", "Harbour", (Scope.SUBMIT, Scope.MATCH)),
}
TERMS = (OLIGODONTIA, PROMINENT_JOINTS, SEIZURE, WIDE_MOUTH)


@dataclass(frozen=True)
class System:
    """A program with a token."""

    client: FlaskClient
    token: str

    def call(
        self, method: str, path: str, headers: Mapping[str, str] = {}, **more: Any
    ) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.open(
            PREFIX + path, method=method, headers={**sent, **headers}, **more
        )

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.call("GET", path, _named(headers))

    def put(self, path: str, body: object, **headers: str) -> TestResponse:
        return self.call("PUT", path, _named(headers), json=body)

    def post(self, path: str, body: object, **headers: str) -> TestResponse:
        return self.call("POST", path, _named(headers), json=body)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.call("DELETE", path, _named(headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class Systems:
    """Who calls, by name; "nobody" and "stranger" have no token that is good here."""

    cast: Cast
    tokens: Mapping[str, str]

    def __getitem__(self, name: str) -> System:
        return System(self.cast.app.test_client(), self.tokens[name])


@pytest.fixture
def systems(cast: Cast) -> Systems:
    """Every system with its token, and a peer of the exchange with one for /match."""
    with closing(open_database(cast.settings.database)) as db:
        made = Tokens(db)
        tokens = {name: made.add(*what) for name, what in SYSTEMS.items()}
        tokens["peer"] = Nodes(db).add("Island")
    return Systems(cast, {**tokens, "nobody": "", "stranger": "0" * 43})


def packet(*terms: str, name: str = "P1", **more: Any) -> dict[str, Any]:
    """A phenopacket with these terms, or with four and a gene."""
    gene = {
        "interpretations": [
            {
                "id": "1",
                "diagnosis": {
                    "genomicInterpretations": [
                        {
                            "interpretationStatus": "CANDIDATE",
                            "gene": {"valueId": PHF14, "symbol": "PHF14"},
                        }
                    ]
                },
            }
        ]
    }
    return {
        "id": name,
        "subject": {"id": name},
        "phenotypicFeatures": [{"type": {"id": each}} for each in terms or TERMS],
        "metaData": {"phenopacketSchemaVersion": "2.0"},
        **({} if terms else gene),
        **more,
    }


def patient(*terms: str, name: str = "P1", **more: Any) -> dict[str, Any]:
    """An MME patient in its envelope."""
    return {
        "patient": {
            "id": name,
            "contact": {"name": "Dr Example", "href": "mailto:a@north.example"},
            "features": [{"id": each} for each in terms or TERMS],
            **more,
        }
    }


def refused(response: TestResponse, status: int) -> dict[str, Any]:
    """The problem of a refused call, whose shape is always the same."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    assert {"type", "title", "status", "detail", "errors"} <= set(body)
    assert body["status"] == status and body["detail"].endswith(".")
    for each in body["errors"]:
        assert set(each) == {"place", "field", "pointer", "value", "message"}
    return body
