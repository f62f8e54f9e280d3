"""The systems that may call the API: each with a token for some scopes of one site."""

from __future__ import annotations

import contextlib
import enum
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import DatabaseBusy, DatabaseFull
from web.errors import WebError
from web.security import make_token, token_digest

SYSTEM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
LIVE_AT_ONCE = 2
SEEN_EVERY = timedelta(minutes=1)
COLUMNS = "token_id, name, site, scopes, created_at, used_at, revoked_at"


class Scope(enum.StrEnum):
    """What a token is good for."""

    SUBMIT = "submit"
    MATCH = "match"


class BadToken(WebError):
    """A token that cannot be made as described."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"A token for {name!a} cannot be made: {why}.")


class UnknownToken(WebError):
    """No token has this number."""

    def __init__(self, token_id: int) -> None:
        super().__init__(
            f"There is no token {token_id}; 'secondcase token list' names them all."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token, which itself is not kept."""

    token_id: int
    system: str
    site: str
    scopes: frozenset[Scope]
    created_at: str
    used_at: str | None
    revoked_at: str | None

    @property
    def name(self) -> str:
        """What cases and audit entries name the system by; no person can have such a name."""
        return f"api:{self.system}"

    def has(self, scope: Scope) -> bool:
        """Whether the token is good for this."""
        return scope in self.scopes


class Tokens:
    """The tokens of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def add(self, system: str, site: str, scopes: Iterable[Scope]) -> str:
        """A new token, which is shown once and kept as a digest only.

        A system may have two at a time, so that one can replace the other. Raises `BadToken`.
        """
        granted = sorted(set(scopes))
        if problem := _problem(system, site, granted):
            raise BadToken(system, problem)
        plain, digest = make_token()
        with write_transaction(self._db):
            live = self._where("name = ? AND revoked_at IS NULL", [system])
            if any(each.site != site for each in live):
                why = f"that name is in use at the site {live[0].site!a}"
                raise BadToken(system, f"{why}; choose another name")
            if len(live) >= LIVE_AT_ONCE:
                why = f"{LIVE_AT_ONCE} are good already"
                raise BadToken(system, f"{why}; 'secondcase token revoke' ends one")
            row = {
                "name": system,
                "site": site,
                "scopes": " ".join(granted),
                "token_sha256": digest,
                "created_at": self._text(self._clock()),
            }
            self._db.table("api_tokens").insert(row)
        return plain

    def known(self, plain: str) -> Token | None:
        """What a token is good for, None for one that is unknown or revoked.

        Tokens have 256 bits and are looked up by digest, so timing tells nothing of use.
        """
        found = self._where(
            "token_sha256 = ? AND revoked_at IS NULL", [token_digest(plain)]
        )
        if not found:
            return None
        self._see(found[0])
        return found[0]

    def revoke(self, token_id: int) -> Token:
        """Refuse a token from now on. Raises `UnknownToken`."""
        with write_transaction(self._db):
            found = self._where("token_id = ?", [token_id])
            if not found:
                raise UnknownToken(token_id)
            if found[0].revoked_at is None:
                revoked = {"revoked_at": self._text(self._clock())}
                self._db.table("api_tokens").update(token_id, revoked)
        return found[0]

    def __iter__(self) -> Iterator[Token]:
        return iter(self._where("true ORDER BY name, token_id", []))

    def _see(self, token: Token) -> None:
        """Note that a token is in use; not at every request, and never at any price."""
        now = self._clock()
        if token.used_at and token.used_at > self._text(now - SEEN_EVERY):
            return
        with contextlib.suppress(DatabaseBusy, DatabaseFull):
            with write_transaction(self._db):
                used = {"used_at": self._text(now)}
                self._db.table("api_tokens").update(token.token_id, used)

    def _where(self, condition: str, values: Sequence[Any]) -> list[Token]:
        sql = f"SELECT {COLUMNS} FROM api_tokens WHERE {condition}"
        return [_token(row) for row in rows(self._db, sql, values)]

    @staticmethod
    def _text(moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat(timespec="seconds")


def _token(row: dict[str, Any]) -> Token:
    scopes = frozenset(map(Scope, row.pop("scopes").split()))
    return Token(system=row.pop("name"), scopes=scopes, **row)


def _problem(system: str, site: str, scopes: Sequence[Scope]) -> str:
    """Why there can be no such token, empty if there can."""
    if not SYSTEM_NAME.fullmatch(system):
        return "a name has letters, digits and . _ -, at most 80"
    if not site.strip() or not site.isprintable():
        return "the site must be named as the people of the site name it"
    return "" if scopes else "it needs a scope: submit, match or both"
