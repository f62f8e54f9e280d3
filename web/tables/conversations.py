"""Tables of what clinicians of two sites write to each other about a pair of cases."""

from __future__ import annotations

from matcher.storage.database import Database, Migrations


def conversation_migrations() -> Migrations:
    """Conversations about pairs of cases, and letters to clinicians at other nodes."""
    migrations = Migrations("conversations")

    @migrations()
    def m0001_conversations(db: Database) -> None:
        for statement in _M0001_CONVERSATIONS:
            db.execute(statement)

    return migrations


_NOW = "strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')"
_BEYOND_THE_SITE = "('network', 'exchange-1', 'exchange-2')"
# What a case that was just changed has to say to each other side that may not see it any more.
_HIDDEN = f"""
    SELECT link, conversation_id, other.case_id AS other_id, other.site AS other_site
    FROM conversations JOIN cases AS other ON other.case_id =
        CASE NEW.case_id WHEN asking_case THEN answering_case ELSE asking_case END
    WHERE NEW.case_id IN (asking_case, answering_case)
        AND NEW.sharing NOT IN {_BEYOND_THE_SITE}
        AND NOT (NEW.sharing = 'site' AND other.site IS NEW.site)
"""

# All of it goes with either case, in the transaction that removes or hides it, whoever does so:
# messages are about patients. That there was something stays for the side that still has a case.
_M0001_CONVERSATIONS = (
    """
    CREATE TABLE conversations (
        conversation_id INTEGER PRIMARY KEY AUTOINCREMENT,
        link TEXT NOT NULL UNIQUE,
        asking_case TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        answering_case TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        started_at TEXT NOT NULL,
        ended TEXT NOT NULL DEFAULT ''
            CHECK (ended IN ('', 'declined', 'declined silently', 'closed')),
        ended_by TEXT NOT NULL DEFAULT '' CHECK (ended_by IN ('', 'asking', 'answering')),
        ended_at TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX conversations_of_a_pair ON conversations
        (min(asking_case, answering_case), max(asking_case, answering_case))
    """,
    "CREATE INDEX conversations_by_asking ON conversations (asking_case)",
    "CREATE INDEX conversations_by_answering ON conversations (answering_case)",
    """
    CREATE TABLE conversation_messages (
        message_id INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation_id INTEGER NOT NULL
            REFERENCES conversations (conversation_id) ON DELETE CASCADE,
        side TEXT NOT NULL CHECK (side IN ('asking', 'answering')),
        form_id TEXT,
        text TEXT NOT NULL,
        sent_at TEXT NOT NULL,
        read_at TEXT,
        reminded_at TEXT
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX conversation_messages_once
    ON conversation_messages (conversation_id, form_id)
    """,
    """
    CREATE TABLE conversation_acceptances (
        conversation_id INTEGER NOT NULL
            REFERENCES conversations (conversation_id) ON DELETE CASCADE,
        side TEXT NOT NULL CHECK (side IN ('asking', 'answering')),
        person_id INTEGER NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
        accepted_at TEXT NOT NULL,
        PRIMARY KEY (conversation_id, side)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX conversation_acceptances_by_person ON conversation_acceptances (person_id)",
    """
    CREATE TABLE withdrawn_conversations (
        link TEXT NOT NULL,
        case_id TEXT NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
        other_site TEXT NOT NULL,
        by_us INTEGER NOT NULL CHECK (by_us IN (0, 1)),
        withdrawn_at TEXT NOT NULL,
        told_at TEXT,
        PRIMARY KEY (link, case_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX withdrawn_conversations_by_case ON withdrawn_conversations (case_id)",
    """
    CREATE INDEX withdrawn_conversations_to_tell ON withdrawn_conversations (withdrawn_at)
    WHERE told_at IS NULL AND NOT by_us
    """,
    f"""
    CREATE TRIGGER conversations_of_a_removed_case BEFORE DELETE ON cases BEGIN
        INSERT INTO withdrawn_conversations (link, case_id, other_site, by_us, withdrawn_at)
        SELECT link,
            CASE OLD.case_id WHEN asking_case THEN answering_case ELSE asking_case END,
            coalesce(OLD.site, ''), 0, {_NOW}
        FROM conversations WHERE OLD.case_id IN (asking_case, answering_case);
        DELETE FROM conversations WHERE OLD.case_id IN (asking_case, answering_case);
    END
    """,
    f"""
    CREATE TRIGGER conversations_of_a_hidden_case AFTER UPDATE OF sharing, site ON cases
    WHEN NEW.sharing NOT IN {_BEYOND_THE_SITE} BEGIN
        INSERT INTO withdrawn_conversations (link, case_id, other_site, by_us, withdrawn_at)
        SELECT link, other_id, coalesce(NEW.site, ''), 0, {_NOW} FROM ({_HIDDEN})
        UNION ALL
        SELECT link, NEW.case_id, coalesce(other_site, ''), 1, {_NOW} FROM ({_HIDDEN});
        DELETE FROM conversations
        WHERE conversation_id IN (SELECT conversation_id FROM ({_HIDDEN}));
    END
    """,
    # What she noted of an answer is about a patient of the peer: it is kept as long as the match.
    """
    CREATE TABLE outside_letters (
        case_id TEXT NOT NULL,
        node_id INTEGER NOT NULL,
        remote_id TEXT NOT NULL,
        written_by TEXT NOT NULL,
        written_at TEXT NOT NULL,
        answer TEXT NOT NULL DEFAULT '',
        answered_at TEXT,
        PRIMARY KEY (case_id, node_id, remote_id),
        FOREIGN KEY (case_id, node_id, remote_id)
            REFERENCES remote_matches (case_id, node_id, remote_id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
)
