"""What a clinician or a system is shown of other sites' cases, recorded before it is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

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
ANSWERS = "answers of peers shown"
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
    _record(person, action, case_ids, notify, facts)


def record_answers(
    person: Viewer, case_ids: Sequence[str], patients: Mapping[str, int], *, page: str
) -> None:
    """Record that the page shows what peers answered about these cases of ours, if anything.

    `patients` counts those shown of each peer. What a peer calls them is text of somebody else,
    so it stands in no entry. Raises `NotRecorded`.
    """
    if patients:
        facts = {"page": page, "site": person.site, "patients": dict(patients)}
        _record(person, ANSWERS, case_ids, lambda: None, facts)


def _record(
    person: Viewer,
    action: str,
    case_ids: Sequence[str],
    notify: Callable[[], object],
    facts: Mapping[str, Any],
) -> None:
    try:
        _audit().record(person.name, action, case_ids, also=notify, **facts)
    except Exception as error:
        name, page = type(error).__name__, facts["page"]
        log.error("disclosure not recorded", error=name, page=page)
        raise NotRecorded from error


def _telling() -> Telling:
    return Telling(connection(), by_mail=service().settings.sends_mail)


def _audit() -> Audit:
    return Audit(connection())


def refused(error: NotRecorded) -> Response:
    """The page instead of the one that would have shown the cases."""
    return answer(503, str(error))
