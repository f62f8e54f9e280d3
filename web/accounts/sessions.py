"""Log-in sessions: begun with a proof, looked up by token, ended one by one or all."""

from __future__ import annotations

import contextlib
import enum
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import DatabaseBusy, DatabaseFull
from web.accounts.person import Person, person_by_id, text_of
from web.security import make_token, token_digest

SEEN_EVERY = timedelta(minutes=1)


class Method(enum.StrEnum):
    """How somebody proved who she is."""

    PASSWORD = "password"
    SECOND_FACTOR = "second factor"
    OPENID = "openid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in on one device. Times are UTC in ISO 8601."""

    session_id: str
    created_at: str
    seen_at: str
    expires_at: str
    address: str
    agent: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A person and the session she came with."""

    person: Person
    session: Session
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """When a session ends: some time after it began, or without a request."""

    absolute: timedelta = timedelta(hours=12)
    idle: timedelta = timedelta(minutes=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a request comes from, and how its person proved who she is."""

    address: str
    agent: str = ""
    method: Method = Method.PASSWORD


class Sessions:
    """The sessions of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, limits: SessionLimits, clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._limits = limits
        self._clock = clock

    def begin(self, person: Person, visit: Visit) -> LoggedIn:
        """A new session; those that have ended are forgotten."""
        plain, digest = make_token()
        now = self._clock()
        row = {
            "session_id": secrets.token_hex(8),
            "token_sha256": digest,
            "person_id": person.person_id,
            "created_at": text_of(now),
            "seen_at": text_of(now),
            "expires_at": text_of(now + self._limits.absolute),
            "address": visit.address[:64],
            "agent": visit.agent[:200],
            "method": str(visit.method),
        }
        with write_transaction(self._db):
            self._db.table("sessions").delete_where(*self._ended(now))
            self._db.table("sessions").insert(row)
            last = {"last_log_in": text_of(now)}
            self._db.table("people").update(person.person_id, last)
        person = replace(person, last_log_in=text_of(now))
        return LoggedIn(person=person, session=_session(row), token=plain)

    def of_token(self, token: str) -> LoggedIn | None:
        """Who a token belongs to, None if it is of no session or the session has ended."""
        sql = "SELECT * FROM sessions WHERE token_sha256 = ?"
        now = self._clock()
        for row in rows(self._db, sql, [token_digest(token)]):
            person = person_by_id(self._db, row["person_id"])
            if person and person.is_active and not self._has_ended(row, now):
                self._see(row, now)
                return LoggedIn(person=person, session=_session(row), token=token)
        return None

    def of(self, person: Person) -> tuple[Session, ...]:
        """The sessions of a person that have not ended, the latest used first."""
        sql = "SELECT * FROM sessions WHERE person_id = ? ORDER BY seen_at DESC, session_id"
        now = self._clock()
        found = rows(self._db, sql, [person.person_id])
        return tuple(_session(row) for row in found if not self._has_ended(row, now))

    def end(self, person: Person, session_id: str) -> None:
        """End one session of the person; one that is not hers stays."""
        self._delete("person_id = ? AND session_id = ?", [person.person_id, session_id])

    def end_all(self, person: Person) -> None:
        """End all sessions of the person."""
        self._delete("person_id = ?", [person.person_id])

    def end_token(self, token: str) -> None:
        """End the session of a token."""
        self._delete("token_sha256 = ?", [token_digest(token)])

    def _delete(self, where: str, values: list[object]) -> None:
        with write_transaction(self._db):
            self._db.table("sessions").delete_where(where, values)

    def _ended(self, now: datetime) -> tuple[str, list[str]]:
        idle_since = text_of(now - self._limits.idle)
        return "expires_at <= ? OR seen_at <= ?", [text_of(now), idle_since]

    def _has_ended(self, row: dict[str, Any], now: datetime) -> bool:
        idle_since = text_of(now - self._limits.idle)
        return bool(row["expires_at"] <= text_of(now) or row["seen_at"] <= idle_since)

    def _see(self, row: dict[str, Any], now: datetime) -> None:
        """Note that a session is in use; not at every request, and never at any price."""
        if row["seen_at"] > text_of(now - SEEN_EVERY):
            return
        with contextlib.suppress(DatabaseBusy, DatabaseFull):
            with write_transaction(self._db):
                sessions = self._db.table("sessions")
                sessions.update(row["session_id"], {"seen_at": text_of(now)})


def _session(row: dict[str, Any]) -> Session:
    names = Session.__dataclass_fields__
    return Session(**{name: row[name] for name in names})
