"""Tables of features that came from outside and are no term, and of what was decided of them."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def unrecognised_migrations() -> Migrations:
    """Ids and words that stand for no term, how often they came, and decisions about them."""
    migrations = Migrations("unrecognised")

    @migrations()
    def m0001_unrecognised(db: Database) -> None:
        for statement in _M0001_UNRECOGNISED:
            db.execute(statement)

    return migrations


# Until enough patients have it, code and words are empty: `digest` is keyed. Nothing here names
# a case, a peer or a person but those who decided; a patient is eight bytes of a keyed hash that
# is another one for each phrase.
_M0001_UNRECOGNISED = (
    """
    CREATE TABLE unrecognised (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL UNIQUE,
        code TEXT NOT NULL DEFAULT '',
        words TEXT NOT NULL DEFAULT '',
        is_readable INTEGER NOT NULL DEFAULT 0,
        patients INTEGER NOT NULL DEFAULT 0,
        needed INTEGER NOT NULL,
        brought_by BLOB NOT NULL,
        first_day TEXT NOT NULL,
        last_day TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'open',
        term_id TEXT NOT NULL DEFAULT '',
        place TEXT NOT NULL DEFAULT '',
        meaning TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        decided_by TEXT NOT NULL DEFAULT '',
        decided_at TEXT NOT NULL DEFAULT '',
        version INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX unrecognised_by_state ON unrecognised (state, is_readable, patients)",
    "CREATE INDEX unrecognised_by_origin ON unrecognised (brought_by, state)",
    "CREATE INDEX unrecognised_by_age ON unrecognised (state, last_day)",
    """
    CREATE TABLE unrecognised_sources (
        number INTEGER NOT NULL REFERENCES unrecognised (number) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        origin BLOB NOT NULL,
        PRIMARY KEY (number, kind, origin)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE unrecognised_patients (
        number INTEGER NOT NULL REFERENCES unrecognised (number) ON DELETE CASCADE,
        patient BLOB NOT NULL,
        PRIMARY KEY (number, patient)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE unrecognised_unfit (
        why TEXT PRIMARY KEY,
        times INTEGER NOT NULL,
        last_day TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)
