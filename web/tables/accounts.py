"""Tables of people, how they prove who they are, and their log-in sessions."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def account_migrations() -> Migrations:
    """People, their sessions, second factors, links, identities, and failed attempts."""
    migrations = Migrations("accounts")

    @migrations()
    def m0001_accounts(db: Database) -> None:
        for statement in _M0001_ACCOUNTS:
            db.execute(statement)

    @migrations()
    def m0002_proofs(db: Database) -> None:
        for statement in _M0002_PROOFS:
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

# Secrets are sealed, codes and links kept as digests: a copy of the database opens no account.
_M0002_PROOFS = (
    "ALTER TABLE people ADD COLUMN last_log_in TEXT",
    "ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password'",
    """
    CREATE TABLE second_factors (
        person_id INTEGER PRIMARY KEY REFERENCES people (person_id) ON DELETE CASCADE,
        sealed BLOB NOT NULL,
        begun_at TEXT NOT NULL,
        confirmed_at TEXT,
        last_step INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    """
    CREATE TABLE recovery_codes (
        person_id INTEGER NOT NULL
            REFERENCES second_factors (person_id) ON DELETE CASCADE,
        code_sha256 TEXT NOT NULL,
        PRIMARY KEY (person_id, code_sha256)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE password_links (
        link_sha256 TEXT PRIMARY KEY,
        person_id INTEGER NOT NULL UNIQUE REFERENCES people (person_id) ON DELETE CASCADE,
        made_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE identities (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        linked_at TEXT NOT NULL,
        PRIMARY KEY (issuer, subject),
        UNIQUE (person_id, issuer)
    ) STRICT, WITHOUT ROWID
    """,
)
