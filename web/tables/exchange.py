"""Tables of the peers of the exchange, what they answered, and the audit."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def exchange_migrations() -> Migrations:
    """Peers of the exchange, and the audit of what anybody was told."""
    migrations = Migrations("exchange")

    @migrations()
    def m0001_exchange(db: Database) -> None:
        for statement in _M0001_EXCHANGE:
            db.execute(statement)

    @migrations()
    def m0002_nodes_that_are_asked(db: Database) -> None:
        for statement in _M0002_NODES:
            db.execute(statement)

    @migrations()
    def m0003_what_peers_answered(db: Database) -> None:
        for statement in _M0003_ANSWERS:
            db.execute(statement)

    @migrations()
    def m0004_terms_of_answers(db: Database) -> None:
        for statement in _M0004_TERMS:
            db.execute(statement)

    @migrations()
    def m0005_wishes_of_questions(db: Database) -> None:
        db.execute("ALTER TABLE asks ADD COLUMN wishes TEXT NOT NULL DEFAULT ''")

    @migrations()
    def m0006_earlier_versions_of_answers(db: Database) -> None:
        for statement in _M0006_EARLIER:
            db.execute(statement)

    return migrations


_M0001_EXCHANGE = (
    """
    CREATE TABLE nodes (
        node_id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        token_sha256 TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        revoked_at TEXT
    ) STRICT
    """,
    """
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        case_ids TEXT NOT NULL,
        facts TEXT NOT NULL,
        seal TEXT NOT NULL UNIQUE
    ) STRICT
    """,
)

# A peer may have two tokens or none, so they move to a table of their own. The table of peers is
# made anew, since SQLite drops no unique column.
_M0002_NODES = (
    """
    CREATE TABLE asked_nodes (
        node_id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        address TEXT NOT NULL DEFAULT '',
        contact TEXT NOT NULL DEFAULT '',
        disclaimer TEXT NOT NULL DEFAULT '',
        terms TEXT NOT NULL DEFAULT '',
        daily_budget INTEGER NOT NULL DEFAULT 50 CHECK (daily_budget >= 0),
        quirks TEXT NOT NULL DEFAULT '{}',
        ca_file TEXT NOT NULL DEFAULT '',
        allow_private INTEGER NOT NULL DEFAULT 0 CHECK (allow_private IN (0, 1)),
        outbound_token BLOB,
        created_at TEXT NOT NULL,
        revoked_at TEXT
    ) STRICT
    """,
    """
    INSERT INTO asked_nodes (node_id, name, created_at, revoked_at)
    SELECT node_id, name, created_at, revoked_at FROM nodes
    """,
    "CREATE TEMP TABLE moving AS SELECT * FROM nodes",
    "DROP TABLE nodes",
    "ALTER TABLE asked_nodes RENAME TO nodes",
    """
    CREATE TABLE node_tokens (
        token_sha256 TEXT NOT NULL UNIQUE,
        node_id INTEGER NOT NULL REFERENCES nodes (node_id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        revoked_at TEXT
    ) STRICT
    """,
    "CREATE INDEX node_tokens_by_node ON node_tokens (node_id)",
    """
    INSERT INTO node_tokens (token_sha256, node_id, created_at, revoked_at)
    SELECT token_sha256, node_id, created_at, revoked_at FROM moving ORDER BY node_id
    """,
    "DROP TABLE moving",
    """
    CREATE TABLE node_health (
        node_id INTEGER PRIMARY KEY REFERENCES nodes (node_id) ON DELETE CASCADE,
        succeeded_at TEXT,
        failing_since TEXT,
        failures INTEGER NOT NULL DEFAULT 0,
        step INTEGER NOT NULL DEFAULT 0,
        open_until TEXT,
        latency_ms INTEGER,
        cases INTEGER
    ) STRICT
    """,
)

# What peers said of a case goes with the case: deleted or erased, in the same transaction.
_M0003_ANSWERS = (
    """
    CREATE TABLE asks (
        ask_id INTEGER PRIMARY KEY AUTOINCREMENT,
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        asked_by TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        test INTEGER NOT NULL CHECK (test IN (0, 1))
    ) STRICT
    """,
    "CREATE INDEX asks_by_case ON asks (case_id)",
    """
    CREATE TABLE ask_nodes (
        ask_id INTEGER NOT NULL REFERENCES asks (ask_id) ON DELETE CASCADE,
        node_id INTEGER NOT NULL REFERENCES nodes (node_id) ON DELETE CASCADE,
        state TEXT NOT NULL,
        message TEXT NOT NULL,
        results INTEGER NOT NULL,
        dropped TEXT NOT NULL,
        elapsed_ms INTEGER NOT NULL,
        PRIMARY KEY (ask_id, node_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX ask_nodes_by_node ON ask_nodes (node_id)",
    """
    CREATE TABLE remote_matches (
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        node_id INTEGER NOT NULL REFERENCES nodes (node_id) ON DELETE CASCADE,
        remote_id TEXT NOT NULL,
        content_sha256 TEXT NOT NULL,
        profile TEXT NOT NULL,
        peer_score TEXT NOT NULL,
        score REAL NOT NULL,
        first_seen TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        gone_at TEXT,
        PRIMARY KEY (case_id, node_id, remote_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX remote_matches_by_node ON remote_matches (node_id)",
)

# What a peer said with its answer supersedes what is known of it otherwise.
_M0004_TERMS = (
    "ALTER TABLE ask_nodes ADD COLUMN disclaimer TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE ask_nodes ADD COLUMN terms TEXT NOT NULL DEFAULT ''",
)

# They go with the match, and so with the case of ours and with the peer.
_M0006_EARLIER = (
    """
    CREATE TABLE remote_versions (
        case_id TEXT NOT NULL,
        node_id INTEGER NOT NULL,
        remote_id TEXT NOT NULL,
        told_at TEXT NOT NULL,
        profile TEXT NOT NULL,
        PRIMARY KEY (case_id, node_id, remote_id, told_at),
        FOREIGN KEY (case_id, node_id, remote_id)
            REFERENCES remote_matches (case_id, node_id, remote_id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
)
