"""How far a case goes to a single peer where that is less far than to the others."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from matcher.case import Case, Sharing
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import UnknownCase
from matcher.storage.store import CaseStore
from web.errors import WebError
from web.mme.disclosing.consent import is_exchanged

COLUMNS = (
    "limit_id",
    "case_id",
    "node",
    "most",
    "consent_id",
    "set_by",
    "set_at",
    "ended_at",
    "ended_by",
)


class Most(enum.StrEnum):
    """The most that a peer is told of a case."""

    NOTHING = "nothing"
    LEVEL_1 = "exchange-1"


class BoundByConsent(WebError):
    """A peer that the person who agreed does not want to be told."""

    def __init__(self, node: str) -> None:
        super().__init__(
            f"A consent on record leaves out {node}, so it cannot be told more; withdraw that "
            "consent and record one that does not."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What was set for one case and one peer; in force while it was not ended."""

    case_id: str
    node: str
    most: Most
    set_by: str
    set_at: str
    ended_at: str | None = None
    ended_by: str | None = None


def limited(case: Case, most: Most | None) -> Case | None:
    """The case as far as it goes to a peer under a limit; None if it does not."""
    if most is Most.NOTHING:
        return None
    if most is Most.LEVEL_1 and case.sharing is Sharing.EXCHANGE_2:
        return replace(case, sharing=Sharing.EXCHANGE_1)
    return case


class Limits:
    """The limits of one database, over a connection of the calling thread.

    A row whose bytes were changed lets its peer see nothing, whatever it says.
    """

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    # Reading

    def binds(self, node: str) -> bool:
        """Whether any case goes less far to the peer than to others."""
        sql = "SELECT * FROM peer_limits WHERE node = ?"
        return any(map(_counts, rows(self._db, sql, [node])))

    def of_node(self, node: str, case_ids: Iterable[str]) -> dict[str, Most]:
        """The limits of these cases for one peer, by case; only of those that have one."""
        # Ended rows too: that it ended may be what was changed.
        sql = """
            SELECT * FROM peer_limits
            WHERE node = ? AND case_id IN (SELECT value FROM json_each(?))
        """
        found = rows(self._db, sql, [node, json.dumps(list(case_ids))])
        return _strictest(found, "case_id")

    def in_force(self, case_id: str) -> dict[str, Most]:
        """The limits of one case, by the name of the peer."""
        return _strictest(self._of_case(case_id), "node")

    def of_case(self, case_id: str) -> tuple[Limit, ...]:
        """Everything that was ever set for a case, in its order."""
        return tuple(_limit(row) for row in self._of_case(case_id) if _is_whole(row))

    def damaged(self) -> Iterator[str]:
        """A sentence for each row whose bytes changed."""
        for row in rows(self._db, "SELECT * FROM peer_limits ORDER BY limit_id"):
            if not _is_whole(row):
                yield (
                    f"limit {row['limit_id']} of case {row['case_id']} for {row['node']} was "
                    "changed outside Secondcase, so that peer is told nothing of the case; "
                    "restore the row from a backup."
                )

    # Writing

    def set(
        self,
        case_id: str,
        node: str,
        most: Most | None,
        actor: str,
        *,
        consent_id: int | None = None,
        is_saved_next: bool = False,
    ) -> bool:
        """Let a peer be told at most so much of a case, None for as much as others.

        Returns whether that changes anything. Unless the case itself is saved next, in the same
        transaction, a new version of it lets those who follow the cases notice. Raises
        `BoundByConsent`.
        """
        with write_transaction(self._db):
            before = self.in_force(case_id).get(node)
            if before is most and consent_id is None:
                return False
            open_rows = [row for row in self._of_case(case_id) if _is_open(row, node)]
            if consent_id is None and self._is_left_out(case_id, node):
                raise BoundByConsent(node)
            for row in open_rows:
                ended = {**row, "ended_at": self._now(), "ended_by": actor}
                self._db.table("peer_limits").update(row["limit_id"], _sealed(ended))
            if most is not None:
                self._insert(case_id, node, most, actor, consent_id)
            if not is_saved_next:
                self._save_again(case_id, actor)
        return True

    def _insert(
        self, case_id: str, node: str, most: Most, actor: str, consent_id: int | None
    ) -> None:
        sql = "SELECT coalesce(max(limit_id), 0) + 1 AS n FROM peer_limits"
        row = {
            "limit_id": rows(self._db, sql)[0]["n"],
            "case_id": case_id,
            "node": node,
            "most": str(most),
            "consent_id": consent_id,
            "set_by": actor,
            "set_at": self._now(),
            "ended_at": None,
            "ended_by": None,
        }
        self._db.table("peer_limits").insert(_sealed(row))

    def _is_left_out(self, case_id: str, node: str) -> bool:
        """Whether any consent that has not ended names the peer, the latest or not."""
        sql = """
            SELECT not_to FROM consents
            WHERE case_id = ? AND ended_at IS NULL AND not_to <> ''
        """
        found = rows(self._db, sql, [case_id])
        return any(node in json.loads(row["not_to"]) for row in found)

    def _save_again(self, case_id: str, actor: str) -> None:
        store = CaseStore(self._db)
        try:
            case = store.get(case_id).case
        except UnknownCase:
            # A consent is recorded before its case is saved for the first time.
            return
        if is_exchanged(case):
            store.put(case, actor=actor)

    def _of_case(self, case_id: str) -> list[dict[str, Any]]:
        sql = "SELECT * FROM peer_limits WHERE case_id = ? ORDER BY limit_id"
        return rows(self._db, sql, [case_id])

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="seconds")


def _strictest(found: Iterable[Mapping[str, Any]], key: str) -> dict[str, Most]:
    most: dict[str, Most] = {}
    for row in filter(_counts, found):
        said = Most(row["most"]) if _is_whole(row) else Most.NOTHING
        if most.get(row[key]) is not Most.NOTHING:
            most[row[key]] = said
    return most


def _counts(row: Mapping[str, Any]) -> bool:
    return row["ended_at"] is None or not _is_whole(row)


def _is_open(row: Mapping[str, Any], node: str) -> bool:
    return row["node"] == node and row["ended_at"] is None and _is_whole(row)


def _sealed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "sha256": _fingerprint(row)}


def _is_whole(row: Mapping[str, Any]) -> bool:
    return bool(row["sha256"] == _fingerprint(row))


def _fingerprint(row: Mapping[str, Any]) -> str:
    content = json.dumps([row[name] for name in COLUMNS])
    return hashlib.sha256(content.encode("ascii")).hexdigest()


def _limit(row: Mapping[str, Any]) -> Limit:
    return Limit(
        case_id=row["case_id"],
        node=row["node"],
        most=Most(row["most"]),
        set_by=row["set_by"],
        set_at=row["set_at"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
    )
