"""A browser from which a person has logged in before is let through while others guess."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from ..conftest import Cast, Visitor

COOKIE = "secondcase-8000-device"


def guess(cast: Cast, name: str = "alice", times: int = 8) -> None:
    """Wrong passwords from a browser that nobody knows."""
    stranger = Visitor(cast.app.test_client())
    for number in range(times):
        stranger.log_in(name, f"wrong {number}")


def value(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    assert found is not None
    return found.value


def log_in_with(cast: Cast, cookie: str, name: str = "alice") -> int:
    """How a log-in with the right password is answered in a browser with this cookie."""
    visitor = Visitor(cast.app.test_client())
    visitor.client.set_cookie(COOKIE, cookie)
    return visitor.log_in(name).status_code


def test_known_browser_logs_in_while_others_guess(cast: Cast) -> None:
    cast["alice"].post("/log-out")
    guess(cast)

    assert cast["alice"].log_in("alice").status_code == 303
    assert cast["nobody"].log_in("alice").status_code == 429


def test_shared_browser_knows_everybody_who_logged_in(cast: Cast) -> None:
    shared = Visitor(cast.app.test_client())
    for name in ("alice", "bob"):
        shared.log_in(name)
        shared.post("/log-out")
    guess(cast, "alice")
    guess(cast, "bob")

    answers = [log_in_with(cast, value(shared.client), n) for n in ("alice", "bob")]

    assert answers == [303, 303]


def test_browser_of_somebody_else_is_no_help(cast: Cast) -> None:
    cookie = value(cast["bob"].client)
    guess(cast)

    assert log_in_with(cast, cookie) == 429


def forged(key: str) -> str:
    """A cookie for everybody under a key that is not ours."""
    signed = URLSafeTimedSerializer(key, salt="known device")
    return str(signed.dumps(["x", list(range(100))]))


@pytest.mark.parametrize("cookie", ["", "x", "W10.x.y", "A" * 4000, forged("guessed")])
def test_forged_cookie_is_a_new_browser(cast: Cast, cookie: str) -> None:
    guess(cast)

    assert log_in_with(cast, cookie) == 429


def test_cookie_is_kept_from_scripts_and_other_sites(cast: Cast) -> None:
    visitor = Visitor(cast.app.test_client())

    headers = visitor.log_in("alice").headers.getlist("Set-Cookie")

    (header,) = (each for each in headers if each.startswith(f"{COOKIE}="))
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header
    assert "Max-Age=31536000" in header
    assert "Domain" not in header


def test_wrong_password_leaves_no_cookie(cast: Cast) -> None:
    visitor = Visitor(cast.app.test_client())

    visitor.log_in("alice", "wrong")

    assert visitor.client.get_cookie(COOKIE) is None
