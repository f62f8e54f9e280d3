"""The peers of the exchange that may ask this node, and the tokens they show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from web.errors import WebError
from web.security import make_token, token_digest

NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")


class UnknownNode(WebError):
    """No peer has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no node {name!r}; 'secondcase node list' names them all."
        )


class BadNode(WebError):
    """A peer that cannot be added as described."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"The node {name!r} cannot be added: {why}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A peer of the exchange."""

    node_id: int
    name: str
    created_at: str
    revoked_at: str | None

    @property
    def is_active(self) -> bool:
        """Whether its token is still good."""
        return self.revoked_at is None


class Nodes:
    """The peers of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def add(self, name: str) -> str:
        """Add a peer; its token, which is shown once and kept as a digest only."""
        if not NODE_NAME.fullmatch(name):
            raise BadNode(
                name, "a name has letters, digits, spaces and . _ -, at most 80"
            )
        plain, digest = make_token()
        with write_transaction(self._db):
            if self._where("name = ?", [name]):
                raise BadNode(
                    name, "there is one with that name; 'node revoke' ends it"
                )
            row = {"name": name, "token_sha256": digest, "created_at": self._now()}
            self._db.table("nodes").insert(row)
        return plain

    def by_token(self, token: str) -> Node | None:
        """The peer that a token belongs to, None for one that is unknown or revoked.

        Tokens have 256 bits and are looked up by digest, so timing tells nothing of use.
        """
        found = self._where(
            "token_sha256 = ? AND revoked_at IS NULL", [token_digest(token)]
        )
        return found[0] if found else None

    def revoke(self, name: str) -> None:
        """Refuse the token of a peer from now on. Raises `UnknownNode`."""
        with write_transaction(self._db):
            found = self._where("name = ?", [name])
            if not found:
                raise UnknownNode(name)
            self._db.table("nodes").update(
                found[0].node_id, {"revoked_at": self._now()}
            )

    def __iter__(self) -> Iterator[Node]:
        return iter(self._where("1 ORDER BY name", []))

    def _where(self, condition: str, values: Sequence[Any]) -> list[Node]:
        sql = (
            f"SELECT node_id, name, created_at, revoked_at FROM nodes WHERE {condition}"
        )
        return [Node(**row) for row in rows(self._db, sql, values)]

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")
