"""The case in the body of a call: read, judged, and each remark with the place it is about."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NoReturn

from flask import request

from matcher.case import Case
from matcher.errors import MalformedCase, TooLarge, UnreadableInput
from matcher.readers import Report, cases_in
from matcher.readers.fhir import is_bundle
from matcher.readers.fields import as_object, described
from matcher.readers.report import Entry
from matcher.readers.strict_json import parse_json
from matcher.validation import Issue, Severity, validate
from ontologies import Release
from web.api.errors import BadBody, BodyTooLarge, InvalidCase, WrongType
from web.api.pointers import Found, find
from web.problems import Fault

JSON = "application/json"
PHENOPACKET = "application/vnd.ga4gh.phenopacket.v2+json"
PATIENT = "application/vnd.ga4gh.matchmaker.v1.0+json"
BUNDLE = "application/fhir+json"
_PHENOPACKET = re.compile(r"application/vnd\.ga4gh\.phenopacket(\.v2[.\d]*)?\+json")
_PATIENT = re.compile(r"application/vnd\.ga4gh\.matchmaker(\.v1[.\d]*)?\+json")

MOST_REMARKS = 200
MOST_FEATURES = 400
MOST_GENOMIC_FEATURES = 200
MOST_DISEASES = 100
# Shorter numbers stand in many sentences.
SHORTEST_ID = 3


class Kind(enum.IntEnum):
    """What a body is."""

    PHENOPACKET = 0
    PATIENT = 1
    BUNDLE = 2


NAMES = ("a phenopacket", "a Matchmaker Exchange patient", "a FHIR bundle")
# Where the fields of a case stand in a phenopacket, in a patient and in a bundle.
FIELDS: Mapping[str, tuple[str, str, str]] = {
    "features": ("phenotypicFeatures", "features", "entry"),
    "features.onset": ("phenotypicFeatures.onset", "features.ageOfOnset", "entry"),
    "genomic_features": ("interpretations", "genomicFeatures", "entry"),
    "genomic_features.variant": ("interpretations", "genomicFeatures.variant", "entry"),
    "diseases": ("diseases", "disorders", "entry"),
    "diseases.onset": ("diseases.onset", "disorders", "entry"),
    "onset": ("diseases.onset", "ageOfOnset", "entry"),
    "age_years": ("subject.timeAtLastEncounter", "", "entry"),
    "inheritance": ("phenotypicFeatures", "inheritanceMode", "entry"),
    "species": ("subject.taxonomy", "species", "entry"),
    "contact": ("metaData", "contact", "entry"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One case as it was sent, and what is to be said of it.

    `remarks` are the values that were guessed or dropped and the rules that a good case meets
    and this one does not; none of them keeps the case from being used.
    """

    case: Case
    report: Report
    entries: tuple[tuple[Entry, Found], ...]
    issues: tuple[tuple[Issue, Found], ...]


def submitted(release: Release) -> Submission:
    """The one case in the body of this request.

    Raises `WrongType`, `BadBody`, `BodyTooLarge` or, with every field that is wrong,
    `InvalidCase`.
    """
    wanted = _wanted()
    report = Report(limit=MOST_REMARKS)
    document = _parsed(report)
    kind, base, part = _unwrapped(document)
    if wanted is not None and wanted is not kind:
        _refuse_kind(wanted)
    case = _case(document, report, base)
    issues = validate(case, release)
    faults = [*_too_many(case, part, kind, base)]
    faults += [
        _fault(issue, _place(issue, part, kind, base))
        for issue in issues
        if issue.severity is Severity.ERROR
    ]
    if faults:
        raise InvalidCase(faults)
    return Submission(
        case=case,
        report=report,
        entries=tuple((e, _stands(e, part, base)) for e in report.entries),
        issues=tuple((i, _place(i, part, kind, base)) for i in issues),
    )


