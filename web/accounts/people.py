"""Who is who: people with their roles and site, log-in, and sessions that can be ended."""

from __future__ import annotations

import contextlib
import enum
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import DatabaseBusy, DatabaseFull
from web.errors import BadAccount, LogInFailed, NameTaken, UnknownPerson
from web.accounts.passwords import Passwords
from web.security import make_token, token_digest
from web.accounts.throttling import NEW_DEVICE, Device, Throttle

SEEN_EVERY = timedelta(minutes=1)
THEMES = ("auto", "light", "dark")


class Role(enum.StrEnum):
    """What a person may do."""

    CLINICIAN = "clinician"
    CURATOR = "curator"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account. `name` is what she logs in with and what cases name."""

    person_id: int
    name: str
    email: str | None
    site: str | None
    roles: frozenset[Role]
    is_active: bool
    theme: str
    created_at: str

    def has(self, *roles: Role) -> bool:
        """Whether she has one of the roles."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in on one device. Times are UTC in ISO 8601."""

    session_id: str
    created_at: str
    seen_at: str
    expires_at: str
    address: str
    agent: str


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


class Accounts:
    """The people of one database, over a connection of the calling thread."""

    def __init__(
        self,
        db: Database,
        passwords: Passwords,
        limits: SessionLimits = SessionLimits(),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._limits = limits
        self._clock = clock
        self._throttle = Throttle(db, clock)

    # People

    def add(
        self,
        name: str,
        password: str,
        *,
        roles: Iterable[Role],
        site: str | None = None,
        email: str | None = None,
    ) -> Person:
        """Make an account. Raises `BadAccount`, `NameTaken` or `WeakPassword`."""
        _refuse_bad(name, email, roles := frozenset(roles))
        hashed = self._passwords.hash(password, unlike=(name, email or name))
        with write_transaction(self._db):
            self._refuse_taken(name, email)
            row = {
                "name": name,
                "email": email,
                "site": site,
                "password_hash": hashed,
                "theme": THEMES[0],
                "is_active": 1,
                "created_at": self._now(),
            }
            self._db.table("people").insert(row)
            self._write_roles(self.find(name).person_id, roles)
        return self.find(name)

    def people(self) -> tuple[Person, ...]:
        """Everybody, in order of name."""
        return tuple(map(_person, rows(self._db, f"{PEOPLE} ORDER BY name")))

    def find(self, name: str) -> Person:
        """The person with this name or e-mail. Raises `UnknownPerson`."""
        row = self._row_of(name)
        if row is None:
            raise UnknownPerson(name)
        return _person(row)

    def set_roles(self, name: str, roles: Iterable[Role]) -> Person:
        """Give a person exactly these roles."""
        roles = frozenset(roles)
        with write_transaction(self._db):
            person = self.find(name)
            _refuse_bad(person.name, None, roles)
            self._write_roles(person.person_id, roles)
        return self.find(name)

    def set_theme(self, person: Person, theme: str) -> None:
        """Choose the colours of the pages: auto, light or dark."""
        if theme not in THEMES:
            raise BadAccount("theme", theme, "auto, light or dark")
        self._update(person, theme=theme)

    def deactivate(self, name: str) -> Person:
        """Keep the account, end its sessions, refuse its log-in."""
        with write_transaction(self._db):
            person = self.find(name)
            self._update(person, is_active=0)
            self.end_sessions(person)
        return self.find(name)

    def activate(self, name: str) -> Person:
        """Let a deactivated person log in again."""
        self._update(self.find(name), is_active=1)
        return self.find(name)

    # Passwords

    def set_password(self, name: str, password: str) -> None:
        """Replace a password, as an operator does; all sessions end."""
        person = self.find(name)
        self._replace_password(person, password)

    def change_password(
        self, person: Person, current: str, password: str, *, address: str
    ) -> None:
        """Replace one's own password; all sessions end. Raises `LogInFailed`."""
        self._verified(person.name, current, address)
        self._replace_password(person, password)

    def _replace_password(self, person: Person, password: str) -> None:
        own = (person.name, person.email or person.name)
        hashed = self._passwords.hash(password, unlike=own)
        with write_transaction(self._db):
            self._update(person, password_hash=hashed)
            self.end_sessions(person)

    # Log-in and sessions

    def log_in(
        self,
        name: str,
        password: str,
        *,
        address: str,
        agent: str = "",
        device: Device = NEW_DEVICE,
    ) -> LoggedIn:
        """A new session for the person, found by name or e-mail.

        Raises `LogInThrottled`, and `LogInFailed` whichever of name and password is wrong.
        """
        row = self._verified(name, password, address, device)
        plain, digest = make_token()
        now = self._clock()
        session = {
            "session_id": secrets.token_hex(8),
            "token_sha256": digest,
            "person_id": row["person_id"],
            "created_at": _text(now),
            "seen_at": _text(now),
            "expires_at": _text(now + self._limits.absolute),
            "address": address[:64],
            "agent": agent[:200],
        }
        with write_transaction(self._db):
            self._refuse_changed(row)
            if self._passwords.is_outdated(row["password_hash"]):
                self._update(
                    _person(row), password_hash=self._passwords.rehash(password)
                )
            self._db.table("sessions").delete_where(*self._ended(now))
            self._db.table("sessions").insert(session)
        return LoggedIn(person=_person(row), session=_session(session), token=plain)

    def _verified(
        self, name: str, password: str, address: str, device: Device = NEW_DEVICE
    ) -> dict[str, Any]:
        """The active person with this name and password."""
        row = self._row_of(name)
        # A person's name and e-mail share one counter; what names nobody has its own.
        who = name if row is None else row["name"]
        known = "" if row is None else device.counter(row["person_id"])
        self._throttle.count(who, address, known)
        hashed = row["password_hash"] if row is not None and row["is_active"] else None
        if not self._passwords.is_right(password, hashed) or row is None:
            raise LogInFailed
        self._throttle.forgive(who, address, known)
        return row

    def _refuse_changed(self, row: dict[str, Any]) -> None:
        """No session for what was changed while the password was checked."""
        now = self._row_of(row["name"])
        checked = ("person_id", "password_hash", "is_active")
        if now is None or any(now[column] != row[column] for column in checked):
            raise LogInFailed

    def logged_in(self, token: str) -> LoggedIn | None:
        """Who a token belongs to, None if it is of no session or the session has ended."""
        sql = "SELECT * FROM sessions WHERE token_sha256 = ?"
        now = self._clock()
        for row in rows(self._db, sql, [token_digest(token)]):
            owner = f"{PEOPLE} WHERE person_id = ?"
            person = _person(rows(self._db, owner, [row["person_id"]])[0])
            if person.is_active and not self._has_ended(row, now):
                self._see(row, now)
                return LoggedIn(person=person, session=_session(row), token=token)
        return None

    def sessions(self, person: Person) -> tuple[Session, ...]:
        """The sessions of a person that have not ended, the latest used first."""
        sql = "SELECT * FROM sessions WHERE person_id = ? ORDER BY seen_at DESC, session_id"
        now = self._clock()
        found = rows(self._db, sql, [person.person_id])
        return tuple(_session(row) for row in found if not self._has_ended(row, now))

    def end_session(self, person: Person, session_id: str) -> None:
        """End one session of the person; one that is not hers stays."""
        where = "person_id = ? AND session_id = ?"
        with write_transaction(self._db):
            sessions = self._db.table("sessions")
            sessions.delete_where(where, [person.person_id, session_id])

    def end_sessions(self, person: Person) -> None:
        """End all sessions of the person."""
        with write_transaction(self._db):
            sessions = self._db.table("sessions")
            sessions.delete_where("person_id = ?", [person.person_id])

    def log_out(self, token: str) -> None:
        """End the session of a token."""
        with write_transaction(self._db):
            sessions = self._db.table("sessions")
            sessions.delete_where("token_sha256 = ?", [token_digest(token)])

    def _ended(self, now: datetime) -> tuple[str, list[str]]:
        idle_since = _text(now - self._limits.idle)
        return "expires_at <= ? OR seen_at <= ?", [_text(now), idle_since]

    def _has_ended(self, row: dict[str, Any], now: datetime) -> bool:
        idle_since = _text(now - self._limits.idle)
        return bool(row["expires_at"] <= _text(now) or row["seen_at"] <= idle_since)

    def _see(self, row: dict[str, Any], now: datetime) -> None:
        """Note that a session is in use; not at every request, and never at any price."""
        if row["seen_at"] > _text(now - SEEN_EVERY):
            return
        with contextlib.suppress(DatabaseBusy, DatabaseFull):
            with write_transaction(self._db):
                sessions = self._db.table("sessions")
                sessions.update(row["session_id"], {"seen_at": _text(now)})

    # Rows

    def _row_of(self, name: str) -> dict[str, Any] | None:
        sql = f"{PEOPLE} WHERE name = ? OR email = ?"
        found = rows(self._db, sql, [_bindable(name)] * 2)
        return found[0] if found else None

    def _refuse_taken(self, name: str, email: str | None) -> None:
        for own in filter(None, (name, email)):
            if self._row_of(own) is not None:
                raise NameTaken(own)

    def _write_roles(self, person_id: int, roles: frozenset[Role]) -> None:
        table = self._db.table("person_roles")
        table.delete_where("person_id = ?", [person_id])
        table.insert_all(
            {"person_id": person_id, "role": r.value} for r in sorted(roles)
        )

    def _update(self, person: Person, **values: object) -> None:
        with write_transaction(self._db):
            self._db.table("people").update(person.person_id, values)

    def _now(self) -> str:
        return _text(self._clock())


PEOPLE = """
    SELECT people.*, (
        SELECT group_concat(role, ' ') FROM person_roles AS r
        WHERE r.person_id = people.person_id
    ) AS roles FROM people
"""


def person_by_id(db: Database, person_id: int) -> Person | None:
    """The person with this number, None if there is none."""
    found = rows(db, f"{PEOPLE} WHERE person_id = ?", [person_id])
    return _person(found[0]) if found else None


def _person(row: dict[str, Any]) -> Person:
    return Person(
        person_id=row["person_id"],
        name=row["name"],
        email=row["email"],
        site=row["site"],
        roles=frozenset(map(Role, (row["roles"] or "").split())),
        is_active=bool(row["is_active"]),
        theme=row["theme"],
        created_at=row["created_at"],
    )


def _session(row: dict[str, Any]) -> Session:
    names = Session.__dataclass_fields__
    return Session(**{name: row[name] for name in names})


def _refuse_bad(name: str, email: str | None, roles: frozenset[Role]) -> None:
    if not re.fullmatch(r"[\w.@+-]{2,80}", name):
        wanted = "2 to 80 letters, digits or . @ + - _ without blanks"
        raise BadAccount("name", name, wanted)
    if email is not None and not re.fullmatch(
        r"[^@\s,;<>]{1,80}@[^@\s,;<>]{1,80}", email
    ):
        raise BadAccount("e-mail", email, "one address such as alice@hospital.example")
    if not roles:
        raise BadAccount(
            "list of roles", "", "one or more of clinician, curator, operator"
        )


def _text(moment: datetime) -> str:
    """UTC in ISO 8601, always as long, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _bindable(text: str) -> str:
    """Text that SQLite takes: what was typed, but for halves of surrogate pairs."""
    return text.strip().encode("utf-8", "replace").decode("utf-8")
