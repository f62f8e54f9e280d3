"""A case erased for good by who entered it: what goes, what stays, and the id typed to confirm."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.storage.errors import UnknownCase
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import connection
from web.erasure import erase as erase_for_good
from web.mme.disclosing.disclosures import Disclosures
from web.pages.admission import the_clinician
from web.pages.cases.head import head_values, opened
from web.pages.words import moment
from web.viewing.visibility import may_share

blueprint = Blueprint("erasing", __name__)

GOES = (
    "every version of the case, and the note and variants with it",
    "the lists of matches that were kept, also as a candidate of other cases",
    "what peers answered about it",
    "notices, e-mails that wait, unsaved forms, verdicts",
    "conversations about it, on both sides",
)
STAYS = (
    "its id, when it was changed and by whom, so that the id is never given again",
    "the audit of who was told of it, and the consent, which say nothing of the patient",
    "files that somebody exported or printed: look for them yourself",
    "copies of the database, until they expire; a restored one erases the case again",
    "what peers were told: they have to be asked by a person",
)


@blueprint.get("/cases/<case_id:case_id>/erase")
def show(case_id: str) -> ResponseReturnValue:
    """What would go and what would stay."""
    return _page(_mine(case_id))


@blueprint.post("/cases/<case_id:case_id>/erase")
def erase(case_id: str) -> ResponseReturnValue:
    """Erase the case if its id was typed."""
    person = the_clinician()
    stored = _mine(case_id)
    typed = request.form.get("typed", "").strip()
    if typed != case_id:
        wrong = f"Type {case_id} to erase it; {typed[:80]!r} is something else."
        return _page(stored, wrong), 422
    try:
        erase_for_good(connection(), case_id, person.name)
    except UnknownCase:
        abort(404)
    flash(f"{case_id} is erased.", "good")
    return redirect(url_for("pages.home.mine"), 303)


def _mine(case_id: str) -> StoredCase:
    """A case of the person's own; for everybody else the page does not exist."""
    person: Person = the_clinician()
    stored = opened(person, case_id)
    if not may_share(person, stored.case):
        abort(404)
    return stored


def _page(stored: StoredCase, wrong: str = "") -> str:
    case_id = stored.case.case_id
    return render_template(
        "cases/erase.html",
        **head_values(stored),
        goes=GOES,
        stays=STAYS,
        seen_by=[
            (each.node, moment(each.first_at))
            for each in Disclosures(connection()).of_case(case_id)
        ],
        typed=request.form.get("typed", "")[:200],
        wrong=wrong,
    )
