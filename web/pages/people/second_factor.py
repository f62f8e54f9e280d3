"""The second factor: asked for at log-in, set up, renewed and removed by its owner."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from web.accounts import (
    Method,
    Person,
    Role,
    accounts,
    begin_anew,
    current_session,
    finish_log_in,
    first_step,
    maybe_person,
    the_person,
)
from web.accounts.second_factor import grouped, picture
from web.config import Settings
from web.errors import LogInFailed, LogInThrottled, WebError, WrongCode
from web.pages.words import moment
from web.security import safe_target
from web.service import service

blueprint = Blueprint("second_factor", __name__)

# What somebody who still has to set one up may do.
ALLOWED = frozenset(
    {
        "static",
        "bootstrap.static",
        "pages.account.log_out",
        "pages.second_factor.show",
        "pages.second_factor.begin",
        "pages.second_factor.confirm",
    }
)
STATUSES = {LogInThrottled: 429, WrongCode: 401, LogInFailed: 401}


def init_app(app: Flask) -> None:
    """Let nobody go on who has to set up a second factor first."""
    app.before_request(_first_a_second_factor)


def _first_a_second_factor() -> ResponseReturnValue | None:
    # The setting is looked at first: other requests need not ask who makes them.
    settings = service().settings
    if settings.second_factor == "optional" or request.endpoint in ALLOWED:
        return None
    if request.blueprint is None or not request.blueprint.startswith("pages"):
        return None
    person = maybe_person()
    if person is None or not is_wanting(person, settings):
        return None
    return redirect(url_for("pages.second_factor.show"), 303)


def is_wanting(person: Person, settings: Settings) -> bool:
    """Whether the person came with her password alone and may not."""
    return is_required(person, settings) and (
        current_session().method == Method.PASSWORD
    )


def is_required(person: Person, settings: Settings) -> bool:
    """Whether the settings ask the person for a second factor."""
    if settings.second_factor == "operators":
        return person.has(Role.OPERATOR)
    return settings.second_factor == "required"


def factor_of(person: Person) -> dict[str, Any]:
    """What the account page tells of the second factor."""
    found = accounts().second_factors.of(person.person_id)
    return {
        "since": moment(found.since) if found else "",
        "codes_left": found.codes_left if found else 0,
        "is_required": is_required(person, service().settings),
        "by_provider": current_session().method == Method.OPENID,
    }


@blueprint.get("/log-in/code")
def ask() -> ResponseReturnValue:
    """The second page of a log-in; without the first one there is none."""
    if first_step() is None:
        return redirect(url_for("pages.account.log_in"))
    return _code_page()


@blueprint.post("/log-in/code")
def check() -> ResponseReturnValue:
    """Begin a session if the code is right."""
    first = first_step()
    if first is None:
        flash("The log-in took too long; begin again.", "alert")
        return redirect(url_for("pages.account.log_in"), 303)
    target = safe_target(request.values.get("next"), url_for("pages.home.mine"))
    try:
        finish_log_in(first, request.form.get("code", ""))
    except (WrongCode, LogInThrottled) as error:
        return _refused(_code_page(str(error)), error)
    except LogInFailed as error:
        flash(str(error), "alert")
        return redirect(url_for("pages.account.log_in"), 303)
    return redirect(target, 303)


def _code_page(wrong: str = "") -> str:
    return render_template(
        "account/code.html", next=request.values.get("next", ""), wrong=wrong
    )


@blueprint.get("/account/second-factor")
def show() -> ResponseReturnValue:
    """The second factor as it is, or the next step of setting one up."""
    return _page(the_person())


@blueprint.post("/account/second-factor/begin")
def begin() -> ResponseReturnValue:
    """Make a secret and show it; the password says that it is she."""
    person = the_person()
    if refusal := _unconfirmed(person):
        return refusal
    accounts().second_factors.begin(person)
    return redirect(url_for("pages.second_factor.show"), 303)


@blueprint.post("/account/second-factor/confirm")
def confirm() -> ResponseReturnValue:
    """Ask for the second factor from now on; other sessions end, this one is a new one."""
    person = the_person()
    code, address = request.form.get("code", ""), request.remote_addr or "unknown"
    try:
        codes = accounts().second_factors.confirm(person, code, address)
    except (WrongCode, LogInThrottled) as error:
        return _refused(_page(person, code_wrong=str(error)), error)
    begin_anew(Method.SECOND_FACTOR)
    return _codes_page(codes, "Your second factor is on")


@blueprint.post("/account/second-factor/codes")
def renew() -> ResponseReturnValue:
    """New recovery codes in place of the old ones, shown this once."""
    person = the_person()
    if refusal := _unconfirmed(person):
        return refusal
    if accounts().second_factors.of(person.person_id) is None:
        return redirect(url_for("pages.second_factor.show"), 303)
    return _codes_page(
        accounts().second_factors.renew_codes(person), "You have new recovery codes"
    )


@blueprint.post("/account/second-factor/remove")
def remove() -> ResponseReturnValue:
    """Ask for the password alone from now on, where the settings allow it."""
    person = the_person()
    if is_required(person, service().settings):
        flash("Your site asks you for a second factor, so it stays.", "alert")
        return redirect(url_for("pages.second_factor.show"), 303)
    if refusal := _unconfirmed(person):
        return refusal
    accounts().second_factors.remove(person)
    begin_anew(Method.PASSWORD)
    flash("You log in with your password alone from now on.", "good")
    return redirect(url_for("pages.account.show"), 303)


def _unconfirmed(person: Person) -> ResponseReturnValue | None:
    """The page that says so, unless the request brings the person's password."""
    address = request.remote_addr or "unknown"
    try:
        password = request.form.get("password", "")
        accounts().confirm_password(person, password, address=address)
    except LogInFailed as error:
        return _refused(_page(person, wrong="This is not your password."), error)
    except LogInThrottled as error:
        return _refused(_page(person, wrong=str(error)), error)
    return None


def _refused(page: str, error: WebError) -> ResponseReturnValue:
    headers = {}
    if isinstance(error, LogInThrottled):
        headers["Retry-After"] = str(error.retry_after)
    return page, STATUSES[type(error)], headers


def _page(person: Person, *, wrong: str = "", code_wrong: str = "") -> str:
    factors, factor = accounts().second_factors, factor_of(person)
    secret = factors.begun(person)
    return render_template(
        "account/second_factor.html",
        heading=_heading(factor, secret),
        factor=factor,
        secret=grouped(secret) if secret else "",
        qr=Markup(_picture(secret, person)) if secret else "",
        wanting=is_wanting(person, service().settings),
        wrong=wrong,
        code_wrong=code_wrong,
    )


def _picture(secret: str, person: Person) -> str:
    return picture(secret, person.name, service().settings.site_name)


def _heading(factor: dict[str, Any], secret: str | None) -> str:
    if factor["since"]:
        return "Your second factor is on"
    if secret:
        return "Scan the picture, then type the code"
    return "You log in with your password alone"


def _codes_page(codes: tuple[str, ...], heading: str) -> str:
    return render_template("account/codes.html", heading=heading, codes=codes)
