"""The endpoints that peers call: /match, /heartbeat and /metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import RequestEntityTooLarge

from matcher import Case, Constraints
from matcher.errors import TooLarge, UnreadableInput
from matcher.readers import Report, mme
from matcher.readers.fields import as_object
from matcher.readers.strict_json import parse_json
from web.audit import Audit, AuditFailed
from web.db import connection, store
from web.errors import WebError
from web.mme.exchange import exchange, init_app
from web.mme.metrics import metrics_of
from web.mme.nodes import Node, Nodes
from web.mme.questions import bounded, too_little
from web.mme.turns import TooManyAtOnce
from web.mme.view import Json, PeerView
from web.mme.wire import (
    LATEST_MINOR,
    SUPPORTED_VERSIONS,
    UnsupportedType,
    UnsupportedVersion,
    answer,
    content_type,
    minor_version,
)
from web.notices import matters
from web.notices.telling import Telling
from web.service import service

MOST_RESULTS = 10
MOST_WARNINGS = 200
# Total in nats at which a match is worth showing to a stranger as often as not.
WIRE_MIDPOINT = 6.0
BANDS = 10

blueprint = Blueprint("mme", __name__)


@blueprint.record
def _share(state: BlueprintSetupState) -> None:
    assert isinstance(state.app, Flask)
    init_app(state.app)


class BadToken(WebError):
    """A request without a token, or with one that is unknown or revoked."""

    def __init__(self) -> None:
        super().__init__(
            "The X-Auth-Token header is missing or not accepted; "
            "ask the operator of this node for a token."
        )


class BadMessage(WebError):
    """A body that is not the JSON of a match request."""


class UnusableProfile(WebError):
    """A patient of whom too little could be read to look for anybody."""


STATUSES: dict[type[Exception], int] = {
    AuditFailed: 503,
    BadToken: 401,
    TooManyAtOnce: 429,
    BadMessage: 400,
    TooLarge: 413,
    UnsupportedVersion: 406,
    UnsupportedType: 415,
    UnusableProfile: 422,
}

DISCLOSED = "disclosed to a peer"
REFUSED = "refused a peer"
# Why a question was not answered, in words that say nothing of the patient.
REFUSALS: dict[type[Exception], str] = {
    BadMessage: "not a match request",
    RequestEntityTooLarge: "too large",
    TooLarge: "too large",
    TooManyAtOnce: "too many at a time",
    UnusableProfile: "nothing usable",
}


@blueprint.before_request
def _know_the_node() -> None:
    node = Nodes(connection()).by_token(request.headers.get("X-Auth-Token", ""))
    if node is None:
        raise BadToken
    g.node = node
    g.minor = minor_version(request)


@blueprint.errorhandler(UnsupportedVersion)
def _name_versions(error: UnsupportedVersion) -> Response:
    body = {"message": str(error), "supportedVersions": error.supported_versions}
    return answer(body, status=STATUSES[UnsupportedVersion])


@blueprint.get("/heartbeat")
@blueprint.get("/heartbeat/")
def heartbeat() -> Response:
    """Whether the node is well, and which versions it takes."""
    accepted = [content_type(minor) for minor in range(LATEST_MINOR, -1, -1)]
    body = {
        "heartbeat": {
            "production": not service().settings.is_local,
            "version": SUPPORTED_VERSIONS[-1],
            "accept": accepted,
        }
    }
    return answer(body, g.minor)


@blueprint.get("/metrics")
@blueprint.get("/metrics/")
def metrics() -> Response:
    """How many cases, genes and features the node shares; never which."""
    return answer({"metrics": metrics_of(store(), service().release)}, g.minor)


@blueprint.post("/match")
@blueprint.post("/match/")
def match() -> Response:
    """The shared cases most likely to be the same disorder as the patient in the body."""
    node: Node = g.node
    try:
        with exchange().turns.taken(node.node_id):
            return _answered(node)
    except tuple(REFUSALS) as error:
        _audit().record(node.name, REFUSED, reason=REFUSALS[type(error)])
        raise


def _answered(node: Node) -> Response:
    report = Report(limit=MOST_WARNINGS)
    query = _query(report, node)
    warnings = list(report.warnings)
    query = bounded(query, warnings)
    facts: dict[str, Any] = {
        "query": query.case_id,
        "test": query.test,
        "warnings": len(warnings),
    }
    if why := too_little(query, service().release):
        _audit().record(node.name, REFUSED, reason="too little", **facts)
        return answer({"results": [], "_warnings": [*warnings, why]}, g.minor)
    results = list(_results(query, node))
    case_ids = [result["patient"]["id"] for result in results]
    # Before anything leaves: what cannot be recorded is not told.
    notify = partial(_notify, node, query, case_ids)
    _audit().record(node.name, DISCLOSED, case_ids, also=notify, **facts)
    return answer({"results": results, "_warnings": warnings}, g.minor)


def _notify(node: Node, query: Case, case_ids: Sequence[str]) -> None:
    """Tell who entered these cases, unless it was a test, which disturbs nobody."""
    if case_ids and not query.test:
        telling = Telling(connection(), by_mail=service().settings.sends_mail)
        telling.tell(matters.asked(node.name, query, case_ids))


def _audit() -> Audit:
    return Audit(connection())


def _query(report: Report, node: Node) -> Case:
    """The patient of the request, its id made unique among nodes."""
    try:
        message = as_object(parse_json(request.get_data(), report=report))
    except TooLarge:
        raise
    except UnreadableInput as error:
        raise BadMessage(str(error)) from error
    patient = as_object(message.get("patient")) if message else None
    if patient is None:
        raise BadMessage("The body must be an object with a 'patient' in it.")
    try:
        case = mme.from_json(patient, report, node.name)
    except UnreadableInput as error:
        raise UnusableProfile(str(error)) from error
    if not case.observed and not case.genes:
        raise UnusableProfile(
            f"The patient {case.case_id!r} has neither a usable feature nor a gene; "
            "give at least three HPO terms, or a candidate gene."
        )
    return case


def _results(query: Case, node: Node) -> Iterator[dict[str, Any]]:
    """The best of the shared cases, each as it is now, or not at all if it changed meanwhile."""
    asked = replace(query, case_id=f"{node.name}:{query.case_id}")
    followed = exchange().matcher.followed()
    matcher = followed.matcher
    found = matcher.search(matcher.question(asked), Constraints(test=query.test)).best(
        MOST_RESULTS + 1
    )
    scores = {each.case_id: wire_score(each.total) for each in found}
    told = {case_id: score for case_id, score in scores.items() if score > 0}
    peers = PeerView(connection(), service().release)
    patients = peers.messages(told, followed.revision)
    others = (
        (score, patients[case_id])
        for case_id, score in told.items()
        if case_id in patients and not _is_same(query, patients[case_id])
    )
    for score, patient in islice(others, MOST_RESULTS):
        yield {"score": {"patient": score}, "patient": patient}


def _is_same(query: Case, patient: Json) -> bool:
    """Whether a patient is the asking case itself, deposited here as well."""
    if query.case_id != patient["id"]:
        return False
    return _named(query) == _named(mme.from_json(patient, Report(limit=0), ""))


def _named(case: Case) -> tuple[set[str], set[str]]:
    """Terms and genes of a case, each by one name."""
    release = service().release
    terms = {release.ontology.resolve(each).term_id or each for each in case.observed}
    genes = {(each, release.genes.resolve(each).gene) for each in case.genes}
    return terms, {gene.hgnc_id if gene else entered for entered, gene in genes}


def wire_score(total: float) -> float:
    """Score for a peer, in [0, 1]: independent of how many cases there are, and in bands.

    A band is a tenth wide and told by its lower end, so that a peer who changes a query term by
    term learns little of the other terms of a case.
    """
    exact = 1 / (1 + math.exp(WIRE_MIDPOINT - total))
    return math.floor(exact * BANDS) / BANDS
