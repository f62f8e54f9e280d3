"""The document of the API: true to what is answered, and a page without a script."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from web.api.documents import PREFIX

from ..conftest import SEIZURE
from .conftest import Systems, packet

CALLS = {
    "putCase": "PUT /cases/{external_id}",
    "getCase": "GET /cases/{external_id}",
    "deleteCase": "DELETE /cases/{external_id}",
    "listCases": "GET /cases",
    "match": "POST /match",
    "matchCase": "GET /cases/{external_id}/matches",
}
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
EVERYDAY, FULL = 40, 1_700


@pytest.fixture
def document(systems: Systems) -> dict[str, Any]:
    found: dict[str, Any] = (
        systems["nobody"].get("/openapi.json", Accept="*/*").get_json()
    )
    return found


def test_document_names_every_route(systems: Systems, document: dict[str, Any]) -> None:
    told = {
        f"{method.upper()} {path}"
        for path, calls in document["paths"].items()
        for method in calls
    }
    routes = {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
        for rule in systems.cast.app.url_map.iter_rules()
        if rule.endpoint.startswith("api_") and "reference" not in rule.endpoint
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    assert document["openapi"] == "3.1.0"
    assert told == routes
    assert {each.replace(PREFIX, "") for each in told} == set(CALLS.values())


def test_every_call_of_the_document_needs_a_token(document: dict[str, Any]) -> None:
    calls = [call for each in document["paths"].values() for call in each.values()]

    assert all(call["security"] == [{"token": []}] for call in calls)
    assert all({"401", "404", "422"} <= set(call["responses"]) for call in calls)


def test_examples_of_the_document_are_taken(
    systems: Systems, document: dict[str, Any]
) -> None:
    body = document["paths"][f"{PREFIX}/cases/{{external_id}}"]["put"]["requestBody"]
    examples = {
        name: media["example"]
        for name, media in body["content"].items()
        if "example" in media
    }

    answers = [
        systems["seqr"].call(
            "PUT",
            f"/cases/E{number}",
            {"Content-Type": name},
            data=json.dumps(example),
        )
        for number, (name, example) in enumerate(examples.items())
    ]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert [answer.get_json()["report"]["remarks"] for answer in answers] == [[]] * 3


@pytest.mark.parametrize("name", CALLS)
def test_answers_are_as_documented_whatever_is_sent(
    systems: Systems, name: str, pytestconfig: pytest.Config
) -> None:
    systems["seqr"].put("/cases/I1", packet())
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", systems.cast.app)
    call = schema.find_operation_by_id(name)
    headers = {"Authorization": f"Bearer {systems.tokens['seqr']}"}
    many = FULL if pytestconfig.getoption("--full") else EVERYDAY

    @settings(
        max_examples=many,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(
            call.as_strategy(generation_mode=GenerationMode.POSITIVE),
            call.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
    )
    def conform(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    conform()


def test_page_shows_every_call_and_runs_nothing(systems: Systems) -> None:
    page = systems["nobody"].get("/docs")

    assert page.status_code == 200 and page.mimetype == "text/html"
    for call in CALLS.values():
        method, _, path = call.partition(" ")
        assert f"<b>{method}</b> <code>{PREFIX}{path}</code>" in page.text
    assert "<script" not in page.text and " style=" not in page.text
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == []


def test_page_knows_nobody(systems: Systems) -> None:
    alice = systems.cast["alice"]
    form = {"action": "save", "version": "0", "observed": [SEIZURE], "sex": "female"}
    saved = alice.post("/cases/new", {**form, "sharing": "site"})
    assert saved.status_code == 303

    page = alice.client.get(f"{PREFIX}/docs")

    assert "alice" not in page.text and "Log out" not in page.text
    assert "is saved as version" not in page.text
    assert "Set-Cookie" not in page.headers
    assert "Cookie" not in page.headers.get("Vary", "")
    assert "is saved as version" in alice.get("/").text


@pytest.mark.parametrize("path", ["/openapi", "/openapi/", "/openapi/openapi.json"])
def test_pages_of_the_library_are_off(systems: Systems, path: str) -> None:
    assert systems.cast.app.test_client().get(path).status_code == 404
