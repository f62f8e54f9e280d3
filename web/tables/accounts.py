"""Tables of people, their log-in sessions, and failed attempts to log in."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def account_migrations() -> Migrations:
    """People, their log-in sessions, and failed attempts to log in."""
    migrations = Migrations("accounts")

    @migrations()
    def m0001_accounts(db: Database) -> None:
        for statement in _M0001_ACCOUNTS:
            db.execute(statement)

    return migrations


_M0001_ACCOUNTS = (
    """
    CREATE TABLE people (
        person_id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        email TEXT COLLATE NOCASE UNIQUE,
        site TEXT,
        password_hash TEXT NOT NULL,
        theme TEXT NOT NULL,
        is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
        created_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE person_roles (
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('clinician', 'curator', 'operator')),
        PRIMARY KEY (person_id, role)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE sessions (
        session_id TEXT PRIMARY KEY,
        token_sha256 TEXT NOT NULL UNIQUE,
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX sessions_by_person ON sessions (person_id)",
    """
    CREATE TABLE log_in_failures (
        who TEXT PRIMARY KEY,
        failures REAL NOT NULL,
        failed_at TEXT NOT NULL,
        blocked_until TEXT NOT NULL
    ) STRICT
    """,
)
