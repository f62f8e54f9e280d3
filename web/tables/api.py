"""Tables of the systems that submit cases, and of the case that each of their ids became."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def api_migrations() -> Migrations:
    """The systems that submit cases, and which case each of their ids became."""
    migrations = Migrations("api")

    @migrations()
    def m0001_api(db: Database) -> None:
        for statement in _M0001_API:
            db.execute(statement)

    return migrations


# An external id may name a person: what stays after an erasure is its keyed digest.
_M0001_API = (
    """
    CREATE TABLE api_tokens (
        token_id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        site TEXT NOT NULL,
        scopes TEXT NOT NULL,
        token_sha256 TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        used_at TEXT,
        revoked_at TEXT
    ) STRICT
    """,
    """
    CREATE TABLE api_deposits (
        site TEXT NOT NULL,
        external_digest TEXT NOT NULL,
        case_id TEXT NOT NULL UNIQUE,
        PRIMARY KEY (site, external_digest)
    ) STRICT, WITHOUT ROWID
    """,
)
