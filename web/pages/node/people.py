"""The people of a node: who may log in, as what, and what an operator does for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.wording import listing
from web.accounts import Person, Role, accounts
from web.accounts.hand_over import CannotTakeOver, why_not
from web.accounts.identities import BadIdentity, Identities
from web.accounts.tending import PeopleTending
from web.db import connection, store
from web.errors import BadAccount, NameTaken, UnknownPerson, WeakPassword
from web.pages.admission import the_operator
from web.pages.people.devices import device
from web.pages.words import counted, moment, sentence
from web.security import make_token
from web.service import service

blueprint = Blueprint("people", __name__)

ROLES = (
    (Role.CLINICIAN, "enters cases and sees matches"),
    (Role.CURATOR, "looks after ontologies"),
    (Role.OPERATOR, "runs the node and its accounts"),
)
SELF = "You cannot do that to your own account; ask another operator, or use the command line."
NAMES = {"name": "Name", "email": "E-mail", "site": "Site", "roles": "Roles"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person of the list."""

    name: str
    site: str
    roles: str
    is_active: bool
    has_factor: bool
    last: str


@blueprint.get("/node/people")
def show() -> ResponseReturnValue:
    """Everybody, and a form for somebody new."""
    the_operator()
    return _list()


@blueprint.post("/node/people/add")
def add() -> ResponseReturnValue:
    """Make an account without a password, and show the link by which its owner chooses one."""
    tending = _tending()
    said = request.form
    name, site, email = (said.get(f, "").strip() for f in ("name", "site", "email"))
    try:
        # A password that nobody knows, until the link is used.
        tending.add(
            name,
            make_token()[0],
            roles=_roles(),
            site=site or None,
            email=email or None,
        )
    except (BadAccount, NameTaken, WeakPassword) as error:
        return _list(str(error)), 422
    return _link_page(name, tending.make_link(name), "has an account")


@blueprint.get("/node/people/<name>")
def person(name: str) -> ResponseReturnValue:
    """One person, and what can be done for her."""
    the_operator()
    return _page(_known(name))


@blueprint.post("/node/people/<name>/change")
def change(name: str) -> ResponseReturnValue:
    """Change roles, site and e-mail; with the first two her sessions end."""
    tending, known = _tending(), _known(name)
    site, email = (request.form.get(f, "").strip() for f in ("site", "email"))
    roles = _roles()
    if known.name == the_operator().name and Role.OPERATOR not in roles:
        return _said(known, SELF, "alert")
    try:
        if (site or None) != known.site:
            tending.set_site(known.name, site or None)
        if (email or None) != known.email:
            tending.set_email(known.name, email or None)
        if roles != known.roles:
            tending.set_roles(known.name, roles)
    except (BadAccount, NameTaken) as error:
        return _page(known, str(error)), 422
    return _said(known, f"{known.name} is changed.")


@blueprint.post("/node/people/<name>/link")
def link(name: str) -> ResponseReturnValue:
    """Make a link by which she chooses a new password, and show it this once."""
    tending, known = _tending(), _known(name)
    return _link_page(
        known.name, tending.make_link(known.name), "can choose a new password"
    )


@blueprint.post("/node/people/<name>/deactivate")
def deactivate(name: str) -> ResponseReturnValue:
    """Refuse her log-in from now on."""
    tending, known = _tending(), _known(name)
    if known.name == the_operator().name:
        return _said(known, SELF, "alert")
    tending.deactivate(known.name)
    return _said(known, f"{known.name} cannot log in any more; her cases stay.")


@blueprint.post("/node/people/<name>/activate")
def activate(name: str) -> ResponseReturnValue:
    """Let her log in again."""
    tending, known = _tending(), _known(name)
    tending.activate(known.name)
    return _said(known, f"{known.name} can log in again.")


@blueprint.post("/node/people/<name>/end-sessions")
def end_sessions(name: str) -> ResponseReturnValue:
    """Log her out everywhere."""
    tending, known = _tending(), _known(name)
    tending.end_sessions(known.name)
    return _said(known, f"{known.name} is logged out everywhere.")


@blueprint.post("/node/people/<name>/remove-second-factor")
def remove_second_factor(name: str) -> ResponseReturnValue:
    """Ask her for her password alone, as when she has lost her device."""
    tending, known = _tending(), _known(name)
    tending.remove_second_factor(known.name)
    return _said(known, f"{known.name} logs in with her password alone again.")


