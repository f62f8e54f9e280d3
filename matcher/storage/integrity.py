"""Whether a database of cases is whole: pages, references, fingerprints, lookup tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from matcher.storage.rows import (
    CURRENT,
    Row,
    current_row,
    feature_rows,
    gene_rows,
    past_revision,
    stored_case,
)
from matcher.storage.database import Database, rows
from matcher.storage.errors import StoreError
from matcher.storage.kept_rankings import damaged

__all__ = ["Problem", "check"]

PAGE = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the table or file it is in, and a sentence."""

    where: str
    message: str


def check(db: Database) -> tuple[Problem, ...]:
    """Everything that is damaged or does not fit together; empty if all is well."""
    checks = (_pages, _references, _revisions, _current, _pointers, _kept)
    return tuple(problem for each in checks for problem in _ending_well(each, db))


def _ending_well(
    each: Callable[[Database], Iterator[Problem]], db: Database
) -> Iterator[Problem]:
    """The problems found; a check that the damage cuts short says so itself."""
    try:
        yield from each(db)
    except StoreError as error:
        yield Problem("file", str(error))


def _pages(db: Database) -> Iterator[Problem]:
    for row in rows(db, "PRAGMA integrity_check"):
        if row["integrity_check"] != "ok":
            yield Problem("file", row["integrity_check"])


def _references(db: Database) -> Iterator[Problem]:
    for row in rows(db, "PRAGMA foreign_key_check"):
        message = f"Row {row['rowid']} points at a row of {row['parent']} that is gone."
        yield Problem(row["table"], message)


def _revisions(db: Database) -> Iterator[Problem]:
    last, sql = 0, "SELECT * FROM revisions WHERE revision > ? ORDER BY 1 LIMIT ?"
    while page := rows(db, sql, [last, PAGE]):
        last = page[-1]["revision"]
        for row in page:
            try:
                past_revision(row)
            except StoreError as error:
                yield Problem("revisions", str(error))


def _current(db: Database) -> Iterator[Problem]:
    """Cases whose row or lookup rows say something else than their revision."""
    last, sql = "", f"{CURRENT} WHERE cases.case_id > ? ORDER BY 1 LIMIT ?"
    while page := rows(db, sql, [last, PAGE]):
        last = page[-1]["id"]
        for row in page:
            yield from _disagreements(db, row)


def _pointers(db: Database) -> Iterator[Problem]:
    """Cases whose last revision is not the one that counts as current."""
    sql = """
        SELECT case_id FROM (
            SELECT case_id, max(version), revision, action FROM revisions GROUP BY case_id
        ) AS last LEFT JOIN cases USING (case_id)
        WHERE (action = 'saved') <> (cases.revision IS last.revision)
    """
    for row in rows(db, sql):
        message = (
            f"The current revision of case {row['case_id']!a} is not its last one."
        )
        yield Problem("cases", message)


def _kept(db: Database) -> Iterator[Problem]:
    """Kept rankings that say something else than when they were kept."""
    for where, message in damaged(db):
        yield Problem(where, message)


def _disagreements(db: Database, row: Row) -> Iterator[Problem]:
    try:
        case = stored_case(row).case
    except StoreError as error:
        yield Problem("cases", str(error))
        return
    expected = {
        "cases": [current_row(case, row)],
        "case_features": feature_rows(case),
        "case_genes": gene_rows(case),
    }
    for table, wanted in expected.items():
        order = "case_id" if table == "cases" else "position"
        sql = f"SELECT * FROM {table} WHERE case_id = ? ORDER BY {order}"
        if rows(db, sql, [row["id"]]) != wanted:
            message = (
                f"Case {row['id']!a} has another content here than in its revision."
            )
            yield Problem(table, message)
