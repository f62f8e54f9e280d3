"""What is said of a case whose stored bytes are not those that were saved."""

from __future__ import annotations

import structlog
from flask.typing import ResponseReturnValue

from matcher.storage.errors import DamagedCase
from web.accounts.people import Person
from web.db import store
from web.errors import NOTHING_HERE, answer
from web.pages.admission import the_clinician
from web.pages.words import counted, sentence

log = structlog.get_logger(__name__)


def left_out(unreadable: int) -> str:
    """What a list of cases says of those it cannot show; nothing if it shows all."""
    if not unreadable:
        return ""
    verb = "is" if unreadable == 1 else "are"
    return (
        f"{sentence(counted(unreadable, 'case'))} could not be read and {verb} left out: what "
        "the database holds is not what was saved. Tell the operator of your site."
    )


def explained(error: DamagedCase) -> ResponseReturnValue:
    """The page of a damaged case for who entered it; for all others there is nothing."""
    log.error("damaged case", case_id=error.case_id, revision=error.revision)
    if not _has_entered(the_clinician(), error.case_id):
        return answer(404, NOTHING_HERE)
    return answer(
        500,
        f"Case {error.case_id} could not be read: what the database holds is not what was "
        "saved. Your other cases are not affected. Tell the operator of your site, who can "
        "restore the last good copy.",
    )


def _has_entered(person: Person, case_id: str) -> bool:
    """Whether the damaged case is the person's, as the index says: the case itself cannot."""
    damaged: list[DamagedCase] = []
    cases = store().cases(
        site=person.site, submitter=person.name, on_damage=damaged.append
    )
    for _ in cases:
        pass
    return any(error.case_id == case_id for error in damaged)
