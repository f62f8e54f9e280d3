"""Tables of what is being written: unsaved forms, who has a case open, a site's abbreviations."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def writing_migrations() -> Migrations:
    """Unsaved forms of people, who has which case open, and the abbreviations of the site."""
    migrations = Migrations("writing")

    @migrations()
    def m0001_writing(db: Database) -> None:
        for statement in _M0001_WRITING:
            db.execute(statement)

    return migrations


# What is kept about a case goes with the case, and what a person keeps goes with the person.
_M0001_WRITING = (
    """
    CREATE TABLE kept_drafts (
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        form_id TEXT NOT NULL,
        case_id TEXT REFERENCES cases (case_id) ON DELETE CASCADE,
        fields TEXT NOT NULL,
        saved_at TEXT NOT NULL,
        PRIMARY KEY (person_id, form_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX kept_drafts_by_case ON kept_drafts (case_id)",
    "CREATE INDEX kept_drafts_by_age ON kept_drafts (saved_at)",
    """
    CREATE TABLE editors (
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        since TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        PRIMARY KEY (case_id, person_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX editors_by_person ON editors (person_id)",
    """
    CREATE TABLE abbreviations (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        short TEXT NOT NULL COLLATE NOCASE,
        meaning TEXT NOT NULL,
        added_by TEXT NOT NULL,
        added_at TEXT NOT NULL,
        UNIQUE (short, meaning)
    ) STRICT
    """,
)
