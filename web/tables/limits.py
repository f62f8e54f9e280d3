"""The table of which cases go less far to a single peer than to the others."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def limit_migrations() -> Migrations:
    """What single peers are told less of, with everything that was ever set."""
    migrations = Migrations("limits")

    @migrations()
    def m0001_peer_limits(db: Database) -> None:
        for statement in _M0001_PEER_LIMITS:
            db.execute(statement)

    return migrations


# Tied neither to the case nor to the peer: a case that is deposited anew, or a peer that is added
# again under its name, is under the same limit.
_M0001_PEER_LIMITS = (
    """
    CREATE TABLE peer_limits (
        limit_id INTEGER PRIMARY KEY AUTOINCREMENT,
        case_id TEXT NOT NULL,
        node TEXT NOT NULL,
        most TEXT NOT NULL CHECK (most IN ('nothing', 'exchange-1')),
        consent_id INTEGER,
        set_by TEXT NOT NULL,
        set_at TEXT NOT NULL,
        ended_at TEXT,
        ended_by TEXT,
        sha256 TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX peer_limits_by_case ON peer_limits (case_id)",
    "CREATE INDEX peer_limits_by_node ON peer_limits (node, case_id)",
    "ALTER TABLE consents ADD COLUMN not_to TEXT NOT NULL DEFAULT ''",
)
