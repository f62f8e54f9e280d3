"""Which resources a FHIR bundle holds, and which person each of them is about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from matcher.errors import MalformedCase
from matcher.readers.fields import MAX_ITEMS, Fields, printable
from matcher.readers.identifiers import MAX_CASE_ID
from matcher.readers.report import CaseRecord

_ABOUT = ("subject", "patient", "individual")
_MOST_RESOURCES = 200_000
_DEEPEST = 3


@dataclass(slots=True)
class Resource:
    """One resource with its kind and the names others know it by."""

    kind: str
    data: Mapping[str, object]
    names: tuple[str, ...]


@dataclass(slots=True)
class Dossier:
    """Everything that a bundle says of one person."""

    case_id: str
    patient: Mapping[str, object] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)


def is_bundle(data: Mapping[str, object]) -> bool:
    """Whether a JSON object is a FHIR bundle."""
    return data.get("resourceType") == "Bundle"


def dossiers(bundle: Fields) -> list[Dossier]:
    """The persons of a bundle in the order of their Patient resources, each with what is hers."""
    resources = list(_resources(bundle, 0))
    found: dict[str, Dossier] = {}
    by_name: dict[str, Dossier] = {}
    for number, each in enumerate((r for r in resources if r.kind == "Patient"), 1):
        dossier = Dossier(_patient_id(each, number, bundle.record), each.data)
        # Two entries of one Patient are two versions of the same person.
        dossier = found.setdefault(dossier.case_id, dossier)
        by_name.update(dict.fromkeys(each.names, dossier))
    for each in resources:
        if each.kind != "Patient":
            _file(each, found, by_name, bundle.record)
    if not found:
        raise MalformedCase(
            "The bundle holds neither a Patient nor a resource about one",
            "add the Patient that the Observations and Conditions are about",
        )
    return list(found.values())


def _resources(bundle: Fields, depth: int) -> Iterator[Resource]:
    entries = bundle.children("entry", most=_MOST_RESOURCES)
    for entry in entries:
        resource = entry.child("resource")
        kind = resource.text("resourceType") if resource else ""
        if kind == "Bundle" and depth < _DEEPEST:
            yield from _resources(resource, depth + 1)
        elif kind:
            url, own = entry.text("fullUrl"), resource.text("id")
            yield Resource(kind, resource.data, _names(kind, url, own))
            yield from _contained(resource)


def _contained(resource: Fields) -> Iterator[Resource]:
    if resource.get("contained") is None:
        return
    for inner in resource.children("contained", most=MAX_ITEMS):
        if inner.text("resourceType") == "Patient":
            name = inner.text("id")
            yield Resource("Patient", inner.data, (f"#{name}",) if name else ())


def _names(kind: str, url: str, own: str) -> tuple[str, ...]:
    named = (url, _short(url), f"{kind}/{own}" if own else "")
    return tuple(dict.fromkeys(name for name in named if name))


def _short(reference: str) -> str:
    """`https://host/fhir/Patient/7/_history/2` as `Patient/7`; others as they are."""
    parts = reference.split("/_history/")[0].split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 else reference


def _patient_id(patient: Resource, number: int, record: CaseRecord) -> str:
    """The logical id of the resource, never an identifier of the person."""
    own = patient.data.get("id")
    if isinstance(own, str) and own.strip():
        return own.strip()
    urls = [name for name in patient.names if name]
    tail = urls[0].rpartition("/")[2].rpartition(":")[2].lstrip("#") if urls else ""
    guess = tail or f"patient-{number}"
    if not tail:
        record.report.made_up.add(guess)
    record.guessed(
        "Patient.id", guess, f"A Patient has no id; {guess!r} serves as one."
    )
    return guess


def _file(
    resource: Resource,
    found: dict[str, Dossier],
    by_name: dict[str, Dossier],
    record: CaseRecord,
) -> None:
    """Put a resource to the person that it is about."""
    fields = Fields(resource.data, record, resource.kind)
    name = next((name for name in _ABOUT if fields.get(name) is not None), "")
    about = fields.child(name).text("reference") if name else ""
    dossier = by_name.get(about) or by_name.get(_short(about))
    if dossier is None and not about and len(found) == 1:
        dossier = next(iter(found.values()))
    if (
        dossier is None
        and about
        and not about.startswith("#")
        and not _has_patients(found)
    ):
        dossier = found.setdefault(_named(about), Dossier(_named(about)))
        by_name[about] = dossier
    if dossier is not None:
        dossier.resources.append(resource)
    elif resource.kind not in _OF_NOBODY:
        record.dropped(
            resource.kind,
            printable(about),
            f"A {resource.kind[:40]} is about nobody in this bundle; it was left out.",
        )


# What a bundle holds beside what it says of persons.
_OF_NOBODY = frozenset(
    "Organization Practitioner PractitionerRole Location Device Provenance MessageHeader Medication"
    " OperationOutcome Composition ResearchStudy Group Library CodeSystem ValueSet".split()
)


def _has_patients(found: Mapping[str, Dossier]) -> bool:
    return any(dossier.patient for dossier in found.values())


def _named(reference: str) -> str:
    """An id for a person of whom a bundle has no Patient: the end of the reference."""
    tail = reference.rpartition("/")[2].rpartition(":")[2] or reference
    if len(tail) <= MAX_CASE_ID:
        return tail
    return hashlib.sha256(tail.encode("utf-8", "replace")).hexdigest()[:32]
