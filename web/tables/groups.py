"""Tables of the groups of alike cases that each site sees, and what they were made from."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def group_migrations() -> Migrations:
    """The groups of each site, their members, and the ties between these."""
    migrations = Migrations("groups")

    @migrations()
    def m0001_kept_groups(db: Database) -> None:
        for statement in _M0001_KEPT_GROUPS:
            db.execute(statement)

    return migrations


_OF_THE_CASE = """
    DELETE FROM kept_groups WHERE group_id IN (
        SELECT group_id FROM kept_group_members WHERE case_id = OLD.case_id
    );
"""

# What a group says rests on every member, so it goes as a whole with any of them, in the
# transaction that removes or hides the case, whoever does so. It is found again without it.
_M0001_KEPT_GROUPS = (
    """
    CREATE TABLE group_views (
        site TEXT PRIMARY KEY,
        basis TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        as_of INTEGER NOT NULL,
        made_at TEXT NOT NULL,
        seconds REAL NOT NULL,
        facts TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE kept_groups (
        group_id INTEGER PRIMARY KEY AUTOINCREMENT,
        site TEXT NOT NULL REFERENCES group_views (site) ON DELETE CASCADE,
        link TEXT NOT NULL,
        place INTEGER NOT NULL,
        own INTEGER NOT NULL,
        sites INTEGER NOT NULL,
        diagnosed INTEGER NOT NULL,
        genes INTEGER NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (site, link)
    ) STRICT
    """,
    "CREATE INDEX kept_groups_by_place ON kept_groups (site, place)",
    """
    CREATE TABLE kept_group_members (
        group_id INTEGER NOT NULL REFERENCES kept_groups (group_id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        revision INTEGER NOT NULL,
        firmness REAL,
        x REAL,
        y REAL,
        PRIMARY KEY (group_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX kept_group_members_by_case ON kept_group_members (case_id)",
    """
    CREATE TABLE kept_group_ties (
        group_id INTEGER NOT NULL REFERENCES kept_groups (group_id) ON DELETE CASCADE,
        one INTEGER NOT NULL,
        other INTEGER NOT NULL,
        probability REAL NOT NULL,
        PRIMARY KEY (group_id, one, other)
    ) STRICT, WITHOUT ROWID
    """,
    f"""
    CREATE TRIGGER kept_groups_of_a_removed_case BEFORE DELETE ON cases BEGIN
        {_OF_THE_CASE}
    END
    """,
    f"""
    CREATE TRIGGER kept_groups_of_a_hidden_case AFTER UPDATE OF sharing, site, test ON cases
    WHEN NEW.site IS NOT OLD.site OR NEW.test <> OLD.test
        OR (NEW.sharing <> OLD.sharing AND NEW.sharing IN ('private', 'site'))
    BEGIN
        {_OF_THE_CASE}
    END
    """,
)
