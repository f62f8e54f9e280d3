"""A database in which things arrive, and the day on which they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matcher.case import Case, PhenotypicFeature
from matcher.storage.database import Database
from ontologies import Release
from web.db import open_database
from web.unrecognised.arriving import Arrivals, Arrived, Kind
from web.unrecognised.deciding import Decisions
from web.unrecognised.queue import Entry, Queue, Wanted

UNKNOWN = "HP:9999999"
WORDS = "zebra striped toes"


@dataclass
class Desk:
    """What arrives at a node, and what its curators see of it."""

    db: Database
    release: Release
    now: datetime = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def clock(self) -> datetime:
        return self.now

    def pass_by(self, days: int) -> None:
        self.now += timedelta(days=days)

    @property
    def queue(self) -> Queue:
        return Queue(self.db, self.clock)

    @property
    def decisions(self) -> Decisions:
        return Decisions(self.db, self.release, self.clock)

    def comes(
        self,
        *said: str,
        patients: Sequence[str] = ("p1", "p2", "p3"),
        kind: Kind = Kind.QUESTION,
        origin: str = "Island",
        code: str = "",
        after: int = 3,
        test: bool = False,
    ) -> None:
        """The same words come with each of these patients; with a `code`, as its label."""
        arrived = []
        for patient in patients:
            features = tuple(PhenotypicFeature(term_id=code, label=w) for w in said)
            case = Case(case_id=patient, features=features if code else (), test=test)
            arrived.append(Arrived(case, () if code else said))
        Arrivals(self.db, self.release, after, self.clock).note(kind, origin, arrived)

    def only(self) -> Entry:
        [entry] = self.queue.page(Wanted())
        return entry

    def bytes(self) -> bytes:
        """Everything that is kept of what came, whatever the column."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.path.read_bytes()

    @property
    def path(self) -> Path:
        file = self.db.execute("PRAGMA database_list").fetchone()[2]
        return Path(file)


@pytest.fixture
def desk(tmp_path: Path, release: Release) -> Iterator[Desk]:
    with closing(open_database(tmp_path / "secondcase.db")) as db:
        yield Desk(db, release)
