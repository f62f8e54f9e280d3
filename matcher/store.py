"""Where cases are kept: each with its history, and a feed of changes that others follow."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from matcher import codec, database, integrity
from matcher.case import Case
from matcher.case_rows import (
    CURRENT,
    Action,
    Change,
    Revision,
    Row,
    StoredCase,
    current_row,
    feature_rows,
    gene_rows,
    past_revision,
    sealed,
    stored_case,
)
from matcher.database import (
    Database,
    connect,
    location,
    named_errors,
    write_transaction,
)
from matcher.integrity import Problem
from matcher.migrations import case_migrations, migrate
from matcher.store_errors import (
    CaseChanged,
    CaseOfAnotherSite,
    DamagedCase,
    ErasedCase,
    ExternalIdTaken,
    RepeatedCase,
    UnknownCase,
)

__all__ = [
    "Action",
    "CaseStore",
    "Change",
    "Problem",
    "Revision",
    "StoredCase",
    "connect",
    "write_transaction",
]

BATCH = 500


class CaseStore:
    """The cases of one database. An instance belongs to the thread that made it."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock
        self.path = location(db)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The store at `path`, made or brought up to date first."""
        db = connect(path)
        try:
            migrate(db, case_migrations())
        except BaseException:
            db.close()
            raise
        return cls(db)

    def close(self) -> None:
        """Close the connection; the store cannot be used afterwards."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Writing

    def put(
        self,
        case: Case,
        *,
        actor: str,
        expected_version: int | None = None,
        external_id: str | None = None,
    ) -> StoredCase:
        """Save a case as its next version.

        `expected_version` is the version that the change was made from, 0 for a case that must
        be new; None replaces whatever there is, except a case of another site. `external_id`
        is the site's own id for the case; None keeps the one it has.
        """
        with write_transaction(self._db):
            found = self._latest([case.case_id]).get(case.case_id)
            if expected_version is not None:
                _refuse_changed(case.case_id, expected_version, found)
            self._save(
                [(case, external_id)], actor, move=expected_version not in (None, 0)
            )
            return self.get(case.case_id)

    def put_many(
        self,
        cases: Iterable[Case],
        *,
        actor: str,
        external_ids: Mapping[str, str] | None = None,
    ) -> int:
        """Save all cases or, if one cannot be saved, none; how many there were.

        `external_ids` maps case ids to the sites' own ids.
        """
        names = external_ids or {}
        seen: set[str] = set()
        with write_transaction(self._db):
            numbered = ((case, names.get(case.case_id)) for case in cases)
            while batch := list(itertools.islice(numbered, BATCH)):
                for case, _ in batch:
                    if case.case_id in seen:
                        raise RepeatedCase(case.case_id)
                    seen.add(case.case_id)
                self._save(batch, actor)
        return len(seen)

    def delete(
        self, case_id: str, actor: str, *, expected_version: int | None = None
    ) -> None:
        """Remove a case; its history stays. Raises `UnknownCase`."""
        with write_transaction(self._db):
            found = self._latest([case_id]).get(case_id)
            if expected_version is not None:
                _refuse_changed(case_id, expected_version, found)
            if found is None or found["action"] != Action.SAVED:
                raise UnknownCase(case_id)
            self._end(found, Action.DELETED, actor)

    def erase(self, case_id: str, actor: str) -> None:
        """Remove a case and what every version of it said; only ids, times and actors stay.

        The id is never accepted again. Raises `UnknownCase`.
        """
        with write_transaction(self._db):
            found = self._latest([case_id]).get(case_id)
            if found is None or found["action"] == Action.ERASED:
                raise UnknownCase(case_id)
            self._end(found, Action.ERASED, actor)
            self._blank_history(case_id)
        if not self._db.conn.in_transaction:
            # The write-ahead log still holds the old pages until it is emptied.
            self._query("PRAGMA wal_checkpoint(TRUNCATE)")

    def _save(
        self,
        batch: Sequence[tuple[Case, str | None]],
        actor: str,
        *,
        move: bool = False,
    ) -> None:
        """Write a batch within the open transaction; `move` allows a change of site."""
        latest = self._latest([case.case_id for case, _ in batch])
        saved_at = self._now()
        revisions = []
        for number, (case, external_id) in enumerate(batch, self.revision() + 1):
            found = latest.get(case.case_id)
            _refuse_foreign(case, found, move)
            if external_id is None and found is not None:
                external_id = found["external_id"]
            revisions.append(
                sealed(
                    {
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
                )
            )
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
        self._insert("case_features", itertools.chain(*map(feature_rows, cases)))
        self._insert("case_genes", itertools.chain(*map(gene_rows, cases)))

    def _insert(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        self._db.table(table).insert_all(rows, batch_size=BATCH)

    def _taken(self, current: Sequence[Row]) -> ExternalIdTaken | None:
        """Which external id of these rows names another case already."""
        own: dict[tuple[str | None, str], str] = {}
        for row in current:
            key = (row["site"], row["external_id"])
            if key[1] is None:
                continue
            other = own.setdefault(key, row["case_id"])
            if other == row["case_id"]:
                found = self.find(*key)
                other = found if found is not None else other
            if other != row["case_id"]:
                return ExternalIdTaken(*key, other)
        return None

    def _end(self, found: Row, action: Action, actor: str) -> None:
        """Write the last revision of a case and remove what is current of it."""
        ended = {
            **{name: found[name] for name in ("case_id", "site", "submitter")},
            "revision": self.revision() + 1,
            "version": found["version"] + 1,
            "action": action.value,
            "saved_at": self._now(),
            "actor": actor,
            "external_id": None,
            "body": None,
        }
        self._insert("revisions", [sealed(ended)])
        self._db.table("cases").delete_where("case_id = ?", [found["case_id"]])

    def _blank_history(self, case_id: str) -> None:
        for row in self._query("SELECT * FROM revisions WHERE case_id = ?", [case_id]):
            blank = sealed({**row, "external_id": None, "body": None})
            self._db.table("revisions").update(row["revision"], blank)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="microseconds")

    # Reading

    def get(self, case_id: str) -> StoredCase:
        """The case as it is now. Raises `UnknownCase`, or `DamagedCase` if bytes changed."""
        rows = self._query(f"{CURRENT} WHERE cases.case_id = ?", [case_id])
        if not rows:
            raise UnknownCase(case_id)
        return stored_case(rows[0])

    def find(self, site: str | None, external_id: str) -> str | None:
        """The case id behind a site's own id, or None."""
        sql = (
            "SELECT case_id FROM cases WHERE coalesce(site, '') = ? AND external_id = ?"
        )
        rows = self._query(sql, [site or "", external_id])
        return rows[0]["case_id"] if rows else None

    def history(self, case_id: str) -> tuple[Revision, ...]:
        """Every version of a case, oldest first, also of a deleted one."""
        sql = "SELECT * FROM revisions WHERE case_id = ? ORDER BY version"
        rows = self._query(sql, [case_id])
        if not rows:
            raise UnknownCase(case_id)
        return tuple(map(past_revision, rows))

    def cases(
        self,
        *,
        site: str | None = None,
        submitter: str | None = None,
        on_damage: Callable[[DamagedCase], None] | None = None,
    ) -> Iterator[StoredCase]:
        """Cases in order of case id, read a batch at a time so that no writer is held up.

        A follower asks for `revision()` first, then for these, then for `changes` since: what
        is saved meanwhile is in the last. `on_damage` is given a damaged case instead of its
        error being raised.
        """
        last = ""
        while rows := self._page(last, site, submitter):
            last = rows[-1]["id"]
            for row in rows:
                try:
                    stored = stored_case(row)
                except DamagedCase as error:
                    if on_damage is None:
                        raise
                    on_damage(error)
                else:
                    yield stored

    def _page(self, last: str, site: str | None, submitter: str | None) -> list[Row]:
        where, values = _filter(site, submitter)
        sql = f"{CURRENT} WHERE cases.case_id > ?{where} ORDER BY cases.case_id LIMIT ?"
        return self._query(sql, [last, *values, BATCH])

    def count(self, *, site: str | None = None, submitter: str | None = None) -> int:
        """How many cases there are."""
        where, values = _filter(site, submitter)
        sql = f"SELECT count(*) AS n FROM cases WHERE true{where}"
        return int(self._query(sql, values)[0]["n"])

    def cases_with_term(self, term_id: str) -> tuple[str, ...]:
        """Ids of the cases that name the term as entered, observed or excluded, in order."""
        sql = "SELECT DISTINCT case_id FROM case_features WHERE term_id = ? ORDER BY case_id"
        return tuple(row["case_id"] for row in self._query(sql, [term_id]))

    def cases_with_gene(self, gene: str) -> tuple[str, ...]:
        """Ids of the cases that name the gene as entered, in order."""
        sql = "SELECT DISTINCT case_id FROM case_genes WHERE gene = ? ORDER BY case_id"
        return tuple(row["case_id"] for row in self._query(sql, [gene]))

    def term_counts(self) -> dict[str, int]:
        """How many cases name each term, observed or excluded, as entered."""
        sql = (
            "SELECT term_id, count(DISTINCT case_id) AS n FROM case_features GROUP BY 1"
        )
        return {row["term_id"]: row["n"] for row in self._query(sql)}

    def revision(self) -> int:
        """The number of the latest change, 0 in an empty store. It only ever grows."""
        rows = self._query("SELECT coalesce(max(revision), 0) AS n FROM revisions")
        return int(rows[0]["n"])

    def changes(self, since: int) -> Iterator[Change]:
        """What happened after revision `since`: each changed case once, in order."""
        sql = """
            SELECT max(revision) AS revision, case_id, action FROM revisions
            WHERE revision > ? GROUP BY case_id ORDER BY 1
        """
        for row in self._query(sql, [since]):
            yield Change(
                revision=row["revision"],
                case_id=row["case_id"],
                deleted=row["action"] != Action.SAVED,
            )

    def _latest(self, case_ids: Sequence[str]) -> dict[str, Row]:
        """The last revision of each of these cases, deletions included."""
        sql = """
            SELECT *, max(version) FROM revisions
            WHERE case_id IN (SELECT value FROM json_each(?)) GROUP BY case_id
        """
        rows = self._query(sql, [json.dumps(case_ids)])
        return {row["case_id"]: row for row in rows}

    def _query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        with named_errors(self.path):
            cursor = self._db.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]

    # Keeping

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the database to `target`; work goes on meanwhile."""
        database.backup(self._db, target)

    def check(self) -> tuple[Problem, ...]:
        """Everything that is damaged or does not fit together; empty if all is well."""
        return integrity.check(self._db)


def _filter(site: str | None, submitter: str | None) -> tuple[str, list[str]]:
    """The rest of a WHERE clause, and its values."""
    chosen = {"site": site, "submitter": submitter}
    given = {name: value for name, value in chosen.items() if value is not None}
    return "".join(f" AND cases.{name} = ?" for name in given), list(given.values())


def _refuse_changed(case_id: str, expected: int, found: Row | None) -> None:
    current = found["version"] if found and found["action"] == Action.SAVED else 0
    if current != expected:
        actor, saved_at = (found["actor"], found["saved_at"]) if found else ("", "")
        raise CaseChanged(case_id, expected, current, actor, saved_at)


def _refuse_foreign(case: Case, found: Row | None, move: bool) -> None:
    if found is None:
        return
    if found["action"] == Action.ERASED:
        raise ErasedCase(case.case_id, found["saved_at"])
    if found["site"] != case.site and not move:
        raise CaseOfAnotherSite(case.case_id)
