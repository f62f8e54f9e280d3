"""The envelope of an MME message: versions, content types, and the status of every refusal.

Real peers disagree on where the version stands (1.0 put it in `Accept`, 1.1 in `Content-Type`),
so both headers are read, and anything that is not plainly another format is taken as JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Request, Response

from web.config import Settings
from web.errors import WebError

LATEST_MINOR = 1
SHOWN = 100
SUPPORTED_VERSIONS = ("1.0", "1.1")
VENDOR_TYPE = re.compile(
    r"application/vnd\.ga4gh\.matchmaker(?:\.v(?P<major>\d{1,3})(?:\.(?P<minor>\d{1,3}))?)?\+json",
    re.I,
)
# matchbox sends JSON under the form type; everyone else under one of the others.
JSON_TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "*/*",
    "application/*",
)


class UnsupportedVersion(WebError):
    """The asker speaks a major version of the API that this node lacks."""

    def __init__(self, asked: str) -> None:
        super().__init__(
            f"Version {asked} of the Matchmaker Exchange API is not supported here; "
            f"supported versions are {' and '.join(SUPPORTED_VERSIONS)}."
        )
        self.supported_versions = list(SUPPORTED_VERSIONS)


class UnsupportedType(WebError):
    """The body or the wanted answer is in a format that is not JSON."""

    def __init__(self, header: str, value: str) -> None:
        super().__init__(
            f"{header} {value[:SHOWN]!r} is not understood here; send {content_type(LATEST_MINOR)} "
            "or application/json."
        )


def content_type(minor: int) -> str:
    """Name the media type of an MME 1.`minor` message."""
    return f"application/vnd.ga4gh.matchmaker.v1.{minor}+json"


def minor_version(request: Request) -> int:
    """Minor version in which to answer: the one that either header names, else the latest.

    Raises:
        UnsupportedVersion: the headers name other major versions only.
        UnsupportedType: the body's type is no form of JSON.
    """
    body_type = request.headers.get("Content-Type", "").strip()
    if body_type and not _is_json(body_type):
        raise UnsupportedType("Content-Type", body_type)
    said = f"{body_type}, {request.headers.get('Accept', '')}"
    named = [match for match in VENDOR_TYPE.finditer(said) if match["major"]]
    for match in named:
        if match["major"] == "1":
            return min(int(match["minor"] or 0), LATEST_MINOR)
    if named:
        raise UnsupportedVersion(f"{named[0]['major']}.{named[0]['minor'] or 0}")
    return LATEST_MINOR


def is_browser(request: Request) -> bool:
    """Whether a person looks at an address that is made for programs."""
    accepts = request.accept_mimetypes
    return (
        "X-Auth-Token" not in request.headers
        and accepts["text/html"] > accepts["application/json"]
    )


def _is_json(body_type: str) -> bool:
    bare = body_type.partition(";")[0].strip().lower()
    return bare in JSON_TYPES or VENDOR_TYPE.fullmatch(bare) is not None


def answer(
    body: dict[str, Any], minor: int = LATEST_MINOR, status: int = 200
) -> Response:
    """Wrap a body as an MME message. NaN and infinity are refused, since JSON has neither."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, status=status, content_type=content_type(minor))


def notices(settings: Settings) -> dict[str, str]:
    """The disclaimer and the terms of this node under the keys of the protocol, if it has any."""
    said = {"disclaimer": settings.disclaimer, "terms": settings.terms}
    return {key: text for key, text in said.items() if text}
