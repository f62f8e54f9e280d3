"""The table of files that wait to be looked at before their cases are saved."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def upload_migrations() -> Migrations:
    """Files of a person between two pages of an import, sealed, for an hour at most."""
    migrations = Migrations("uploads")

    @migrations()
    def m0001_uploads(db: Database) -> None:
        for statement in _M0001_UPLOADS:
            db.execute(statement)

    return migrations


_M0001_UPLOADS = (
    """
    CREATE TABLE uploads (
        upload_id TEXT PRIMARY KEY,
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        sealed BLOB NOT NULL,
        sealed_columns BLOB,
        made_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX uploads_by_person ON uploads (person_id, made_at)",
    "CREATE INDEX uploads_by_age ON uploads (made_at)",
)
