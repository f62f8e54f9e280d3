"""Which tables the web service keeps beside the cases."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def web_migrations() -> tuple[Migrations, ...]:
    """Every set of tables of this package, in the order in which they are made."""
    return (
        account_migrations(),
        exchange_migrations(),
        form_migrations(),
        api_migrations(),
        statistics_migrations(),
        notice_migrations(),
        disclosure_migrations(),
        consent_migrations(),
    )


def account_migrations() -> Migrations:
    """People, their log-in sessions, and failed attempts to log in."""
    migrations = Migrations("accounts")

    @migrations()
    def m0001_accounts(db: Database) -> None:
        for statement in _M0001_ACCOUNTS:
            db.execute(statement)

    return migrations


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

    return migrations


def notice_migrations() -> Migrations:
    """What people are told, work to be done later, and when peers are asked again."""
    migrations = Migrations("notices")

    @migrations()
    def m0001_notices(db: Database) -> None:
        for statement in _M0001_NOTICES:
            db.execute(statement)

    return migrations


def disclosure_migrations() -> Migrations:
    """What each peer was told of for the first time, and what it asked in the last day."""
    migrations = Migrations("disclosures")

    @migrations()
    def m0001_disclosures(db: Database) -> None:
        for statement in _M0001_DISCLOSURES:
            db.execute(statement)

    return migrations


def consent_migrations() -> Migrations:
    """Who agreed that a case is shared with the exchange, how far, and until when."""
    migrations = Migrations("consents")

    @migrations()
    def m0001_consents(db: Database) -> None:
        for statement in _M0001_CONSENTS:
            db.execute(statement)

    return migrations


def form_migrations() -> Migrations:
    """Which case a form became, so that sending it again makes no second one."""
    migrations = Migrations("forms")

    @migrations()
    def m0001_forms(db: Database) -> None:
        db.execute(_M0001_FORMS)

    return migrations


def statistics_migrations() -> Migrations:
    """What the public numbers of a node need beside its cases and its audit."""
    migrations = Migrations("statistics")

    @migrations()
    def m0001_matched_genes(db: Database) -> None:
        # In order of the name, so that it does not tell which came when.
        db.execute(
            "CREATE TABLE matched_genes (gene TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"
        )

    return migrations


def api_migrations() -> Migrations:
    """The systems that submit cases, and which case each of their ids became."""
    migrations = Migrations("api")

    @migrations()
    def m0001_api(db: Database) -> None:
        for statement in _M0001_API:
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

# The name stays when a peer is removed: who withdraws a case must learn who has seen it.
_M0001_DISCLOSURES = (
    """
    CREATE TABLE disclosures (
        node_id INTEGER NOT NULL,
        case_id TEXT NOT NULL,
        node TEXT NOT NULL,
        way TEXT NOT NULL CHECK (way IN ('told', 'sent')),
        first_at TEXT NOT NULL,
        PRIMARY KEY (node_id, case_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX disclosures_by_time ON disclosures (node_id, way, first_at)",
    "CREATE INDEX disclosures_by_case ON disclosures (case_id)",
    """
    CREATE TABLE asked_profiles (
        node_id INTEGER NOT NULL,
        size INTEGER NOT NULL,
        statements BLOB NOT NULL,
        asked_at TEXT NOT NULL,
        PRIMARY KEY (node_id, size, statements)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX asked_profiles_by_time ON asked_profiles (asked_at)",
)

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

_M0001_FORMS = """
    CREATE TABLE sent_forms (
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        form_id TEXT NOT NULL,
        case_id TEXT NOT NULL,
        PRIMARY KEY (person_id, form_id)
    ) STRICT, WITHOUT ROWID
"""

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
