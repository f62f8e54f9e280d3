"""Log-in by a real provider on loopback: whom it lets in, and all that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest
import trustme
from argon2 import PasswordHasher
from joserfc import jwk

from matcher.calibration import Calibration
from ontologies import Release
from web import create_app
from web.accounts import openid
from web.accounts.identities import Identities
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.audit import Audit
from web.db import open_database

from ...conftest import PASSWORD, Cast, Visitor
from ...openid_provider import CLIENT, SECRET, Provider, providing

PATIENCE = 60.0


@dataclass
class Door:
    """A site with a provider, and what a browser does at it."""

    cast: Cast
    provider: Provider
    site: Cast

    def link(self, name: str = "alice", subject: str = "sub-1") -> None:
        with closing(open_database(self.cast.settings.database)) as db:
            person = Accounts(db, Passwords()).find(name)
            Identities(db).link(person, self.provider.issuer, subject)

    def browser(self) -> Visitor:
        return Visitor(self.site.app.test_client())

    def begin(self, browser: Visitor, path: str = "/log-in/openid") -> str:
        answer = browser.get(path)
        assert answer.status_code == 303
        return answer.location

    def log_in(self, browser: Visitor, **who: Any) -> str:
        """Where a log-in ends, the message there included."""
        back = self.provider.authorized(self.begin(browser), **who)
        answer = browser.get(back)
        assert answer.status_code == 303
        if answer.location != "/log-in":
            return answer.location
        return browser.get("/log-in").text

    def is_in(self, browser: Visitor) -> bool:
        return browser.get("/account").status_code == 200


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def door(
    cast: Cast,
    authority: trustme.CA,
    tmp_path: Path,
    release: Release,
    calibration: Calibration,
    request: pytest.FixtureRequest,
) -> Iterator[Door]:
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "secret").chmod(0o600)
    with providing(authority) as provider:
        settings = replace(
            cast.settings,
            openid_issuer=provider.issuer,
            openid_client_id=CLIENT,
            openid_client_secret_file=str(tmp_path / "secret"),
            openid_ca_file=str(tmp_path / "ca.pem"),
            **getattr(request, "param", {}),
        )
        passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        app = create_app(
            settings, release=release, calibration=calibration, passwords=passwords
        )
        yield Door(cast, provider, Cast(app=app, settings=settings))


by_email = pytest.mark.parametrize("door", [{"openid_people": "e-mail"}], indirect=True)


def test_linked_person_is_let_in_where_she_wanted_to_go(door: Door) -> None:
    door.link()
    browser = door.browser()
    place = door.begin(browser, "/log-in/openid?next=/site")

    answer = browser.get(door.provider.authorized(place))

    assert answer.location == "/site"
    assert "by your provider" in browser.get("/account").text
    assert "client_secret" not in door.provider.received[0]


def test_log_in_page_names_the_provider_beside_the_password(door: Door) -> None:
    page = door.browser().get("/log-in").text

    assert "Log in at localhost" in page and 'name="password"' in page


def test_who_is_not_linked_is_told_what_to_do_and_no_account_is_made(
    door: Door,
) -> None:
    browser = door.browser()

    said = door.log_in(browser, email="new@mail.example", email_verified=True)

    assert "no account here is linked to you" in said and "sub-1" in said
    assert not door.is_in(browser)
    with closing(open_database(door.cast.settings.database)) as db:
        assert len(Accounts(db, Passwords()).people()) == 4


def test_address_links_nobody_unless_a_setting_says_so(door: Door) -> None:
    browser = door.browser()

    door.log_in(browser, email="a@north.example", email_verified=True)

    assert not door.is_in(browser)


@by_email
def test_verified_address_links_once_and_is_audited(door: Door) -> None:
    browser = door.browser()

    assert door.log_in(browser, email="A@north.example", email_verified=True) == "/"

    with closing(open_database(door.cast.settings.database)) as db:
        entry = list(Audit(db).entries())[-1]
        found = Identities(db).person(door.provider.issuer, "sub-1")
    assert found is not None and found.name == "alice"
    assert entry.facts == {"person": "alice", "issuer": door.provider.issuer}
    again = door.browser()
    assert door.log_in(again, email="gone@mail.example", email_verified=True) == "/"


@by_email
@pytest.mark.parametrize(
    "who",
    [
        {"email": "a@north.example"},
        {"email": "a@north.example", "email_verified": False},
        {"email": "a@north.example", "email_verified": "true"},
        {"email": "alice", "email_verified": True},
        {"email": ["a@north.example"], "email_verified": True},
    ],
)
def test_address_that_is_not_verified_links_nobody(
    door: Door, who: dict[str, object]
) -> None:
    browser = door.browser()

    door.log_in(browser, **who)

    assert not door.is_in(browser)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": 1_000_000_000},
        {"iat": 4_000_000_000},
        {"nonce": "of another log-in"},
        {"sub": ""},
        {"sub": 7},
    ],
)
def test_token_with_a_wrong_claim_lets_nobody_in(
    door: Door, claims: dict[str, object]
) -> None:
    door.link()
    browser = door.browser()

    said = door.log_in(browser, **claims)

    assert "could not be used" in said
    assert not door.is_in(browser)


@pytest.mark.parametrize("how", ["another key", "a shared secret"])
def test_token_that_the_provider_did_not_sign_lets_nobody_in(
    door: Door, how: str
) -> None:
    door.link()
    if how == "another key":
        door.provider.signed_by = jwk.RSAKey.generate_key(2048, {"kid": "one"})
    else:
        door.provider.algorithm = "HS256"
    browser = door.browser()

    door.log_in(browser)

    assert not door.is_in(browser)


def test_log_in_that_was_begun_elsewhere_is_refused(door: Door) -> None:
    door.link()
    back = door.provider.authorized(door.begin(door.browser()))
    victim = door.browser()

    assert victim.get(back).location == "/log-in"
    door.begin(victim)
    assert victim.get(back).location == "/log-in"

    assert not door.is_in(victim)
    assert door.provider.received == []


def test_answer_of_the_provider_is_good_once(door: Door) -> None:
    door.link()
    browser = door.browser()
    back = door.provider.authorized(door.begin(browser))
    browser.get(back)
    browser.get("/account")
    browser.post("/log-out")

    browser.get(back)

    assert not door.is_in(browser)


def test_log_in_never_leads_to_another_site(door: Door) -> None:
    door.link()
    browser = door.browser()
    place = door.begin(browser, "/log-in/openid?next=//evil.example")

    assert browser.get(door.provider.authorized(place)).location == "/"


def test_session_is_a_new_one(door: Door) -> None:
    door.link("bob")
    browser = door.browser()
    browser.log_in("alice")
    old = browser.client.get_cookie("secondcase-8000")
    assert old is not None

    door.log_in(browser)

    other = door.site.app.test_client()
    other.set_cookie("secondcase-8000", old.value)
    assert other.get("/account").status_code == 302
    assert "<p>bob, clinician" in browser.get("/account").text


def test_deactivated_person_is_not_let_in(door: Door) -> None:
    door.link()
    with closing(open_database(door.cast.settings.database)) as db:
        Accounts(db, Passwords()).deactivate("alice")
    browser = door.browser()

    door.log_in(browser)

    assert not door.is_in(browser)


def test_provider_that_says_it_is_another_is_not_used(door: Door) -> None:
    door.provider.said_issuer = "https://evil.example"
    browser = door.browser()

    assert browser.get("/log-in/openid").location == "/log-in"
    assert "another issuer" in browser.get("/log-in").text


def test_provider_that_does_not_answer_is_given_up(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.link()
    browser = door.browser()
    back = door.provider.authorized(door.begin(browser))
    monkeypatch.setattr(openid, "SECONDS", 0.2)
    door.provider.seconds = 0.6

    browser.get(back)

    assert "did not answer in time" in browser.get("/log-in").text


def test_provider_that_failed_is_not_asked_again_for_half_a_minute(door: Door) -> None:
    now = [1_000.0]
    known = openid.Provider(door.site.settings, clock=lambda: now[0])
    door.site.app.extensions["secondcase-openid"] = known
    browser = door.browser()
    door.provider.said_issuer = "https://evil.example"
    browser.get("/log-in/openid")
    first = browser.get("/log-in").text
    door.provider.said_issuer = ""

    now[0] += 30
    assert browser.get("/log-in/openid").location == "/log-in"
    again = browser.get("/log-in").text
    now[0] += 1

    assert "another issuer" in first and "another issuer" in again
    assert door.begin(browser).startswith(door.provider.issuer)


def test_no_more_wait_for_a_provider_that_hangs_than_half_the_threads(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(door.site.settings, threads=4)
    known = openid.Provider(settings)
    door.site.app.extensions["secondcase-openid"] = known
    hangs, asking, call = Event(), Semaphore(0), openid.call

    def hanging(*wanted: Any, **more: Any) -> Any:
        asking.release()
        assert hangs.wait(PATIENCE)
        return call(*wanted, **more)

    monkeypatch.setattr(openid, "call", hanging)
    with ThreadPoolExecutor(2) as two:
        waiting = [two.submit(door.begin, door.browser()) for _ in "12"]
        assert all(asking.acquire(timeout=PATIENCE) for _ in "12")
        third = door.browser()
        assert door.begin(third) == "/log-in"
        hangs.set()
        places = [each.result(PATIENCE) for each in waiting]

    assert "others wait for it already" in third.get("/log-in").text
    assert all(place.startswith(door.provider.issuer) for place in places)
    assert door.begin(third).startswith(door.provider.issuer)


def test_page_after_leaving_asks_the_provider_nothing(door: Door) -> None:
    browser = door.browser()

    assert "/leave?" not in browser.get("/log-in?left=openid").text

    door.begin(browser)
    assert "/leave?" in browser.get("/log-in?left=openid").text


def test_certificate_of_a_stranger_is_not_accepted(door: Door, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(trustme.CA().cert_pem.bytes())
    settings = replace(door.site.settings, openid_ca_file=str(stranger))
    door.site.app.extensions["secondcase-openid"] = openid.Provider(settings)
    browser = door.browser()

    browser.get("/log-in/openid")

    assert "certificate is not accepted" in browser.get("/log-in").text


def test_who_leaves_may_leave_the_provider_too(door: Door) -> None:
    door.link()
    browser = door.browser()
    door.log_in(browser)
    browser.get("/account")

    answer = browser.post("/log-out")

    page = browser.get(answer.location).text
    assert f"{door.provider.issuer}/leave?client_id={CLIENT}" in page
    assert not door.is_in(browser)


@pytest.mark.parametrize("door", [{"password_log_in": False}], indirect=True)
def test_passwords_can_be_switched_off(door: Door) -> None:
    browser = door.browser()
    assert 'name="password"' not in browser.get("/log-in").text
    door.site.app.config["WTF_CSRF_ENABLED"] = False
    data = {"name": "alice", "password": PASSWORD}

    assert browser.client.post("/log-in", data=data).status_code == 404
    assert not door.is_in(browser)


def test_without_a_provider_there_is_no_such_page(cast: Cast) -> None:
    assert cast["nobody"].get("/log-in/openid").status_code == 404
    assert cast["nobody"].get("/log-in/openid/back").status_code == 404
