"""The endpoints that peers call: /match, /heartbeat and /metrics."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, g, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from matcher import Case, Match, __version__
from matcher.calibration import wire_score
from matcher.errors import TooLarge
from matcher.readers import Report
from matcher.readers.report import Trouble
from matcher.readers.mme_contacts import is_same_contact
from web.audit import Audit, AuditFailed
from web.db import connection
from web.errors import WebError
from web.mme.answering import diagnosing
from web.mme.answering.account import account
from web.mme.actions import (
    ALERTING,
    BUDGET_SPENT,
    DISCLOSED,
    REFUSED,
    TOO_ALIKE,
    TOO_MANY_DIFFERENT,
)
from web.mme.answering.asked import KEYS, Asked, read_asked
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.disclosures import BudgetSpent, Disclosures, Granted
from web.mme.exchange import exchange, init_app, peer_view
from web.mme.metrics import BeingCounted, current_metrics, note_matched_genes
from web.mme.nodes import Node, Nodes
from web.mme.answering.questions import (
    BadMessage,
    UnusableProfile,
    bounded,
    in_part,
    message_of,
    patient_of,
    too_little,
    unknown,
)
from web.mme.answering.turns import TooManyAtOnce
from web.mme.answering.variations import (
    TooAlike,
    TooManyDifferent,
    Variations,
    statements,
)
from web.mme.answering.wire import (
    LATEST_MINOR,
    UnsupportedType,
    UnsupportedVersion,
    answer,
    content_type,
    is_browser,
    minor_version,
    notices,
)
from web.notices import matters
from web.notices.telling import Telling
from web.service import service
from web.unrecognised.arriving import Arrived, Kind
from web.unrecognised.noting import note

MOST_RESULTS = 10
MOST_WARNINGS = 200
BANDS = 10
# Flask would answer OPTIONS by itself, with an empty page. No page of another site is let in.
NO_OPTIONS: Mapping[str, Any] = {"provide_automatic_options": False}

log = structlog.get_logger(__name__)

blueprint = Blueprint("mme", __name__)


@blueprint.record
def _share(state: BlueprintSetupState) -> None:
    assert isinstance(state.app, Flask)
    init_app(state.app)
    diagnosing.init_app(state.app)


class BadToken(WebError):
    """A request without a token, or with one that is unknown or revoked."""

    def __init__(self) -> None:
        super().__init__(
            "The X-Auth-Token header is missing or not accepted; "
            "ask the operator of this node for a token."
        )


STATUSES: dict[type[Exception], int] = {
    AuditFailed: 503,
    BadToken: 401,
    BeingCounted: 503,
    BudgetSpent: 429,
    TooAlike: 429,
    TooManyAtOnce: 429,
    TooManyDifferent: 429,
    BadMessage: 400,
    TooLarge: 413,
    UnsupportedVersion: 406,
    UnsupportedType: 415,
    UnusableProfile: 422,
}

# Why a question was not answered, in words that say nothing of the patient.
REFUSALS: dict[type[Exception], str] = {
    BadMessage: "not a match request",
    BudgetSpent: BUDGET_SPENT,
    RequestEntityTooLarge: "too large",
    TooLarge: "too large",
    TooAlike: TOO_ALIKE,
    TooManyAtOnce: "too many at a time",
    TooManyDifferent: TOO_MANY_DIFFERENT,
    UnsupportedType: "another format",
    UnsupportedVersion: "another version",
    UnusableProfile: "nothing usable",
}


# What was wrong, where nothing says it more closely.
TROUBLES: dict[type[Exception], Trouble] = {
    BadMessage: diagnosing.NO_PATIENT,
    UnusableProfile: diagnosing.PROFILE,
}


@blueprint.before_request
def _know_the_node() -> BaseResponse | None:
    if request.endpoint == "mme.metrics" and is_browser(request):
        return redirect(url_for("pages.exchange.show"), 303)
    token = request.headers.get("X-Auth-Token", "")
    node = Nodes(connection()).by_token(token)
    if node is None:
        diagnosing.stranger(token)
        raise BadToken
    g.node = node
    try:
        g.minor = minor_version(request)
    except (UnsupportedVersion, UnsupportedType) as error:
        status, reason = STATUSES[type(error)], REFUSALS[type(error)]
        diagnosing.refused(node, error, status=status, reason=reason)
        raise
    return None


@blueprint.errorhandler(UnsupportedVersion)
def _name_versions(error: UnsupportedVersion) -> Response:
    body = {"message": str(error), "supportedVersions": error.supported_versions}
    return answer(body, status=STATUSES[UnsupportedVersion])


@blueprint.errorhandler(UnusableProfile)
def _tell_why(error: UnusableProfile) -> Response:
    said = {"_warnings": error.warnings} if error.warnings else {}
    return answer({"message": str(error), **said}, g.minor, STATUSES[UnusableProfile])


@blueprint.get("/heartbeat", **NO_OPTIONS)
@blueprint.get("/heartbeat/", **NO_OPTIONS)
def heartbeat() -> Response:
    """Whether the node is well, and which versions it takes."""
    accepted = [content_type(minor) for minor in range(LATEST_MINOR, -1, -1)]
    body = {
        "heartbeat": {
            # Behind a proxy the service itself listens to this machine alone.
            "production": bool(service().settings.trusted_hosts),
            "version": __version__,
            "accept": accepted,
            "_query": list(KEYS),
        }
    }
    return answer({**body, **notices(service().settings)}, g.minor)


@blueprint.get("/metrics", **NO_OPTIONS)
@blueprint.get("/metrics/", **NO_OPTIONS)
def metrics() -> Response:
    """How many cases, genes and features the node shares; never which."""
    body = {"metrics": current_metrics().to_json()}
    return answer({**body, **notices(service().settings)}, g.minor)


@blueprint.post("/match", **NO_OPTIONS)
@blueprint.post("/match/", **NO_OPTIONS)
def match() -> Response:
    """The shared cases most likely to be the same disorder as the patient in the body."""
    node: Node = g.node
    report = Report(limit=MOST_WARNINGS)
    try:
        with exchange().turns.taken(node.node_id):
            return _answered(node, report)
    except tuple(REFUSALS) as error:
        reason = REFUSALS[type(error)]
        _audit().record(node.name, REFUSED, reason=reason, **in_part(report))
        diagnosing.refused(
            node,
            error,
            status=STATUSES.get(type(error), 413),
            reason=reason,
            report=report,
            otherwise=TROUBLES.get(type(error)),
        )
        if reason in ALERTING - {BUDGET_SPENT}:
            log.warning("peer refused", node=node.name, reason=reason)
        raise


def _answered(node: Node, report: Report) -> Response:
    message = message_of(request.get_data(), report)
    query = patient_of(message, report, node.name)
    warnings = list(report.warnings)
    query = bounded(query, warnings)
    warnings += unknown(query, service().release)
    diagnosing.note_unknown(message, report, service().release)
    arrived = Arrived(query, [each.words for each in report.uncoded])
    asked = read_asked(
        message.get("_query"),
        warnings,
        service().release,
        most=MOST_RESULTS,
        report=report,
    )
    facts: dict[str, Any] = {
        "query": query.case_id,
        "test": query.test,
        "warnings": len(warnings),
        **in_part(report),
    }
    if why := too_little(query, service().release):
        _audit().record(node.name, REFUSED, reason="too little", **facts)
        diagnosing.answered(node, report, is_enough=False)
        note(Kind.QUESTION, node.name, [arrived])
        return _reply([], [*warnings, why])
    found = {each["patient"]["id"]: each for each in _results(query, node, asked)}
    # Before anything leaves: what cannot be recorded is not told.
    with _audit().together():
        found = _still_told(found, node)
        granted = _granted(node, query, asked, list(found))
        if granted.withheld:
            facts["withheld"] = granted.withheld
        if granted.is_spent:
            facts["reason"] = BUDGET_SPENT
        notify = partial(_notify, node, query, granted.case_ids)
        _audit().record(node.name, DISCLOSED, granted.case_ids, also=notify, **facts)
    results = [found[case_id] for case_id in granted.case_ids]
    if granted.is_last:
        log.warning("daily budget of a peer spent", node=node.name)
    if granted.retry_after:
        warnings.append(_held_back(node, granted))
    if not query.test:
        patients = [result["patient"] for result in results]
        note_matched_genes(connection(), query, patients, service().release)
    diagnosing.answered(node, report)
    note(Kind.QUESTION, node.name, [arrived])
    return _reply(results, warnings)


def _still_told(
    found: Mapping[str, dict[str, Any]], node: Node
) -> dict[str, dict[str, Any]]:
    """The results that say what the peer may be told at this moment.

    Whoever takes a case back while it is compared sees who has seen it, and this peer does not.
    """
    now = peer_view(service(), node).told(found, sys.maxsize)
    messages = {case_id: told.message for case_id, told in now.items()}
    return {i: each for i, each in found.items() if each["patient"] == messages.get(i)}


def _granted(node: Node, query: Case, asked: Asked, case_ids: Sequence[str]) -> Granted:
    """Which of the cases the peer is told.

    Raises `TooAlike`, `TooManyDifferent` or `BudgetSpent`.
    """
    if query.test:
        return Granted(case_ids=tuple(case_ids))
    settings = service().settings
    variations = Variations(connection(), settings.secret_key, settings.near_duplicates)
    variations.note(node, set(statements(query, asked, service().release)))
    granted = Disclosures(connection()).take(node, case_ids)
    if granted.is_spent and not granted.case_ids:
        raise BudgetSpent(node.daily_budget, granted.retry_after)
    return granted


def _held_back(node: Node, granted: Granted) -> str:
    """Said of every answer to a peer without budget, so that it does not tell what there is."""
    return (
        f"You have been told of {node.daily_budget} cases new to you within 24 hours, so results "
        f"that would be new to you are held back, if any; ask again in {granted.retry_after} "
        "seconds."
    )


def _reply(results: list[dict[str, Any]], warnings: list[str]) -> Response:
    told = {"results": results, "_warnings": warnings, "_releases": _releases()}
    # 1.0 has no words for a disclaimer and terms.
    said = notices(service().settings) if g.minor else {}
    return answer({**told, **said}, g.minor)


def _releases() -> dict[str, str]:
    """What the scores rest on, so that they can be told apart from those of another day."""
    made = service()
    own = {"secondcase": __version__, "calibration": made.calibration.calibration_id}
    return {**made.release.versions, **own}


def _notify(node: Node, query: Case, case_ids: Sequence[str]) -> None:
    """Tell who entered these cases, unless it was a test, which disturbs nobody."""
    if case_ids and not query.test:
        telling = Telling(connection(), by_mail=service().settings.sends_mail)
        telling.tell(matters.asked(node.name, query, case_ids))


def _audit() -> Audit:
    return Audit(connection())


def _results(query: Case, node: Node, asked: Asked) -> Iterator[dict[str, Any]]:
    """The best of the shared cases, each as it is now, or not at all if it changed meanwhile."""
    if asked.nothing_fits:
        return
    for each, patient in _told(query, node, asked):
        yield {"score": {"patient": _score(each.score)}, "patient": patient} | account(
            each
        )


def _told(
    query: Case, node: Node, asked: Asked
) -> Iterator[tuple[Match, dict[str, Any]]]:
    Consents(connection(), service().settings.consent_from_level).lapse()
    followed = exchange().matcher_for(node).followed()
    # An id of theirs may be one of ours.
    named = replace(query, case_id=f"{node.name}:{query.case_id}")
    question = followed.matcher.question(named)
    # What a spent budget holds back must not show in what it pushes off the end of the list.
    known = None if query.test else Disclosures(connection()).known(node)
    search = followed.matcher.search(
        question, replace(asked.constraints, test=query.test, among=known)
    )
    best = search.best(asked.most + 1)
    found = [each for each in best if 0 < _score(each.total) >= asked.least_score]
    # Read once: what is weighed, explained and sent are the same words.
    told = peer_view(service(), node).told(
        (each.case_id for each in found), followed.revision
    )
    others = {
        case_id: each.case
        for case_id, each in told.items()
        if not _is_same(query, each.case)
    }
    kept = [each for each in found if each.case_id in others][: asked.most]
    ranking = followed.matcher.assessor.ranking(question, kept, others.get)
    for match in ranking.matches:
        yield match, told[match.case_id].message


def _score(total: float) -> float:
    """Score for a peer, in [0, 1]: independent of how many cases there are, and in bands.

    A band is a tenth wide and told by its lower end, so that a peer who changes a query term by
    term learns little of the other terms of a case.
    """
    return math.floor(wire_score(total) * BANDS) / BANDS


def _is_same(query: Case, candidate: Case) -> bool:
    """Whether a candidate is the asking case itself, deposited here as well.

    It says the same, and has the same id or, mirrored by another node, the same contact.
    """
    same_id = query.case_id == candidate.case_id
    if not same_id and not is_same_contact(query.contact, candidate.contact):
        return False
    return _named(query) == _named(candidate)


def _named(case: Case) -> tuple[set[str], set[str]]:
    """Terms and genes of a case, each by one name."""
    release = service().release
    terms = {release.ontology.resolve(each).term_id or each for each in case.observed}
    genes = {(each, release.genes.resolve(each).gene) for each in case.genes}
    return terms, {gene.hgnc_id if gene else entered for entered, gene in genes}
