"""Which conversations are erased when a case is shared less far."""

from __future__ import annotations

from matcher.case import Case, Sharing
from matcher.storage.database import Database, rows
from matcher.wording import listing
from web.viewing.visibility import BEYOND_THE_SITE

CONFIRMED = "erase_conversations"
# The same that the trigger `conversations_of_a_hidden_case` erases by.
_OTHERS = """
    SELECT other.site AS other_site
    FROM conversations JOIN cases AS other ON other.case_id =
        CASE :case_id WHEN asking_case THEN answering_case ELSE asking_case END
    WHERE :case_id IN (asking_case, answering_case)
    ORDER BY started_at, conversation_id
"""


def erased_with(db: Database, case: Case, sharing: Sharing) -> list[str]:
    """The other sites whose conversations about the case are erased at this level, each once."""
    if sharing in BEYOND_THE_SITE:
        return []
    sites = [
        row["other_site"] or "" for row in rows(db, _OTHERS, {"case_id": case.case_id})
    ]
    is_kept_inside = sharing is Sharing.SITE
    return list(
        dict.fromkeys(
            site for site in sites if not (is_kept_inside and site == case.site)
        )
    )


def erased_words(sites: list[str]) -> str:
    """What is erased, as it stands in a sentence; empty for nothing."""
    if not sites:
        return ""
    named = listing([site or "an unnamed site" for site in sites])
    what = "the conversation" if len(sites) == 1 else "the conversations"
    return f"{what} with {named} about this case"