@blueprint.post("/node/people/<name>/identity")
def identity(name: str) -> ResponseReturnValue:
    """Let an identity at the provider log in as her, or take hers away if none is given."""
    tending, known = _tending(), _known(name)
    issuer, subject = service().settings.openid_issuer, request.form.get("subject", "")
    if issuer is None:
        abort(404)
    if not subject.strip():
        tending.unlink_identities(known.name)
        return _said(known, f"Nobody logs in as {known.name} by a provider any more.")
    try:
        tending.link_identity(known.name, issuer, subject.strip())
    except BadIdentity as error:
        return _page(known, str(error)), 422
    return _said(known, f"That identity logs in as {known.name} from now on.")


@blueprint.post("/node/people/<name>/hand-over")
def hand_over(name: str) -> ResponseReturnValue:
    """Let all her cases be a colleague's, in one step."""
    tending, known = _tending(), _known(name)
    successor = request.form.get("successor", "").strip()
    try:
        found = tending.hand_over(known.name, successor)
    except (CannotTakeOver, UnknownPerson) as error:
        return _page(known, str(error)), 422
    said = (
        f"{sentence(counted(len(found.case_ids), 'case'))} of {known.name} "
        f"{'is' if len(found.case_ids) == 1 else 'are'} {successor}’s now."
    )
    if found.damaged:
        said += f" Left, since damaged: {', '.join(found.damaged)}."
    return _said(known, said, "alert" if found.damaged else "good")


def _tending() -> PeopleTending:
    return PeopleTending(
        connection(),
        accounts(),
        the_operator().name,
        sends_mail=service().settings.sends_mail,
    )


def _known(name: str) -> Person:
    try:
        return accounts().find(name)
    except UnknownPerson:
        abort(404)


def _roles() -> frozenset[Role]:
    """The roles ticked in the form of this request; what is none of ours is left out."""
    ticked = request.form.getlist("roles")
    return frozenset(role for role in Role if role.value in ticked)


def _said(person: Person, said: str, kind: str = "good") -> ResponseReturnValue:
    flash(said, kind)
    return redirect(url_for("pages.node.people.person", name=person.name), 303)


def _link_page(name: str, secret: str, done: str) -> str:
    """The one page that ever shows the link; it is kept nowhere."""
    path = url_for("pages.new_password.show", secret=secret)
    return render_template(
        "node/person_link.html",
        name=name,
        done=done,
        link=service().settings.site_url + path,
    )


def _list(wrong: str = "") -> str:
    people = accounts().people()
    said = request.form if wrong else {}
    return render_template(
        "node/people.html",
        heading=_heading(people),
        lines=[_line(each) for each in people],
        roles=ROLES,
        ticked=request.form.getlist("roles") if wrong else [Role.CLINICIAN.value],
        entered={name: said.get(name, "") for name in NAMES}
        | ({} if wrong else {"site": service().settings.site_name}),
        wrong=wrong,
    )


def _heading(people: tuple[Person, ...]) -> str:
    active = sum(each.is_active for each in people)
    verb = "person" if active == 1 else "people"
    return f"{sentence(counted(active, verb, verb))} can log in"


def _line(person: Person) -> Line:
    return Line(
        name=person.name,
        site=person.site or "no site",
        roles=listing(sorted(role.value for role in person.roles)),
        is_active=person.is_active,
        has_factor=accounts().second_factors.of(person.person_id) is not None,
        last=moment(person.last_log_in) if person.last_log_in else "never",
    )


def _page(person: Person, wrong: str = "") -> str:
    issuer = service().settings.openid_issuer
    identities = Identities(connection()).of(person)
    return render_template(
        "node/person.html",
        known=person,
        line=_line(person),
        roles=ROLES,
        sessions=[_session(each) for each in accounts().sessions(person)],
        factor=accounts().second_factors.of(person.person_id),
        issuer=issuer or "",
        subject=next((i.subject for i in identities if i.issuer == issuer), ""),
        cases=_cases(person),
        successors=[
            (each.name, each.name)
            for each in accounts().people()
            if not why_not(person, each)
        ],
        wrong=wrong,
    )


def _cases(person: Person) -> int:
    return store().count(site=person.site, submitter=person.name) if person.site else 0


def _session(session: Any) -> dict[str, str]:
    return {
        "device": device(session.agent),
        "since": moment(session.created_at),
        "seen": moment(session.seen_at),
        "method": session.method,
    }
