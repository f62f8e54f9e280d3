"""What a clinician or a system is shown of other sites' cases, recorded before it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import structlog
from flask import Response

from web.audit import Audit
from web.db import connection
from web.errors import WebError, answer
from web.notices.matters import compared
from web.notices.telling import Telling
from web.service import service
from web.viewing.visibility import Viewer

log = structlog.get_logger(__name__)

ACTION = "shown to a clinician"
SIDE_BY_SIDE = "side by side"


class NotRecorded(WebError):
    """A page that shows nothing, since what it would have shown cannot be recorded."""

    def __init__(self) -> None:
        super().__init__(
            "What this page shows of other sites could not be recorded, so nothing is shown; "
            "try again, and tell the operator of your site if it stays so."
        )


def record(
    person: Viewer,
    case_ids: Sequence[str],
    *,
    page: str,
    query: str = "",
    action: str = ACTION,
) -> None:
    """Record that the page shows these cases of other sites, if it shows any.

    `query` is the case that was compared; who entered a case that is set beside it is told.
    Raises `NotRecorded`, whatever the reason: who calls it before the page is made shows
    nothing that is not recorded.
    """
    if not case_ids:
        return
    facts = {"page": page, "site": person.site} | ({"query": query} if query else {})
    matters = [compared(case_id, person.site or "", query) for case_id in case_ids]
    # Lists name whom they find; this page was opened to look at one case.
    notify = partial(_telling().tell, matters if page == SIDE_BY_SIDE else [])
    try:
        _audit().record(person.name, action, case_ids, also=notify, **facts)
    except Exception as error:
        log.error("disclosure not recorded", error=type(error).__name__, page=page)
        raise NotRecorded from error


def _telling() -> Telling:
    return Telling(connection(), by_mail=service().settings.sends_mail)


def _audit() -> Audit:
    return Audit(connection())


def refused(error: NotRecorded) -> Response:
    """The page instead of the one that would have shown the cases."""
    return answer(503, str(error))
