"""Left work is done by a command too, and the operator hears what nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher.case import Case, Sharing
from matcher.storage.store import CaseStore
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.cli import main
from web.cli.running.work import undone_work
from web.config import load_settings
from web.db import open_database
from web.notices.matters import asked
from web.notices.telling import Telling
from web.work.outbox import NotDone, Outbox

from ...mail_servers import Mailbox, serving


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with one letter that is to be sent."""
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    with closing(open_database(load_settings().database)) as db:
        Accounts(db, Passwords()).add(
            "alice",
            "a second case is a disease",
            roles=[Role.CLINICIAN],
            site="North",
            email="alice@north.example",
        )
        case = Case(
            case_id="N", site="North", submitter="alice", sharing=Sharing.EXCHANGE_1
        )
        CaseStore(db).put(case, actor="alice")
        Telling(db, by_mail=True).tell(asked("Island", Case(case_id="P-7"), ["N"]))
    return tmp_path


def use(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name, value in (
        ("HOST", "127.0.0.1"),
        ("PORT", str(port)),
        ("SECURITY", "none"),
        ("SENDER", "site@north.example"),
    ):
        monkeypatch.setenv(f"SECONDCASE_MAIL_{name}", value)


def work(*options: str) -> Result:
    return CliRunner().invoke(main, ["work", *options])


@contextmanager
def outbox() -> Iterator[Outbox]:
    with closing(open_database(load_settings().database)) as db:
        yield Outbox(db)


def test_what_is_due_is_done_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        use(monkeypatch, port)
        first, second = work("--once"), work("--once")

    assert (first.exit_code, first.output) == (0, "1 done, 0 not done.\n")
    assert (second.exit_code, second.output) == (0, "0 done, 0 not done.\n")
    assert mailbox.to == ["alice@north.example"]


def test_work_that_fails_says_so_without_an_address(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Mailbox(recipient="550 no alice@north.example here")) as port:
        use(monkeypatch, port)
        done = work("--once")

    assert done.exit_code == 1
    assert "0 done, 1 not done." in done.output
    assert "alice" not in done.output
    assert list(undone_work()) == [
        "1 of kind 'letter' given up: the mail server refused the recipient (550). "
        "Set that right, then run 'secondcase work --retry'."
    ]


def test_what_was_given_up_is_attempted_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with outbox() as kept:
        taken = kept.take("letter")
        assert taken is not None
        kept.failed(taken, NotDone("no such mailbox", again=False))
    with serving(Mailbox()) as port:
        use(monkeypatch, port)
        done = work("--once", "--retry")

    assert done.output == "1 attempted anew.\n1 done, 0 not done.\n"
    assert list(undone_work()) == []


def test_doctor_tells_of_mail_that_waits_for_a_server(home: Path) -> None:
    done = CliRunner().invoke(main, ["doctor"])

    assert done.exit_code == 1
    assert "E-mails that wait for a mail server: 1. Set mail_host" in done.output
