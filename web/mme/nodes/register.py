"""The peers of one database: added, changed, given tokens, refused, removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matcher.storage.database import Database, location, rows, write_transaction
from web.mme.nodes.errors import (
    BadNode,
    NoToken,
    TokenLost,
    TooManyTokens,
    UnknownNode,
)
from web.mme.nodes.node import Node
from web.mme.nodes.quirks import Quirks
from web.mme.nodes.reach import peer_address
from web.sealing import Broken, Seal
from web.security import make_token, token_digest

NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
# A header carries it, so nothing but visible ASCII.
TOKEN = re.compile(r"[!-~]{1,1000}")
TOKENS_AT_A_TIME = 2
LONGEST_TEXT = 20_000

_COLUMNS = (
    "node_id, name, created_at, revoked_at, address, contact, disclaimer, terms, daily_budget,"
    " quirks, ca_file, allow_private, outbound_token IS NOT NULL AS has_outbound_token"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What an operator says of a peer; None leaves what is known as it is."""

    address: str | None = None
    contact: str | None = None
    disclaimer: str | None = None
    terms: str | None = None
    daily_budget: int | None = None
    quirks: Quirks | None = None
    ca_file: Path | None = None
    allow_private: bool | None = None
    outbound_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundToken:
    """A token that a peer may show, told apart by when it was made."""

    created_at: str
    revoked_at: str | None


