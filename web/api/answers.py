"""What is answered: cases and remarks as the models of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, request
from matcher.readers import Report, mme, phenopackets
from matcher.readers.report import Kind
from matcher.storage.store import Listed, StoredCase
from ontologies import Release
from web.api.bodies import MOST_REMARKS, Submission
from web.api.deposits import Expected
from web.api.schemas import (
    Body,
    CaseAnswer,
    CaseLine,
    Format,
    PeersTold,
    ReadReport,
    Remark,
)


def answer(
    body: Body, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The model as JSON."""
    return Response(
        body.model_dump_json(),
        status=status,
        mimetype="application/json",
        headers=dict(headers or {}),
    )


def etag(version: int) -> str:
    """How a header names a version of a case."""
    return f'"{version}"'


def expected() -> Expected:
    """Which version the headers of this request take for the current one."""
    said = request.headers.get("If-Match", "")
    is_none = request.headers.get("If-None-Match", "").strip() == "*"
    if not said:
        return Expected(is_none=is_none, said="*" if is_none else "")
    if said.strip() == "*":
        return Expected(is_any=True, is_none=is_none, said=said)
    name = said.strip().strip('"')
    # No version is 0, and no other name is ever one of a version.
    version = int(name) if name.isascii() and name.isdigit() and len(name) < 10 else -1
    return Expected(version=version or -1, is_none=is_none, said=said)


def report_of(submission: Submission) -> ReadReport:
    """What was made of each value of a body."""
    report: Report = submission.report
    remarks = [
        Remark(
            kind=str(entry.kind),
            pointer=found.pointer,
            field=entry.field,
            value=entry.value,
            message=entry.message,
        )
        for entry, found in submission.entries
    ]
    remarks += [
        Remark(
            kind=str(issue.severity),
            pointer=found.pointer,
            field=issue.field,
            value=found.value,
            message=issue.message,
        )
        for issue, found in submission.issues
    ]
    return ReadReport(
        mapped=dict(sorted(report.counts[Kind.MAPPED].items())),
        guessed=dict(sorted(report.counts[Kind.GUESSED].items())),
        dropped=dict(sorted(report.counts[Kind.DROPPED].items())),
        remarks=remarks[:MOST_REMARKS],
        omitted=report.omitted + max(0, len(remarks) - MOST_REMARKS),
    )


def case_answer(
    external_id: str,
    stored: StoredCase,
    peers: PeersTold,
    wanted: Format,
    release: Release,
) -> CaseAnswer:
    """A stored case in the format that was asked for."""
    return CaseAnswer(
        external_id=external_id,
        case_id=stored.case.case_id,
        version=stored.version,
        sharing=stored.case.sharing,
        peers=peers,
        saved_at=stored.saved_at,
        changed_by=stored.actor,
        format=wanted,
        case=_written(stored, wanted, release),
    )


def _written(stored: StoredCase, wanted: Format, release: Release) -> dict[str, Any]:
    if wanted is Format.PATIENT:
        return {"patient": mme.to_json(stored.case, release=release)}
    return phenopackets.to_json(stored.case)


def case_lines(listed: Iterable[Listed]) -> list[CaseLine]:
    """The cases of a list."""
    return [
        CaseLine(
            external_id=each.external_id or "",
            case_id=each.case_id,
            version=each.version,
            sharing=each.sharing,
            saved_at=each.saved_at,
        )
        for each in listed
    ]
