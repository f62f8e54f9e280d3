"""Tables of what people are told, of work to be done later, and of standing questions."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def notice_migrations() -> Migrations:
    """What people are told, work to be done later, and when peers are asked again."""
    migrations = Migrations("notices")

    @migrations()
    def m0001_notices(db: Database) -> None:
        for statement in _M0001_NOTICES:
            db.execute(statement)

    return migrations


# All of it goes with the case: deleted or erased, in the same transaction.
_M0001_NOTICES = (
    """
    CREATE TABLE outbox (
        work_id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        case_id TEXT REFERENCES cases (case_id) ON DELETE CASCADE,
        person_id INTEGER REFERENCES people (person_id) ON DELETE CASCADE,
        due_at TEXT NOT NULL,
        owner TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        begun INTEGER NOT NULL DEFAULT 0,
        why TEXT NOT NULL DEFAULT '',
        given_up_at TEXT
    ) STRICT
    """,
    "CREATE INDEX outbox_by_due ON outbox (kind, due_at) WHERE given_up_at IS NULL",
    """
    CREATE UNIQUE INDEX outbox_waits_once ON outbox (kind, subject)
    WHERE owner IS NULL AND given_up_at IS NULL
    """,
    "CREATE INDEX outbox_by_case ON outbox (case_id)",
    "CREATE INDEX outbox_by_person ON outbox (person_id)",
    """
    CREATE TABLE told (
        matter TEXT NOT NULL,
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        PRIMARY KEY (matter, case_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX told_by_case ON told (case_id)",
    """
    CREATE TABLE notices (
        notice_id INTEGER PRIMARY KEY AUTOINCREMENT,
        link TEXT NOT NULL UNIQUE,
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        pair TEXT NOT NULL,
        facts TEXT NOT NULL,
        told_at TEXT NOT NULL,
        read_at TEXT
    ) STRICT
    """,
    "CREATE INDEX notices_by_person ON notices (person_id, notice_id)",
    "CREATE INDEX notices_by_case ON notices (case_id)",
    """
    CREATE UNIQUE INDEX notices_unread_once ON notices (person_id, case_id, pair)
    WHERE read_at IS NULL
    """,
    """
    CREATE TABLE notice_choices (
        person_id INTEGER PRIMARY KEY REFERENCES people (person_id) ON DELETE CASCADE,
        how TEXT NOT NULL CHECK (how IN ('each', 'daily', 'never'))
    ) STRICT
    """,
    """
    CREATE TABLE standing_queries (
        case_id TEXT PRIMARY KEY REFERENCES cases (case_id) ON DELETE CASCADE,
        revision INTEGER NOT NULL,
        asked_at TEXT NOT NULL,
        due_at TEXT NOT NULL
    ) STRICT
    """,
)
