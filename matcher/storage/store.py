"""Where cases are kept: each with its history, and a feed of changes that others follow."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from matcher.storage import database
from matcher.storage import integrity
from matcher.storage import saving
from matcher.storage.beside import drop_index, index_path
from matcher.case import Case, Sharing
from matcher.storage.rows import (
    CURRENT,
    Action,
    Change,
    Listed,
    Mark,
    Revision,
    Row,
    StoredCase,
    past_revision,
    stored_case,
)
from matcher.storage.database import (
    Database,
    connect,
    location,
    rows,
    write_transaction,
)
from matcher.storage.integrity import Problem
from matcher.storage.kept_rankings import forget
from matcher.storage.migrations import case_migrations, migrate
from matcher.storage.saving import BATCH, Saving
from matcher.storage.errors import CaseChanged, DamagedCase, RepeatedCase, UnknownCase

__all__ = [
    "Action",
    "CaseStore",
    "Change",
    "Listed",
    "Mark",
    "Problem",
    "Revision",
    "StoredCase",
    "connect",
    "write_transaction",
]


class CaseStore:
    """The cases of one database. An instance belongs to the thread that made it."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        view: str = "",
    ) -> None:
        """`view` names what is seen of the cases where that is not everything."""
        self._db = db
        self.view = view
        self._saving = Saving(db, clock)
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
            found = self._saving.latest([case.case_id]).get(case.case_id)
            if expected_version is not None:
                _refuse_changed(case.case_id, expected_version, found)
            self._saving.save(
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
                self._saving.save(batch, actor)
        return len(seen)

    def delete(
        self, case_id: str, actor: str, *, expected_version: int | None = None
    ) -> None:
        """Remove a case; its history stays. Raises `UnknownCase`."""
        with write_transaction(self._db):
            found = self._saving.latest([case_id]).get(case_id)
            if expected_version is not None:
                _refuse_changed(case_id, expected_version, found)
            if found is None or found["action"] != Action.SAVED:
                raise UnknownCase(case_id)
            self._saving.end(found, Action.DELETED, actor)
            drop_index(self.path)

    def erase(self, case_id: str, actor: str) -> None:
        """Remove a case and what every version of it said; only ids, times and actors stay.

        The id is never accepted again. Raises `UnknownCase`.
        """
        with write_transaction(self._db):
            found = self._saving.latest([case_id]).get(case_id)
            if found is None or found["action"] == Action.ERASED:
                raise UnknownCase(case_id)
            self._saving.end(found, Action.ERASED, actor)
            self._saving.blank(case_id)
            forget(self._db, case_id)
            drop_index(self.path)
        if not self._db.conn.in_transaction:
            # The write-ahead log still holds the old pages until it is emptied.
            rows(self._db, "PRAGMA wal_checkpoint(TRUNCATE)")

    # Reading

    def get(self, case_id: str) -> StoredCase:
        """The case as it is now. Raises `UnknownCase`, or `DamagedCase` if bytes changed."""
        found = rows(self._db, f"{CURRENT} WHERE cases.case_id = ?", [case_id])
        if not found:
            raise UnknownCase(case_id)
        return stored_case(found[0])

    def get_many(
        self,
        case_ids: Iterable[str],
        *,
        on_damage: Callable[[DamagedCase], None] | None = None,
    ) -> dict[str, StoredCase]:
        """Those of the cases that there are now, all at one moment, by their ids.

        `on_damage` is given a damaged case instead of its error being raised.
        """
        sql = f"{CURRENT} WHERE cases.case_id IN (SELECT value FROM json_each(?))"
        found = rows(self._db, sql, [json.dumps(list(case_ids))])
        return {each.case.case_id: each for each in _stored(found, on_damage)}

    def find(self, site: str | None, external_id: str) -> str | None:
        """The case id behind a site's own id, or None."""
        return saving.find(self._db, site, external_id)

    def history(self, case_id: str) -> tuple[Revision, ...]:
        """Every version of a case, oldest first, also of a deleted one."""
        sql = "SELECT * FROM revisions WHERE case_id = ? ORDER BY version"
        found = rows(self._db, sql, [case_id])
        if not found:
            raise UnknownCase(case_id)
        return tuple(map(past_revision, found))

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
        while page := self._page(last, site, submitter):
            last = page[-1]["id"]
            yield from _stored(page, on_damage)

    def _page(
        self, last: str, site: str | None, submitter: str | None
    ) -> Sequence[Row]:
        where, values = _filter(site, submitter)
        sql = f"{CURRENT} WHERE cases.case_id > ?{where} ORDER BY cases.case_id LIMIT ?"
        return rows(self._db, sql, [last, *values, BATCH])

    def listed(
        self, *, site: str, submitter: str, after: str, limit: int
    ) -> tuple[Listed, ...]:
        """At most so many cases of a submitter, those after a case id, in order of case id."""
        sql = """
            SELECT cases.case_id, cases.version, cases.external_id, cases.sharing, saved_at
            FROM cases JOIN revisions USING (revision)
            WHERE cases.submitter = ? AND cases.site = ? AND cases.case_id > ?
            ORDER BY cases.case_id LIMIT ?
        """
        found = rows(self._db, sql, [submitter, site, after, limit])
        return tuple(
            Listed(**{**row, "sharing": Sharing(row["sharing"])}) for row in found
        )

    def count(self, *, site: str | None = None, submitter: str | None = None) -> int:
        """How many cases there are."""
        where, values = _filter(site, submitter)
        sql = f"SELECT count(*) AS n FROM cases WHERE true{where}"
        return int(rows(self._db, sql, values)[0]["n"])

    def cases_with_term(self, term_id: str) -> tuple[str, ...]:
        """Ids of the cases that name the term as entered, observed or excluded, in order."""
        sql = "SELECT DISTINCT case_id FROM case_features WHERE term_id = ? ORDER BY case_id"
        return tuple(row["case_id"] for row in rows(self._db, sql, [term_id]))

    def cases_with_gene(self, gene: str) -> tuple[str, ...]:
        """Ids of the cases that name the gene as entered, in order."""
        sql = "SELECT DISTINCT case_id FROM case_genes WHERE gene = ? ORDER BY case_id"
        return tuple(row["case_id"] for row in rows(self._db, sql, [gene]))

    def term_counts(self, shared: Iterable[Sharing] = tuple(Sharing)) -> dict[str, int]:
        """How many cases name each term, observed or excluded, as entered.

        Only those count that are shared in one of these ways.
        """
        sql = """
            SELECT term_id, count(DISTINCT case_id) AS n FROM case_features
            JOIN cases USING (case_id)
            WHERE sharing IN (SELECT value FROM json_each(?)) GROUP BY 1
        """
        found = rows(self._db, sql, [json.dumps(sorted(shared))])
        return {row["term_id"]: row["n"] for row in found}

    def count_with_terms(self, term_ids: Iterable[str]) -> int:
        """How many cases name one of these terms as entered, observed or excluded."""
        sql = """
            SELECT count(DISTINCT case_id) AS n FROM case_features
            WHERE term_id IN (SELECT value FROM json_each(?))
        """
        return int(rows(self._db, sql, [json.dumps(list(term_ids))])[0]["n"])

    def revision(self) -> int:
        """The number of the latest change, 0 in an empty store. It only ever grows."""
        return saving.last_revision(self._db)

    def mark(self, revision: int | None = None) -> Mark:
        """The mark of the latest change, or of this one; that of an empty store if it is none."""
        chosen, values = (
            ("", []) if revision is None else ("WHERE revision = ?", [revision])
        )
        sql = (
            f"SELECT revision, case_id, saved_at FROM revisions {chosen} "
            "ORDER BY revision DESC LIMIT 1"
        )
        return next((Mark(**row) for row in rows(self._db, sql, values)), Mark())

    def changes(self, since: int) -> Iterator[Change]:
        """What happened after revision `since`: each changed case once, in order."""
        sql = """
            SELECT max(revision) AS revision, case_id, action FROM revisions
            WHERE revision > ? GROUP BY case_id ORDER BY 1
        """
        for row in rows(self._db, sql, [since]):
            yield Change(
                revision=row["revision"],
                case_id=row["case_id"],
                deleted=row["action"] != Action.SAVED,
            )

    def fingerprint(self, revision: int) -> str:
        """What only this revision of this store has; empty for one that is not there.

        Erasing a case changes those of its revisions.
        """
        sql = "SELECT sha256 FROM revisions WHERE revision = ?"
        return next((row["sha256"] for row in rows(self._db, sql, [revision])), "")

    def has_removed_since(self, revision: int) -> bool:
        """Whether a case was deleted or erased after the revision."""
        sql = "SELECT 1 FROM revisions WHERE revision > ? AND action <> ? LIMIT 1"
        return bool(rows(self._db, sql, [revision, Action.SAVED.value]))

    # Keeping

    def keep_index(self, unfinished: Path, revision: int, release_id: str = "") -> bool:
        """Let a file with the cases up to `revision` become the index beside the database.

        False, and nothing is done, if a case was removed since: whoever removes one drops the
        index in the same transaction, so that nothing of the case can come back with a file.
        """
        with write_transaction(self._db):
            if self.has_removed_since(revision):
                return False
            os.replace(unfinished, index_path(self.path, self.view, release_id))
        return True

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the database to `target`; work goes on meanwhile."""
        database.backup(self._db, target)

    def check(self) -> tuple[Problem, ...]:
        """Everything that is damaged or does not fit together; empty if all is well."""
        return integrity.check(self._db)


def _stored(
    found: Iterable[Row], on_damage: Callable[[DamagedCase], None] | None
) -> Iterator[StoredCase]:
    for row in found:
        try:
            stored = stored_case(row)
        except DamagedCase as error:
            if on_damage is None:
                raise
            on_damage(error)
        else:
            yield stored


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
