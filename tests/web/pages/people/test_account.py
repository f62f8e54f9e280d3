"""Logging in and out, one's own sessions, and the colours of the pages."""

from __future__ import annotations

import pytest

from ...conftest import PASSWORD, Cast


def test_right_password_leads_to_my_cases(cast: Cast) -> None:
    answer = cast["nobody"].log_in("alice")

    assert answer.status_code == 303
    assert answer.location == "/"


def test_wrong_password_says_so_and_keeps_the_name(cast: Cast) -> None:
    answer = cast["nobody"].log_in("alice", "not her password")

    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert 'value="alice"' in answer.text
    assert "not her password" not in answer.text


def test_unknown_name_is_answered_like_a_wrong_password(cast: Cast) -> None:
    known, unknown = (
        cast["nobody"].log_in(name, "wrong") for name in ("alice", "mallory")
    )

    assert unknown.status_code == known.status_code
    assert "do not belong together" in unknown.text


@pytest.mark.parametrize("empty", ["name", "password"])
def test_empty_field_is_named_above_and_beneath(cast: Cast, empty: str) -> None:
    visitor = cast["nobody"]
    visitor.get("/log-in")

    answer = visitor.post("/log-in", {"name": "alice", "password": PASSWORD, empty: ""})

    assert answer.status_code == 422
    assert f'href="#{empty}"' in answer.text
    assert f'id="{empty}-problem"' in answer.text


def test_too_many_failures_are_told_when_to_come_back(cast: Cast) -> None:
    visitor = cast["nobody"]

    answers = [visitor.log_in("alice", f"wrong {n}") for n in range(8)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "too many failed attempts" in answers[-1].text


def test_log_in_without_csrf_token_is_refused(cast: Cast) -> None:
    data = {"name": "alice", "password": PASSWORD}

    answer = cast["nobody"].client.post("/log-in", data=data)

    assert answer.status_code == 400
    assert cast["nobody"].get("/account").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example"]
)
def test_log_in_never_leads_to_another_site(cast: Cast, target: str) -> None:
    visitor = cast["nobody"]
    visitor.get("/log-in")

    answer = visitor.post(
        "/log-in", {"name": "alice", "password": PASSWORD, "next": target}
    )

    assert answer.location == "/"


def test_log_in_leads_back_to_the_page_that_asked_for_it(cast: Cast) -> None:
    visitor = cast["nobody"]
    asked = visitor.get("/keyboard").status_code, visitor.get("/cases/new")
    assert asked[0] == 200
    assert asked[1].location == "/log-in?next=/cases/new"
    visitor.get(asked[1].location)

    answer = visitor.post(
        "/log-in", {"name": "alice", "password": PASSWORD, "next": "/cases/new"}
    )

    assert answer.location == "/cases/new"


def test_who_is_logged_in_need_not_log_in_again(cast: Cast) -> None:
    answer = cast["alice"].get("/log-in")

    assert answer.status_code == 302
    assert answer.location == "/"


def test_log_out_ends_the_session(cast: Cast) -> None:
    alice = cast["alice"]

    assert alice.post("/log-out").location == "/log-in"
    assert alice.get("/").status_code == 302


def test_account_lists_sessions_and_marks_this_one(cast: Cast) -> None:
    page = cast["alice"].get("/account").text

    assert "You are logged in here and nowhere else" in page
    assert "this one" in page


def test_another_session_can_be_ended(cast: Cast) -> None:
    phone = cast["nobody"]
    phone.log_in("alice")
    page = cast["alice"].get("/account")
    assert "here and in one other place" in page.text
    path = page.text.split('action="/account/sessions/')[1].split('"')[0]

    answer = cast["alice"].post(f"/account/sessions/{path}")

    assert answer.status_code == 303
    assert phone.get("/account").status_code == 302
    assert cast["alice"].get("/account").status_code == 200


def test_session_of_somebody_else_stays(cast: Cast) -> None:
    phone = cast["nobody"]
    phone.log_in("alice")
    path = (
        cast["alice"]
        .get("/account")
        .text.split('action="/account/sessions/')[1]
        .split('"')[0]
    )

    cast["bob"].post(f"/account/sessions/{path}")

    assert phone.get("/account").status_code == 200


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_theme_is_kept_with_the_account(cast: Cast, theme: str) -> None:
    cast["alice"].post("/account/theme", {"theme": theme})

    assert f'data-bs-theme="{theme}"' in cast["alice"].get("/account").text


def test_unknown_theme_is_refused_with_its_value(cast: Cast) -> None:
    cast["alice"].post("/account/theme", {"theme": "pink"})

    assert "pink" in cast["alice"].get("/account").text


@pytest.mark.parametrize(
    "path", ["/account/theme", "/log-out", "/account/sessions/1/end"]
)
def test_post_without_csrf_token_changes_nothing(cast: Cast, path: str) -> None:
    answer = cast["alice"].client.post(path, data={"theme": "dark"})

    assert answer.status_code == 400
    assert 'data-bs-theme="auto"' in cast["alice"].get("/account").text


def test_curator_has_an_account_page(cast: Cast) -> None:
    assert "curator at North" in cast["dana"].get("/account").text


@pytest.mark.parametrize(
    "path", ["/account", "/", "/site", "/cases/new", "/cases/X/matches"]
)
def test_anonymous_is_asked_to_log_in(cast: Cast, path: str) -> None:
    answer = cast["nobody"].get(path)

    assert answer.status_code == 302
    assert answer.location.startswith("/log-in?next=")
