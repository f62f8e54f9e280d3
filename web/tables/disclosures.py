"""Tables of what each peer was told for the first time, and of what it asked lately."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def disclosure_migrations() -> Migrations:
    """What each peer was told of for the first time, and what it asked in the last day."""
    migrations = Migrations("disclosures")

    @migrations()
    def m0001_disclosures(db: Database) -> None:
        for statement in _M0001_DISCLOSURES:
            db.execute(statement)

    @migrations()
    def m0002_what_questions_observe(db: Database) -> None:
        # Of what was asked before, nobody knows: for a day it counts with all its statements alone.
        db.execute(
            "ALTER TABLE asked_profiles ADD COLUMN bare INTEGER NOT NULL DEFAULT 0"
        )
        db.execute(
            "CREATE INDEX asked_profiles_of_node ON asked_profiles (node_id, asked_at)"
        )

    return migrations


# The name stays when a peer is removed: who withdraws a case must learn who has seen it.
_M0001_DISCLOSURES = (
    """
    CREATE TABLE disclosures (
        node_id INTEGER NOT NULL,
        case_id TEXT NOT NULL,
        node TEXT NOT NULL,
        way TEXT NOT NULL CHECK (way IN ('told', 'sent')),
        first_at TEXT NOT NULL,
        PRIMARY KEY (node_id, case_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX disclosures_by_time ON disclosures (node_id, way, first_at)",
    "CREATE INDEX disclosures_by_case ON disclosures (case_id)",
    """
    CREATE TABLE asked_profiles (
        node_id INTEGER NOT NULL,
        size INTEGER NOT NULL,
        statements BLOB NOT NULL,
        asked_at TEXT NOT NULL,
        PRIMARY KEY (node_id, size, statements)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX asked_profiles_by_time ON asked_profiles (asked_at)",
)
