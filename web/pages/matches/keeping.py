"""The list of matches that a clinician is shown, kept so that it can be replayed."""

from __future__ import annotations

import structlog

from matcher import Constraints
from matcher.kept.keeping import Asked, keep
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import connection
from web.service import service
from web.viewing.ranking import Answer
from web.viewing.visibility import may_meet

log = structlog.get_logger(__name__)

PLACE = "matches"


def is_kept(
    person: Person, stored: StoredCase, answer: Answer, *, at_most: int, as_of: int
) -> bool:
    """Keep the answer unless the last one said the same; False if that failed.

    `as_of` is the revision of the store from before the case was read. Whatever goes wrong, the
    page is shown all the same.
    """
    case = stored.case
    asked = Asked(
        query_id=case.case_id,
        as_of=as_of,
        actor=person.name,
        place=PLACE,
        at_most=at_most,
        constraints=Constraints(
            test=case.test, admits=lambda other: may_meet(person, other)
        ),
    )
    try:
        keep(
            KeptRankings(connection()),
            asked,
            answer.matches,
            answer.searched,
            matcher=service().matcher.current(),
            directory=service().settings.directory,
        )
    except Exception as error:
        log.error("ranking not kept", error=type(error).__name__, case_id=case.case_id)
        return False
    return True
