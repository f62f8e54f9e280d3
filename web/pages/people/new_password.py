"""A new password by a link that an operator gave: once, within a day."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.accounts import accounts
from web.errors import WeakPassword

blueprint = Blueprint("new_password", __name__)


@blueprint.get("/new-password/<secret>")
def show(secret: str) -> ResponseReturnValue:
    """The form; a link that is not good is not there. Raises `LinkExpired`."""
    return _page(secret)


@blueprint.post("/new-password/<secret>")
def choose(secret: str) -> ResponseReturnValue:
    """Choose the password; the link and all sessions end. Raises `LinkExpired`."""
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        accounts().links.of(secret)
        problem = ("again", "The same again", "The two are not the same.")
        return _page(secret, [problem]), 422
    try:
        accounts().use_link(secret, password)
    except WeakPassword as error:
        return _page(secret, [("password", "New password", str(error))]), 422
    flash("Your password is set; log in with it.", "good")
    return redirect(url_for("pages.account.log_in"), 303)


def _page(secret: str, problems: list[tuple[str, str, str]] | None = None) -> str:
    person = accounts().links.of(secret)
    found = problems or []
    return render_template(
        "account/new_password.html",
        name=person.name,
        secret=secret,
        problems=found,
        said={field: message for field, _, message in found},
    )
