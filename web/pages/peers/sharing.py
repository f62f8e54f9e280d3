"""What peers of the exchange would see of a case, and who agreed that they may."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.case import Case, Sharing
from matcher.storage.store import StoredCase
from matcher.wording import listing
from web.accounts import Person
from web.audit import Audit
from web.conversations.hiding import CONFIRMED, erased_with, erased_words
from web.db import connection, store
from web.mme.asking.calling.messages import patient_for
from web.mme.disclosing.agreeing import agree
from web.mme.disclosing.consents import (
    GIVERS,
    LEVELS,
    BadConsent,
    Consent,
    ConsentFacts,
    Consents,
)
from web.mme.disclosing.disclosures import Disclosures
from web.mme.disclosing.generalisation import Generalisation
from web.mme.disclosing import limiting
from web.mme.disclosing.limiting import AS_OTHERS
from web.mme.disclosing.limits import BoundByConsent, Limit, Limits, Most, limited
from web.mme.nodes import Node, Nodes
from web.mme.nodes.errors import UnknownNode
from web.mme.disclosing.singling import MOST_TOGETHER, Singling
from web.mme.answering.view import told
from web.mme.disclosing.withdrawals import Withdrawals
from web.pages.admission import the_clinician
from web.pages.cases import profile
from web.pages.cases.head import head_values, opened
from web.pages.words import SHARED_WITH, day, moment, sentence
from web.service import service
from web.viewing.visibility import BEYOND_THE_SITE, may_share

blueprint = Blueprint("sharing", __name__)

WITHDRAWN = "consent withdrawn"
MOST = {
    AS_OTHERS: "As much as other peers",
    Most.LEVEL_1: "Level 1 at most: no variants",
    Most.NOTHING: "Nothing, and it is not asked",
}
# What fewer cases name may point at somebody.
FEW_CASES = 5
FIELDS = ("scope", "given_by", "given_on", "form", "expires_on")
NAMES = {
    "scope": "How far",
    "given_by": "Who agreed",
    "given_on": "Day of the consent",
    "form": "Form and version",
    "expires_on": "Good until",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a peer sees at one level: the message, and the same for a person to read.

    `asking` is the message to a certain peer when it is asked about the case, in its own way.
    """

    name: str
    level: Sharing
    message: str
    observed: list[profile.Line]
    excluded: list[profile.Line]
    genes: list[profile.GeneRow]
    facts: list[tuple[str, str]]
    diseases: list[profile.Line]
    asking: str = ""


@dataclass(frozen=True, slots=True)
class Alone:
    """Few features that no other shared case has together, and whether peers are told them."""

    terms: list[str]
    is_told_broader: bool


@dataclass(frozen=True, slots=True)
class PeerRow:
    """One peer, and how far the case goes to it."""

    name: str
    most: str
    said: str


@blueprint.get("/cases/<case_id:case_id>/sharing")
def show(case_id: str) -> ResponseReturnValue:
    """What a peer would see at each level, the consents, and the peers that have seen it."""
    person = the_clinician()
    return _page(person, opened(person, case_id))


@blueprint.post("/cases/<case_id:case_id>/consent")
def record(case_id: str) -> ResponseReturnValue:
    """Put a consent on record."""
    person, stored = _sharer(case_id)
    try:
        agree(connection(), _consents(), case_id, _facts(), person.name)
    except BadConsent as error:
        return _page(person, stored, error), 422
    flash("The consent is on record.", "good")
    return _back(case_id)


@blueprint.post("/cases/<case_id:case_id>/consent/withdraw")
def withdraw(case_id: str) -> ResponseReturnValue:
    """End every consent of the case, so that it is gone for peers at once."""
    person, stored = _sharer(case_id)
    if _erased(stored.case) and CONFIRMED not in request.form:
        flash(
            "Nothing is withdrawn yet: tick that the conversations are erased.", "alert"
        )
        return _back(case_id)
    audit = Audit(connection())
    with audit.together():
        seen_by = _consents().withdraw(case_id, person.name)
        audit.record(person.name, WITHDRAWN, [case_id])
    flash("The consent is withdrawn; no peer finds the case any more.", "good")
    for sentence_of_it in _owed(case_id, {each.node for each in seen_by}):
        flash(sentence_of_it, "look")
    return _back(case_id)


def _erased(case: Case) -> str:
    """The conversations that go with a withdrawn consent: the case falls back to its site."""
    if case.sharing not in LEVELS:
        return ""
    return erased_words(erased_with(connection(), case, Sharing.SITE))


