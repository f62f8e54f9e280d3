"""Work to be done later, written in the same transaction as what makes it necessary.

Whoever does a piece of work leases it for a while, so that several processes keep apart and a
process that dies loses nothing: when the lease is over, another takes it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from matcher.storage.database import Database, rows, write_transaction
from web.errors import WebError

# Longer than any piece of work takes that is not held: a lease that ends early is work done twice.
LEASE = timedelta(minutes=10)
FIRST_DELAY = timedelta(minutes=1)
# The delays double, so that the last attempt is five to six days after the first, as RFC 5321
# 4.5.4.1 wants of mail.
MOST_ATTEMPTS = 14
# What was begun and not seen to end may have been done; it is not begun a third time.
MOST_BEGUN = 2
UNSEEN_END = "it was begun twice and its end was never seen; it may have been done"

log = structlog.get_logger(__name__)


class NotDone(WebError):
    """Work that could not be done. `why` names no person, address or case.

    Without `again`, another attempt would fail as well. With `maybe` it may have been done.
    With `of_all`, other work of its kind would fail now too.
    """

    def __init__(
        self,
        why: str,
        *,
        again: bool = True,
        maybe: bool = False,
        of_all: bool = False,
    ) -> None:
        super().__init__(why)
        self.why = why
        self.again = again
        self.maybe = maybe
        self.of_all = of_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A piece of work that is leased. `attempts` counts this one, `begun` does not."""

    work_id: int
    kind: str
    subject: str
    attempts: int
    begun: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A piece of work that nobody attempts any more, for an operator to look at."""

    work_id: int
    kind: str
    why: str
    given_up_at: str


class Outbox:
    """The work of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    # Whose work it makes

    def add(
        self,
        kind: str,
        subject: str,
        *,
        case_id: str | None = None,
        person_id: int | None = None,
        due: datetime | None = None,
    ) -> None:
        """Leave work, in the caller's transaction; once while the same is waiting.

        It is removed with the case or the person that it is about.
        """
        sql = """
            INSERT INTO outbox (kind, subject, case_id, person_id, due_at)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """
        values = [kind, subject, case_id, person_id, text_of(due or self._clock())]
        with write_transaction(self._db):
            self._db.execute(sql, values)

    # Who does it

    def take(self, kind: str) -> Work | None:
        """Lease what is due first, or None. Nothing is written if nothing is due."""
        if self._due(kind) is None:
            return None
        while True:
            with write_transaction(self._db):
                row = self._due(kind)
                if row is None:
                    return None
                if why := _spent(row):
                    self._give_up(row["work_id"], why)
                    continue
                return self._lease(row)

    def begin(self, work: Work) -> None:
        """Note, before what cannot be undone, that it is about to happen."""
        self._change(work, "begun = begun + 1", [])

    def hold(self, work: Work) -> None:
        """Lease work for as long again, from now."""
        self._change(work, "due_at = ?", [text_of(self._clock() + LEASE)])

    def done(self, work: Work) -> None:
        """Remove work; one whose lease has gone to another stays with that one."""
        with write_transaction(self._db):
            self._db.table("outbox").delete_where(*_held(work))

    def failed(self, work: Work, error: NotDone) -> None:
        """Put work off, each time for twice as long, or give it up."""
        with write_transaction(self._db):
            if not rows(self._db, *_select(work)):
                return
            if not error.maybe:
                self._change(work, "begun = ?", [work.begun])
            if not error.again or work.attempts >= MOST_ATTEMPTS:
                self._give_up(work.work_id, error.why)
            elif self._is_waiting(work):
                self._db.table("outbox").delete_where(*_held(work))
            else:
                due = text_of(self._clock() + delay(work.attempts))
                self._change(
                    work, "owner = NULL, due_at = ?, why = ?", [due, error.why]
                )

    # What the operator sees

    def waiting(self) -> dict[str, int]:
        """How much work of each kind is to be done."""
        sql = "SELECT kind, count(*) AS n FROM outbox WHERE given_up_at IS NULL GROUP BY 1"
        return {row["kind"]: row["n"] for row in rows(self._db, sql)}

    def given_up(self) -> Iterator[GivenUp]:
        """The work that was given up, oldest first."""
        sql = """
            SELECT work_id, kind, why, given_up_at FROM outbox
            WHERE given_up_at IS NOT NULL ORDER BY work_id
        """
        for row in rows(self._db, sql):
            yield GivenUp(**row)

    def retry(self) -> int:
        """Let what was given up be attempted anew; how much that was."""
        now = text_of(self._clock())
        with write_transaction(self._db):
            given_up = [each.work_id for each in self.given_up()]
            for work_id in given_up:
                sql = """
                    UPDATE OR REPLACE outbox SET given_up_at = NULL, owner = NULL,
                        attempts = 0, begun = 0, why = '', due_at = ? WHERE work_id = ?
                """
                self._db.execute(sql, [now, work_id])
        return len(given_up)

    # Rows

    def _due(self, kind: str) -> dict[str, Any] | None:
        sql = """
            SELECT * FROM outbox WHERE kind = ? AND given_up_at IS NULL AND due_at <= ?
            ORDER BY due_at, work_id LIMIT 1
        """
        return next(iter(rows(self._db, sql, [kind, text_of(self._clock())])), None)

    def _lease(self, row: dict[str, Any]) -> Work:
        owner = secrets.token_hex(8)
        leased = {
            "owner": owner,
            "due_at": text_of(self._clock() + LEASE),
            "attempts": row["attempts"] + 1,
        }
        self._db.table("outbox").update(row["work_id"], leased)
        return Work(
            work_id=row["work_id"],
            kind=row["kind"],
            subject=row["subject"],
            attempts=leased["attempts"],
            begun=row["begun"],
            owner=owner,
        )

    def _is_waiting(self, work: Work) -> bool:
        """Whether the same was left again meanwhile, so that once is enough."""
        sql = """
            SELECT 1 FROM outbox
            WHERE kind = ? AND subject = ? AND owner IS NULL AND given_up_at IS NULL
        """
        return bool(rows(self._db, sql, [work.kind, work.subject]))

    def _change(self, work: Work, assignments: str, values: list[Any]) -> None:
        where, held = _held(work)
        sql = f"UPDATE outbox SET {assignments} WHERE {where}"
        with write_transaction(self._db):
            self._db.execute(sql, [*values, *held])

    def _give_up(self, work_id: int, why: str) -> None:
        now = text_of(self._clock())
        row = {"given_up_at": now, "owner": None, "why": why}
        self._db.table("outbox").update(work_id, row)
        log.error("work given up", work=work_id, why=why)


def delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts: one minute, then twice as long each time."""
    return FIRST_DELAY * (1 << (attempts - 1))


def text_of(moment: datetime) -> str:
    """UTC in ISO 8601, always as long, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _spent(row: dict[str, Any]) -> str:
    """Why work that is due again may not be attempted any more; empty if it may."""
    if row["begun"] >= MOST_BEGUN:
        return UNSEEN_END
    if row["attempts"] >= MOST_ATTEMPTS:
        return row["why"] or "every process that took it ended before it was done"
    return ""


def _held(work: Work) -> tuple[str, list[Any]]:
    return "work_id = ? AND owner = ?", [work.work_id, work.owner]


def _select(work: Work) -> tuple[str, list[Any]]:
    where, values = _held(work)
    return f"SELECT 1 FROM outbox WHERE {where}", values
