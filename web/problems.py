"""An error as programs read it: RFC 9457 problem details, with every field that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flask import Response, json
from werkzeug.http import HTTP_STATUS_CODES

MEDIA_TYPE = "application/problem+json"
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: where it stands, as what, and what would be right.

    `place` is body, path, query or header. `pointer` is the JSON Pointer (RFC 6901) of the
    value in the body, empty for the whole body and for what stands elsewhere.
    """

    place: str
    field: str
    pointer: str = ""
    value: str = ""
    message: str


def problem(
    status: int, detail: str, faults: Sequence[Fault] = (), reference: str = ""
) -> Response:
    """The answer to a request that failed."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "errors": [asdict(_bounded(fault)) for fault in faults],
    }
    if reference:
        body["reference"] = reference
    return Response(json.dumps(body), status=status, mimetype=MEDIA_TYPE)


def _bounded(fault: Fault) -> Fault:
    if len(fault.value) <= LONGEST_VALUE:
        return fault
    return Fault(**{**asdict(fault), "value": fault.value[:LONGEST_VALUE] + "…"})
