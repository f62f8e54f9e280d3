"""Who makes this request: log-in, log-out, and what a role may see, over Flask-Login."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, g, request, session
from itsdangerous import BadData, URLSafeTimedSerializer
from flask_login import LoginManager, current_user, login_user, logout_user

from web.config import Settings
from web.accounts import known_devices
from web.db import connection
from web.errors import NotLoggedIn
from web.accounts.passwords import Passwords
from web.accounts.people import (
    Accounts,
    FirstStep,
    LoggedIn,
    Method,
    Person,
    Role,
    SecondFactorWanted,
    Session,
    SessionLimits,
)

__all__ = [
    "Accounts",
    "Method",
    "Passwords",
    "Person",
    "Role",
    "Session",
    "SecondFactorWanted",
    "SessionLimits",
    "accounts",
    "admit",
    "begin_anew",
    "current_session",
    "finish_log_in",
    "first_step",
    "init_app",
    "log_in",
    "log_out",
    "maybe_person",
    "roles_required",
    "the_person",
]

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
EXTENSION = "secondcase-accounts"
FIRST_STEP = "first-step"
FIRST_STEP_SECONDS = 300


class Visitor:
    """A logged-in person as Flask-Login wants her; her id in the cookie is the token."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, logged_in: LoggedIn) -> None:
        self.logged_in = logged_in

    def get_id(self) -> str:
        """The token of her session."""
        return self.logged_in.token


def init_app(
    app: Flask, settings: Settings | None = None, passwords: Passwords | None = None
) -> None:
    """Know who makes each request. `LOG_IN_VIEW` in the configuration is the log-in page."""
    app.config.setdefault("LOG_IN_VIEW", "pages.account.log_in")
    app.extensions[EXTENSION] = (passwords or Passwords(), _limits(settings))
    manager = LoginManager()
    # The session in the database is the protection; addresses of phones change.
    manager.session_protection = None
    manager.user_loader(_visitor)
    manager.unauthorized_handler(_refuse)
    manager.init_app(app)


def _limits(settings: Settings | None) -> SessionLimits:
    if settings is None:
        return SessionLimits()
    return SessionLimits(
        absolute=timedelta(hours=settings.session_hours),
        idle=timedelta(minutes=settings.session_idle_minutes),
    )


def accounts() -> Accounts:
    """The people of the database, over the connection of this request."""
    if "accounts" not in g:
        passwords, limits = current_app.extensions[EXTENSION]
        g.accounts = Accounts(connection(), passwords, limits)
    made: Accounts = g.accounts
    return made


def log_in(name: str, password: str) -> Person:
    """Begin a session of the person for this browser; what it had before is over.

    Raises `LogInFailed`, `LogInThrottled`, or `SecondFactorWanted`: then the browser keeps for a
    few minutes that the password was right.
    """
    device = known_devices.this_device()
    try:
        logged_in = accounts().log_in(name, password, **_visit(), device=device)
    except SecondFactorWanted as wanted:
        log_out()
        first = wanted.first
        session[FIRST_STEP] = _signed().dumps([first.person_id, first.password])
        raise
    return _begun(logged_in)


def first_step() -> FirstStep | None:
    """Who has shown her password in this browser a moment ago and no second factor yet."""
    try:
        person_id, password = _signed().loads(
            session.get(FIRST_STEP, ""), max_age=FIRST_STEP_SECONDS
        )
    except BadData:
        return None
    return FirstStep(person_id=person_id, password=password)


def finish_log_in(first: FirstStep, code: str) -> Person:
    """Begin a session for who shows the second factor after the password.

    Raises `WrongCode`, `LogInThrottled`, or `LogInFailed` where the account changed meanwhile.
    """
    return _begun(accounts().finish_log_in(first, code, **_visit()))


def admit(person: Person) -> Person:
    """Begin a session for whom the OpenID provider vouches. Raises `LogInFailed`."""
    return _begun(accounts().admit(person, **_visit()))


def begin_anew(method: Method) -> None:
    """End all sessions of who makes this request, and go on in a new one."""
    logged_in = accounts().begin_anew(the_person(), method, **_visit())
    session.clear()
    _keep(logged_in)


def _begun(logged_in: LoggedIn) -> Person:
    device = known_devices.this_device()
    log_out()
    _keep(logged_in)
    known_devices.remember(device, logged_in.person.person_id)
    return logged_in.person


def _keep(logged_in: LoggedIn) -> None:
    session.permanent = True
    login_user(Visitor(logged_in))


def _visit() -> dict[str, str]:
    return {
        "address": request.remote_addr or "unknown",
        "agent": request.user_agent.string,
    }


def _signed() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="first step")


def log_out() -> None:
    """End the session of this browser, if it has one, and forget all that its cookie held."""
    if current_user.is_authenticated:
        accounts().log_out(current_user.get_id())
        logout_user()
    session.clear()


def the_person() -> Person:
    """Who makes this request. Raises `NotLoggedIn`."""
    person = maybe_person()
    if person is None:
        raise NotLoggedIn
    return person


def maybe_person() -> Person | None:
    """Who makes this request, or None."""
    if not current_user.is_authenticated:
        return None
    person: Person = current_user.logged_in.person
    return person


def current_session() -> Session:
    """The session of this request. Raises `NotLoggedIn`."""
    the_person()
    found: Session = current_user.logged_in.session
    return found


def roles_required(
    *roles: Role,
) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """A view for people with one of the roles; for all others it does not exist."""

    def guard(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @functools.wraps(view)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            if not the_person().has(*roles):
                abort(404)
            return view(*args, **kwargs)

        return guarded

    return guard


def _visitor(token: str) -> Visitor | None:
    logged_in = accounts().logged_in(token)
    return None if logged_in is None else Visitor(logged_in)


def _refuse() -> None:
    raise NotLoggedIn
