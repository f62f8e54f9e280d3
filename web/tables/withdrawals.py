"""The table of which peers are to be told that a case was withdrawn."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def withdrawal_migrations() -> Migrations:
    """Which peers are to be told that a case which they have seen was withdrawn."""
    migrations = Migrations("withdrawals")

    @migrations()
    def m0001_withdrawals(db: Database) -> None:
        for statement in _M0001_WITHDRAWALS:
            db.execute(statement)

    return migrations


# It is owed to the peer when the case is gone, and to the person when the peer is.
_M0001_WITHDRAWALS = (
    """
    CREATE TABLE withdrawals (
        withdrawal_id INTEGER PRIMARY KEY AUTOINCREMENT,
        case_id TEXT NOT NULL,
        node_id INTEGER NOT NULL,
        node TEXT NOT NULL,
        withdrawn_at TEXT NOT NULL,
        told_at TEXT,
        told_by TEXT
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX withdrawals_owed_once ON withdrawals (node_id, case_id)
    WHERE told_at IS NULL
    """,
    "CREATE INDEX withdrawals_by_case ON withdrawals (case_id)",
)
