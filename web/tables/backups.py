"""The table of the copies that were made of the database, which each copy has in itself too."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def backup_migrations() -> Migrations:
    """Which copies were made when; the last row of a copy is its own."""
    migrations = Migrations("backups")

    @migrations()
    def m0001_backups(db: Database) -> None:
        db.execute(_M0001_BACKUPS)

    return migrations


_M0001_BACKUPS = """
    CREATE TABLE backups (
        backup_id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL,
        made_at TEXT NOT NULL
    ) STRICT
"""
