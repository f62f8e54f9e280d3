"""`secondcase user`: everything that an operator does with people, from the command line."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher.case import Case, Sharing
from matcher.storage.store import CaseStore
from web.accounts import Accounts, Passwords
from web.audit import Audit
from web.cli import main
from web.config import load_settings
from web.db import open_database

PASSWORD = "a second case is a disease"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def succeed(*arguments: str) -> str:
    done = call(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def people(home: Path) -> Path:
    for name in ("alice", "bob"):
        succeed("user", "add", name, "--site", "North", "--password", PASSWORD)
    return home


def test_leavers_cases_are_handed_over(people: Path) -> None:
    with CaseStore(open_database(load_settings().database)) as store:
        case = Case(
            case_id="N-1", site="North", submitter="alice", sharing=Sharing.PRIVATE
        )
        store.put(case, actor="alice")

    said = succeed("user", "hand-over", "alice", "bob")

    assert said.startswith("1 cases of alice are those of bob now")
    with CaseStore(open_database(load_settings().database)) as store:
        assert store.get("N-1").case.submitter == "bob"


def test_hand_over_to_nobody_says_who_there_is(people: Path) -> None:
    done = call("user", "hand-over", "alice", "mallory")

    assert done.exit_code == 1
    assert "no person 'mallory'" in done.stderr


def test_person_is_shown_after_changes(people: Path) -> None:
    succeed("user", "roles", "alice", "--role", "curator", "--role", "clinician")
    succeed("user", "site", "alice", "Harbour")
    succeed("user", "email", "alice", "a@mail.example")

    said = succeed("user", "show", "alice")

    assert "clinician, curator" in said and "Harbour" in said
    assert "a@mail.example" in said and "never" in said


def test_link_lets_choose_a_password(people: Path) -> None:
    said = succeed("user", "link", "alice").strip()

    assert said.startswith("http://127.0.0.1:8000/new-password/")
    with closing(open_database(load_settings().database)) as db:
        found = Accounts(db, Passwords()).links.of(said.rpartition("/")[2])
    assert found.name == "alice"


def test_identity_needs_a_provider(people: Path) -> None:
    done = call("user", "link-identity", "alice", "sub-1")

    assert done.exit_code == 1
    assert "openid_issuer is empty" in done.stderr


def test_identity_is_linked_and_taken(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDCASE_OPENID_ISSUER", "https://login.example")
    monkeypatch.setenv("SECONDCASE_OPENID_CLIENT_ID", "secondcase")

    succeed("user", "link-identity", "alice", "sub-1")

    assert "sub-1 at https://login.example" in succeed("user", "show", "alice")
    assert "Taken from alice: 1." in succeed("user", "unlink-identities", "alice")


def test_every_change_is_audited(people: Path) -> None:
    for command in ("deactivate", "activate", "end-sessions", "remove-second-factor"):
        succeed("user", command, "alice")

    with closing(open_database(load_settings().database)) as db:
        actions = [entry.action for entry in Audit(db).entries()]
    assert actions == [
        "added a person",
        "added a person",
        "deactivated a person",
        "activated a person",
        "ended the sessions of a person",
        "removed the second factor of a person",
    ]
