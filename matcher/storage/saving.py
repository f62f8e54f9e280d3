"""How a case is written: its revision, what is current of it, and its rows for lookup."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from matcher.storage import codec
from matcher.case import Case
from matcher.storage.rows import (
    Action,
    Row,
    current_row,
    feature_rows,
    gene_rows,
    sealed,
)
from matcher.storage.codec import UnstorableCase
from matcher.storage.database import Database, rows
from matcher.storage.errors import CaseOfAnotherSite, ErasedCase, ExternalIdTaken

BATCH = 500


class Saving:
    """Writes cases within a write transaction that its caller has begun."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock

    def latest(self, case_ids: Sequence[str]) -> dict[str, Row]:
        """The last revision of each of these cases, deletions included."""
        sql = """
            SELECT *, max(version) FROM revisions
            WHERE case_id IN (SELECT value FROM json_each(?)) GROUP BY case_id
        """
        found = rows(self._db, sql, [json.dumps(case_ids)])
        return {row["case_id"]: row for row in found}

    def save(
        self,
        batch: Sequence[tuple[Case, str | None]],
        actor: str,
        *,
        move: bool = False,
    ) -> None:
        """Write cases, each with its external id; `move` allows a change of site."""
        latest = self.latest([case.case_id for case, _ in batch])
        saved_at = self._now()
        revisions = []
        for number, (case, external_id) in enumerate(
            batch, last_revision(self._db) + 1
        ):
            found = latest.get(case.case_id)
            _refuse(case, found, move)
            if external_id is None and found is not None:
                external_id = found["external_id"]
            row = {
                "revision": number,
                "case_id": case.case_id,
                "version": found["version"] + 1 if found else 1,
                "action": Action.SAVED.value,
                "saved_at": saved_at,
                "actor": actor,
                "site": case.site,
                "submitter": case.submitter,
                "external_id": external_id,
                "body": codec.encode(case),
            }
            revisions.append(sealed(row))
        self._insert("revisions", revisions)
        self._point([case for case, _ in batch], revisions)

    def _point(self, cases: Sequence[Case], revisions: Sequence[Row]) -> None:
        """Make the revisions the current ones of their cases."""
        current = [current_row(case, row) for case, row in zip(cases, revisions)]
        try:
            self._db.table("cases").upsert_all(current, pk="case_id", batch_size=BATCH)
        except sqlite3.IntegrityError as error:
            raise self._taken(current) or error from error
        ids = json.dumps([case.case_id for case in cases])
        for table in ("case_features", "case_genes"):
            self._db.table(table).delete_where(
                "case_id IN (SELECT value FROM json_each(?))", [ids]
            )
        self._insert(
            "case_features", [row for case in cases for row in feature_rows(case)]
        )
        self._insert("case_genes", [row for case in cases for row in gene_rows(case)])

    def _insert(self, table: str, new: Sequence[Row]) -> None:
        """Insert rows with the same columns; faster than `insert_all` for thousands."""
        if new:
            named = ", ".join(f":{column}" for column in new[0])
            sql = f"INSERT INTO {table} ({', '.join(new[0])}) VALUES ({named})"
            self._db.conn.executemany(sql, new)

    def _taken(self, current: Sequence[Row]) -> ExternalIdTaken | None:
        """Which external id of these rows names another case already."""
        own: dict[tuple[str | None, str], str] = {}
        for row in current:
            key = (row["site"], row["external_id"])
            if key[1] is None:
                continue
            other = own.setdefault(key, row["case_id"])
            if other == row["case_id"]:
                found = find(self._db, *key)
                other = found if found is not None else other
            if other != row["case_id"]:
                return ExternalIdTaken(*key, other)
        return None

    def end(self, found: Row, action: Action, actor: str) -> None:
        """Write the last revision of a case and remove what is current of it."""
        ended = {
            **{name: found[name] for name in ("case_id", "site", "submitter")},
            "revision": last_revision(self._db) + 1,
            "version": found["version"] + 1,
            "action": action.value,
            "saved_at": self._now(),
            "actor": actor,
            "external_id": None,
            "body": None,
        }
        self._insert("revisions", [sealed(ended)])
        self._db.table("cases").delete_where("case_id = ?", [found["case_id"]])

    def blank(self, case_id: str) -> None:
        """Remove what the revisions of a case said."""
        sql = "SELECT * FROM revisions WHERE case_id = ?"
        for row in rows(self._db, sql, [case_id]):
            blank = sealed({**row, "external_id": None, "body": None})
            self._db.table("revisions").update(row["revision"], blank)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="microseconds")


def last_revision(db: Database) -> int:
    """The number of the latest change, 0 in an empty store."""
    sql = "SELECT coalesce(max(revision), 0) AS n FROM revisions"
    return int(rows(db, sql)[0]["n"])


def find(db: Database, site: str | None, external_id: str) -> str | None:
    """The case id behind a site's own id, or None."""
    sql = "SELECT case_id FROM cases WHERE coalesce(site, '') = ? AND external_id = ?"
    found = rows(db, sql, [site or "", external_id])
    return found[0]["case_id"] if found else None


def _refuse(case: Case, found: Row | None, move: bool) -> None:
    """Raise if the case may not be saved in place of what was found under its id."""
    if not case.case_id:
        wanted = "an id of at least one character"
        raise UnstorableCase(case.case_id, "case_id", case.case_id, wanted)
    if "\0" in case.case_id:
        # SQLite's json_each ends there, so that the case could not be found to be erased.
        wanted = "an id without a NUL character"
        raise UnstorableCase(case.case_id, "case_id", case.case_id, wanted)
    if found is None:
        return
    if found["action"] == Action.ERASED:
        raise ErasedCase(case.case_id, found["saved_at"])
    if found["site"] != case.site and not move:
        raise CaseOfAnotherSite(case.case_id)
