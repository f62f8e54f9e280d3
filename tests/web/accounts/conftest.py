"""People of two sites over a database of their own, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.accounts.tending import PeopleTending
from web.audit import Audit, Entry
from web.db import open_database

RIGHT = "a horse, a boat and a hill"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(frozen=True)
class Office:
    """The people of North and Harbour, and Olga who tends them."""

    db: Database
    clock: Clock
    people: Accounts
    tending: PeopleTending

    @property
    def store(self) -> CaseStore:
        return CaseStore(self.db)

    def audited(self) -> list[Entry]:
        return list(Audit(self.db).entries())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with closing(open_database(tmp_path / "secondcase.db")) as db:
        clock = Clock()
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        people = Accounts(db, Passwords(hasher), clock=clock)
        for name, site in (
            ("alice", "North"),
            ("bob", "North"),
            ("charlie", "Harbour"),
        ):
            email = f"{name}@mail.example"
            people.add(name, RIGHT, roles=[Role.CLINICIAN], site=site, email=email)
        people.add("dana", RIGHT, roles=[Role.CURATOR], site="North")
        yield Office(db, clock, people, PeopleTending(db, people, "olga"))
