"""A site with people, cases that are shared, and a clock that stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from matcher.case import Case, PhenotypicFeature, Sharing
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Person, Role
from web.db import open_database
from web.notices.inbox import Inbox, Notice
from web.notices.telling import Telling
from web.viewing.visibility import may_open
from web.work.outbox import Outbox

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
PASSWORD = "a second case is a disease"


@dataclass(kw_only=True)
class Desk:
    """The database of a site, with all that tells people of their cases."""

    db: Database
    path: Path
    people: Accounts
    now: datetime = START
    by_mail: bool = True
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.db, self.clock)

    def clock(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time

    def person(self, name: str) -> Person:
        return self.people.find(name)

    def inbox(self, name: str) -> Inbox:
        return Inbox(self.db, self.person(name), may_open, self.clock)

    def notices(self, name: str) -> list[Notice]:
        return self.inbox(name).notices(limit=100)

    @property
    def telling(self) -> Telling:
        return Telling(self.db, by_mail=self.by_mail, clock=self.clock)

    def put(self, case_id: str, **changes: object) -> None:
        with_defaults = {
            "site": "North",
            "submitter": "alice",
            "sharing": Sharing.EXCHANGE_1,
            "features": (PhenotypicFeature(term_id="HP:0001250"),),
            **changes,
        }
        case = Case(case_id=case_id, **with_defaults)  # type: ignore[arg-type]
        CaseStore(self.db).put(case, actor="test")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Alice and Bob at North, Charlie at Harbour, and a shared case of Alice."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    path = tmp_path / "secondcase.db"
    with closing(open_database(path)) as db:
        people = Accounts(db, passwords)
        for name, site in (
            ("alice", "North"),
            ("bob", "North"),
            ("charlie", "Harbour"),
        ):
            people.add(
                name,
                PASSWORD,
                roles=[Role.CLINICIAN],
                site=site,
                email=f"{name}@{site.lower()}.example",
            )
        people.add("dana", PASSWORD, roles=[Role.CURATOR], site="North")
        made = Desk(db=db, path=path, people=people)
        made.put("NORTH-1")
        yield made
