"""A GA4GH Phenopacket (version 2), Family or Cohort as cases, and a case as a Phenopacket.

Schema: https://phenopacket-schema.readthedocs.io/en/2.0.0/. Names may be in camelCase or
snake_case, enumerations words or numbers, and null may stand anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from matcher.case import (
    Case,
    Disease,
    DiseaseStatus,
    Onset,
)
from matcher.errors import UnsupportedVersion
from matcher.readers.fields import Fields, camel_case, flag
from matcher.readers.identifiers import (
    checked_id,
    clean_disease,
    pmid,
)
from matcher.readers.interpretations import read_interpretations
from matcher.readers.medical import read_measurements, read_treatments
from matcher.readers.phenopacket_asides import is_aside, read_asides
from matcher.readers.phenopacket_features import read_features
from matcher.readers.phenopacket_subject import read_death, read_sex, read_species
from matcher.readers.phenopacket_writing import ANY_DISEASE, to_json
from matcher.readers.report import CaseRecord, Report
from matcher.readers.time_elements import read_age, read_onset

__all__ = ["cases_from_json", "from_json", "is_phenopacket", "to_json"]

_MARKS = frozenset(
    {
        "phenotypicFeatures",
        "metaData",
        "interpretations",
        "medicalActions",
        "subject",
        "proband",
        "relatives",
        "members",
        "biosamples",
        "htsFiles",
        "diseases",
    }
)
_TOP_LEVEL = frozenset(
    {
        "id",
        "subject",
        "phenotypicFeatures",
        "measurements",
        "interpretations",
        "diseases",
        "medicalActions",
        "metaData",
    }
)
_FAMILY = frozenset({"id", "proband", "relatives", "pedigree", "metaData"})
_COHORT = frozenset({"id", "description", "members", "metaData"})
_META_DATA = frozenset(
    {
        "externalReferences",
        "submittedBy",
        "phenopacketSchemaVersion",
        "created",
        "createdBy",
        "resources",
        "updates",
    }
)
_V1_FIELDS = ("genes", "variants", "htsFiles")


def is_phenopacket(data: Mapping[str, object]) -> bool:
    """Whether a JSON object is a phenopacket, family or cohort, of any version."""
    return any(camel_case(name) in _MARKS for name in data)


def cases_from_json(
    data: Mapping[str, object], report: Report, source: str
) -> Iterator[Case]:
    """Every affected person of a packet, a family (proband and relatives) or a cohort."""
    top = Fields(data, CaseRecord(report, source, str(data.get("id") or "")))
    if top.get("proband") is not None or top.get("relatives") is not None:
        top.ignore_but(_FAMILY)
        yield from _family(top, report, source)
    elif top.get("members") is not None:
        top.ignore_but(_COHORT)
        for member in top.children("members", unlimited=True):
            yield from_json(_with_meta_data(member, top), report, source)
    else:
        yield from_json(data, report, source)


def _with_meta_data(member: Fields, top: Fields) -> Mapping[str, object]:
    """A packet of a family or cohort, with the outer metaData where it has none itself."""
    if member.get("metaData") is not None or top.get("metaData") is None:
        return member.data
    return {**member.data, "metaData": top.get("metaData")}


def _family(top: Fields, report: Report, source: str) -> Iterator[Case]:
    family = top.text("id") or None
    unaffected = {
        person.text("individualId")
        for person in top.child("pedigree").children("persons", unlimited=True)
        if person.text("affectedStatus") in ("UNAFFECTED", "1")
    }
    proband = top.child("proband")
    if proband:
        packet = _with_meta_data(proband, top)
        yield from_json(packet, report, source, family=family)
    for relative in top.children("relatives", unlimited=True):
        person = relative.child("subject").text("id") or relative.text("id")
        if person in unaffected:
            top.record.dropped(
                "relatives",
                person,
                f"The relative {person!r} is not affected: no case.",
            )
        else:
            packet = _with_meta_data(relative, top)
            yield from_json(packet, report, source, family=family)


def from_json(
    data: Mapping[str, object],
    report: Report,
    source: str,
    *,
    family: str | None = None,
) -> Case:
    """One packet as a case; raises UnsupportedVersion or MalformedCase.

    `createdBy` made the file and deposited nothing, so only `submittedBy` is a submitter.
    The subject's own id becomes the label where it says more than the packet's id.
    """
    record = CaseRecord(report, source)
    packet = Fields(data, record)
    _check_version(packet)
    subject = packet.child("subject")
    record.case_id = case_id = _case_id(packet, subject)
    packet.ignore_but(_TOP_LEVEL)
    diseases, onset = _diseases(packet)
    found = read_interpretations(packet, diseases)
    meta_data = packet.child("metaData")
    meta_data.ignore_but(_META_DATA)
    label = subject.text("id")
    references = meta_data.children("externalReferences")
    asides = read_asides([each for each in references if is_aside(each)])
    case = Case(
        case_id=case_id,
        label="" if label == case_id else label,
        features=tuple(read_features(packet)),
        genomic_features=found.genomic_features,
        diseases=found.diseases,
        sex=read_sex(subject),
        age_years=read_age(subject),
        onset=onset,
        species=read_species(subject),
        family=family,
        submitter=meta_data.text("submittedBy") or None,
        solved=found.solved,
        publications=_publications(references, case_id, record),
        measurements=tuple(read_measurements(packet)),
        treatments=tuple(read_treatments(packet)),
        uncertain=tuple(asides.uncertain),
        relatives=tuple(asides.relatives),
        death=read_death(subject),
    )
    report.cases += 1
    return case


def _case_id(packet: Fields, subject: Fields) -> str:
    case_id = packet.identifier("id")
    if case_id:
        return checked_id(case_id, "phenopacket")
    guess = checked_id(subject.identifier("id"), "phenopacket")
    packet.record.guessed(
        "id", guess, f"The packet has no id; its subject's id {guess!r} serves as one."
    )
    return guess


def _check_version(packet: Fields) -> None:
    meta_data = packet.child("metaData")
    version = meta_data.text("phenopacketSchemaVersion") or meta_data.text(
        "schemaVersion"
    )
    major = version.lstrip("vV").split(".")[0]
    if version and major != "2":
        raise UnsupportedVersion(f"its metaData says version {version[:40]!r}")
    for name in _V1_FIELDS:
        if packet.get(name):
            raise UnsupportedVersion(f"{name!r} is a field of version 1")
    for feature in packet.items("phenotypicFeatures"):
        if isinstance(feature, dict) and "negated" in feature:
            raise UnsupportedVersion("'negated' is a field of version 1")
    if not version:
        packet.record.guessed(
            "metaData.phenopacketSchemaVersion",
            None,
            "The packet does not say its schema version; it was read as version 2.",
        )


def _diseases(packet: Fields) -> tuple[list[Disease], Onset | None]:
    diseases = []
    onset = None
    for fields in packet.children("diseases"):
        entered, label = fields.term("term")
        began = read_onset(fields, "onset")
        excluded = flag(fields.get("excluded")) is True
        if not excluded:
            onset = onset or began
        if entered == ANY_DISEASE:
            continue
        if not entered:
            fields.record.dropped(
                "diseases.term", label, "A disease without a term id was left out."
            )
            continue
        fields.record.mapped("diseases")
        diseases.append(
            Disease(
                disease_id=clean_disease(entered, fields.record, "diseases.term"),
                label=label,
                status=(
                    DiseaseStatus.EXCLUDED if excluded else DiseaseStatus.CONFIRMED
                ),
                onset=began,
            )
        )
    return diseases, onset


def _publications(
    references: Iterable[Fields], case_id: str, record: CaseRecord
) -> tuple[str, ...]:
    found = []
    for reference in references:
        if is_aside(reference):
            continue
        name = reference.text("id")
        publication = pmid(name) or pmid(reference.text("reference"))
        if publication:
            record.mapped("metaData.externalReferences")
            found.append(publication)
        else:
            record.ignored("metaData.externalReferences")
    if not found and (guess := pmid(case_id)):
        record.guessed(
            "metaData.externalReferences",
            case_id,
            f"No publication is named; {guess} was taken from the id {case_id!r}.",
        )
        found.append(guess)
    return tuple(dict.fromkeys(found))
