"""Cases of other sites that are shared with mine, each with the one of mine that is like it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matcher.calibration import Band
from matcher.explanation.ladder import ladder
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import connection, store
from web.pages.admission import the_clinician
from web.pages.cards.match import BANDS
from web.pages.cases import profile
from web.pages.words import counted, day, sentence
from web.service import service
from web.viewing import shared, told

blueprint = Blueprint("shared", __name__)

PAGE_SIZE = 20
LEADING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One shared case. `mine` is empty where none of the reader's is worth a look."""

    case_id: str
    site: str
    leading: str
    genes: str
    changed: str
    mine: str
    band: str
    odds: str


@blueprint.get("/shared")
def show() -> ResponseReturnValue:
    """What other sites share with mine; that it was shown is recorded."""
    person, db = the_clinician(), connection()
    total = shared.count(db, person)
    pages = max(1, math.ceil(total / PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    found = shared.cases(db, person, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    told.record(person, [each.case.case_id for each in found], page="shared")
    rows = [_row(person, each) for each in found]
    return render_template(
        "shared.html",
        heading=_heading(total),
        rows=rows,
        total=total,
        has_own=bool(store().count(site=person.site, submitter=person.name)),
        page=page,
        pages=pages,
    )


def _heading(total: int) -> str:
    if not total:
        return "No other site shares a case with yours yet"
    if total == 1:
        return "One case of another site is shared with yours"
    return f"{sentence(counted(total, 'case'))} of other sites are shared with yours"


def _row(person: Person, stored: StoredCase) -> Row:
    case, release = stored.case, service().release
    observed = profile.lines((f for f in case.features if not f.excluded), release)
    match = shared.closest_of_mine(person, case)
    is_worth = match is not None and match.band is not Band.BACKGROUND
    rungs = (
        ladder(match.evidence, match.searched, match.expected_partners)
        if match is not None and is_worth
        else None
    )
    return Row(
        case_id=case.case_id,
        site=case.site or "",
        leading=sentence(", ".join(line.lower for line in observed[:LEADING]))
        or "no feature told",
        genes=", ".join(profile.gene_names(case, release)),
        changed=day(stored.saved_at),
        mine=match.case_id if match is not None and is_worth else "",
        band=BANDS[match.band] if match is not None and is_worth else "",
        odds=rungs.result if rungs else "",
    )
