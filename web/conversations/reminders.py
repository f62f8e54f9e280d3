"""Who is reminded of a message without an answer, and told of a case that was withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matcher.storage.database import Database, rows, write_transaction
from web.notices.matters import Kind, conversed
from web.notices.telling import Telling
from web.work.outbox import text_of

# The last message of each conversation that is open, old enough, and never reminded of its side.
UNANSWERED = """
    SELECT last.message_id, link, last.side,
        CASE last.side WHEN 'asking' THEN answering_case ELSE asking_case END AS waiting_case,
        CASE last.side WHEN 'asking' THEN a.site ELSE b.site END AS writing_site
    FROM conversations
    JOIN cases AS a ON a.case_id = asking_case
    JOIN cases AS b ON b.case_id = answering_case
    JOIN conversation_messages AS last ON last.message_id = (
        SELECT max(message_id) FROM conversation_messages
        WHERE conversation_id = conversations.conversation_id
    )
    WHERE ended = '' AND last.sent_at <= ?
        AND NOT EXISTS (
            SELECT 1 FROM conversation_messages AS before
            WHERE before.conversation_id = conversations.conversation_id
                AND before.side = last.side AND before.reminded_at IS NOT NULL
        )
        AND NOT EXISTS (
            SELECT 1 FROM conversation_acceptances AS accepted
            WHERE accepted.conversation_id = conversations.conversation_id
                AND accepted.side <> last.side
        )
    ORDER BY last.message_id
"""
WITHDRAWN = """
    SELECT link, case_id, other_site FROM withdrawn_conversations
    WHERE told_at IS NULL AND NOT by_us ORDER BY withdrawn_at, link
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """A chore of the worker. `after` of 0 reminds nobody."""

    after: timedelta
    by_mail: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def tell_due(self, db: Database) -> None:
        """Tell of all that is due: each conversation reminds each side once."""
        if self._withdrawn(db) or self._unanswered(db):
            with write_transaction(db):
                self._tell_withdrawn(db)
                self._remind(db)

    def _withdrawn(self, db: Database) -> list[dict[str, str]]:
        return rows(db, WITHDRAWN)

    def _unanswered(self, db: Database) -> list[dict[str, str]]:
        if not self.after:
            return []
        return rows(db, UNANSWERED, [text_of(self.clock() - self.after)])

    def _tell_withdrawn(self, db: Database) -> None:
        for row in self._withdrawn(db):
            matter = conversed(
                Kind.WITHDRAWN_CASE,
                row["case_id"],
                link=row["link"],
                other_site=row["other_site"],
                content="",
            )
            Telling(db, clock=self.clock).tell([matter])
            sql = "UPDATE withdrawn_conversations SET told_at = ? WHERE link = ? AND case_id = ?"
            db.execute(sql, [text_of(self.clock()), row["link"], row["case_id"]])

    def _remind(self, db: Database) -> None:
        for row in self._unanswered(db):
            matter = conversed(
                Kind.REMINDER,
                row["waiting_case"],
                link=row["link"],
                other_site=row["writing_site"] or "",
                content=str(row["message_id"]),
            )
            Telling(db, by_mail=self.by_mail, clock=self.clock).tell([matter])
            now = text_of(self.clock())
            db.table("conversation_messages").update(
                row["message_id"], {"reminded_at": now}
            )
