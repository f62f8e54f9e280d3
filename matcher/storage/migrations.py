"""Which tables a case store has, and how an older database becomes a current one."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from matcher.storage.database import (
    Database,
    Migrations,
    backup,
    location,
    named_errors,
    starting_lock,
    write_transaction,
)
from matcher.storage.errors import DatabaseNewer

__all__ = ["case_migrations", "migrate"]


def case_migrations() -> Migrations:
    """The tables of cases. A migration that was released is never edited, only followed."""
    migrations = Migrations("cases")

    @migrations()
    def m0001_cases(db: Database) -> None:
        for statement in _M0001_CASES:
            db.execute(statement)

    @migrations()
    def m0002_kept_rankings(db: Database) -> None:
        for statement in _M0002_KEPT_RANKINGS:
            db.execute(statement)

    return migrations


# `revisions` keeps every state of every case, and its order is the change feed; AUTOINCREMENT
# so that a number is never given twice. `cases` names the current one. The rest is for lookup.
_M0001_CASES = (
    """
    CREATE TABLE revisions (
        revision INTEGER PRIMARY KEY AUTOINCREMENT,
        case_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        action TEXT NOT NULL CHECK (action IN ('saved', 'deleted', 'erased')),
        saved_at TEXT NOT NULL,
        actor TEXT NOT NULL,
        site TEXT,
        submitter TEXT,
        external_id TEXT,
        body TEXT,
        sha256 TEXT NOT NULL,
        UNIQUE (case_id, version)
    ) STRICT
    """,
    """
    CREATE TABLE cases (
        case_id TEXT PRIMARY KEY,
        revision INTEGER NOT NULL UNIQUE REFERENCES revisions (revision),
        version INTEGER NOT NULL,
        site TEXT,
        submitter TEXT,
        external_id TEXT,
        sharing TEXT NOT NULL,
        test INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX cases_by_site ON cases (site, case_id)",
    "CREATE INDEX cases_by_submitter ON cases (submitter, case_id)",
    """
    CREATE UNIQUE INDEX cases_by_external_id ON cases (coalesce(site, ''), external_id)
    WHERE external_id IS NOT NULL
    """,
    """
    CREATE TABLE case_features (
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        term_id TEXT NOT NULL,
        excluded INTEGER NOT NULL,
        PRIMARY KEY (case_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX case_features_by_term ON case_features (term_id)",
    """
    CREATE TABLE case_genes (
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        gene TEXT NOT NULL,
        PRIMARY KEY (case_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX case_genes_by_gene ON case_genes (gene)",
)

# Cases are named by revision alone, so that no id stays when a case is erased.
_M0002_KEPT_RANKINGS = (
    """
    CREATE TABLE kept_bases (
        basis INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL UNIQUE,
        body TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE kept_rankings (
        ranking INTEGER PRIMARY KEY AUTOINCREMENT,
        query INTEGER NOT NULL REFERENCES revisions (revision),
        basis INTEGER NOT NULL REFERENCES kept_bases (basis),
        as_of INTEGER NOT NULL,
        kept_at TEXT NOT NULL,
        actor TEXT NOT NULL,
        place TEXT NOT NULL,
        searched INTEGER NOT NULL,
        at_most INTEGER,
        content TEXT NOT NULL,
        sha256 TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX kept_rankings_by_query ON kept_rankings (query)",
    """
    CREATE TABLE kept_matches (
        ranking INTEGER NOT NULL REFERENCES kept_rankings (ranking) ON DELETE CASCADE,
        rank INTEGER NOT NULL,
        candidate INTEGER NOT NULL REFERENCES revisions (revision),
        said TEXT NOT NULL,
        PRIMARY KEY (ranking, rank)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX kept_matches_by_candidate ON kept_matches (candidate)",
)


def migrate(db: Database, *sets: Migrations) -> None:
    """Bring the database up to the given sets: wholly or, if anything fails, not at all.

    One process works while the others wait. Before a set that is already in use goes on, the
    database is copied to `backups/` beside it. Raises `DatabaseNewer`.
    """
    path = location(db)
    with named_errors(path):
        if not _pending(db, sets, path):
            return
        with starting_lock(path):
            pending = _pending(db, sets, path)
            if any(each.applied(db) for each in pending):
                _keep_copy(db, path)
            with write_transaction(db):
                for each in pending:
                    each.apply(db)


def _pending(
    db: Database, sets: Sequence[Migrations], path: Path
) -> tuple[Migrations, ...]:
    for migrations in sets:
        known = _names(migrations)
        for applied in migrations.applied(db):
            if applied.name not in known:
                raise DatabaseNewer(path, applied.name)
    return tuple(migrations for migrations in sets if migrations.pending(db))


def _names(migrations: Migrations) -> frozenset[str]:
    # sqlite-utils lists a set's own names only as what an empty database lacks.
    with contextlib.closing(Database(memory=True, execute_plugins=False)) as empty:
        return frozenset(migration.name for migration in migrations.pending(empty))


def _keep_copy(db: Database, path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    backup(db, folder / f"{path.stem}-{moment}-before-update.db")
