"""The table of which case a form became."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def form_migrations() -> Migrations:
    """Which case a form became, so that sending it again makes no second one."""
    migrations = Migrations("forms")

    @migrations()
    def m0001_forms(db: Database) -> None:
        db.execute(_M0001_FORMS)

    return migrations


_M0001_FORMS = """
    CREATE TABLE sent_forms (
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        form_id TEXT NOT NULL,
        case_id TEXT NOT NULL,
        PRIMARY KEY (person_id, form_id)
    ) STRICT, WITHOUT ROWID
"""
