"""The conversations that a person takes part in, as her side has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matcher.case import Sharing
from matcher.storage.database import Database, rows
from web.accounts.people import Person
from web.conversations.conversation import (
    Acceptance,
    Conversation,
    End,
    Message,
    Side,
    Withdrawn,
)
from web.conversations.speaking import speaks_for
from web.notices.inbox import CaseState
from web.viewing.visibility import may_meet

Row = Mapping[str, Any]

CONVERSATIONS = """
    SELECT conversations.*,
        a.site AS asking_site, a.submitter AS asking_submitter, a.sharing AS asking_sharing,
        b.site AS answering_site, b.submitter AS answering_submitter,
        b.sharing AS answering_sharing
    FROM conversations
    JOIN cases AS a ON a.case_id = asking_case
    JOIN cases AS b ON b.case_id = answering_case
"""


class Reading:
    """What one person may read, over a connection of the calling thread.

    Whom she speaks for, and whether she may still see the case of the other side, is decided
    anew each time; of a conversation that is not hers, nothing is found.
    """

    def __init__(self, db: Database, person: Person) -> None:
        self._db = db
        self._person = person

    def all(self) -> list[Conversation]:
        """Every conversation that she takes part in, the latest first."""
        found = self._found("? IN (a.site, b.site)", [self._person.site])
        return sorted(found, key=lambda each: each.changed_at, reverse=True)

    def get(self, link: str) -> Conversation | None:
        """The conversation behind a link, None if there is none, or none of hers."""
        return next(iter(self._found("link = ?", [link])), None)

    def between(self, case_id: str, other_id: str) -> Conversation | None:
        """The conversation about a pair of cases, None if there is none, or none of hers."""
        pair = sorted((case_id, other_id))
        where = """
            min(asking_case, answering_case) = ? AND max(asking_case, answering_case) = ?
        """
        return next(iter(self._found(where, pair)), None)

    def withdrawn(self, link: str | None = None) -> list[Withdrawn]:
        """What is left of conversations that were withdrawn, of the cases that she speaks for."""
        sql = """
            SELECT withdrawn_conversations.*, site, submitter, sharing
            FROM withdrawn_conversations JOIN cases USING (case_id)
            WHERE site = ? AND (link = ? OR ? IS NULL) ORDER BY withdrawn_at DESC, link
        """
        return [
            Withdrawn(
                link=row["link"],
                case_id=row["case_id"],
                other_site=row["other_site"],
                by_us=bool(row["by_us"]),
                withdrawn_at=row["withdrawn_at"],
            )
            for row in rows(self._db, sql, [self._person.site, link, link])
            if speaks_for(self._db, self._person, state_of(row))
        ]

    def _found(self, where: str, values: Sequence[Any]) -> list[Conversation]:
        found = rows(self._db, f"{CONVERSATIONS} WHERE {where}", values)
        sided = [(row, side) for row in found if (side := self._side(row))]
        ids = [row["conversation_id"] for row, _ in sided]
        messages, acceptances = self._messages(ids), self._acceptances(ids)
        return [
            _conversation(row, side, messages[number], acceptances[number])
            for number, (row, side) in zip(ids, sided)
        ]

    def _side(self, row: Row) -> Side | None:
        """Whose side she is on, None if on neither or if she may not see the other case."""
        for side in Side:
            mine, theirs = state_of(row, f"{side}_"), state_of(row, f"{side.other}_")
            if may_meet(self._person, theirs) and speaks_for(
                self._db, self._person, mine
            ):
                return side
        return None

    def _messages(self, ids: Iterable[int]) -> dict[int, list[Message]]:
        found: dict[int, list[Message]] = {number: [] for number in ids}
        sql = """
            SELECT * FROM conversation_messages
            WHERE conversation_id IN (SELECT value FROM json_each(?)) ORDER BY message_id
        """
        for row in rows(self._db, sql, [json.dumps(list(found))]):
            message = Message(
                message_id=row["message_id"],
                side=Side(row["side"]),
                text=row["text"],
                sent_at=row["sent_at"],
                read_at=row["read_at"] or "",
            )
            found[row["conversation_id"]].append(message)
        return found

    def _acceptances(self, ids: Iterable[int]) -> dict[int, dict[Side, Acceptance]]:
        """Who accepted on each side, without the address of one who works there no more."""
        found: dict[int, dict[Side, Acceptance]] = {number: {} for number in ids}
        sql = """
            SELECT conversation_id, side, accepted_at, name,
                CASE WHEN is_active AND people.site = cases.site THEN email END AS address
            FROM conversation_acceptances JOIN people USING (person_id)
            JOIN conversations USING (conversation_id)
            JOIN cases ON cases.case_id =
                CASE side WHEN 'asking' THEN asking_case ELSE answering_case END
            WHERE conversation_id IN (SELECT value FROM json_each(?))
        """
        for row in rows(self._db, sql, [json.dumps(list(found))]):
            acceptance = Acceptance(
                name=row["name"],
                address=row["address"] or "",
                accepted_at=row["accepted_at"],
            )
            found[row["conversation_id"]][Side(row["side"])] = acceptance
        return found


def state_of(row: Row, prefix: str = "") -> CaseState:
    """Who may see the case that a row names, by the columns with this prefix."""
    return CaseState(
        site=row[f"{prefix}site"],
        submitter=row[f"{prefix}submitter"],
        sharing=Sharing(row[f"{prefix}sharing"]),
    )


def _conversation(
    row: Row,
    side: Side,
    messages: Sequence[Message],
    acceptances: Mapping[Side, Acceptance],
) -> Conversation:
    end = End(row["ended"])
    is_unheard = end is End.DECLINED_SILENTLY and row["ended_by"] == side.other
    yours, theirs = acceptances.get(side), acceptances.get(side.other)
    return Conversation(
        conversation_id=row["conversation_id"],
        link=row["link"],
        side=side,
        case_id=row[f"{side}_case"],
        other_id=row[f"{side.other}_case"],
        other_site=row[f"{side.other}_site"] or "",
        messages=tuple(messages),
        yours=yours,
        theirs=theirs if yours or theirs is None else _without_address(theirs),
        end=End.OPEN if is_unheard else end,
        ended_by=Side(row["ended_by"]) if row["ended_by"] and not is_unheard else None,
        ended_at="" if is_unheard else row["ended_at"],
        reason="" if is_unheard else row["reason"],
        is_unheard=is_unheard,
    )


def _without_address(acceptance: Acceptance) -> Acceptance:
    """What is told of it to a side that has not accepted itself: that it was, and when."""
    return Acceptance(name="", address="", accepted_at=acceptance.accepted_at)
