"""How peers fare, and when one that fails is asked again: a circuit breaker in the database.

After a failure a peer is left alone for a minute, after each further one for twice as long, up to
a day, and each time a little longer by chance, so that many sites do not come back at once. When
the time is over one question goes through; what becomes of it decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.storage.database import Database, rows, write_transaction

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(hours=24)
JITTER = 0.25
# While one question tries a peer again, others wait for what becomes of it.
TRIAL = timedelta(seconds=30)
MOST_STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a peer fared. `cases` is how many it said to have; times are in UTC."""

    succeeded_at: str | None = None
    failing_since: str | None = None
    failures: int = 0
    step: int = 0
    open_until: str | None = None
    latency_ms: int | None = None
    cases: int | None = None


class Breaker:
    """Lets questions through to peers that are well, over a connection of the calling thread."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._db = db
        self._clock = clock
        self._chance = chance

    def health(self, node_id: int) -> Health:
        """How the peer fared so far."""
        sql = "SELECT * FROM node_health WHERE node_id = ?"
        for row in rows(self._db, sql, [node_id]):
            del row["node_id"]
            return Health(**row)
        return Health()

    def admits(self, node_id: int) -> bool:
        """Whether the peer may be asked now.

        True once for each step of waiting: who is told so asks, and tells what became of it.
        """
        with write_transaction(self._db):
            health, now = self.health(node_id), self._clock()
            if health.open_until is None:
                return True
            if datetime.fromisoformat(health.open_until) > now:
                return False
            self._put(node_id, open_until=_text(now + TRIAL))
            return True

    def succeeded(self, node_id: int, latency_ms: int) -> None:
        """The peer answered."""
        with write_transaction(self._db):
            self._put(
                node_id,
                succeeded_at=_text(self._clock()),
                failing_since=None,
                failures=0,
                step=0,
                open_until=None,
                latency_ms=latency_ms,
            )

    def refused(self, node_id: int, retry_after: float = 0) -> None:
        """The peer is there but would not answer; after `retry_after` seconds it might."""
        until = self._clock() + min(timedelta(seconds=retry_after), LONGEST)
        with write_transaction(self._db):
            self._put(
                node_id,
                failing_since=None,
                failures=0,
                step=0,
                open_until=_text(until) if retry_after > 0 else None,
            )

    def failed(self, node_id: int, retry_after: float = 0) -> None:
        """The peer could not be reached, or broke."""
        with write_transaction(self._db):
            health, now = self.health(node_id), self._clock()
            step = min(health.step + 1, MOST_STEPS)
            asked_for = min(timedelta(seconds=retry_after), LONGEST)
            wait = max(self._wait(step), asked_for)
            self._put(
                node_id,
                failing_since=health.failing_since or _text(now),
                failures=health.failures + 1,
                step=step,
                open_until=_text(now + wait),
            )

    def has_cases(self, node_id: int, cases: int) -> None:
        """Note how many cases the peer says it has."""
        with write_transaction(self._db):
            self._put(node_id, cases=cases)

    def close(self, node_id: int) -> None:
        """Let the next question through, as an operator who mended something wants it."""
        with write_transaction(self._db):
            self._put(node_id, open_until=None)

    def _wait(self, step: int) -> timedelta:
        doubled: timedelta = SHORTEST * 2 ** (step - 1)
        return min(doubled * (1 + JITTER * self._chance()), LONGEST)

    def _put(self, node_id: int, **values: Any) -> None:
        if not rows(self._db, "SELECT 1 FROM nodes WHERE node_id = ?", [node_id]):
            # Removed while it was asked.
            return
        self._db.table("node_health").upsert(
            {"node_id": node_id, **values}, pk="node_id"
        )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
