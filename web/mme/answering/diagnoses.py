"""What was wrong with the requests of peers: places and kinds of trouble, never what stood there.

Of each peer the last requests that were refused or understood in part are kept for a while, so
that its operator can be told what to mend. Requests without a good token are only counted.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.readers.report import Trouble, Wrong
from matcher.storage.database import Database, rows, write_transaction
from web.mme.nodes import Node

KEPT = timedelta(days=30)
# Of those that were refused, and as many of the others: a peer of which every request is
# understood in part hides none that was refused.
MOST_OF_A_PEER = 50
ANSWERED = 200
MOST_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One request in trouble. `further` counts what is wrong with it beyond the lines.

    A status of 200 says that it was answered, as far as it was understood.
    """

    at: str
    path: str
    status: int
    reason: str
    troubles: tuple[Trouble, ...]
    further: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether it was not answered at all."""
        return self.status != ANSWERED

    def lines(self) -> Iterator[str]:
        """The request for people: what became of it, then each trouble on a line."""
        yield f"{self.at}  {self.status} {self.path}  {self.reason}"
        yield from (f"  {trouble}" for trouble in self.troubles)
        if self.further:
            yield f"  and {self.further:,} more"

    def to_json(self) -> dict[str, Any]:
        """The request for other programs."""
        return asdict(self)


class Stranger(enum.StrEnum):
    """What was wrong with a token that belongs to no peer."""

    MISSING = "no token"
    UNKNOWN = "unknown token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """How many requests came without a good token, and when."""

    kind: Stranger
    times: int
    first_at: str
    last_at: str

    def __str__(self) -> str:
        return (
            f"{self.kind}: {self.times:,} times since {self.first_at}, "
            f"the last time {self.last_at}"
        )


class Diagnoses:
    """The requests in trouble of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def keep(
        self,
        node: Node,
        *,
        path: str,
        status: int,
        reason: str,
        troubles: Sequence[Trouble] = (),
    ) -> None:
        """Keep a request of a peer; what is too old, or too much of this peer, goes."""
        shown = troubles[:MOST_LINES]
        row = {
            "node_id": node.node_id,
            "at": _written(self._clock()),
            "path": path,
            "status": status,
            "reason": reason,
            "troubles": json.dumps([[t.place, t.wrong, t.right] for t in shown]),
            "further": len(troubles) - len(shown),
        }
        with write_transaction(self._db):
            if not self._is_known(node):
                # Removed while it asked.
                return
            self._db.table("diagnoses").insert(row)
            self._forget(node, status)

    def of(self, node: Node) -> tuple[Diagnosis, ...]:
        """What is kept of a peer, latest first."""
        sql = """
            SELECT at, path, status, reason, troubles, further FROM diagnoses
            WHERE node_id = ? AND at > ? ORDER BY diagnosis_id DESC
        """
        found = rows(self._db, sql, [node.node_id, self._oldest()])
        return tuple(
            Diagnosis(**{**row, "troubles": _troubles(row["troubles"])})
            for row in found
        )

    def met(self, kind: Stranger, times: int = 1) -> None:
        """Count requests without a good token; what is older than is kept is not counted on."""
        now = _written(self._clock())
        sql = """
            INSERT INTO strangers (kind, times, first_at, last_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (kind) DO UPDATE SET
                times = iif(first_at > ?, times, 0) + excluded.times,
                first_at = iif(first_at > ?, first_at, excluded.first_at),
                last_at = excluded.last_at
        """
        oldest = self._oldest()
        with write_transaction(self._db):
            self._db.execute(sql, [kind, times, now, now, oldest, oldest])

    def strangers(self) -> tuple[Strangers, ...]:
        """Requests without a good token, by what was wrong with it."""
        sql = "SELECT * FROM strangers WHERE last_at > ? ORDER BY kind"
        return tuple(
            Strangers(**{**row, "kind": Stranger(row["kind"])})
            for row in rows(self._db, sql, [self._oldest()])
        )

    def _is_known(self, node: Node) -> bool:
        sql = "SELECT 1 FROM nodes WHERE node_id = ?"
        return bool(rows(self._db, sql, [node.node_id]))

    def _forget(self, node: Node, status: int) -> None:
        alike = f"node_id = ? AND status {'=' if status == ANSWERED else '<>'} ?"
        newest = f"""
            SELECT diagnosis_id FROM diagnoses WHERE {alike}
            ORDER BY diagnosis_id DESC LIMIT ?
        """
        values = [node.node_id, ANSWERED]
        self._db.execute("DELETE FROM diagnoses WHERE at <= ?", [self._oldest()])
        self._db.execute(
            f"DELETE FROM diagnoses WHERE {alike} AND diagnosis_id NOT IN ({newest})",
            [*values, *values, MOST_OF_A_PEER],
        )

    def _oldest(self) -> str:
        return _written(self._clock() - KEPT)


def _troubles(text: str) -> tuple[Trouble, ...]:
    told = json.loads(text)
    return tuple(Trouble(place, Wrong(wrong), right) for place, wrong, right in told)


def _written(moment: datetime) -> str:
    """A time as text that sorts as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
