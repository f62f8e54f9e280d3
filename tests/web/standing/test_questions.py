"""A shared case is asked again when it changes and in time, and news of a pair is told once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from matcher.case import Case, Sharing
from matcher.storage.database import Database, rows
from matcher.storage.store import CaseStore
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.db import open_database
from web.notices.inbox import Inbox, Notice
from web.notices.matters import Kind
from web.standing.questions import (
    ASK,
    EVERY,
    MOST_TOLD,
    MOST_WAITING,
    Change,
    Finding,
    StandingQueries,
)
from web.viewing.visibility import may_open
from web.work.outbox import NotDone, Outbox
from web.worker import Worker

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
NEW = Finding(
    node="Island",
    remote_id="P-7",
    change=Change.NEW,
    content="a",
    why="Both name PHF14.",
)


class Network:
    """Peers that find what they are told to, and a worker that asks them."""

    def __init__(self, db: Database, path: Path) -> None:
        self.db = db
        self.now = START
        self.asked: list[str] = []
        self.findings: list[Finding] = []
        self.errors: list[Exception] = []
        self.standing = StandingQueries(ask=self.ask, clock=self.clock, by_mail=True)
        self.worker = Worker(
            path=path,
            handlers={ASK: self.standing.answer},
            chores=[self.standing.leave_due],
            clock=self.clock,
        )

    def clock(self) -> datetime:
        return self.now

    def ask(self, db: Database, case_id: str) -> Iterator[Finding]:
        self.asked.append(case_id)
        if self.errors:
            raise self.errors.pop()
        yield from self.findings

    def round(self) -> list[str]:
        """Which cases are asked about now."""
        self.asked.clear()
        self.worker.once()
        return self.asked

    def put(self, case_id: str, **changes: object) -> None:
        fields = {"site": "North", "submitter": "alice", **changes}
        fields.setdefault("sharing", Sharing.EXCHANGE_1)
        case = Case(case_id=case_id, **fields)  # type: ignore[arg-type]
        CaseStore(self.db).put(case, actor="alice")

    def notices(self) -> list[Notice]:
        alice = Accounts(self.db, Passwords()).find("alice")
        return Inbox(self.db, alice, may_open).notices(limit=99)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    path = tmp_path / "secondcase.db"
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with closing(open_database(path)) as db:
        Accounts(db, Passwords(hasher)).add(
            "alice",
            "a second case is a disease",
            roles=[Role.CLINICIAN],
            site="North",
            email="alice@north.example",
        )
        yield Network(db, path)


def test_shared_cases_are_asked_and_no_others(network: Network) -> None:
    network.put("NORTH-1")
    network.put("NORTH-2", sharing=Sharing.EXCHANGE_2)
    network.put("NORTH-3", sharing=Sharing.NETWORK)
    network.put("NORTH-4", test=True)

    assert network.round() == ["NORTH-1", "NORTH-2"]
    assert network.round() == []


def test_changed_case_is_asked_again_at_once(network: Network) -> None:
    network.put("NORTH-1")
    network.put("NORTH-2")
    network.round()

    network.put("NORTH-2", solved=True)

    assert network.round() == ["NORTH-2"]


def test_every_case_is_asked_again_in_time_but_not_all_at_once(
    network: Network,
) -> None:
    names = [f"NORTH-{number}" for number in range(MOST_WAITING)]
    for name in names:
        network.put(name)
    network.round()
    network.now += 0.89 * EVERY
    assert network.round() == []

    network.now += 0.11 * EVERY
    first = set(network.round())
    network.now += 0.11 * EVERY

    assert 0 < len(first) < len(names)
    assert first | set(network.round()) == set(names)


def test_many_cases_do_not_reach_the_peers_in_one_round(network: Network) -> None:
    for number in range(MOST_WAITING + 5):
        network.put(f"NORTH-{number:03}")

    assert len(network.round()) == MOST_WAITING
    assert len(network.round()) == 5


def test_case_that_was_withdrawn_meanwhile_is_not_asked(network: Network) -> None:
    network.put("NORTH-1")
    network.standing.leave_due(network.db)
    network.put("NORTH-1", sharing=Sharing.SITE)

    assert network.round() == []
    assert Outbox(network.db).waiting() == {}


def test_case_withdrawn_while_it_is_asked_is_told_of_nothing(network: Network) -> None:
    network.put("NORTH-1")
    network.findings = [NEW]

    def withdraw(db: Database, case_id: str) -> Iterator[Finding]:
        CaseStore(db).delete("NORTH-1", "alice")
        yield NEW

    network.standing = StandingQueries(ask=withdraw, clock=network.clock)
    network.worker = Worker(
        path=network.worker.path,
        handlers={ASK: network.standing.answer},
        chores=[network.standing.leave_due],
        clock=network.clock,
    )
    network.worker.once()

    assert network.notices() == []
    assert rows(network.db, "SELECT * FROM standing_queries") == []


def test_new_match_is_told_once_with_its_reason(network: Network) -> None:
    network.put("NORTH-1")
    network.findings = [NEW]
    network.round()
    network.put("NORTH-1", solved=True)
    network.round()

    (notice,) = network.notices()
    assert (notice.case_id, notice.kind) == ("NORTH-1", Kind.NEW_MATCH)
    assert notice.facts["why"] == "Both name PHF14."
    assert Outbox(network.db).waiting() == {"letter": 1}


def test_pair_is_one_notice_until_it_is_read(network: Network) -> None:
    network.put("NORTH-1")
    for change, content in (
        (Change.NEW, "a"),
        (Change.CHANGED, "b"),
        (Change.WITHDRAWN, "b"),
    ):
        network.findings = [
            Finding(node="Island", remote_id="P-7", change=change, content=content)
        ]
        network.now += 2 * EVERY
        network.round()

    (notice,) = network.notices()
    assert notice.kind is Kind.WITHDRAWN_MATCH
    assert Outbox(network.db).waiting() == {"letter": 1}


def test_withdrawal_of_what_nobody_heard_of_is_no_news(network: Network) -> None:
    network.put("NORTH-1")
    network.findings = [
        Finding(node="Island", remote_id="P", change=Change.WITHDRAWN, content="a")
    ]

    network.round()

    assert network.notices() == []


def findings_of(node: str, change: Change, content: str) -> list[Finding]:
    return [
        Finding(node=node, remote_id=f"P-{number}", change=change, content=content)
        for number in range(MOST_TOLD + 3)
    ]


@pytest.mark.parametrize("change", [Change.NEW, Change.CHANGED])
def test_only_the_best_few_of_each_node_are_told(
    network: Network, change: Change
) -> None:
    network.put("NORTH-1")
    island = findings_of("Island", change, "a")
    network.findings = [*island, *findings_of("Coast", change, "a")[:2]]
    network.round()
    network.now += 2 * EVERY
    network.round()

    told = [(each.facts["node"], each.facts["remote"]) for each in network.notices()]
    assert sorted(told) == [
        *[("Coast", f"P-{number}") for number in range(2)],
        *[("Island", f"P-{number}") for number in range(MOST_TOLD)],
    ]
    assert Outbox(network.db).waiting() == {"letter": MOST_TOLD + 2}


def test_what_was_told_before_leaves_room_for_what_is_new(network: Network) -> None:
    network.put("NORTH-1")
    network.findings = findings_of("Island", Change.NEW, "a")
    network.round()
    network.now += 2 * EVERY
    network.findings = [*network.findings, replace(NEW, remote_id="P-99")]

    network.round()

    remotes = [each.facts["remote"] for each in network.notices()]
    assert len(remotes) == MOST_TOLD + 1 and "P-99" in remotes


def test_only_a_few_of_many_withdrawals_are_told(network: Network) -> None:
    network.put("NORTH-1")
    everything = findings_of("Island", Change.NEW, "a")
    for few in (everything[:MOST_TOLD], everything[MOST_TOLD:]):
        network.findings = few
        network.round()
        network.now += 2 * EVERY
    network.findings = findings_of("Island", Change.WITHDRAWN, "b")

    network.round()

    kinds = [each.kind for each in network.notices()]
    assert kinds.count(Kind.WITHDRAWN_MATCH) == MOST_TOLD
    assert kinds.count(Kind.NEW_MATCH) == 3


def test_nothing_is_asked_while_there_is_no_peer(network: Network) -> None:
    network.put("NORTH-1")
    lonely = StandingQueries(ask=network.ask, has_peers=lambda db: False)

    lonely.leave_due(network.db)

    assert Outbox(network.db).waiting() == {}


def test_failed_question_is_put_off_and_the_case_stays_due(network: Network) -> None:
    network.put("NORTH-1")
    network.errors = [NotDone("no peer could be asked")]
    assert network.round() == ["NORTH-1"]
    assert network.round() == []

    network.now += timedelta(minutes=1)

    assert network.round() == ["NORTH-1"]


@pytest.mark.parametrize("how", ["delete", "erase"])
def test_case_that_is_gone_is_not_asked(network: Network, how: str) -> None:
    network.put("NORTH-1")
    network.round()

    getattr(CaseStore(network.db), how)("NORTH-1", "alice")

    network.now += 2 * EVERY
    assert network.round() == []
    assert rows(network.db, "SELECT * FROM standing_queries") == []
