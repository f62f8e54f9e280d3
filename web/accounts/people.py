"""Who is who: people with their roles and site, log-in, and sessions that can be ended."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from web.accounts.links import PasswordLinks
from web.accounts.passwords import Passwords
from web.accounts.person import (
    PEOPLE,
    Person,
    Role,
    person_by_id,
    person_of,
    text_of,
)
from web.accounts.second_factor import SecondFactors
from web.accounts.sessions import (
    LoggedIn,
    Method,
    Session,
    SessionLimits,
    Sessions,
    Visit,
)
from web.accounts.throttling import NEW_DEVICE, Device, Throttle
from web.errors import (
    BadAccount,
    LogInFailed,
    NameTaken,
    UnknownPerson,
    WebError,
)

__all__ = [
    "Accounts",
    "FirstStep",
    "LoggedIn",
    "Method",
    "Person",
    "Role",
    "SecondFactorWanted",
    "Session",
    "SessionLimits",
    "person_by_id",
]

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class FirstStep:
    """Who has shown her password and no second factor yet; void once the password changes."""

    person_id: int
    password: str


class SecondFactorWanted(WebError):
    """The password was right, and the account asks for a second factor as well."""

    def __init__(self, first: FirstStep) -> None:
        super().__init__("This account asks for a code of its second factor as well.")
        self.first = first


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
        self._clock = clock
        self._throttle = Throttle(db, clock)
        self._sessions = Sessions(db, limits, clock)
        self.links = PasswordLinks(db, clock)
        self.second_factors = SecondFactors(db, clock)

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
        return tuple(map(person_of, rows(self._db, f"{PEOPLE} ORDER BY name")))

    def find(self, name: str) -> Person:
        """The person with this name or e-mail. Raises `UnknownPerson`."""
        row = self._row_of(name)
        if row is None:
            raise UnknownPerson(name)
        return person_of(row)

    def set_roles(self, name: str, roles: Iterable[Role]) -> Person:
        """Give a person exactly these roles; if they change, all sessions end."""
        roles = frozenset(roles)
        with write_transaction(self._db):
            person = self.find(name)
            _refuse_bad(person.name, None, roles)
            if roles != person.roles:
                self._write_roles(person.person_id, roles)
                self.end_sessions(person)
        return self.find(name)

    def set_site(self, name: str, site: str | None) -> Person:
        """Let a person belong to another site, or to none; if it changes, all sessions end."""
        _refuse_bad_site(site)
        with write_transaction(self._db):
            person = self.find(name)
            if site != person.site:
                self._update(person, site=site)
                self.end_sessions(person)
        return self.find(name)

    def set_email(self, name: str, email: str | None) -> Person:
        """Change where a person is told by e-mail. Raises `BadAccount` or `NameTaken`."""
        with write_transaction(self._db):
            person = self.find(name)
            _refuse_bad(person.name, email, person.roles)
            other = self._row_of(email) if email else None
            if other is not None and other["person_id"] != person.person_id:
                raise NameTaken(email or "")
            self._update(person, email=email)
        return self.find(name)

    def set_theme(self, person: Person, theme: str) -> None:
        """Choose the colours of the pages: auto, light or dark."""
        if theme not in THEMES:
            raise BadAccount("theme", theme, "auto, light or dark")
        self._update(person, theme=theme)

    def deactivate(self, name: str) -> Person:
        """Keep the account, end its sessions and links, refuse its log-in."""
        with write_transaction(self._db):
            person = self.find(name)
            self.links.end(person)
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

    def use_link(self, link: str, password: str) -> Person:
        """Choose a password by a link; the link and all sessions end.

        Raises `LinkExpired` or `WeakPassword`.
        """
        hashed = self._hashed(self.links.of(link), password)
        with write_transaction(self._db):
            person = self.links.of(link)
            self._set_hash(person, hashed)
        return person

    def _hashed(self, person: Person, password: str) -> str:
        own = (person.name, person.email or person.name)
        return self._passwords.hash(password, unlike=own)

    def _replace_password(self, person: Person, password: str) -> None:
        self._set_hash(person, self._hashed(person, password))

    def _set_hash(self, person: Person, hashed: str) -> None:
        with write_transaction(self._db):
            self._update(person, password_hash=hashed)
            self.links.end(person)
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

        Raises `LogInThrottled`, `LogInFailed` whichever of name and password is wrong, and
        `SecondFactorWanted` where the password alone is not enough.
        """
        row = self._verified(name, password, address, device)
        with write_transaction(self._db):
            self._refuse_changed(row)
            if self._passwords.is_outdated(row["password_hash"]):
                row["password_hash"] = self._passwords.rehash(password)
                hashed = row["password_hash"]
                self._update(person_of(row), password_hash=hashed)
            if self.second_factors.of(row["person_id"]) is None:
                visit = Visit(address=address, agent=agent)
                return self._sessions.begin(person_of(row), visit)
        raise SecondFactorWanted(_first_step(row))

    def finish_log_in(
        self, first: FirstStep, code: str, *, address: str, agent: str = ""
    ) -> LoggedIn:
        """A new session for who shows the second factor after the password.

        Raises `WrongCode`, `LogInThrottled`, and `LogInFailed` if the account has changed since.
        """
        self._refuse_stale(first)
        self.second_factors.check(first.person_id, code, address)
        with write_transaction(self._db):
            person = self._refuse_stale(first)
            visit = Visit(address=address, agent=agent, method=Method.SECOND_FACTOR)
            return self._sessions.begin(person, visit)

    def _refuse_stale(self, first: FirstStep) -> Person:
        found = rows(self._db, f"{PEOPLE} WHERE person_id = ?", [first.person_id])
        if not found or not found[0]["is_active"] or _first_step(found[0]) != first:
            raise LogInFailed
        return person_of(found[0])

    def admit(self, person: Person, *, address: str, agent: str = "") -> LoggedIn:
        """A new session for whom another provider vouches. Raises `LogInFailed`."""
        with write_transaction(self._db):
            known = person_by_id(self._db, person.person_id)
            if known is None or not known.is_active:
                raise LogInFailed
            visit = Visit(address=address, agent=agent, method=Method.OPENID)
            return self._sessions.begin(known, visit)

    def begin_anew(
        self, person: Person, method: Method, *, address: str, agent: str = ""
    ) -> LoggedIn:
        """End all sessions of a person for a new one, as when what protects her changes."""
        with write_transaction(self._db):
            self._sessions.end_all(person)
            visit = Visit(address=address, agent=agent, method=method)
            return self._sessions.begin(person, visit)

    def confirm_password(self, person: Person, password: str, *, address: str) -> None:
        """Make sure that it is she. Raises `LogInFailed` or `LogInThrottled`."""
        self._verified(person.name, password, address)

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
        return self._sessions.of_token(token)

    def sessions(self, person: Person) -> tuple[Session, ...]:
        """The sessions of a person that have not ended, the latest used first."""
        return self._sessions.of(person)

    def end_session(self, person: Person, session_id: str) -> None:
        """End one session of the person; one that is not hers stays."""
        self._sessions.end(person, session_id)

    def end_sessions(self, person: Person) -> None:
        """End all sessions of the person."""
        self._sessions.end_all(person)

    def log_out(self, token: str) -> None:
        """End the session of a token."""
        self._sessions.end_token(token)

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
        return text_of(self._clock())


def _first_step(row: dict[str, Any]) -> FirstStep:
    digest = hashlib.sha256(row["password_hash"].encode()).hexdigest()
    return FirstStep(person_id=row["person_id"], password=digest)


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


def _refuse_bad_site(site: str | None) -> None:
    if site is not None and not (1 <= len(site.strip()) <= 80 and site.isprintable()):
        raise BadAccount("site", site, "1 to 80 characters")


def _bindable(text: str) -> str:
    """Text that SQLite takes: what was typed, but for halves of surrogate pairs."""
    return text.strip().encode("utf-8", "replace").decode("utf-8")
