"""The header that every page of a case shares, and the check that it may be opened at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import abort

from matcher.storage.errors import UnknownCase
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import store
from web.pages.cases import profile
from web.pages.words import SHARED_WITH, moment, proband
from web.service import service
from web.viewing.visibility import may_open


def opened(person: Person, case_id: str) -> StoredCase:
    """A case that the person may open. Missing and forbidden end in the same 404."""
    try:
        stored = store().get(case_id)
    except UnknownCase:
        abort(404)
    if not may_open(person, stored.case):
        abort(404)
    return stored


def head_values(stored: StoredCase) -> dict[str, Any]:
    """What `cases/_head.html` shows."""
    case = stored.case
    return {
        "case": case,
        "version": stored.version,
        "saved": moment(stored.saved_at),
        "proband": proband(case),
        "gene_names": profile.gene_names(case, service().release),
        "shared_with": SHARED_WITH[case.sharing],
        "printed": moment(datetime.now(UTC).isoformat()),
    }
