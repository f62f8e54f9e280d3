"""Which cases each peer has been told of, and how many new ones it may be told of in a day."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matcher.storage.database import Database, rows, write_transaction
from web.errors import WebError
from web.mme.nodes import Node

DAY = timedelta(days=1)


class BudgetSpent(WebError):
    """A question of a peer that has nothing left, to which nothing it knows is an answer."""

    def __init__(self, budget: int, retry_after: int) -> None:
        super().__init__(
            f"This node tells you of at most {budget} cases within 24 hours that are new to you, "
            "and has done so; cases that you know already are told without a limit. "
            f"Ask again in {retry_after} seconds."
        )
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Which of the cases may be told, in their order, and how many are held back.

    `is_spent` says that the budget was spent before; that must be told alike whether anything
    is held back or not, or else the peer learns of cases all the same. `is_last` says that it
    was spent by this question. `retry_after` is in how
    many seconds the next new case may be told, 0 for at once.
    """

    case_ids: tuple[str, ...]
    withheld: int = 0
    is_spent: bool = False
    is_last: bool = False
    retry_after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """A peer that was told of a case, and when it first was."""

    node_id: int
    node: str
    first_at: str


class Disclosures:
    """First disclosures of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def take(self, node: Node, case_ids: Sequence[str]) -> Granted:
        """Note that a peer is told of these cases, as far as its budget goes, best first.

        Must be called in a write transaction, the one of the audit entry: what is counted is
        still true when it is told, whatever other processes do.
        """
        known = self._known(node, case_ids)
        new = [each for each in case_ids if each not in known]
        left = node.daily_budget - self.spent(node)
        granted = new[: max(0, left)]
        self._insert(node, granted, "told")
        told = known | set(granted)
        is_limited = left <= 0 or len(granted) < len(new)
        return Granted(
            case_ids=tuple(each for each in case_ids if each in told),
            withheld=len(new) - len(granted),
            is_spent=left <= 0,
            is_last=0 < left <= len(new),
            retry_after=self._retry_after(node) if is_limited else 0,
        )

    def spent(self, node: Node) -> int:
        """How many cases the peer was told of for the first time in the last 24 hours."""
        sql = """
            SELECT count(*) AS n FROM disclosures
            WHERE node_id = ? AND way = 'told' AND first_at > ?
        """
        return int(rows(self._db, sql, [node.node_id, self._since()])[0]["n"])

    def known(self, node: Node) -> frozenset[str] | None:
        """The cases that are all there is for a peer whose budget is spent; None before that."""
        if self.spent(node) < node.daily_budget:
            return None
        sql = "SELECT case_id FROM disclosures WHERE node_id = ?"
        found = rows(self._db, sql, [node.node_id])
        return frozenset(row["case_id"] for row in found)

    def sent(self, nodes: Iterable[Node], case_id: str) -> None:
        """Note that we ask these peers about a case of ours, which costs none of their budget."""
        with write_transaction(self._db):
            for node in nodes:
                self._insert(node, [case_id], "sent")

    def of_case(self, case_id: str) -> tuple[Disclosure, ...]:
        """The peers that were ever told of a case, in the order in which they first were."""
        sql = """
            SELECT node_id, node, first_at FROM disclosures WHERE case_id = ?
            ORDER BY first_at, node
        """
        return tuple(Disclosure(**row) for row in rows(self._db, sql, [case_id]))

    def _known(self, node: Node, case_ids: Sequence[str]) -> set[str]:
        sql = """
            SELECT case_id FROM disclosures
            WHERE node_id = ? AND case_id IN (SELECT value FROM json_each(?))
        """
        found = rows(self._db, sql, [node.node_id, json.dumps(list(case_ids))])
        return {row["case_id"] for row in found}

    def _insert(self, node: Node, case_ids: Sequence[str], way: str) -> None:
        now = _written(self._clock())
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO disclosures (node_id, case_id, node, way, first_at) "
            "VALUES (?, ?, ?, ?, ?)",
            [(node.node_id, case_id, node.name, way, now) for case_id in case_ids],
        )

    def _retry_after(self, node: Node) -> int:
        """Seconds until one more case may be told; a day where none ever is."""
        sql = """
            SELECT first_at FROM disclosures
            WHERE node_id = ? AND way = 'told' AND first_at > ?
            ORDER BY first_at DESC LIMIT 1 OFFSET ?
        """
        values = [node.node_id, self._since(), node.daily_budget - 1]
        found = rows(self._db, sql, values) if node.daily_budget else []
        if not found:
            return int(DAY.total_seconds())
        free = datetime.fromisoformat(found[0]["first_at"]) + DAY
        return max(1, math.ceil((free - self._clock()).total_seconds()))

    def _since(self) -> str:
        return _written(self._clock() - DAY)


def _written(moment: datetime) -> str:
    """A time as text that sorts as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
