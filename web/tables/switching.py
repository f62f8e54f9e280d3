"""Tables of what other releases would change, and of features that somebody left as they are."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def switching_migrations() -> Migrations:
    """Impacts of releases with their progress, decisions about features, and who was told."""
    migrations = Migrations("switching")

    @migrations()
    def m0001_switching(db: Database) -> None:
        for statement in _M0001_SWITCHING:
            db.execute(statement)

    @migrations()
    def m0002_kept_lists(db: Database) -> None:
        for statement in _M0002_KEPT_LISTS:
            db.execute(statement)

    @migrations()
    def m0003_features_told(db: Database) -> None:
        db.execute(_M0003_FEATURES_TOLD)

    return migrations


# What names a case goes with it: deleted or erased, in the same transaction.
_M0001_SWITCHING = (
    """
    CREATE TABLE impacts (
        impact_id INTEGER PRIMARY KEY AUTOINCREMENT,
        release_id TEXT NOT NULL,
        calibration TEXT NOT NULL,
        before TEXT NOT NULL,
        sample INTEGER NOT NULL,
        actor TEXT NOT NULL,
        begun_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        ended_at TEXT,
        task TEXT NOT NULL DEFAULT '',
        done INTEGER NOT NULL DEFAULT 0,
        total INTEGER NOT NULL DEFAULT 0,
        is_cancelled INTEGER NOT NULL DEFAULT 0,
        why TEXT NOT NULL DEFAULT '',
        result TEXT
    ) STRICT
    """,
    "CREATE INDEX impacts_by_release ON impacts (release_id, impact_id)",
    """
    CREATE TABLE impact_cases (
        impact_id INTEGER NOT NULL REFERENCES impacts (impact_id) ON DELETE CASCADE,
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        kept INTEGER NOT NULL,
        gained INTEGER NOT NULL,
        lost INTEGER NOT NULL,
        largest_move INTEGER NOT NULL,
        PRIMARY KEY (impact_id, case_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX impact_cases_by_case ON impact_cases (case_id)",
    """
    CREATE TABLE impact_pairs (
        impact_id INTEGER NOT NULL,
        case_id TEXT NOT NULL,
        other_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        rank_before INTEGER,
        rank_after INTEGER,
        score_before REAL,
        score_after REAL,
        PRIMARY KEY (impact_id, case_id, other_id),
        FOREIGN KEY (impact_id, case_id)
            REFERENCES impact_cases (impact_id, case_id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX impact_pairs_by_other ON impact_pairs (other_id)",
    """
    CREATE TABLE features_left (
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        term_id TEXT NOT NULL,
        candidates TEXT NOT NULL,
        actor TEXT NOT NULL,
        left_at TEXT NOT NULL,
        PRIMARY KEY (case_id, term_id)
    ) STRICT, WITHOUT ROWID
    """,
)

# A kept list goes with the case that asked; who moved in it most goes by itself.
_M0002_KEPT_LISTS = (
    """
    CREATE TABLE impact_lists (
        impact_id INTEGER NOT NULL REFERENCES impacts (impact_id) ON DELETE CASCADE,
        ranking INTEGER NOT NULL REFERENCES kept_rankings (ranking) ON DELETE CASCADE,
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        kept INTEGER NOT NULL,
        gained INTEGER NOT NULL,
        lost INTEGER NOT NULL,
        largest_move INTEGER NOT NULL,
        mover TEXT REFERENCES cases (case_id) ON DELETE SET NULL,
        rank_before INTEGER,
        rank_after INTEGER,
        PRIMARY KEY (impact_id, ranking)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX impact_lists_by_ranking ON impact_lists (ranking)",
    "CREATE INDEX impact_lists_by_case ON impact_lists (case_id)",
    "CREATE INDEX impact_lists_by_mover ON impact_lists (mover)",
)

# Up to which revision people were told of features that wait, and by which release.
_M0003_FEATURES_TOLD = """
    CREATE TABLE features_told (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        release_id TEXT NOT NULL,
        revision INTEGER NOT NULL
    ) STRICT
"""
