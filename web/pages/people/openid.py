"""Log-in by the OpenID provider of the site, and what is said when somebody leaves."""

from __future__ import annotations

import hmac

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    redirect,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from web.accounts import accounts, admit
from web.accounts.identities import BadIdentity, Identities
from web.accounts.openid import Asked, Claims, Provider, ProviderFailed
from web.accounts.people import Person
from web.audit import Audit
from web.config import Settings
from web.db import connection
from web.errors import LogInFailed, UnknownPerson
from web.security import safe_target
from web.service import service

blueprint = Blueprint("openid", __name__)

EXTENSION = "secondcase-openid"
ASKED = "openid-asked"
LINKED = "linked an identity to a person"
NOBODY = (
    "The provider knows you, but no account here is linked to you; ask the operator of your "
    "site to link yours ({subject})."
)


def init_app(app: Flask, settings: Settings) -> None:
    """Know the provider, if the settings name one."""
    if settings.openid_issuer is not None:
        app.extensions[EXTENSION] = Provider(settings)


def the_provider() -> Provider:
    """The provider of the site; without one the page does not exist."""
    found: Provider | None = current_app.extensions.get(EXTENSION)
    if found is None:
        abort(404)
    return found


def left_at() -> str:
    """Where who has just left ends the session at the provider too; empty for everybody else."""
    if request.args.get("left") != "openid" or EXTENSION not in current_app.extensions:
        return ""
    back = service().settings.site_url + url_for("pages.account.log_in")
    return the_provider().ending(back)


@blueprint.get("/log-in/openid")
def begin() -> ResponseReturnValue:
    """Send the browser to the provider, with secrets that only it and we know."""
    provider, asked = the_provider(), Asked.anew()
    try:
        place = provider.beginning(asked)
    except ProviderFailed as error:
        return _not_in(str(error))
    session[ASKED] = {
        "state": asked.state,
        "nonce": asked.nonce,
        "verifier": asked.verifier,
        "next": request.args.get("next", "")[:500],
    }
    return redirect(place, 303)


@blueprint.get("/log-in/openid/back")
def back() -> ResponseReturnValue:
    """Let in whom the provider sends back, if she is somebody here."""
    provider = the_provider()
    # Taken out: what one log-in began, no other one ends.
    kept = session.pop(ASKED, None)
    state = request.args.get("state", "")
    if kept is None or not hmac.compare_digest(kept["state"].encode(), state.encode()):
        return _not_in("This log-in was not begun here, or it was used; begin again.")
    if "error" in request.args:
        return _not_in("The provider did not log you in; begin again.")
    asked = Asked(state=kept["state"], nonce=kept["nonce"], verifier=kept["verifier"])
    try:
        claims = provider.claims(asked, request.args.get("code", ""))
    except ProviderFailed as error:
        return _not_in(str(error))
    person = _person(claims)
    try:
        if person is None:
            return _not_in(NOBODY.format(subject=claims.subject[:80]))
        admit(person)
    except LogInFailed:
        return _not_in(NOBODY.format(subject=claims.subject[:80]))
    return redirect(safe_target(kept["next"], url_for("pages.home.mine")), 303)


def _person(claims: Claims) -> Person | None:
    """Who is linked to the identity, or is linked now by her verified e-mail."""
    identities = Identities(connection())
    known = identities.person(claims.issuer, claims.subject)
    if known is not None or service().settings.openid_people != "e-mail":
        return known
    if not claims.email:
        return None
    try:
        found = accounts().find(claims.email)
        if (found.email or "").casefold() != claims.email.casefold():
            return None
        audit = Audit(connection())
        with audit.together():
            identities.link(found, claims.issuer, claims.subject)
            audit.record(found.name, LINKED, person=found.name, issuer=claims.issuer)
    except (UnknownPerson, BadIdentity):
        return None
    return found


def _not_in(why: str) -> ResponseReturnValue:
    flash(why, "alert")
    return redirect(url_for("pages.account.log_in"), 303)
