"""What a person does in her conversations: begins, answers, accepts, declines, closes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from matcher.case import Case
from matcher.storage.database import Database, rows, write_transaction
from web.accounts.people import Person
from web.conversations.conversation import Conversation, End, State
from web.conversations.errors import NoAddress, NotForYou, Refused
from web.conversations.patience import refuse_beginning_again, refuse_impatience
from web.conversations.reading import Reading
from web.conversations.speaking import why_not
from web.conversations.texts import MOST_NOTE, plain
from web.notices.inbox import Inbox
from web.notices.matters import Kind, Matter, conversed
from web.notices.telling import Telling
from web.viewing.visibility import may_open
from web.work.outbox import text_of

GONE = "The conversation was withdrawn meanwhile, so nothing was sent."


class Conversations(Reading):
    """The same with what changes them: each change is told to the other side with it."""

    def __init__(
        self,
        db: Database,
        person: Person,
        *,
        by_mail: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(db, person)
        self._by_mail = by_mail
        self._clock = clock

    def start(self, case: Case, other: Case, text: str, form_id: str) -> Conversation:
        """Write the first message about a pair; a further one where somebody was faster.

        Raises `NotForYou`, `NoText`, `TooLong`, `Refused`, `Unanswered` or `OftenWithdrawn`.
        """
        said = plain(text)
        with write_transaction(self._db):
            if why := why_not(self._db, self._person, case, other):
                raise NotForYou(why)
            if found := self.between(case.case_id, other.case_id):
                self.write(found, said, form_id)
                return self._current(found)
            refuse_beginning_again(
                self._db, case.case_id, other.case_id, other.site or "the other site"
            )
            link = secrets.token_hex(16)
            row = {
                "link": link,
                "asking_case": case.case_id,
                "answering_case": other.case_id,
                "started_at": self._now(),
            }
            self._db.table("conversations").insert(row)
            begun = self.get(link)
            assert begun is not None, "who may begin it takes part in it"
            self._say(begun, said, form_id)
            return self._current(begun)

    def write(self, conversation: Conversation, text: str, form_id: str) -> None:
        """Write a message, which says as well that those before it are read.

        What was closed, or declined by this side, is open again. Raises `NoText`, `TooLong`,
        `NotForYou`, `Refused` or `Unanswered`.
        """
        said = plain(text)
        with write_transaction(self._db):
            now = self._reopened(conversation)
            self._mark_read(now)
            self._say(now, said, form_id)

    def accept(self, conversation: Conversation) -> Conversation:
        """Agree to direct contact: who has agreed sees the address of the other when it has too.

        Raises `NoAddress`, `NotForYou` or `Refused`.
        """
        if not self._person.email:
            raise NoAddress
        with write_transaction(self._db):
            now = self._reopened(conversation)
            self._mark_read(now)
            if now.yours is None:
                row = {
                    "conversation_id": now.conversation_id,
                    "side": str(now.side),
                    "person_id": self._person.person_id,
                    "accepted_at": self._now(),
                }
                self._db.table("conversation_acceptances").insert(row)
                self._tell(now, Kind.ACCEPTED, f"by {now.side}")
            return self._current(now)

    def decline(
        self, conversation: Conversation, reason: str, *, silently: bool
    ) -> None:
        """End it with a reason, or silently: then the other side is told nothing at all.

        Raises `NotForYou`, `NoText` or `TooLong`.
        """
        said = "" if silently else plain(reason, most=MOST_NOTE, what="reason")
        with write_transaction(self._db):
            now = self._current(conversation)
            if now.is_over:
                return
            if silently:
                self._end(now, End.DECLINED_SILENTLY)
                self._read_notices(now)
            else:
                self._mark_read(now)
                self._end(now, End.DECLINED, said)
                self._tell(now, Kind.DECLINED, self._now())

    def close(self, conversation: Conversation) -> None:
        """End it with nothing more to say. Raises `NotForYou`."""
        with write_transaction(self._db):
            now = self._current(conversation)
            if not now.is_over:
                self._mark_read(now)
                self._end(now, End.CLOSED)

    def mark_read(self, conversation: Conversation) -> None:
        """Tell the other side that its messages are read. Raises `NotForYou`."""
        with write_transaction(self._db):
            self._mark_read(self._current(conversation))

    def _current(self, conversation: Conversation) -> Conversation:
        found = self.get(conversation.link)
        if found is None:
            raise NotForYou(GONE)
        return found

    def _reopened(self, conversation: Conversation) -> Conversation:
        """The conversation as it is now, open if it may be."""
        now = self._current(conversation)
        if now.state is State.DECLINED_BY_THEM:
            raise Refused(now.other_site)
        if now.is_over:
            self._end(now, End.OPEN)
        return self._current(now)

    def _say(self, now: Conversation, text: str, form_id: str) -> None:
        """Keep a message once, however often its form is sent, and tell the other side.

        Raises `Unanswered`.
        """
        if not self._is_said(now, form_id):
            refuse_impatience(self._db, now)
        sql = """
            INSERT INTO conversation_messages (conversation_id, side, form_id, text, sent_at)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING message_id
        """
        values = [now.conversation_id, now.side, form_id or None, text, self._now()]
        for row in rows(self._db, sql, values):
            self._tell(now, Kind.MESSAGE, str(row["message_id"]))

    def _is_said(self, now: Conversation, form_id: str) -> bool:
        sql = "SELECT 1 FROM conversation_messages WHERE conversation_id = ? AND form_id = ?"
        return bool(rows(self._db, sql, [now.conversation_id, form_id]))

    def _mark_read(self, now: Conversation) -> None:
        sql = """
            UPDATE conversation_messages SET read_at = ?
            WHERE conversation_id = ? AND side = ? AND read_at IS NULL
        """
        values = [self._now(), now.conversation_id, now.side.other]
        self._db.execute(sql, values)
        self._read_notices(now)

    def _read_notices(self, now: Conversation) -> None:
        mine = conversed(
            Kind.MESSAGE,
            now.case_id,
            link=now.link,
            other_site=now.other_site,
            content="",
        )
        Inbox(self._db, self._person, may_open, self._clock).read_of(mine)

    def _end(self, now: Conversation, end: End, reason: str = "") -> None:
        is_open = end is End.OPEN
        row = {
            "ended": str(end),
            "ended_by": "" if is_open else str(now.side),
            "ended_at": "" if is_open else self._now(),
            "reason": reason,
        }
        self._db.table("conversations").update(now.conversation_id, row)

    def _tell(self, now: Conversation, kind: Kind, content: str) -> None:
        """Tell the side that does not act, unless it declined silently."""
        if now.is_unheard:
            return
        matter = _to_the_other(now, self._person.site or "", kind, content)
        # A declined conversation asks nothing of anybody, so the pages tell of it.
        by_mail = self._by_mail and kind is not Kind.DECLINED
        Telling(self._db, by_mail=by_mail, clock=self._clock).tell([matter])

    def _now(self) -> str:
        return text_of(self._clock())


def _to_the_other(now: Conversation, site: str, kind: Kind, content: str) -> Matter:
    return conversed(
        kind, now.other_id, link=now.link, other_site=site, content=content
    )
