"""What a peer had told of a patient before it told something else of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matcher.case import Case
from matcher.storage import codec
from matcher.storage.database import Database, rows

# Of one patient; older ones are forgotten.
MOST_EARLIER = 10
_KEY = ("case_id", "node_id", "remote_id")
_SURPLUS = """
    DELETE FROM remote_versions WHERE (case_id, node_id, remote_id) = (?, ?, ?)
    AND told_at NOT IN (
        SELECT told_at FROM remote_versions WHERE (case_id, node_id, remote_id) = (?, ?, ?)
        ORDER BY told_at DESC LIMIT ?
    )
"""


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """The patient as she was told of from `told_at` on, until the next version."""

    told_at: str
    case: Case


class Earlier:
    """Earlier versions of peers' patients, over a connection of the calling thread."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def keep(self, match: dict[str, Any]) -> None:
        """Keep a row of `remote_matches` that is replaced, in the caller's transaction."""
        row = {name: match[name] for name in (*_KEY, "profile")}
        row["told_at"] = match["changed_at"]
        self._db.table("remote_versions").upsert(row, pk=(*_KEY, "told_at"))
        key = [match[name] for name in _KEY]
        self._db.execute(_SURPLUS, [*key, *key, MOST_EARLIER])

    def of(self, case_id: str, node: str, remote_id: str) -> list[EarlierVersion]:
        """What is kept of a patient, oldest first; what cannot be read any more is left out."""
        sql = """
            SELECT told_at, profile FROM remote_versions JOIN nodes USING (node_id)
            WHERE case_id = ? AND name = ? AND remote_id = ? ORDER BY told_at
        """
        found = []
        for row in rows(self._db, sql, [case_id, node, remote_id]):
            try:
                case = codec.decode(row["profile"])
            except codec.UnreadableCase:
                continue
            found.append(EarlierVersion(row["told_at"], case))
        return found

    def forget_before(self, moment: str) -> None:
        """Forget what was told before a moment, in the caller's transaction."""
        self._db.table("remote_versions").delete_where("told_at < ?", [moment])
