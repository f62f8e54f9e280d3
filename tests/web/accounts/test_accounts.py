"""A browser logs in and out; what its cookie holds is worth nothing once the session ended."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask, session
from flask.testing import FlaskClient
from flask_login import login_required
from werkzeug.test import TestResponse

from web import db, errors, security
from web import accounts
from web.accounts import Passwords, Role
from web.config import load_settings

RIGHT = "a horse, a boat and a hill"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    settings = load_settings({}, directory=tmp_path)
    app = Flask("small")
    security.init_app(app, settings)
    app.config["WTF_CSRF_ENABLED"] = False
    db.init_app(app, settings)
    errors.init_app(app)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts.init_app(app, settings, cheap)
    add_routes(app)
    with app.app_context():
        people = accounts.accounts()
        people.add("alice", RIGHT, roles={Role.CLINICIAN}, site="harbour")
        people.add("dana", RIGHT, roles={Role.CURATOR})
    return app


def add_routes(app: Flask) -> None:
    app.add_url_rule("/log-in", "pages.account.log_in", lambda: "log in here")

    @app.post("/log-in/<name>/<path:password>")
    def log_in(name: str, password: str) -> str:
        return accounts.log_in(name, password).name

    @app.post("/log-out")
    def log_out() -> str:
        accounts.log_out()
        return "bye"

    @app.get("/me")
    def me() -> dict[str, str]:
        here = accounts.current_session()
        return {"name": accounts.the_person().name, "session": here.session_id}

    @app.get("/maybe")
    def maybe() -> str:
        person = accounts.maybe_person()
        return person.name if person else "nobody"

    @app.post("/save")
    def save() -> str:
        return accounts.the_person().name

    @app.get("/mme/me")
    def api() -> str:
        return accounts.the_person().name

    @app.get("/guarded")
    @login_required
    def guarded() -> str:
        return "in"

    @app.get("/curation")
    @accounts.roles_required(Role.CURATOR, Role.OPERATOR)
    def curation() -> str:
        return "releases"

    @app.get("/remember/<word>")
    def remember(word: str) -> str:
        session["word"] = word
        return word

    @app.get("/word")
    def word() -> str:
        return str(session.get("word", "none"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def log_in(client: FlaskClient, name: str = "alice") -> TestResponse:
    response = client.post(f"/log-in/{name}/{RIGHT}")
    assert response.status_code == 200
    return response


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("secondcase")
    return found.value if found else ""


def test_who_logged_in_is_known(client: FlaskClient) -> None:
    log_in(client)

    assert client.get("/me").json["name"] == "alice"  # type: ignore[index]


def test_nobody_is_known_before(client: FlaskClient) -> None:
    assert client.get("/maybe").text == "nobody"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/me", "/log-in?next=/me"),
        ("/me?of=site&q=a%26b", "/log-in?next=/me?of%3Dsite%26q%3Da%2526b"),
        ("/guarded", "/log-in?next=/guarded"),
        ("/curation", "/log-in?next=/curation"),
    ],
)
def test_a_page_sends_to_the_log_in_and_back(
    client: FlaskClient, path: str, target: str
) -> None:
    response = client.get(path)

    assert (response.status_code, response.headers["Location"]) == (302, target)


def test_a_form_is_not_sent_again_after_the_log_in(client: FlaskClient) -> None:
    response = client.post("/save")

    assert response.headers["Location"] == "/log-in"


def test_a_program_is_told_in_json(client: FlaskClient) -> None:
    response = client.get("/mme/me")

    assert response.status_code == 401
    assert response.json == {
        "message": "You are not logged in, or your session has ended; log in."
    }


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_a_wrong_password_is_refused(client: FlaskClient, name: str) -> None:
    response = client.post(f"/log-in/{name}/wrong")

    assert response.status_code == 401
    assert "This name and password do not belong together" in response.text
    assert client.get("/maybe").text == "nobody"


def test_too_many_failures_are_told_to_wait(client: FlaskClient) -> None:
    answers = [client.post("/log-in/alice/wrong") for _ in range(12)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(1 <= int(answer.headers["Retry-After"]) <= 16 for answer in refused)


def test_logging_out_ends_the_session_also_for_a_copied_cookie(
    app: Flask, client: FlaskClient
) -> None:
    log_in(client)
    stolen = cookie(client)

    client.post("/log-out")

    assert client.get("/maybe").text == "nobody"
    thief = app.test_client()
    thief.set_cookie("secondcase", stolen)
    assert thief.get("/maybe").text == "nobody"


def test_a_cookie_from_before_the_log_in_never_becomes_a_session(
    app: Flask, client: FlaskClient
) -> None:
    client.get("/remember/planted")
    planted = cookie(client)

    log_in(client)

    thief = app.test_client()
    thief.set_cookie("secondcase", planted)
    assert thief.get("/maybe").text == "nobody"
    assert client.get("/word").text == "none"


def test_a_log_in_ends_the_session_that_the_browser_had(
    app: Flask, client: FlaskClient
) -> None:
    log_in(client)
    old = cookie(client)

    log_in(client, "dana")

    other = app.test_client()
    other.set_cookie("secondcase", old)
    assert other.get("/maybe").text == "nobody"
    assert client.get("/maybe").text == "dana"


def test_each_log_in_is_a_session_of_its_own(app: Flask) -> None:
    first, second = app.test_client(), app.test_client()
    log_in(first)
    log_in(second)

    assert first.get("/me").json != second.get("/me").json


def test_a_session_ended_elsewhere_is_over_at_once(
    app: Flask, client: FlaskClient
) -> None:
    log_in(client)

    with app.app_context():
        people = accounts.accounts()
        people.end_sessions(people.find("alice"))

    assert client.get("/maybe").text == "nobody"


@pytest.mark.parametrize("forged", ["", "x", "e30.x.y", "..", "\x7f", "A" * 5000])
def test_a_forged_cookie_is_nobody(app: Flask, forged: str) -> None:
    client = app.test_client(use_cookies=False)

    response = client.get("/maybe", headers={"Cookie": f"secondcase-8000={forged}"})

    assert response.text == "nobody"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(
    client: FlaskClient,
) -> None:
    header = log_in(client).headers["Set-Cookie"]

    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header
    assert re.search(r"Expires=|Max-Age=", header)


def test_who_lacks_the_role_sees_what_a_missing_page_shows(
    client: FlaskClient,
) -> None:
    log_in(client)

    forbidden, missing = client.get("/curation"), client.get("/absent")

    assert forbidden.status_code == 404
    assert forbidden.text == missing.text


def test_who_has_the_role_is_let_in(client: FlaskClient) -> None:
    log_in(client, "dana")

    assert client.get("/curation").text == "releases"


def test_sessions_last_as_long_as_the_settings_say(tmp_path: Path) -> None:
    settings = load_settings({"SECONDCASE_SESSION_HOURS": "2"}, directory=tmp_path)
    app = Flask("small")
    security.init_app(app, settings)
    db.init_app(app, settings)
    accounts.init_app(app, settings, Passwords(PasswordHasher(1, 8, 1)))

    with app.app_context():
        limits = accounts.accounts()._sessions._limits

    assert limits.absolute.total_seconds() == 7200
    assert app.permanent_session_lifetime == limits.absolute
