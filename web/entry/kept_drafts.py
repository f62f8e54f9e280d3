"""Forms that are not saved yet, kept as they are typed, and who has which case open.

A draft is its writer's alone: nobody else sees it and nothing is matched by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matcher.storage.database import Database, rows, write_transaction

DAYS_KEPT = 30
MOST_DRAFTS = 50
LARGEST = 400_000
# Who has not been heard of for so long has left.
PRESENT_SECONDS = 90

Field = tuple[str, str]

_KEEP = """
    INSERT INTO kept_drafts (person_id, form_id, case_id, fields, saved_at)
    VALUES (:person_id, :form_id, :case_id, :fields, :saved_at)
    ON CONFLICT (person_id, form_id) DO UPDATE
    SET case_id = excluded.case_id, fields = excluded.fields, saved_at = excluded.saved_at
"""


class DraftTooLarge(ValueError):
    """A form that holds more than a draft may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """A form as it was last typed. `case_id` is None where it is of a case not entered yet."""

    form_id: str
    case_id: str | None
    fields: tuple[Field, ...]
    saved_at: str


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody else who has the case open, and since when."""

    name: str
    since: str


class KeptDrafts:
    """The drafts of everybody; each call is for one person."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def keep(
        self, person_id: int, form_id: str, case_id: str | None, fields: Iterable[Field]
    ) -> str:
        """Keep a form in place of the one before; when that was. Raises `DraftTooLarge`."""
        written = json.dumps(list(fields), ensure_ascii=False)
        if len(written) > LARGEST:
            raise DraftTooLarge
        now = self._clock().isoformat()
        row = {
            "person_id": person_id,
            "form_id": form_id,
            "case_id": case_id,
            "fields": written,
            "saved_at": now,
        }
        with write_transaction(self._db):
            self._forget_old()
            self._db.execute(_KEEP, row)
            self._forget_many(person_id)
        return now

    def of(self, person_id: int, form_id: str) -> KeptDraft | None:
        """The draft of a form, if the person has one that is not too old."""
        return next((d for d in self.all_of(person_id) if d.form_id == form_id), None)

    def all_of(self, person_id: int) -> list[KeptDraft]:
        """The drafts of a person, the latest first."""
        sql = (
            "SELECT form_id, case_id, fields, saved_at FROM kept_drafts "
            "WHERE person_id = ? AND saved_at > ? ORDER BY saved_at DESC, form_id"
        )
        return [
            KeptDraft(
                form_id=row["form_id"],
                case_id=row["case_id"],
                fields=tuple(
                    (name, value) for name, value in json.loads(row["fields"])
                ),
                saved_at=row["saved_at"],
            )
            for row in rows(self._db, sql, [person_id, self._oldest()])
        ]

    def discard(self, person_id: int, form_id: str) -> bool:
        """Throw a draft away; whether there was one."""
        values = [person_id, form_id]
        with write_transaction(self._db):
            found = rows(
                self._db,
                "SELECT 1 FROM kept_drafts WHERE person_id = ? AND form_id = ?",
                values,
            )
            self._db.table("kept_drafts").delete_where(
                "person_id = ? AND form_id = ?", values
            )
        return bool(found)

    def _oldest(self) -> str:
        return (self._clock() - timedelta(days=DAYS_KEPT)).isoformat()

    def _forget_old(self) -> None:
        self._db.table("kept_drafts").delete_where("saved_at <= ?", [self._oldest()])

    def _forget_many(self, person_id: int) -> None:
        self._db.execute(
            "DELETE FROM kept_drafts WHERE person_id = ? AND form_id IN (SELECT form_id "
            "FROM kept_drafts WHERE person_id = ? ORDER BY saved_at DESC LIMIT -1 OFFSET ?)",
            [person_id, person_id, MOST_DRAFTS],
        )


class Editors:
    """Who has which case open to change it."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def seen(self, case_id: str, person_id: int) -> None:
        """Note that the person has the case open now; since when stays unless she had left."""
        now = self._clock().isoformat()
        with write_transaction(self._db):
            self._db.table("editors").delete_where("seen_at <= ?", [self._gone()])
            self._db.execute(
                "INSERT INTO editors (case_id, person_id, since, seen_at) "
                "SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM cases WHERE case_id = ?) "
                "ON CONFLICT (case_id, person_id) DO UPDATE SET seen_at = excluded.seen_at",
                [case_id, person_id, now, now, case_id],
            )

    def left(self, case_id: str, person_id: int) -> None:
        """Note that the person has closed the case."""
        with write_transaction(self._db):
            self._db.table("editors").delete_where(
                "case_id = ? AND person_id = ?", [case_id, person_id]
            )

    def others(self, case_id: str, person_id: int) -> list[Editor]:
        """Everybody else who has it open, who came first first."""
        sql = (
            "SELECT people.name, since FROM editors JOIN people USING (person_id) "
            "WHERE case_id = ? AND person_id <> ? AND seen_at > ? ORDER BY since, people.name"
        )
        found = rows(self._db, sql, [case_id, person_id, self._gone()])
        return [Editor(row["name"], row["since"]) for row in found]

    def _gone(self) -> str:
        return (self._clock() - timedelta(seconds=PRESENT_SECONDS)).isoformat()
