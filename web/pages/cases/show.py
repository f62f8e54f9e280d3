"""One case as it is: its features rarest first, its genes, and what is worth checking."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from matcher.case import Case
from web.db import connection
from web.entry.kept_drafts import KeptDrafts
from web.pages.admission import the_clinician
from web.pages.cases import profile
from web.pages.cases.head import head_values, opened
from web.pages.cases.remarks import remarks
from web.pages.typed import choices
from web.pages.words import moment
from web.service import service
from web.viewing.visibility import may_share

blueprint = Blueprint("cases", __name__)


@blueprint.get("/cases/<case_id:case_id>")
def show(case_id: str) -> ResponseReturnValue:
    """One case with its features, rarest first."""
    person = the_clinician()
    stored = opened(person, case_id)
    kept = KeptDrafts(connection()).of(person.person_id, case_id)
    return render_template(
        "cases/show.html",
        **head_values(stored),
        **_shown(stored.case),
        kept_at=moment(kept.saved_at) if kept else "",
        can_erase=may_share(person, stored.case),
    )


def _shown(case: Case) -> dict[str, Any]:
    release = service().release
    return {
        "observed": profile.lines(
            (f for f in case.features if not f.excluded), release
        ),
        "excluded": profile.lines((f for f in case.features if f.excluded), release),
        "uncertain": profile.lines(case.uncertain, release),
        "relatives": profile.relatives(case, release),
        "gene_rows": profile.gene_rows(case.genomic_features, release),
        "facts": profile.facts(case, release),
        "diseases": profile.disease_lines(case, release),
        "treatments": case.treatments,
        "exposures": case.exposures,
        "remarks": remarks(case, release),
        "sharing_explained": choices.sharing_explained(case.sharing, case.site or ""),
    }
