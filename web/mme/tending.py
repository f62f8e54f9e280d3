"""What an operator does with the peers, by the command line or a page, each thing audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from matcher.storage.database import Database
from web.audit import Audit
from web.mme.nodes import Node, Nodes
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description

ADDED = "added a peer"
CHANGED = "changed a peer"
ROTATED = "gave a peer a token"
ENDED_OLD = "ended older tokens of a peer"
REVOKED = "revoked a peer"
REMOVED = "removed a peer"


class Tending:
    """The peers of one database in the hands of one operator.

    Whatever is done is done together with its entry in the audit, or not at all. Raises what
    `Nodes` raises, and `AuditFailed`.
    """

    def __init__(self, db: Database, by: str) -> None:
        self._nodes = Nodes(db)
        self._breaker = Breaker(db)
        self._audit = Audit(db)
        self._by = by

    def add(self, name: str, described: Description) -> str:
        """Add a peer; the token that it must show, told this once."""
        with self._audit.together():
            token = self._nodes.add(name, described)
            self._record(ADDED, name)
        return token

    def change(
        self,
        name: str,
        described: Description,
        quirks: Mapping[str, Any] | None = None,
        *,
        forget_token: bool = False,
    ) -> Node:
        """Change what is said of a peer, and those quirks that are named.

        A peer that is asked is asked again at once: whatever was wrong may be mended now.
        """
        with self._audit.together():
            known = self._nodes.set(name, described)
            if quirks:
                changed = replace(known.quirks, **quirks)
                known = self._nodes.set(name, Description(quirks=changed))
            if forget_token:
                self._nodes.forget_outbound_token(name)
            elif known.is_asked:
                self._breaker.close(known.node_id)
            self._record(CHANGED, name, fields=_named(described, quirks, forget_token))
            return self._nodes.get(name)

    def rotate(self, name: str) -> str:
        """A second token for a peer, told this once; a revoked one is let in again."""
        with self._audit.together():
            token = self._nodes.rotate(name)
            self._record(ROTATED, name)
        return token

    def revoke_old(self, name: str) -> int:
        """End all tokens of a peer but its newest; how many that were."""
        with self._audit.together():
            ended = self._nodes.revoke_old(name)
            self._record(ENDED_OLD, name, tokens=ended)
        return ended

    def revoke(self, name: str) -> None:
        """Neither answer nor ask a peer from now on."""
        with self._audit.together():
            self._nodes.revoke(name)
            self._record(REVOKED, name)

    def remove(self, name: str) -> None:
        """Forget a peer with its tokens and all that it answered."""
        with self._audit.together():
            self._nodes.remove(name)
            self._record(REMOVED, name)

    def _record(self, action: str, name: str, **facts: Any) -> None:
        self._audit.record(self._by, action, node=name, **facts)


def _named(
    described: Description, quirks: Mapping[str, Any] | None, forget_token: bool
) -> list[str]:
    """Which things were said; not what."""
    said = [f.name for f in fields(described) if getattr(described, f.name) is not None]
    forgotten = ["outbound_token"] if forget_token else []
    return sorted({*said, *(quirks or ()), *forgotten})
