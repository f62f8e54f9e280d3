"""Any error is answered with a status and one sentence, as a page or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, abort, redirect
from flask.testing import FlaskClient
from jinja2 import DictLoader
from structlog.testing import capture_logs
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from matcher.storage import errors as store_errors
from matcher.storage.codec import UnstorableCase
from matcher.errors import MatcherError, NotJson, UnknownCase
from ontologies.errors import NoActiveRelease, OntologyError, UnknownTerm
from web import errors
from web.errors import (
    NOTHING_HERE,
    STATUSES,
    BadAccount,
    LogInFailed,
    LogInThrottled,
    NameTaken,
    UnknownPerson,
    WeakPassword,
    WebError,
    status_of,
)

PAGE = "<h1>{{ status }}</h1><p>{{ sentence }}</p><i>{{ reference }}</i>{{ title }}"
RAISED = {
    "changed": store_errors.CaseChanged("P1", 1, 2, "bob", "2026-06-01"),
    "foreign": store_errors.CaseOfAnotherSite("P1"),
    "erased": store_errors.ErasedCase("P1", "2026-06-01"),
    "taken": store_errors.ExternalIdTaken("harbour", "7", "P1"),
    "repeated": store_errors.RepeatedCase("P1"),
    "busy": store_errors.DatabaseBusy(),
    "full": store_errors.DatabaseFull(),
    "unstorable": UnstorableCase("P1", "case.age", float("nan"), "finite"),
    "json": NotJson("it ends early"),
    "term": UnknownTerm("HP:9", "2026-06-06"),
    "release": NoActiveRelease(Path("var")),
    "login": LogInFailed(),
    "wait": LogInThrottled(8),
    "weak": WeakPassword(("it is short",)),
    "name": NameTaken("alice"),
    "account": BadAccount("name", "", "longer"),
}
EXPECTED = {
    "changed": 409,
    "foreign": 409,
    "erased": 410,
    "taken": 409,
    "repeated": 422,
    "busy": 503,
    "full": 503,
    "unstorable": 422,
    "json": 400,
    "term": 422,
    "release": 503,
    "login": 401,
    "wait": 429,
    "weak": 422,
    "name": 409,
    "account": 422,
}


class Teapot(WebError):
    """An error of another module, added to the table."""


@pytest.fixture
def app() -> Flask:
    app = Flask("small")
    app.jinja_loader = DictLoader({"error.html": PAGE})
    errors.init_app(app, {Teapot: 418})

    @app.get("/raise/<name>")
    @app.get("/mme/raise/<name>")
    def raise_named(name: str) -> str:
        raise RAISED[name]

    @app.get("/abort/<int:status>")
    @app.get("/mme/abort/<int:status>")
    def abort_with(status: int) -> str:
        abort(status)

    @app.get("/case")
    def unknown_case() -> str:
        raise UnknownCase("P1")

    @app.get("/person")
    def unknown_person() -> str:
        raise UnknownPerson("bob")

    @app.get("/secret")
    def unexpected() -> str:
        raise ValueError("HP:0001250 of Jane Doe")

    @app.get("/damaged")
    def damaged() -> str:
        raise store_errors.DatabaseDamaged(Path("/srv/secondcase.db"), "torn")

    @app.get("/teapot")
    def teapot() -> str:
        raise Teapot("short and stout")

    @app.get("/later")
    def later() -> str:
        raise TooManyRequests(retry_after=30)

    @app.get("/moved")
    def moved() -> str:
        abort(redirect("/elsewhere"))

    @app.get("/folder/")
    def folder() -> str:
        return "inside"

    @app.get("/ready-made")
    def ready_made() -> str:
        abort(Response("ready made", 409))

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as events:
        yield events  # type: ignore[misc]


@pytest.mark.parametrize("name", RAISED)
def test_page_and_json_say_the_same_sentence(client: FlaskClient, name: str) -> None:
    page = client.get(f"/raise/{name}")
    reply = client.get(f"/mme/raise/{name}")

    assert page.status_code == reply.status_code == EXPECTED[name]
    assert reply.json == {"message": str(RAISED[name])}
    assert f"<h1>{EXPECTED[name]}</h1>" in page.text
    assert page.mimetype == "text/html"


def test_what_an_error_quotes_is_text_on_the_page(client: FlaskClient) -> None:
    RAISED["markup"] = NameTaken("<script>alert(1)</script>")

    page = client.get("/raise/markup")

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (400, 400),
        (401, 401),
        (403, 404),
        (404, 404),
        (405, 405),
        (406, 406),
        (413, 413),
        (415, 415),
        (418, 418),
        (429, 429),
        (503, 503),
    ],
)
def test_every_status_has_a_sentence(
    client: FlaskClient, status: int, shown: int
) -> None:
    page, reply = client.get(f"/abort/{status}"), client.get(f"/mme/abort/{status}")

    assert page.status_code == reply.status_code == shown
    assert reply.json is not None
    assert list(reply.json) == ["message"]
    assert reply.json["message"].endswith(".")


@pytest.mark.parametrize("path", ["/case", "/person", "/abort/403", "/abort/404"])
def test_missing_and_forbidden_look_alike(client: FlaskClient, path: str) -> None:
    absent, found = client.get("/absent"), client.get(path)

    assert found.status_code == 404
    assert found.text == absent.text
    assert dict(found.headers) == dict(absent.headers)
    assert NOTHING_HERE in absent.text


@pytest.mark.parametrize(
    "path", ["/match", "/match/", "/heartbeat", "/metrics", "/mme"]
)
def test_programs_are_always_answered_in_json(client: FlaskClient, path: str) -> None:
    reply = client.get(path, headers={"Accept": "text/html"})

    assert reply.mimetype == "application/json"
    assert reply.json == {"message": NOTHING_HERE}


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/json;q=0.5, text/html", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
    ],
)
def test_others_are_answered_in_what_they_accept(
    client: FlaskClient, accept: str, mimetype: str
) -> None:
    assert client.get("/absent", headers={"Accept": accept}).mimetype == mimetype


def test_a_page_named_like_an_endpoint_is_a_page(client: FlaskClient) -> None:
    assert client.get("/matches").mimetype == "text/html"


class TestUnexpected:
    def test_it_shows_a_reference_and_nothing_else(
        self, client: FlaskClient, logged: list[dict[str, object]]
    ) -> None:
        page = client.get("/secret")

        assert page.status_code == 500
        assert "HP:0001250" not in page.text
        assert "Jane" not in page.text
        assert "ValueError" not in page.text
        assert str(logged[0]["reference"]) in page.text

    def test_the_log_says_where_and_never_what(
        self, client: FlaskClient, logged: list[dict[str, object]]
    ) -> None:
        client.get("/secret")

        (event,) = logged
        assert event["error"] == "ValueError"
        assert event["endpoint"] == "unexpected"
        assert "test_errors.py" in str(event["frames"])
        assert "Jane" not in str(event)

    def test_the_json_has_the_reference_too(self, client: FlaskClient) -> None:
        reply = client.get("/secret", headers={"Accept": "application/json"})

        assert reply.json is not None
        assert reply.json["reference"] in reply.json["message"]

    def test_each_has_a_reference_of_its_own(self, client: FlaskClient) -> None:
        assert client.get("/secret").text != client.get("/secret").text

    def test_a_damaged_database_is_no_business_of_the_visitor(
        self, client: FlaskClient, logged: list[dict[str, object]]
    ) -> None:
        page = client.get("/damaged")

        assert page.status_code == 500
        assert "/srv" not in page.text
        assert logged[0]["error"] == "DatabaseDamaged"

    def test_a_page_that_fails_itself_is_answered_barely(
        self, app: Flask, client: FlaskClient
    ) -> None:
        app.jinja_loader = DictLoader({"error.html": "{{ 1 / 0 }}"})

        page = client.get("/raise/full")

        assert page.status_code == 503
        assert "The disk that holds the database is full" in page.text

    def test_a_bare_page_quotes_as_text(self, app: Flask, client: FlaskClient) -> None:
        app.jinja_loader = DictLoader({})
        RAISED["markup"] = NameTaken("<script>alert(1)</script>")

        assert "<script>" not in client.get("/raise/markup").text


def test_waiting_times_are_in_the_header(client: FlaskClient) -> None:
    assert client.get("/raise/wait").headers["Retry-After"] == "8"
    assert client.get("/later").headers["Retry-After"] == "30"


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    response = client.post("/case")

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_redirects_and_ready_answers_pass(client: FlaskClient) -> None:
    assert client.get("/moved").headers["Location"] == "/elsewhere"
    assert client.get("/folder").status_code == 308
    assert client.get("/ready-made").text == "ready made"


def test_another_module_adds_to_the_table(client: FlaskClient) -> None:
    response = client.get("/teapot")

    assert response.status_code == 418
    assert "short and stout" in response.text


def test_an_unnamed_child_has_the_status_of_its_parent() -> None:
    class Odd(store_errors.CaseChanged):
        pass

    assert status_of(Odd("P1", 1, 2, "bob", "")) == 409
    assert status_of(MatcherError()) == 422
    assert status_of(OntologyError()) == 500
    assert status_of(WebError()) == 400
    assert status_of(KeyError()) == 500


def test_every_error_of_the_table_is_an_error_of_ours() -> None:
    ours = (MatcherError, OntologyError, WebError)

    assert all(issubclass(error, ours) for error in STATUSES)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/nothing"])
def test_callers_of_the_api_are_answered_with_problem_details(
    client: FlaskClient, path: str
) -> None:
    reply = client.get(path, headers={"Accept": "text/html"})

    assert reply.mimetype == "application/problem+json"
    assert reply.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": NOTHING_HERE,
        "errors": [],
    }
