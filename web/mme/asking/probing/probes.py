"""The last probe of each peer: who asked for it, when, and the report it ended with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matcher.readers.fields import printable
from matcher.storage.database import Database, rows, write_transaction
from web.mme.asking.probing.conformance import Conformance
from web.mme.nodes import Node

# No probe takes longer, so that one which was not ended was lost with its process.
LONGEST = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A probe. `ended_at` is None while it goes on, or if its process was ended before it."""

    asked_by: str
    begun_at: str
    ended_at: str | None
    report: str


class Probes:
    """The probes of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def begin(self, node: Node, by: str) -> None:
        """Note that a probe of the peer goes on."""
        row = {"node_id": node.node_id, "asked_by": by, "begun_at": self._now()}
        with write_transaction(self._db):
            self._db.table("probes").upsert(
                {**row, "ended_at": None, "report": ""}, pk="node_id"
            )

    def end(self, node: Node, found: Conformance) -> None:
        """Keep the report of a probe in the words in which people read it."""
        self.end_with(node, "\n".join(map(printable, found.lines())))

    def end_with(self, node: Node, report: str) -> None:
        """Keep a report, or why there is none."""
        sql = "UPDATE probes SET ended_at = ?, report = ? WHERE node_id = ?"
        with write_transaction(self._db):
            self._db.execute(sql, [self._now(), report, node.node_id])

    def of(self, node: Node) -> Probed | None:
        """The last probe of the peer, if there ever was one."""
        sql = """
            SELECT asked_by, begun_at, ended_at, report FROM probes WHERE node_id = ?
        """
        return next(
            (Probed(**row) for row in rows(self._db, sql, [node.node_id])), None
        )

    def is_going_on(self, node: Node) -> bool:
        """Whether a probe of the peer was begun, and may still end."""
        last = self.of(node)
        if last is None or last.ended_at is not None:
            return False
        return datetime.fromisoformat(last.begun_at) + LONGEST > self._clock()

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="seconds")
