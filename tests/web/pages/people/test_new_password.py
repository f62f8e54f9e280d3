"""A new password by a link: once, for whom it was made."""

from __future__ import annotations

from contextlib import closing

import pytest

from web.accounts import Accounts, Passwords
from web.db import open_database

from ...conftest import PASSWORD, Cast

NEW = "a quite different passphrase"


@pytest.fixture
def path(cast: Cast) -> str:
    with closing(open_database(cast.settings.database)) as db:
        people = Accounts(db, Passwords())
        return f"/new-password/{people.links.make(people.find('alice'))}"


def test_password_is_chosen_and_the_old_one_ends(cast: Cast, path: str) -> None:
    nobody = cast["nobody"]
    assert "For the account alice" in nobody.get(path).text

    answer = nobody.post(path, {"password": NEW, "again": NEW})

    assert answer.location == "/log-in"
    assert nobody.log_in("alice", PASSWORD).status_code == 401
    assert nobody.log_in("alice", NEW).status_code == 303
    assert cast["bob"].get(path).status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [(NEW, "another one", "not the same"), ("short", "short", "needs 12")],
)
def test_what_is_wrong_is_said_and_the_link_stays_good(
    cast: Cast, path: str, password: str, again: str, said: str
) -> None:
    cast["nobody"].get(path)

    answer = cast["nobody"].post(path, {"password": password, "again": again})

    assert answer.status_code == 422 and said in answer.text
    assert cast["nobody"].get(path).status_code == 200


def test_link_that_is_none_is_not_there(cast: Cast) -> None:
    assert cast["nobody"].get("/new-password/abc").status_code == 404
