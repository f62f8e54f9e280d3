"""What a clinician or a system is shown of other sites' cases, recorded before it is seen."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from flask import Response

from web.audit import Audit
from web.db import connection
from web.errors import WebError, answer
from web.pages.visibility import Viewer

log = structlog.get_logger(__name__)

ACTION = "shown to a clinician"


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

    `query` is the case that was compared. Raises `NotRecorded`, whatever the reason: who
    calls it before the page is made shows nothing that is not recorded.
    """
    if not case_ids:
        return
    facts = {"page": page, "site": person.site} | ({"query": query} if query else {})
    try:
        _audit().record(person.name, action, case_ids, **facts)
    except Exception as error:
        log.error("disclosure not recorded", error=type(error).__name__, page=page)
        raise NotRecorded from error


def _audit() -> Audit:
    return Audit(connection())


def refused(error: NotRecorded) -> Response:
    """The page instead of the one that would have shown the cases."""
    return answer(503, str(error))