class Nodes:
    """The peers of one database, over a connection of the calling thread."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seal: Seal | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._seal = seal

    def add(self, name: str, described: Description = Description()) -> str:
        """Add a peer; the token that it must show, which is kept as a digest only."""
        if not NODE_NAME.fullmatch(name):
            raise BadNode(
                name, "a name has letters, digits, spaces and . _ -, at most 80"
            )
        with write_transaction(self._db):
            if self._where("name = ?", [name]):
                raise BadNode(
                    name, "there is one with that name; 'node revoke' ends it"
                )
            self._db.table("nodes").insert({"name": name, "created_at": self._now()})
            node = self.get(name)
            self._change(node, described, "added")
            return self._make_token(node)

    def set(self, name: str, described: Description) -> Node:
        """Change what is said of a peer. Raises `UnknownNode`, `BadNode` or `BadAddress`."""
        with write_transaction(self._db):
            self._change(self.get(name), described, "changed")
            return self.get(name)

    def forget_outbound_token(self, name: str) -> None:
        """Keep the token that the peer gave no longer; it is not asked any more."""
        with write_transaction(self._db):
            self._update(self.get(name), {"outbound_token": None})

    def get(self, name: str) -> Node:
        """The peer of this name. Raises `UnknownNode`."""
        found = self._where("name = ?", [name])
        if not found:
            raise UnknownNode(name)
        return found[0]

    def by_token(self, token: str) -> Node | None:
        """The peer that a token belongs to, None for one that is unknown or revoked.

        Tokens have 256 bits and are looked up by digest, so timing tells nothing of use.
        """
        condition = """
            revoked_at IS NULL AND node_id = (
                SELECT node_id FROM node_tokens
                WHERE token_sha256 = ? AND revoked_at IS NULL
            )
        """
        found = self._where(condition, [token_digest(token)])
        return found[0] if found else None

    def by_ended_token(self, token: str) -> Node | None:
        """The peer that a token belonged to until it was ended; it opens nothing."""
        condition = """
            node_id = (SELECT node_id FROM node_tokens WHERE token_sha256 = ?)
        """
        found = self._where(condition, [token_digest(token)])
        return found[0] if found and self.by_token(token) is None else None

    def tokens(self, node: Node) -> tuple[InboundToken, ...]:
        """The tokens that the peer was given, oldest first, the ended ones too."""
        sql = """
            SELECT created_at, revoked_at FROM node_tokens
            WHERE node_id = ? ORDER BY created_at, rowid
        """
        return tuple(InboundToken(**r) for r in rows(self._db, sql, [node.node_id]))

    def outbound_token(self, node: Node) -> str:
        """The token that the peer gave us. Raises `NoToken` or `TokenLost`."""
        sql = "SELECT outbound_token FROM nodes WHERE node_id = ?"
        found = rows(self._db, sql, [node.node_id])
        if not found or found[0]["outbound_token"] is None:
            raise NoToken(node.name)
        try:
            return self._sealing().opened(found[0]["outbound_token"], _about(node))
        except Broken as error:
            raise TokenLost(node.name) from error

    def rotate(self, name: str) -> str:
        """A second token for the peer, good beside the one it has; a revoked one is let in again.

        Raises `TooManyTokens` while two are good already.
        """
        with write_transaction(self._db):
            node = self.get(name)
            good = [each for each in self.tokens(node) if each.revoked_at is None]
            if len(good) >= TOKENS_AT_A_TIME:
                raise TooManyTokens(name)
            self._update(node, {"revoked_at": None})
            return self._make_token(node)

    def revoke(self, name: str) -> None:
        """Neither answer nor ask a peer from now on. Raises `UnknownNode`."""
        with write_transaction(self._db):
            node = self.get(name)
            self._update(node, {"revoked_at": self._now()})
            self._end_tokens("node_id = ?", [node.node_id])

    def revoke_old(self, name: str) -> int:
        """End all tokens of a peer but its newest; how many that were."""
        newest = "SELECT max(rowid) FROM node_tokens WHERE node_id = ?"
        with write_transaction(self._db):
            number = self.get(name).node_id
            condition = f"node_id = ? AND rowid < ({newest})"
            return self._end_tokens(condition, [number, number])

    def remove(self, name: str) -> None:
        """Forget a peer, its tokens and what it answered; the audit still names it."""
        with write_transaction(self._db):
            number = self.get(name).node_id
            self._db.table("nodes").delete_where("node_id = ?", [number])

    def __iter__(self) -> Iterator[Node]:
        return iter(self._where("1 ORDER BY name", []))

    def _change(self, node: Node, described: Description, done: str) -> None:
        allow = _first(described.allow_private, node.allow_private)
        address = _first(described.address, node.address)
        base = peer_address(address, allow_private=allow).base if address else ""
        values = {
            "address": base,
            "contact": _first(described.contact, node.contact),
            "disclaimer": _first(described.disclaimer, node.disclaimer),
            "terms": _first(described.terms, node.terms),
            "daily_budget": _first(described.daily_budget, node.daily_budget),
            "quirks": _quirks(described, node).to_json(),
            "ca_file": _ca_file(described, node),
            "allow_private": allow,
        }
        for field, problem in _problems(values, described.outbound_token):
            raise BadNode(node.name, problem, done, field)
        token = described.outbound_token
        about = (node.name, values["address"], values["ca_file"])
        if token is None and node.has_outbound_token and about != _about(node):
            token = self.outbound_token(node)
        if token is not None:
            values["outbound_token"] = self._sealing().closed(token, about)
        self._update(node, values)

    def _make_token(self, node: Node) -> str:
        plain, digest = make_token()
        row = {
            "token_sha256": digest,
            "node_id": node.node_id,
            "created_at": self._now(),
        }
        self._db.table("node_tokens").insert(row)
        return plain

    def _end_tokens(self, condition: str, values: Sequence[Any]) -> int:
        sql = f"UPDATE node_tokens SET revoked_at = ? WHERE revoked_at IS NULL AND {condition}"
        return self._db.execute(sql, [self._now(), *values]).rowcount

    def _update(self, node: Node, values: dict[str, Any]) -> None:
        self._db.table("nodes").update(node.node_id, values)

    def _where(self, condition: str, values: Sequence[Any]) -> list[Node]:
        sql = f"SELECT {_COLUMNS} FROM nodes WHERE {condition}"
        return [_node(row) for row in rows(self._db, sql, values)]

    def _sealing(self) -> Seal:
        if self._seal is None:
            self._seal = Seal.beside(location(self._db).parent)
        return self._seal

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")


def _node(row: dict[str, Any]) -> Node:
    return Node(
        **{
            **row,
            "quirks": Quirks.from_json(row["quirks"]),
            "allow_private": bool(row["allow_private"]),
            "has_outbound_token": bool(row["has_outbound_token"]),
        }
    )


def _about(node: Node) -> tuple[str, str, str]:
    """What a token is sealed together with."""
    return node.name, node.address, node.ca_file


def _first(said: Any, known: Any) -> Any:
    return known if said is None else said


def _quirks(described: Description, node: Node) -> Quirks:
    """The quirks; an address that was given as `.../match/` says one itself."""
    if described.quirks is not None:
        return described.quirks
    if described.address is not None and described.address.strip().endswith("/match/"):
        return replace(node.quirks, trailing_slash=True)
    return node.quirks


def _ca_file(described: Description, node: Node) -> str:
    if described.ca_file is None:
        return node.ca_file
    return str(described.ca_file.absolute()) if described.ca_file.name else ""


def _problems(values: dict[str, Any], token: str | None) -> Iterator[tuple[str, str]]:
    """What of a description cannot be used, each with its field."""
    if token is not None and not TOKEN.fullmatch(token):
        yield (
            "outbound_token",
            "its token must be 1 to 1,000 visible characters without blanks",
        )
    if not 0 <= values["daily_budget"] <= 1_000_000:
        yield (
            "daily_budget",
            f"its daily budget is {values['daily_budget']}, but 0 to 1,000,000 is right",
        )
    for name in ("contact", "disclaimer", "terms"):
        if len(values[name]) > LONGEST_TEXT:
            yield name, f"its {name} must have at most {LONGEST_TEXT:,} characters"
    if values["ca_file"] and not Path(values["ca_file"]).is_file():
        yield "ca_file", f"its CA file {values['ca_file']!r} is not a file"