def _owed(case_id: str, seen_by: set[str]) -> Iterator[str]:
    """Which peers have seen the case, and how they are told that it is withdrawn."""
    withdrawals = Withdrawals(connection())
    sends_mail = service().settings.sends_mail
    owed = [each for each in withdrawals.of_case(case_id) if not each.told_at]
    written = {e.node for e in owed if sends_mail and withdrawals.address(e)} & seen_by
    if written:
        names = listing(sorted(written))
        yield f"These have seen it before and are told by e-mail: {names}."
    if by_hand := sorted(seen_by - written):
        yield (
            f"These have seen it before and must be told: {listing(by_hand)}. No e-mail reaches "
            "them; the operator of your site is reminded of it."
        )


@blueprint.post("/cases/<case_id:case_id>/peers")
def limit(case_id: str) -> ResponseReturnValue:
    """Let one peer be told less of the case than others, or as much again."""
    person, _ = _sharer(case_id)
    name, said = request.form.get("peer", ""), request.form.get("most", "")
    try:
        if said not in MOST:
            abort(400)
        most = None if said == AS_OTHERS else Most(said)
        limiting.limit(connection(), case_id, name, most, person.name)
    except (UnknownNode, BoundByConsent) as error:
        flash(str(error), "alert")
    else:
        flash(f"{name}: {_lower(MOST[said])}.", "good")
    return _back(case_id)


def _lower(said: str) -> str:
    return said[0].lower() + said[1:]


def _sharer(case_id: str) -> tuple[Person, StoredCase]:
    """The person, and a case whose sharing is hers to change; for others it is not there."""
    person = the_clinician()
    stored = opened(person, case_id)
    if not may_share(person, stored.case):
        abort(404)
    return person, stored


def _consents() -> Consents:
    return Consents(connection(), service().settings.consent_from_level)


def _back(case_id: str) -> ResponseReturnValue:
    return redirect(url_for("pages.sharing.show", case_id=case_id), 303)


def _facts() -> ConsentFacts:
    """The consent of the form. Raises `BadConsent`."""
    said = {name: request.form.get(name, "").strip() for name in FIELDS}
    scope = said["scope"]
    return ConsentFacts(
        scope=int(scope) if scope in ("1", "2") else 0,
        given_by=said["given_by"],
        given_on=_day("given_on", said["given_on"]),
        form=said["form"],
        expires_on=(
            _day("expires_on", said["expires_on"]) if said["expires_on"] else None
        ),
        not_to=_not_to(),
    )


def _not_to() -> tuple[str, ...]:
    """The peers that the person who agreed leaves out."""
    known = {node.name for node in Nodes(connection())}
    return tuple(sorted(known.intersection(request.form.getlist("not_to"))))


def _day(field: str, entered: str) -> date:
    try:
        return date.fromisoformat(entered)
    except ValueError:
        raise BadConsent(field, entered[:20], "a day such as 2026-03-01") from None


def _page(person: Person, stored: StoredCase, wrong: BadConsent | None = None) -> str:
    case = stored.case
    consents = _consents()
    problems = []
    if wrong is not None:
        problems = [(wrong.field, NAMES[wrong.field], sentence(str(wrong)))]
    limits = Limits(connection())
    most = limits.in_force(case.case_id)
    peer = _peer()
    return render_template(
        "cases/sharing.html",
        **head_values(stored),
        previews=list(_previews(case, peer, most.get(peer.name) if peer else None)),
        peer=peer.name if peer else "",
        peers=list(_peer_rows(most)),
        limits=[_limit_line(each) for each in limits.of_case(case.case_id)],
        names=[
            (each.name, each.name) for each in Nodes(connection()) if each.is_active
        ],
        most=list(MOST.items()),
        consents=[_line(each) for each in consents.of_case(case.case_id)],
        needs_consent=consents.is_needed(case) and not consents.allowed([case]),
        seen_by=list(_seen_by(case.case_id)),
        telling=_telling(case),
        alone=_alone(case),
        few_cases=FEW_CASES,
        can_share=may_share(person, case),
        erased=_erased(case),
        givers=[(each, sentence(each)) for each in GIVERS],
        scopes=[("2", "Exchange, level 2"), ("1", "Exchange, level 1")],
        entered={name: request.form.get(name, "") for name in FIELDS},
        problems=problems,
        said={field: message for field, _, message in problems},
    )


def _seen_by(case_id: str) -> Iterator[tuple[str, str, str]]:
    """The peers that were told of the case, since when, and what of a withdrawal they know."""
    withdrawn = {e.node_id: e for e in Withdrawals(connection()).of_case(case_id)}
    for each in Disclosures(connection()).of_case(case_id):
        after = ""
        if owed := withdrawn.get(each.node_id):
            after = "still to be told that it was withdrawn"
            if owed.told_at:
                after = f"told on {day(owed.told_at)} that it was withdrawn"
        yield each.node, moment(each.first_at), after


