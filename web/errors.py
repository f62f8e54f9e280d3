"""What can be wrong with a request, and how any error becomes a status, a page or JSON."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from flask import (
    Flask,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response as BaseResponse

from matcher.errors import (
    MalformedCase,
    MatcherError,
    TooLarge,
    UnknownFormat,
    UnreadableInput,
    UnsupportedVersion,
)
from matcher.storage.errors import (
    CaseChanged,
    CaseOfAnotherSite,
    DatabaseBusy,
    DatabaseFull,
    ErasedCase,
    ExternalIdTaken,
    RepeatedCase,
    StoreError,
    UnknownCase,
)
from matcher.storage.codec import UnstorableCase
from ontologies.errors import (
    FetchFailed,
    InvalidFile,
    NoActiveRelease,
    OntologyError,
    UnknownDisease,
    UnknownRelease,
    UnknownTerm,
    UnreadableOntology,
)
from web.problems import Fault, problem

log = structlog.get_logger(__name__)

STALE_FORM = (
    "This form was not sent from a page that is logged in here, and nothing was saved; "
    "reload the page and send it again."
)
NOTHING_HERE = "There is nothing at this address, or it is not yours to see."

# Paths whose callers are programs: they are answered in JSON whatever they accept.
PROBLEM_PATH = "/api"
JSON_PATHS = (PROBLEM_PATH, "/match", "/heartbeat", "/metrics", "/mme")
# What a peer names in one of its headers, also where it was given a wrong address.
PEERS_TYPE = "vnd.ga4gh.matchmaker"


class WebError(Exception):
    """Base of every error of this package. Its text is a sentence for a person."""


class BadSettings(WebError):
    """Settings that cannot be used, all of them at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        listed = "".join(f"\n- {problem}" for problem in problems)
        super().__init__(f"Secondcase cannot start with these settings:{listed}")
        self.problems = problems


class NotLoggedIn(WebError):
    """A page or call that needs a person."""

    def __init__(self) -> None:
        super().__init__("You are not logged in, or your session has ended; log in.")


class LogInFailed(WebError):
    """A name and password that do not belong together, whichever of them is wrong."""

    def __init__(self) -> None:
        super().__init__(
            "This name and password do not belong together; check both and log in again."
        )


class LogInThrottled(WebError):
    """Too many failed attempts for one name or from one address."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "There were too many failed attempts to log in; "
            f"the next one is possible in {retry_after} seconds."
        )
        self.retry_after = retry_after


class WrongCode(WebError):
    """A code of a second factor that is not good, or not good any more."""

    def __init__(self) -> None:
        super().__init__(
            "This code is wrong, too old, or was used before; type the one that your "
            "authenticator shows now, or a recovery code."
        )


class LinkExpired(WebError):
    """A link for a new password that was used, has expired, or never was one."""

    def __init__(self) -> None:
        super().__init__(
            "This link has been used or has expired; ask your operator for another one."
        )


class WeakPassword(WebError):
    """A password that cannot be accepted, with every reason."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(f"This password cannot be used: {'; '.join(problems)}.")
        self.problems = problems


class UnknownPerson(WebError):
    """No account has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no person {name!a}; 'secondcase user list' names everybody."
        )
        self.name = name


class NameTaken(WebError):
    """Another account has this name or address."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is already a person with the name or e-mail {name!a}; "
            "choose another one."
        )
        self.name = name


class BadAccount(WebError):
    """An account that cannot be made as described."""

    def __init__(self, field: str, value: str, wanted: str) -> None:
        super().__init__(f"The {field} is {value!a}, but it must be {wanted}.")
        self.field = field


# The one table of statuses. A class counts for its children that are not named.
STATUSES: Mapping[type[Exception], int] = {
    OntologyError: 500,
    FetchFailed: 503,
    InvalidFile: 422,
    NoActiveRelease: 503,
    UnknownDisease: 422,
    UnknownRelease: 404,
    UnknownTerm: 422,
    UnreadableOntology: 422,
    MatcherError: 422,
    UnknownCase: 404,
    UnreadableInput: 400,
    MalformedCase: 422,
    TooLarge: 413,
    UnknownFormat: 422,
    UnsupportedVersion: 422,
    StoreError: 500,
    CaseChanged: 409,
    CaseOfAnotherSite: 409,
    DatabaseBusy: 503,
    DatabaseFull: 503,
    ErasedCase: 410,
    ExternalIdTaken: 409,
    RepeatedCase: 422,
    UnstorableCase: 422,
    WebError: 400,
    BadAccount: 422,
    BadSettings: 500,
    LogInFailed: 401,
    LogInThrottled: 429,
    WrongCode: 401,
    LinkExpired: 404,
    NameTaken: 409,
    NotLoggedIn: 401,
    UnknownPerson: 404,
    WeakPassword: 422,
}

