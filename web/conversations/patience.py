"""How much may be written to somebody who does not answer, and how often begun anew."""

from __future__ import annotations

from typing import Any

from matcher.storage.database import Database, rows
from web.conversations.conversation import Conversation
from web.conversations.errors import OftenWithdrawn, Unanswered

MOST_IN_A_ROW = 5
MOST_TO_ONE_PERSON = 20
MOST_WITHDRAWN = 3

# A message or an acceptance after it answers what the other side had written before.
_UNANSWERED = """
    SELECT count(*) AS number FROM conversation_messages AS said
    JOIN conversations USING (conversation_id)
    JOIN cases AS ours ON ours.case_id =
        CASE said.side WHEN 'asking' THEN asking_case ELSE answering_case END
    JOIN cases AS theirs ON theirs.case_id =
        CASE said.side WHEN 'asking' THEN answering_case ELSE asking_case END
    WHERE NOT EXISTS (
        SELECT 1 FROM conversation_messages AS reply
        WHERE reply.conversation_id = said.conversation_id
            AND reply.side <> said.side AND reply.message_id > said.message_id
    ) AND NOT EXISTS (
        SELECT 1 FROM conversation_acceptances AS accepted
        WHERE accepted.conversation_id = said.conversation_id
            AND accepted.side <> said.side AND accepted.accepted_at >= said.sent_at
    )
"""
_HERE = f"{_UNANSWERED} AND said.conversation_id = :conversation AND said.side = :side"
_TWO_PEOPLE = """
    (ours.site, ours.submitter) =
        (SELECT site, submitter FROM cases WHERE case_id = :case_id)
    AND (theirs.site, theirs.submitter) =
        (SELECT site, submitter FROM cases WHERE case_id = :other_id)
"""
_TO_HER = f"{_UNANSWERED} AND {_TWO_PEOPLE}"
# With a conversation its messages go, and that it was declined.
_WITHDRAWN = f"""
    SELECT count(*) AS number FROM withdrawn_conversations AS withdrawn
    JOIN withdrawn_conversations AS lost USING (link)
    JOIN cases AS ours ON ours.case_id = withdrawn.case_id
    JOIN cases AS theirs ON theirs.case_id = lost.case_id
    WHERE withdrawn.by_us AND NOT lost.by_us AND {_TWO_PEOPLE}
"""


def refuse_impatience(db: Database, now: Conversation) -> None:
    """Raise `Unanswered` if enough was written that the other side has not answered."""
    values: dict[str, Any] = {
        "conversation": now.conversation_id,
        "side": str(now.side),
        "case_id": now.case_id,
        "other_id": now.other_id,
    }
    for sql, most, where in (
        (_HERE, MOST_IN_A_ROW, "in this conversation"),
        (_TO_HER, MOST_TO_ONE_PERSON, "to the same person there"),
    ):
        if rows(db, sql, values)[0]["number"] >= most:
            raise Unanswered(now.other_site, most, where)


def refuse_beginning_again(
    db: Database, case_id: str, other_id: str, other_site: str
) -> None:
    """Raise `OftenWithdrawn` if one side erased its conversations with the other too often.

    Who shares a case less far and again could else write as much as she likes, even to somebody
    who declined.
    """
    values = {"case_id": case_id, "other_id": other_id}
    number = rows(db, _WITHDRAWN, values)[0]["number"]
    if number >= MOST_WITHDRAWN:
        raise OftenWithdrawn(other_site, number)