def _peer() -> Node | None:
    """The peer whose view is asked for, if there is one of that name."""
    name = request.args.get("peer", "")
    return next((n for n in Nodes(connection()) if n.name == name), None)


def _peer_rows(most: Mapping[str, Most]) -> Iterator[PeerRow]:
    """Every peer that can ask or be asked, and every one with a limit."""
    known = {node.name for node in Nodes(connection()) if node.is_active}
    for name in sorted(known | most.keys()):
        limit_here = most.get(name)
        said = MOST[limit_here] if limit_here else MOST[AS_OTHERS]
        yield PeerRow(name, str(limit_here or AS_OTHERS), said)


def _limit_line(each: Limit) -> dict[str, str]:
    ended = (
        f", until {moment(each.ended_at)} by {each.ended_by}" if each.ended_at else ""
    )
    return {
        "node": each.node,
        "said": _lower(MOST[each.most]),
        "when": f"set {moment(each.set_at)} by {each.set_by}{ended}",
    }


def _previews(case: Case, peer: Node | None, most: Most | None) -> Iterator[Preview]:
    """What peers see at each level, or one peer at those that it may be told of."""
    for level in LEVELS:
        case_here = limited(replace(case, sharing=level), most)
        if case_here is not None and case_here.sharing is level:
            found = _preview(case, level, peer)
            if found is not None:
                yield found


def _asking(told_of: Case, peer: Node | None) -> str:
    """The patient of our question to the peer."""
    if peer is None:
        return ""
    return _json(patient_for(peer, told_of, service().release))


def _json(message: Mapping[str, Any]) -> str:
    return json.dumps(message, indent=1, ensure_ascii=False)


def _preview(case: Case, level: Sharing, peer: Node | None) -> Preview | None:
    """Made by the very function that writes the message to a peer."""
    release = service().release
    settings = service().settings
    told_of = Generalisation(
        connection(), release, settings.rare_below, settings.singled_out_by
    ).of(replace(case, sharing=level))
    found = told(told_of, release)
    if found is None:
        return None
    read = found.case
    return Preview(
        name=sentence(SHARED_WITH[level]),
        level=level,
        message=_json(found.message),
        asking=_asking(told_of, peer),
        observed=profile.lines((f for f in read.features if not f.excluded), release),
        excluded=profile.lines((f for f in read.features if f.excluded), release),
        genes=profile.gene_rows(read.genomic_features, release),
        facts=_facts_of(read),
        diseases=profile.disease_lines(read, release),
    )


def _facts_of(case: Case) -> list[tuple[str, str]]:
    """What a peer reads of the person and of whom to ask."""
    release, contact = service().release, case.contact
    known = [fact for fact in profile.facts(case, release) if fact[0] != "Entered by"]
    known.append(("Contact", contact.name if contact else ""))
    known.append(("Institution", contact.institution if contact else ""))
    known.append(("Address", contact.href if contact else ""))
    return [(name, value) for name, value in known if value]


def _telling(case: Case) -> list[str]:
    """Names of the observed terms that hardly any case has that is shared beyond its site.

    None where such terms are told by broader ones.
    """
    if service().settings.rare_below >= FEW_CASES:
        return []
    counts, release = store().term_counts(BEYOND_THE_SITE), service().release
    return sorted(
        {
            profile.term_label(term, release)
            for term in case.observed
            if counts.get(term, 0) < FEW_CASES
        }
    )


def _alone(case: Case) -> Alone | None:
    """The few features that no other case has together; None where nothing is to be asked for.

    At level 2 somebody agreed to them.
    """
    if _consents().reaches_level_2(case.case_id):
        return None
    settings, release, db = service().settings, service().release, connection()
    told_of = Generalisation(db, release, settings.rare_below).of(case)
    terms = Singling(db, release).of(case.case_id, told_of.observed, MOST_TOGETHER)
    if not terms:
        return None
    is_somebodys = not (case.test or case.simulated)
    return Alone(
        terms=[profile.term_label(term, release) for term in terms],
        is_told_broader=is_somebodys and len(terms) <= settings.singled_out_by,
    )


def _line(consent: Consent) -> dict[str, Any]:
    facts = consent.facts
    is_good = consent.is_good(datetime.now(UTC).date())
    ended = f"ended {moment(consent.ended_at)}" if consent.ended_at else "expired"
    return {
        "scope": facts.scope,
        "given_by": facts.given_by,
        "given_on": facts.given_on.isoformat(),
        "form": facts.form,
        "not_to": ", ".join(facts.not_to),
        "expires_on": facts.expires_on.isoformat() if facts.expires_on else "",
        "recorded_by": consent.recorded_by,
        "is_good": is_good,
        "state": "good" if is_good else ended,
    }
