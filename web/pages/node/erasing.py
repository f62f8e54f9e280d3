"""A case erased by an operator, who need not see it: its id, typed twice."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.storage.errors import UnknownCase
from web.db import connection
from web.erasure import erase as erase_for_good
from web.pages.admission import the_operator
from web.pages.cases.erasing import GOES, STAYS

blueprint = Blueprint("erasing", __name__)


@blueprint.get("/node/erase")
def show() -> ResponseReturnValue:
    """What would go and what would stay, and the form."""
    the_operator()
    return _page()


@blueprint.post("/node/erase")
def erase() -> ResponseReturnValue:
    """Erase the case if its id was typed twice."""
    person = the_operator()
    case_id, again = (
        request.form.get(name, "").strip() for name in ("case_id", "typed")
    )
    if not case_id or case_id != again:
        return _page(("typed", "The two are not the same id.")), 422
    try:
        erase_for_good(connection(), case_id, person.name)
    except UnknownCase:
        said = f"There is no case {case_id[:80]!r} here, or it is erased already."
        return _page(("case_id", said)), 422
    flash(f"{case_id} is erased.", "good")
    return redirect(url_for("pages.node.erasing.show"), 303)


def _page(wrong: tuple[str, str] | None = None) -> str:
    labels = {"case_id": "Id of the case", "typed": "The same again"}
    return render_template(
        "node/erase.html",
        goes=GOES,
        stays=STAYS,
        entered=request.form.get("case_id", "")[:200] if wrong else "",
        problems=[(wrong[0], labels[wrong[0]], wrong[1])] if wrong else [],
        said={wrong[0]: wrong[1]} if wrong else {},
    )
