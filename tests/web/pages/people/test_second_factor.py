"""A second factor from the account page to the log-in, and where the site asks for one."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace

import pyotp
import pytest
from argon2 import PasswordHasher
from werkzeug.test import TestResponse

from matcher.calibration import Calibration
from ontologies import Release
from web import create_app
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.config import Settings
from web.db import open_database

from ...conftest import PASSWORD, Cast, Visitor


def enrol(cast: Cast, name: str = "alice") -> tuple[pyotp.TOTP, list[str]]:
    """The authenticator of somebody who sets up a factor on her page, and her codes."""
    visitor = cast[name]
    visitor.get("/account/second-factor")
    visitor.post("/account/second-factor/begin", {"password": PASSWORD})
    page = visitor.get("/account/second-factor").text
    found = re.search(r"<code class=\"breakable\">([A-Z2-7 ]+)</code>", page)
    assert found is not None and "<svg" in page
    totp = pyotp.TOTP(found.group(1).replace(" ", ""))
    answer = visitor.post("/account/second-factor/confirm", {"code": totp.now()})
    assert answer.status_code == 200, answer.text
    visitor.token = ""
    visitor.get("/account")
    return totp, re.findall(r"<code>([A-Z2-7-]{19})</code>", answer.text)


def second_page(cast: Cast, name: str = "alice") -> Visitor:
    """Another browser whose person has typed her password."""
    visitor = Visitor(cast.app.test_client())
    visitor.get("/log-in")
    answer = visitor.post("/log-in", {"name": name, "password": PASSWORD})
    assert answer.location.startswith("/log-in/code")
    return visitor


def type_code(visitor: Visitor, code: str, **more: str) -> TestResponse:
    visitor.get("/log-in/code")
    return visitor.post("/log-in/code", {"code": code, **more})


def test_enrolled_person_logs_in_with_a_code(cast: Cast) -> None:
    totp, codes = enrol(cast)
    assert len(codes) == 10
    phone = second_page(cast)
    assert phone.get("/").status_code == 302

    answer = type_code(phone, codes[0], next="/site")

    assert answer.location == "/site"
    assert "password and second factor" in phone.get("/account").text


def test_wrong_code_says_so_and_keeps_nothing(cast: Cast) -> None:
    enrol(cast)
    phone = second_page(cast)

    answer = type_code(phone, "WRONG-CODE")

    assert answer.status_code == 401
    assert "wrong, too old, or was used before" in answer.text
    assert "WRONG-CODE" not in answer.text
    assert phone.get("/").status_code == 302


def test_code_without_the_password_leads_to_the_log_in(cast: Cast) -> None:
    totp, _ = enrol(cast)
    nobody = cast["nobody"]
    nobody.get("/log-in")

    answer = nobody.post("/log-in/code", {"code": totp.now()})

    assert answer.location == "/log-in"
    assert nobody.get("/account").status_code == 302


def test_code_page_never_leads_to_another_site(cast: Cast) -> None:
    _, codes = enrol(cast)

    answer = type_code(second_page(cast), codes[0], next="//evil.example")

    assert answer.location == "/"


def test_enrolment_ends_other_sessions_and_renews_this_one(cast: Cast) -> None:
    phone = cast["nobody"]
    phone.log_in("alice")
    alice = cast["alice"]
    cookie = alice.client.get_cookie("secondcase-8000")
    assert cookie is not None
    old = cast.app.test_client()
    old.set_cookie("secondcase-8000", cookie.value)
    assert old.get("/account").status_code == 200

    enrol(cast)

    assert phone.get("/account").status_code == 302
    assert old.get("/account").status_code == 302
    assert alice.get("/account").status_code == 200


@pytest.mark.parametrize("what", ["begin", "codes", "remove"])
def test_what_changes_the_factor_needs_the_password(cast: Cast, what: str) -> None:
    if what != "begin":
        enrol(cast)

    answer = cast["alice"].post(
        f"/account/second-factor/{what}", {"password": "not hers at all"}
    )

    assert answer.status_code == 401
    assert "not your password" in answer.text
    page = cast["alice"].get("/account/second-factor").text
    heading = "log in with your password alone" if what == "begin" else "factor is on"
    assert heading in page


def test_factor_is_removed_with_the_password(cast: Cast) -> None:
    enrol(cast)

    cast["alice"].post("/account/second-factor/remove", {"password": PASSWORD})

    assert Visitor(cast.app.test_client()).log_in("alice").location == "/"


def test_new_recovery_codes_end_the_old_ones(cast: Cast) -> None:
    _, old = enrol(cast)
    page = cast["alice"].post("/account/second-factor/codes", {"password": PASSWORD})
    new = re.findall(r"<code>([A-Z2-7-]{19})</code>", page.text)

    assert len(new) == 10 and not set(new) & set(old)
    assert type_code(second_page(cast), old[0]).status_code == 401
    assert type_code(second_page(cast), new[0]).status_code == 303


def test_page_with_the_secret_is_kept_by_nobody(cast: Cast) -> None:
    cast["alice"].get("/account/second-factor")
    cast["alice"].post("/account/second-factor/begin", {"password": PASSWORD})

    answer = cast["alice"].get("/account/second-factor")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "style=" not in answer.text


def strict(cast: Cast, release: Release, calibration: Calibration, whom: str) -> Cast:
    """The same site with a setting that asks for a second factor."""
    settings: Settings = replace(cast.settings, second_factor=whom)
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app = create_app(
        settings, release=release, calibration=calibration, passwords=passwords
    )
    return Cast(app=app, settings=settings)


def test_site_that_asks_for_it_lets_nobody_go_on_without(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    site = strict(cast, release, calibration, "required")
    alice = site["alice"]

    for path in ("/", "/cases/new", "/account", "/notices", "/api/v1/docs"):
        answer = alice.get(path)
        assert (path, answer.location) == (path, "/account/second-factor") or (
            path.startswith("/api")
        )
    assert "Your site asks you for a second factor" in (
        alice.get("/account/second-factor").text
    )
    enrol(site)
    assert alice.get("/").status_code == 200
    alice.post("/account/second-factor/remove", {"password": PASSWORD})
    with closing(open_database(site.settings.database)) as db:
        people = Accounts(db, Passwords())
        assert people.second_factors.of(people.find("alice").person_id) is not None


def test_operators_alone_are_asked_where_the_setting_says_so(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    site = strict(cast, release, calibration, "operators")

    assert site["alice"].get("/").status_code == 200
