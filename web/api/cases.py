"""The calls of a system that submits: put a case, get it, delete it, list them."""

from __future__ import annotations

from flask import Response, current_app, request

from web.api.admission import system
from web.api.answers import answer, case_answer, case_lines, etag, expected, report_of
from web.api.bodies import submitted
from web.api.deposits import Deposits, Status
from web.api.documents import blueprint as make_blueprint
from web.api.documents import case_body, responses
from web.api.errors import WrongConsent
from web.api.peers import told, wanted
from web.api.schemas import (
    CaseAnswer,
    CaseList,
    CasePath,
    Deposit,
    GetQuery,
    ListQuery,
    NoQuery,
    PutQuery,
)
from web.api.tokens import Scope
from web.db import connection
from web.mme.disclosing.consents import LEVELS, BadConsent, ConsentFacts, Consents
from web.service import service
from web.unrecognised.arriving import Arrived, Kind
from web.unrecognised.noting import note

blueprint = make_blueprint("api_cases", __name__)


def deposits() -> Deposits:
    """The cases of the system that makes this request. Raises `OutOfScope`."""
    token = system(Scope.SUBMIT)
    level = service().settings.consent_from_level
    consents = Consents(connection(), level)
    secret_key = current_app.config["SECRET_KEY"]
    return Deposits(connection(), token, secret_key, consents)


def consent_facts(query: PutQuery) -> ConsentFacts | None:
    """The consent that a call names, None if it names none. Raises `WrongConsent`."""
    given = {
        name: getattr(query, f"consent_{name}")
        for name in ("given_by", "given_on", "form", "expires_on")
    }
    if not any(given.values()):
        return None
    for name in ("given_by", "given_on", "form"):
        if given[name] is None:
            raise WrongConsent(
                BadConsent(name, "", "given with the rest of the consent")
            )
    scope = LEVELS.get(query.sharing, 0) if query.sharing else 0
    if not scope:
        told = query.sharing.value if query.sharing else ""
        raise WrongConsent(
            BadConsent("form", given["form"], f"left out where sharing is {told!r}")
        )
    return ConsentFacts(scope=scope, **given)


@blueprint.put(
    "/cases/<external_id>",
    operation_id="putCase",
    responses=responses({"200": Deposit, "201": Deposit}, 400, 409, 410, 412, 413, 415),
    openapi_extensions=case_body(),
)
def put_case(path: CasePath, query: PutQuery) -> Response:
    """Keep a case under your own id for it.

    The same case again makes no new version. A changed one does, unless somebody at the site
    changed it as well: then send `If-Match` with the version that you have seen. A case that
    was erased on somebody's demand is answered 410 and does not come back.

    Sharing at exchange-2 needs a consent on record; `consent_given_by`, `consent_given_on` and
    `consent_form` put one there. One that was withdrawn at the site is not taken again.

    `not_to` and `level_1_to` name peers that see less of the case than others.
    """
    own = deposits()
    submission = submitted(service().release)
    stored, status = own.put(
        path.external_id,
        submission.case,
        query.sharing,
        expected(),
        consent_facts(query),
        wanted(query),
    )
    if status is not Status.UNCHANGED:
        words = [each.words for each in submission.report.uncoded]
        note(Kind.DEPOSIT, stored.case.site or "", [Arrived(stored.case, words)])
    body = Deposit(
        external_id=path.external_id,
        case_id=stored.case.case_id,
        version=stored.version,
        status=status.value,
        sharing=stored.case.sharing,
        peers=told(connection(), stored.case.case_id),
        report=report_of(submission),
    )
    return answer(
        body,
        201 if status is Status.CREATED else 200,
        {"ETag": etag(stored.version)},
    )


@blueprint.get(
    "/cases/<external_id>",
    operation_id="getCase",
    responses=responses({"200": CaseAnswer, "304": None}),
)
def get_case(path: CasePath, query: GetQuery) -> Response:
    """A case as it is kept now.

    With `If-None-Match` and the version you have, 304 where it is still that one.
    """
    stored = deposits().get(path.external_id)
    headers = {"ETag": etag(stored.version)}
    if request.if_none_match.contains_weak(str(stored.version)):
        return Response(status=304, headers=headers)
    peers = told(connection(), stored.case.case_id)
    body = case_answer(path.external_id, stored, peers, query.format, service().release)
    return answer(body, headers=headers)


@blueprint.delete(
    "/cases/<external_id>",
    operation_id="deleteCase",
    responses=responses({"204": None}, 412),
)
def delete_case(path: CasePath, query: NoQuery) -> Response:
    """Remove a case from this site, so that nobody sees or matches it any more.

    Its history is kept, and putting it again brings it back under the same number. Erasing it
    for good is for the people of the site.
    """
    deposits().delete(path.external_id, expected())
    return Response(status=204)


@blueprint.get(
    "/cases", operation_id="listCases", responses=responses({"200": CaseList})
)
def list_cases(query: ListQuery) -> Response:
    """The cases that your system submitted, in order of case_id."""
    own = deposits()
    # One more than wanted tells whether there are more.
    found = own.listed(query.after, query.limit + 1)
    shown = found[: query.limit]
    return answer(
        CaseList(
            total=own.count(),
            cases=case_lines(shown),
            next=shown[-1].case_id if len(found) > len(shown) else None,
        )
    )
