"""What was disclosed, to whom and when, in a chain that shows every later change.

An entry holds ids, names of fields and counts, never what a field says. Each is sealed with the
SHA-256 of its content and of the entry before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matcher.storage.database import Database, rows, write_transaction

BEGINNING = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `number` counts from 1 without a gap."""

    number: int
    at: str
    actor: str
    action: str
    case_ids: tuple[str, ...]
    facts: Mapping[str, Any]


class Audit:
    """The audit chain of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def record(
        self, actor: str, action: str, case_ids: Sequence[str] = (), **facts: Any
    ) -> None:
        """Add an entry, in the open write transaction or in one of its own."""
        with write_transaction(self._db):
            last = self._last()
            row = {
                "number": last["number"] + 1 if last else 1,
                "at": self._clock().isoformat(timespec="milliseconds"),
                "actor": actor,
                "action": action,
                "case_ids": json.dumps(list(case_ids)),
                "facts": json.dumps(facts, sort_keys=True),
            }
            before = last["seal"] if last else BEGINNING
            self._db.table("audit").insert({**row, "seal": _seal(before, row)})

    def entries(self, case_id: str | None = None) -> Iterator[Entry]:
        """Entries in their order; with `case_id` those that tell who saw that case."""
        for row in rows(self._db, "SELECT * FROM audit ORDER BY number"):
            entry = _entry(row)
            if case_id is None or case_id in entry.case_ids:
                yield entry

    def first_break(self) -> int | None:
        """Number of the first entry that was edited, moved or is missing; None if all is whole.

        Entries cut off at the end are found by comparing `length` with one noted elsewhere.
        """
        before = BEGINNING
        found = rows(self._db, "SELECT * FROM audit ORDER BY number")
        for expected, row in enumerate(found, 1):
            seal = row.pop("seal")
            if row["number"] != expected or seal != _seal(before, row):
                return expected
            before = seal
        return None

    def length(self) -> int:
        """How many entries there are."""
        count: int = self._db.table("audit").count
        return count

    def _last(self) -> dict[str, Any] | None:
        sql = "SELECT * FROM audit ORDER BY number DESC LIMIT 1"
        return next(iter(rows(self._db, sql)), None)


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        number=row["number"],
        at=row["at"],
        actor=row["actor"],
        action=row["action"],
        case_ids=tuple(json.loads(row["case_ids"])),
        facts=json.loads(row["facts"]),
    )


def _seal(before: str, row: Mapping[str, Any]) -> str:
    content = json.dumps([before, *(row[name] for name in sorted(row))])
    return hashlib.sha256(content.encode()).hexdigest()
