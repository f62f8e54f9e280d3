"""Tables of what curators have going on, and of how the words of the site came to be."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def curation_migrations() -> Migrations:
    """Jobs of curators with their progress; every change to the list of local words."""
    migrations = Migrations("curation")

    @migrations()
    def m0001_curation(db: Database) -> None:
        for statement in _M0001_CURATION:
            db.execute(statement)

    return migrations


_M0001_CURATION = (
    """
    CREATE TABLE curation_jobs (
        job_id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        wanted TEXT NOT NULL,
        actor TEXT NOT NULL,
        begun_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        ended_at TEXT,
        task TEXT NOT NULL DEFAULT '',
        done INTEGER NOT NULL DEFAULT 0,
        total INTEGER NOT NULL DEFAULT 0,
        release_id TEXT NOT NULL DEFAULT '',
        problems TEXT NOT NULL DEFAULT '[]'
    ) STRICT
    """,
    """
    CREATE TABLE abbreviation_changes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        short TEXT NOT NULL,
        meaning TEXT NOT NULL,
        is_added INTEGER NOT NULL,
        actor TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT
    """,
)