SENTENCES: Mapping[int, str] = {
    400: "The request could not be read; reload the page and send it again.",
    401: str(NotLoggedIn()),
    404: NOTHING_HERE,
    405: "This address does not take that kind of request.",
    406: "None of the formats asked for is available here.",
    408: "The request took too long to arrive; send it again.",
    413: "The request is larger than this site accepts; send it in smaller parts.",
    414: "The address is too long; send long text in a form.",
    415: "The content type is not one that this address reads; send JSON.",
    429: "There were too many requests; wait before the next one.",
    431: "The headers of the request are too large.",
    503: "The service is busy; the same request will work in a moment.",
}


def init_app(app: Flask, statuses: Mapping[type[Exception], int] | None = None) -> None:
    """Answer every error of the application; `statuses` adds classes to the table."""
    table = {**STATUSES, **(statuses or {})}

    @app.errorhandler(Exception)
    def answer_error(error: Exception) -> BaseResponse:
        if isinstance(error, HTTPException):
            return _answer_http(error)
        status = status_of(error, table)
        if status >= 500 and status != 503:
            return _answer_unexpected(error)
        if isinstance(error, NotLoggedIn) and not wants_json():
            return _to_log_in(app)
        if status == 404:
            return answer(404, NOTHING_HERE)
        response = answer(status, str(error), faults=getattr(error, "faults", ()))
        if retry_after := getattr(error, "retry_after", None):
            response.headers["Retry-After"] = str(retry_after)
        response.headers.extend(getattr(error, "headers", {}))
        return response


def status_of(error: Exception, table: Mapping[type[Exception], int] = STATUSES) -> int:
    """The HTTP status of an error by its closest class in the table, 500 for any other."""
    for parent in type(error).__mro__:
        if parent in table:
            return table[parent]
    return 500


def wants_json() -> bool:
    """Whether the caller is a program: by path, as a peer, or as it takes JSON but no page."""
    if any(is_below(request.path, each) for each in JSON_PATHS):
        return True
    named = (request.headers.get(each, "") for each in ("Accept", "Content-Type"))
    if any(PEERS_TYPE in each.lower() for each in named):
        return True
    accepts = request.accept_mimetypes
    return accepts["application/json"] > accepts["text/html"]


def is_below(path: str, above: str) -> bool:
    """Whether a path is this one, or leads further down."""
    return path == above or path.startswith(above + "/")


def answer(
    status: int, sentence: str, reference: str = "", faults: Sequence[Fault] = ()
) -> Response:
    """The sentence as JSON or as a page, whichever the caller reads."""
    if is_below(request.path, PROBLEM_PATH):
        return problem(status, sentence, faults, reference)
    if wants_json():
        body = {"message": sentence}
        response = jsonify({**body, "reference": reference} if reference else body)
    else:
        response = make_response(_page(status, sentence, reference))
    response.status_code = status
    return response


def _page(status: int, sentence: str, reference: str) -> str:
    try:
        return render_template(
            "error.html",
            status=status,
            title=HTTP_STATUS_CODES.get(status, "Error"),
            sentence=sentence,
            reference=reference,
        )
    except Exception as error:
        # The layout may need what just failed, such as the database: then a bare page.
        log.warning("error page failed", error=type(error).__name__)
        return f"<!doctype html><title>Secondcase</title><p>{escape(sentence)}</p>"


def _answer_http(error: HTTPException) -> BaseResponse:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    # Missing and forbidden look alike, so that nobody can learn what exists.
    status = 404 if error.code == 403 else error.code
    if status == 500:
        return _answer_unexpected(getattr(error, "original_exception", None) or error)
    sentence = SENTENCES.get(status, SENTENCES[400])
    response = answer(status, STALE_FORM if isinstance(error, CSRFError) else sentence)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "Accept"):
            response.headers[name] = value
    return response


def _answer_unexpected(error: BaseException) -> Response:
    reference = secrets.token_hex(4)
    log.error(
        "unexpected error",
        reference=reference,
        error=type(error).__name__,
        endpoint=request.endpoint,
        method=request.method,
        frames=frames(error),
    )
    sentence = (
        "Something went wrong on our side and nothing was saved; "
        f"tell the operator of your site this reference: {reference}."
    )
    return answer(500, sentence, reference)


def frames(error: BaseException) -> list[str]:
    """Where an error came from; never its message, which may quote a case."""
    return [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]


def _to_log_in(app: Flask) -> BaseResponse:
    values: dict[str, Any] = {}
    if request.method == "GET":
        values["next"] = request.full_path.removesuffix("?")
    return redirect(url_for(app.config["LOG_IN_VIEW"], **values))