def _wanted() -> Kind | None:
    """What the body is said to be; None where that is left open."""
    given = request.mimetype
    if _PATIENT.fullmatch(given):
        return Kind.PATIENT
    if _PHENOPACKET.fullmatch(given):
        return Kind.PHENOPACKET
    if given == BUNDLE:
        return Kind.BUNDLE
    if given not in ("", JSON):
        taken = (JSON, PHENOPACKET, PATIENT, BUNDLE)
        raise WrongType(request.content_type or "", taken)
    return None


def _parsed(report: Report) -> Mapping[str, object]:
    try:
        value = parse_json(request.get_data(), report=report)
    except TooLarge as error:
        raise BodyTooLarge(str(error)) from error
    except UnreadableInput as error:
        raise BadBody(str(error)) from error
    document = as_object(value)
    if document is None:
        raise InvalidCase(
            [
                Fault(
                    place="body",
                    field="",
                    value=described(value),
                    message=f"The body is {described(value)}; right would be one object, "
                    "a phenopacket, a Matchmaker Exchange patient or a FHIR bundle.",
                )
            ]
        )
    return document


def _unwrapped(document: Mapping[str, object]) -> tuple[Kind, str, object]:
    """What the body is, and the part of it in which the case itself stands."""
    if is_bundle(document):
        return Kind.BUNDLE, "", document
    if isinstance(document.get("patient"), dict):
        return Kind.PATIENT, "/patient", document["patient"]
    if isinstance(document.get("proband"), dict):
        return Kind.PHENOPACKET, "/proband", document["proband"]
    names = ("features", "genomicFeatures", "disorders")
    is_patient = any(name in document for name in names)
    return Kind.PATIENT if is_patient else Kind.PHENOPACKET, "", document


def _refuse_kind(kind: Kind) -> NoReturn:
    message = (
        f"The content type says {NAMES[kind]}, and the body is none; send the right content type, "
        f"or {JSON}, with which the body tells by itself."
    )
    raise InvalidCase([Fault(place="body", field="", message=message)])


def _case(document: Mapping[str, object], report: Report, base: str) -> Case:
    try:
        found = list(islice(cases_in(document, report, ""), 2))
    except UnreadableInput as error:
        pointer = f"{base}/id" if isinstance(error, MalformedCase) else base
        fault = Fault(
            place="body",
            field=pointer.rpartition("/")[2],
            pointer=pointer,
            message=str(error),
        )
        raise InvalidCase([fault]) from error
    if len(found) == 1:
        return found[0]
    message = (
        "The body holds no affected person or several; "
        "send each case to an address of its own."
    )
    raise InvalidCase([Fault(place="body", field="", message=message)])


def _too_many(case: Case, part: object, kind: Kind, base: str) -> Iterator[Fault]:
    for name, count, most in (
        ("features", len(case.features), MOST_FEATURES),
        ("genomic_features", len(case.genomic_features), MOST_GENOMIC_FEATURES),
        ("diseases", len(case.diseases), MOST_DISEASES),
    ):
        if count > most:
            field = FIELDS[name][kind]
            yield Fault(
                place="body",
                field=field,
                pointer=find(part, field, lambda text: False).below(base).pointer,
                value=str(count),
                message=f"{count:,} {name} are more than {most:,}; "
                "send those that tell this person from others.",
            )


def _fault(issue: Issue, found: Found) -> Fault:
    return Fault(
        place="body",
        field=issue.field,
        pointer=found.pointer,
        value=found.value,
        message=issue.message,
    )


def _place(issue: Issue, part: object, kind: Kind, base: str) -> Found:
    """The value that an issue is about, as far as its message names one."""
    field = FIELDS.get(issue.field, (issue.field, issue.field, "entry"))[kind]

    def is_named(text: str) -> bool:
        is_id = len(text) >= SHORTEST_ID and any(map(str.isdigit, text))
        return (is_id and text in issue.message) or f"{text!r}" in issue.message

    return (find(part, field, is_named) if field else Found("")).below(base)


def _stands(entry: Entry, part: object, base: str) -> Found:
    """The value that an entry of the reader's report is about."""
    return find(part, entry.field, lambda text: text == entry.value).below(base)
