"""Work is done beside the requests; a process that is killed loses none and repeats one once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from matcher.case import Case, Sharing
from matcher.storage.database import Database, connect
from matcher.storage.store import CaseStore
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.config import load_settings
from web.db import open_database
from web.notices.matters import asked
from web.notices.telling import Telling
from web.work.outbox import LEASE, NotDone, Outbox, Work
from web.worker import Done, Worker, worker_of, working

from .mail_servers import Mailbox, serving
from .poster import worker as poster

POSTER = Path(__file__).parent / "poster.py"
POINTS = ("EHLO", "MAIL", "RCPT", "before it is taken", "after it is taken")
A_ROUND = 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    open_database(tmp_path / "secondcase.db").close()
    return tmp_path / "secondcase.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    with closing(connect(path)) as opened:
        yield opened


def test_kinds_that_come_first_are_done_first(path: Path, db: Database) -> None:
    done: list[str] = []

    def note(_: Database, work: Work) -> None:
        done.append(work.subject)

    for kind, subject in (("slow", "1"), ("quick", "2"), ("slow", "3"), ("quick", "4")):
        Outbox(db).add(kind, subject)

    worker = Worker(path=path, handlers={"quick": note, "slow": note})

    assert worker.once() == Done(done=4)
    assert done == ["2", "4", "1", "3"]


def test_error_in_the_program_is_logged_without_its_message_and_put_off(
    path: Path, db: Database
) -> None:
    def fail(_: Database, work: Work) -> None:
        raise ValueError("canary HP:0001250")

    Outbox(db).add("letter", "a")
    with structlog.testing.capture_logs() as said:
        assert Worker(path=path, handlers={"letter": fail}).once() == Done(failed=1)

    assert "canary" not in repr(said)
    assert said[0]["error"] == "ValueError"
    assert Outbox(db).waiting() == {"letter": 1}


def test_work_given_up_is_in_the_log_without_anybodys_address(
    path: Path, db: Database
) -> None:
    def refuse(_: Database, work: Work) -> None:
        raise NotDone("the mail server refused the recipient (550)", again=False)

    Outbox(db).add("letter", "a")
    with structlog.testing.capture_logs() as said:
        Worker(path=path, handlers={"letter": refuse}).once()

    given_up = next(each for each in said if each["event"] == "work given up")
    assert given_up["log_level"] == "error"
    assert "(550)" in given_up["why"]


def test_thread_works_and_is_gone_at_the_end(path: Path, db: Database) -> None:
    is_done = threading.Event()
    Outbox(db).add("letter", "a")
    worker = Worker(path=path, handlers={"letter": lambda db, work: is_done.set()})

    with working(worker):
        assert is_done.wait(30)

    assert not any(each.name == "outbox-worker" for each in threading.enumerate())
    assert Outbox(db).waiting() == {}


def test_thread_outlives_an_error(path: Path) -> None:
    is_back = threading.Event()
    rounds = iter((False, True))

    def chore(_: Database) -> None:
        if not next(rounds):
            raise ZeroDivisionError
        is_back.set()
        stop.set()

    stop = threading.Event()
    Worker(path=path, handlers={}, chores=[chore]).run(stop, pause_seconds=0)

    assert is_back.is_set()


def test_worker_told_to_stop_leaves_the_rest(path: Path, db: Database) -> None:
    stop = threading.Event()
    for name in "ab":
        Outbox(db).add("letter", name)
    worker = Worker(path=path, handlers={"letter": lambda db, work: stop.set()})

    worker.once(stop)

    assert Outbox(db).waiting() == {"letter": 1}


def test_mail_waits_where_no_mail_server_is_set(tmp_path: Path) -> None:
    settings = load_settings({}, directory=tmp_path)
    with closing(open_database(settings.database)) as db:
        Outbox(db).add("letter", "a")

        assert worker_of(settings).once() == Done()
        assert Outbox(db).waiting() == {"letter": 1}


# Killed


@dataclass
class Killer(Mailbox):
    """A mail server that kills who talks to it, once, at a point of the conversation."""

    point: str = ""
    victim: int = 0

    def strike(self, point: str) -> None:
        if self.victim and point == self.point:
            victim, self.victim = self.victim, 0
            os.kill(victim, signal.SIGKILL)

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, name: str, said: list[str]
    ) -> list[str]:
        session.host_name = name
        self.strike("EHLO")
        return said

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        self.strike("MAIL")
        return "250 yes"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        self.strike("RCPT")
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        is_struck = self.victim and self.point == "before it is taken"
        self.strike("before it is taken")
        if is_struck:
            return "451 not taken"
        said = await super().handle_DATA(server, session, envelope)
        self.strike("after it is taken")
        return said


class Poster:
    """Another process that sends what is in the outbox."""

    def __init__(self, path: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", str(POSTER), str(path), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def child(self) -> int:
        """The number of the process that will work."""
        return int(self._ask("prepare"))

    def work(self) -> int:
        """How the working process ended: minus the signal, as subprocess has it."""
        return os.waitstatus_to_exitcode(int(self._ask("work")))

    def _ask(self, line: str) -> str:
        assert self.process.stdin and self.process.stdout
        print(line, file=self.process.stdin, flush=True)
        return self.process.stdout.readline()


@pytest.fixture
def start_poster(path: Path) -> Iterator[Callable[[int], Poster]]:
    started: list[Poster] = []

    def start(port: int) -> Poster:
        started.append(Poster(path, port))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize(
    "rounds",
    [1, pytest.param(40, marks=pytest.mark.full)],
    ids=["5 kills", "200 kills"],
)
def test_killed_at_any_point_nothing_is_lost_and_nothing_comes_three_times(
    path: Path, db: Database, start_poster: Callable[[int], Poster], rounds: int
) -> None:
    people = Accounts(db, Passwords())
    people.add(
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
    killer, told, killed = Killer(), 0, 0
    with serving(killer) as port:
        children = start_poster(port)
        for point in POINTS * rounds:
            for _ in range(A_ROUND):
                told += 1
                Telling(db, by_mail=True).tell(
                    asked("Island", Case(case_id=f"P-{told}"), ["N"])
                )
            killer.point, killer.victim = point, children.child()
            killed += children.work() == -signal.SIGKILL
            after = replace(
                poster(path, port), clock=lambda: datetime.now(UTC) + 2 * LEASE
            )
            assert after.once().failed == 0

    times = Counter(message["Message-ID"] for message in killer.received)
    assert killed == len(POINTS) * rounds
    assert len(times) == told
    assert set(times.values()) <= {1, 2}
    assert sum(times.values()) > told
    assert Outbox(db).waiting() == {}
    assert list(Outbox(db).given_up()) == []
