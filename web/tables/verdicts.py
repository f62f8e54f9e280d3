"""The table of what a site found out about a pair of cases."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def verdict_migrations() -> Migrations:
    """What sites said of pairs of cases: every word of it, the last one counts."""
    migrations = Migrations("verdicts")

    @migrations()
    def m0001_verdicts(db: Database) -> None:
        for statement in _M0001_VERDICTS:
            db.execute(statement)

    return migrations


# All of it goes with either case, or with the peer: deleted or erased, in the same transaction.
_M0001_VERDICTS = (
    """
    CREATE TABLE verdicts (
        verdict_id INTEGER PRIMARY KEY AUTOINCREMENT,
        site TEXT NOT NULL,
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        other_id TEXT REFERENCES cases (case_id) ON DELETE CASCADE,
        node_id INTEGER REFERENCES nodes (node_id) ON DELETE CASCADE,
        remote_id TEXT,
        said TEXT NOT NULL CHECK (said IN ('same', 'not', 'undecided')),
        reason TEXT NOT NULL,
        note TEXT NOT NULL,
        band TEXT NOT NULL,
        probability REAL,
        given_by TEXT NOT NULL,
        given_at TEXT NOT NULL,
        CHECK ((other_id IS NULL) = (remote_id IS NOT NULL)),
        CHECK ((node_id IS NULL) = (remote_id IS NULL))
    ) STRICT
    """,
    "CREATE INDEX verdicts_by_case ON verdicts (case_id)",
    "CREATE INDEX verdicts_by_other ON verdicts (other_id)",
    "CREATE INDEX verdicts_by_node ON verdicts (node_id)",
    "CREATE INDEX verdicts_by_site ON verdicts (site)",
)
