"""Log in, log out, and one's own account: sessions, colours, how to be told."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.wording import listing
from web.accounts import (
    Method,
    SecondFactorWanted,
    Session,
    accounts,
    current_session,
    log_in as begin_session,
    log_out as end_this_session,
    maybe_person,
    the_person,
)
from web.errors import BadAccount, LogInFailed, LogInThrottled
from web.notices.telling import How
from web.pages.admission import is_clinician, the_clinician
from web.pages.people.devices import device
from web.pages.people.notices import inbox_of, no_mail
from web.pages.people.openid import left_at
from web.pages.people.second_factor import factor_of
from web.pages.words import counted, moment
from web.security import safe_target
from web.service import service

blueprint = Blueprint("account", __name__)

THEMES = (
    ("auto", "As the device", "light by day, dark at night, where the device says so"),
    ("light", "Light", "dark on light, always"),
    ("dark", "Dark", "light on dark, always"),
)
METHODS = {
    Method.PASSWORD: "password",
    Method.SECOND_FACTOR: "password and second factor",
    Method.OPENID: "your provider",
}
WAYS = (
    (How.EACH, "Each", "an e-mail for each notice, at once"),
    (How.DAILY, "Daily", "one e-mail in the morning, if you have not read a notice"),
    (How.NEVER, "Never", "on these pages only"),
)


@blueprint.get("/log-in")
def log_in() -> ResponseReturnValue:
    """The page to log in; who is logged in already goes on."""
    if maybe_person() is not None:
        return redirect(next_page())
    return log_in_page()


@blueprint.post("/log-in")
def check() -> ResponseReturnValue:
    """Begin a session, or say what was wrong and keep the name."""
    if not service().settings.password_log_in:
        abort(404)
    name, password = (request.form.get(field, "") for field in ("name", "password"))
    missing = [
        (field, label, f"{label} is empty.")
        for field, label, value in (
            ("name", "Name", name),
            ("password", "Password", password),
        )
        if not value.strip()
    ]
    if missing:
        return log_in_page(name, missing), 422
    try:
        begin_session(name.strip(), password)
    except SecondFactorWanted:
        target = request.values.get("next") or None
        return redirect(url_for("pages.second_factor.ask", next=target), 303)
    except LogInFailed as error:
        return log_in_page(name, [("name", "Name and password", str(error))]), 401
    except LogInThrottled as error:
        page = log_in_page(name, [("name", "Name", str(error))])
        return page, 429, {"Retry-After": str(error.retry_after)}
    return redirect(next_page(), 303)


def next_page() -> str:
    """Where a log-in leads: to the page that asked for it, on this site."""
    return safe_target(request.values.get("next"), url_for("pages.home.mine"))


def log_in_page(
    name: str = "", problems: list[tuple[str, str, str]] | None = None
) -> str:
    """The page to log in, with what was wrong."""
    settings = service().settings
    return render_template(
        "account/log_in.html",
        name=name[:200],
        next=request.values.get("next", ""),
        with_password=settings.password_log_in,
        provider=urlsplit(settings.openid_issuer or "").hostname or "",
        elsewhere=left_at(),
        problems=problems or [],
        said=defaultdict(str, {field: message for field, _, message in problems or []}),
    )


@blueprint.post("/log-out")
def log_out() -> ResponseReturnValue:
    """End this session; one that a provider vouched for may be ended there as well."""
    person = maybe_person()
    was_vouched = person is not None and current_session().method == Method.OPENID
    end_this_session()
    left = "openid" if was_vouched else None
    return redirect(url_for("pages.account.log_in", left=left), 303)


@blueprint.get("/account")
def show() -> ResponseReturnValue:
    """My sessions and how the pages look."""
    person = the_person()
    sessions = [_session(each) for each in accounts().sessions(person)]
    return render_template(
        "account/show.html",
        heading=_heading(len(sessions)),
        roles=listing(sorted(role.value for role in person.roles)),
        sessions=sorted(sessions, key=lambda each: not each["current"]),
        themes=THEMES,
        ways=WAYS if is_clinician(person) else (),
        how=inbox_of(person).how(),
        no_mail=no_mail(person),
        factor=factor_of(person),
    )


def _heading(sessions: int) -> str:
    if sessions == 1:
        return "You are logged in here and nowhere else"
    return f"You are logged in here and in {counted(sessions - 1, 'other place')}"


def _session(session: Session) -> dict[str, Any]:
    return {
        "id": session.session_id,
        "current": session.session_id == current_session().session_id,
        "device": device(session.agent),
        "address": session.address,
        "since": moment(session.created_at),
        "seen": moment(session.seen_at),
        "method": METHODS[Method(session.method)],
    }


@blueprint.post("/account/sessions/<session_id>/end")
def end(session_id: str) -> ResponseReturnValue:
    """End another session of mine."""
    accounts().end_session(the_person(), session_id)
    flash("That session has ended.", "good")
    return redirect(url_for("pages.account.show"), 303)


@blueprint.post("/account/sessions/end-others")
def end_others() -> ResponseReturnValue:
    """End every session of mine but this one."""
    person, here = the_person(), current_session().session_id
    for session in accounts().sessions(person):
        if session.session_id != here:
            accounts().end_session(person, session.session_id)
    flash("You are logged in here alone.", "good")
    return redirect(url_for("pages.account.show"), 303)


@blueprint.post("/account/theme")
def theme() -> ResponseReturnValue:
    """Choose light, dark, or as the device."""
    chosen = request.form.get("theme", "")
    try:
        accounts().set_theme(the_person(), chosen)
    except BadAccount as error:
        flash(str(error), "alert")
        return redirect(url_for("pages.account.show"), 303)
    flash("Your colours are set.", "good")
    return redirect(url_for("pages.account.show"), 303)


@blueprint.post("/account/notices")
def told() -> ResponseReturnValue:
    """Choose how to be told: each notice, once a day, or on the pages only."""
    inbox = inbox_of(the_clinician())
    try:
        inbox.choose(request.form.get("how", ""))
    except BadAccount as error:
        flash(str(error), "alert")
        return redirect(url_for("pages.account.show"), 303)
    flash("How you are told is set.", "good")
    return redirect(url_for("pages.account.show"), 303)
