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

    @migrations()
    def m0002_cases_taken_back_by_hand(db: Database) -> None:
        for statement in _M0002_TAKEN_BACK:
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

_NOW = "strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')"
_EXCHANGED = "('exchange-1', 'exchange-2')"
# Those that are nobody's are withdrawn from nobody. The functions for JSON may not be used in a
# trigger here; within a text of the body the quotation marks of this would stand
# behind backslashes.
_OWED = f"""
    INSERT INTO withdrawals (case_id, node_id, node, withdrawn_at)
    SELECT OLD.case_id, node_id, node, {_NOW} FROM disclosures
    WHERE disclosures.case_id = OLD.case_id AND NOT EXISTS (
        SELECT 1 FROM revisions
        WHERE revisions.revision = OLD.revision AND instr(body, '"simulated":true')
    )
    ON CONFLICT DO NOTHING;
"""
# In the transaction that takes it back, whoever does so and by whatever way.
_M0002_TAKEN_BACK = (
    f"""
    CREATE TRIGGER withdrawals_of_a_case_taken_back AFTER UPDATE OF sharing ON cases
    WHEN OLD.sharing IN {_EXCHANGED} AND NEW.sharing NOT IN {_EXCHANGED} AND NOT OLD.test BEGIN
        {_OWED}
    END
    """,
    f"""
    CREATE TRIGGER withdrawals_of_a_removed_case BEFORE DELETE ON cases
    WHEN OLD.sharing IN {_EXCHANGED} AND NOT OLD.test BEGIN
        {_OWED}
    END
    """,
)
