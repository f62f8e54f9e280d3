"""The calls of a system that asks for matches, which sees what a clinician of its site sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask, Response, current_app

from matcher import Case, Match
from matcher.readers import mme
from web.api.admission import system
from web.api.answers import answer, report_of
from web.api.bodies import submitted
from web.api.deposits import Deposits
from web.api.documents import blueprint as make_blueprint
from web.api.documents import case_body, responses
from web.api.errors import TooManyCalls
from web.api.schemas import (
    CasePath,
    MatchAnswer,
    Matches,
    MatchesOfBody,
    MatchQuery,
)
from web.api.tokens import Scope, Token
from web.db import connection
from web.mme.answering.questions import bounded, too_little
from web.mme.answering.turns import AT_A_TIME, TooManyAtOnce, Turns
from web.service import service
from web.viewing import ranking, told
from web.viewing.ranking import explained
from web.viewing.visibility import disclosed, may_open

blueprint = make_blueprint("api_matches", __name__)

EXTENSION = "secondcase-api"
SHOWN = "shown to a system"


def init_app(app: Flask) -> None:
    """Count the questions that are being answered in this process."""
    app.extensions[EXTENSION] = Turns()


@blueprint.post(
    "/match",
    operation_id="match",
    responses=responses({"200": MatchesOfBody}, 400, 413, 415, 429),
    openapi_extensions=case_body(),
)
def match_body(query: MatchQuery) -> Response:
    """Cases that may be the same disorder as the case in the body, which is not kept.

    Nothing is searched for a case without a known candidate gene and without three terms that
    say something. What is told of cases of other sites is recorded.
    """
    token = system(Scope.MATCH)
    with _turn(token):
        submission = submitted(service().release)
        # The system's own case under that id is the asking case itself.
        own_id = _deposits(token).case_id(submission.case.case_id)
        found = _found(token, submission.case, own_id, query.limit)
        body = MatchesOfBody(report=report_of(submission), **dict(found))
    return answer(body)


@blueprint.get(
    "/cases/<external_id>/matches",
    operation_id="matchCase",
    responses=responses({"200": Matches}, 429),
)
def match_case(path: CasePath, query: MatchQuery) -> Response:
    """Cases that may be the same disorder as one that your system submitted."""
    token = system(Scope.MATCH)
    with _turn(token):
        stored = _deposits(token).get(path.external_id)
        body = _found(token, stored.case, stored.case.case_id, query.limit)
    return answer(body)


def _deposits(token: Token) -> Deposits:
    return Deposits(connection(), token, current_app.config["SECRET_KEY"])


@contextmanager
def _turn(token: Token) -> Iterator[None]:
    turns: Turns = current_app.extensions[EXTENSION]
    try:
        with turns.taken(token.token_id):
            yield
    except TooManyAtOnce as error:
        raise TooManyCalls(AT_A_TIME) from error


def _found(token: Token, case: Case, own_id: str | None, limit: int) -> Matches:
    """The answer to a question, recorded before it is given."""
    warnings: list[str] = []
    # An id of a body must not hide the stored case that happens to have the same.
    asked = bounded(
        replace(case, case_id=own_id or f"{token.name}:{case.case_id}"), warnings
    )
    if why := too_little(asked, service().release):
        return Matches(
            searched=0, is_calibrated=False, warnings=[*warnings, why], results=[]
        )
    ranked = ranking.answer(token, asked, limit)
    others = [
        m.case_id for m in ranked.matches if not may_open(token, m.pair.candidate)
    ]
    told.record(token, others, page="match", query=own_id or "", action=SHOWN)
    return Matches(
        searched=ranked.searched,
        is_calibrated=ranked.is_calibrated,
        warnings=warnings,
        results=list(_results(token, ranked.matches)),
    )


def _results(token: Token, matches: Iterable[Match]) -> Iterator[MatchAnswer]:
    for rank, match in enumerate(matches, 1):
        candidate = match.pair.candidate
        seen = disclosed(token, candidate)
        yield MatchAnswer(
            rank=rank,
            case_id=match.case_id,
            is_own_site=may_open(token, candidate),
            score=match.score,
            probability=match.probability,
            band=match.band.value,
            patient=mme.to_json(seen, release=service().release),
            explanation=explained(token, match).to_json(),
            provenance=dict(match.provenance),
        )
