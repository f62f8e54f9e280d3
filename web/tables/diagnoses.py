"""Tables of what was wrong with requests of peers, and of what probes of them found."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def diagnosis_migrations() -> Migrations:
    """Requests of peers that were refused or understood in part, and reports of probes."""
    migrations = Migrations("diagnoses")

    @migrations()
    def m0001_diagnoses(db: Database) -> None:
        for statement in _M0001_DIAGNOSES:
            db.execute(statement)

    return migrations


# Places in a message and kinds of trouble only: nothing of what stood there.
_M0001_DIAGNOSES = (
    """
    CREATE TABLE diagnoses (
        diagnosis_id INTEGER PRIMARY KEY AUTOINCREMENT,
        node_id INTEGER NOT NULL REFERENCES nodes (node_id) ON DELETE CASCADE,
        at TEXT NOT NULL,
        path TEXT NOT NULL,
        status INTEGER NOT NULL,
        reason TEXT NOT NULL,
        troubles TEXT NOT NULL,
        further INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX diagnoses_by_node ON diagnoses (node_id, diagnosis_id)",
    "CREATE INDEX diagnoses_by_time ON diagnoses (at)",
    """
    CREATE TABLE strangers (
        kind TEXT PRIMARY KEY,
        times INTEGER NOT NULL,
        first_at TEXT NOT NULL,
        last_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE probes (
        node_id INTEGER PRIMARY KEY REFERENCES nodes (node_id) ON DELETE CASCADE,
        asked_by TEXT NOT NULL,
        begun_at TEXT NOT NULL,
        ended_at TEXT,
        report TEXT NOT NULL
    ) STRICT
    """,
)
