"""The table of who agreed that a case is shared, how far, and until when."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def consent_migrations() -> Migrations:
    """Who agreed that a case is shared with the exchange, how far, and until when."""
    migrations = Migrations("consents")

    @migrations()
    def m0001_consents(db: Database) -> None:
        for statement in _M0001_CONSENTS:
            db.execute(statement)

    return migrations


# Not tied to the case: that somebody agreed, or withdrew, is known after it was deleted.
_M0001_CONSENTS = (
    """
    CREATE TABLE consents (
        consent_id INTEGER PRIMARY KEY AUTOINCREMENT,
        case_id TEXT NOT NULL,
        scope INTEGER NOT NULL CHECK (scope IN (1, 2)),
        given_by TEXT NOT NULL,
        given_on TEXT NOT NULL,
        form TEXT NOT NULL,
        expires_on TEXT,
        recorded_by TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        ended_at TEXT,
        ended_by TEXT,
        sha256 TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX consents_by_case ON consents (case_id)",
    """
    CREATE INDEX consents_by_expiry ON consents (expires_on)
    WHERE ended_at IS NULL AND expires_on IS NOT NULL
    """,
)
