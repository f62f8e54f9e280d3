"""A Matchmaker Exchange patient as a case, and a case as such a patient.

Reading is liberal: it takes what peers really send. One bad feature never fails a case, and
whatever is guessed or dropped stands in the report. Protocol: https://github.com/ga4gh/mme-apis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from matcher.case import (
    Case,
    Contact,
    Disease,
    Onset,
    PhenotypicFeature,
    Sex,
)
from matcher.readers.ages import years
from matcher.readers.fields import MAX_ITEMS, Fields, flag, is_plain, plain_text
from matcher.readers.identifiers import (
    DISEASE_FORM,
    TERM_FORM,
    checked_id,
    clean_disease,
    clean_term,
    disease_id,
    hpo_id,
    is_hpo_id,
    pmid,
    taxon_id,
)
from matcher.readers.mme_contacts import read_contact
from matcher.readers.mme_genomics import CoordinateBase, read_genomic_features
from matcher.readers.mme_writing import to_json
from matcher.readers.report import CaseRecord, Report, Wrong

__all__ = ["CoordinateBase", "ItemLimits", "from_json", "is_patient", "to_json"]

_MARKS = frozenset({"features", "genomicFeatures", "disorders", "contact", "test"})
_PATIENT = frozenset(
    {
        "id",
        "label",
        "contact",
        "species",
        "sex",
        "gender",
        "ageOfOnset",
        "inheritanceMode",
        "disorders",
        "features",
        "genomicFeatures",
        "shareVariantLevelData",
        "test",
    }
)
_FEATURE = frozenset({"id", "label", "observed", "ageOfOnset", "modifiers", "type"})
_SEXES = {
    "FEMALE": Sex.FEMALE,
    "F": Sex.FEMALE,
    "MALE": Sex.MALE,
    "M": Sex.MALE,
    "OTHER": Sex.OTHER,
    "MIXED_SAMPLE": Sex.UNKNOWN,
    "NOT_APPLICABLE": Sex.UNKNOWN,
    "UNKNOWN": Sex.UNKNOWN,
}
_MOST_IDS = 100
_SEVERITIES = frozenset(f"HP:00128{number}" for number in range(25, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLimits:
    """How many items of each list of a patient are read; the rest is dropped with a warning.

    The defaults are for files. A message from outside needs far fewer.
    """

    features: int = MAX_ITEMS
    genomic_features: int = MAX_ITEMS
    disorders: int = MAX_ITEMS


def is_patient(data: Mapping[str, object]) -> bool:
    """Whether a JSON object is an MME patient."""
    return any(name in _MARKS for name in data)


def from_json(
    data: Mapping[str, object],
    report: Report,
    source: str,
    *,
    coordinate_base: CoordinateBase = CoordinateBase.STATED,
    limits: ItemLimits = ItemLimits(),
) -> Case:
    """One patient, bare or in a `patient` envelope, as a case; MalformedCase without an id.

    `coordinate_base` says how this peer counts variant positions. Whether the profile holds
    enough to match is for `validation` to say.
    """
    record = CaseRecord(report, source)
    envelope = data.get("patient")
    told = envelope if isinstance(envelope, dict) else data
    patient = Fields(told, record, place="patient")
    record.case_id = case_id = checked_id(patient.identifier("id"), "patient")
    patient.ignore_but(_PATIENT)
    contact = read_contact(patient)
    case = Case(
        case_id=case_id,
        label=patient.text("label"),
        features=tuple(_features(patient, limits.features)),
        genomic_features=tuple(
            read_genomic_features(patient, coordinate_base, limits.genomic_features)
        ),
        diseases=tuple(_disorders(patient, case_id, limits.disorders)),
        sex=_sex(patient),
        onset=_onset(patient),
        inheritance=tuple(_ids(patient, "inheritanceMode")),
        species=taxon_id(patient.text("species")) or "NCBITaxon:9606",
        contact=contact,
        test=_is_test(patient),
        publications=_publications(contact, patient),
    )
    report.cases += 1
    return case


def _features(patient: Fields, most: int) -> Iterator[PhenotypicFeature]:
    for place, item in patient.placed("features", most):
        feature = _plain_feature(item) if isinstance(item, dict) else None
        if feature is None:
            fields = _feature_fields(item, patient, place)
            feature = _feature(fields) if fields else None
        if feature:
            patient.record.mapped("features")
            yield feature


def _plain_feature(item: Mapping[str, object]) -> PhenotypicFeature | None:
    """A feature just as the specification has it, read in a tenth of the time of any other."""
    match item:
        case {
            "id": str(term_id),
            "label": str(label),
            "observed": "yes" | "no" as told,
        }:
            if len(item) == 3 and is_hpo_id(term_id) and is_plain(label):
                return PhenotypicFeature(
                    term_id=term_id, label=label, excluded=told == "no"
                )
    return None


def _feature_fields(item: object, patient: Fields, place: str) -> Fields | None:
    if isinstance(item, dict):
        return Fields(item, patient.record, "features", place)
    text = plain_text(item)
    if text:
        return Fields({"id": item}, patient.record, "features", place)
    patient.record.dropped(
        "features",
        item,
        "A feature that is no object was left out.",
        place=place,
        wrong=Wrong.TYPE,
        right="an object with an id",
    )
    return None


def _feature(fields: Fields) -> PhenotypicFeature | None:
    record = fields.record
    fields.ignore_but(_FEATURE)
    term_id = _feature_id(fields)
    label = fields.text("label")
    if not term_id:
        record.uncoded(label)
        record.dropped(
            "features.id",
            label,
            f"A feature ({label or 'without a label'}) has no id and was left out.",
            place=fields.spot("id"),
            wrong=Wrong.MISSING,
            right=TERM_FORM,
        )
        return None
    observed = _is_observed(fields)
    if observed is None:
        record.dropped(
            "features.observed",
            fields.get("observed"),
            f"Whether {term_id} was observed cannot be told from "
            f"{str(fields.get('observed'))[:40]!r}; it was left out.",
            place=fields.spot("observed"),
            right="yes or no",
        )
        return None
    modifiers = tuple(_ids(fields, "modifiers"))
    severity = next((m for m in modifiers if m in _SEVERITIES), None)
    return PhenotypicFeature(
        term_id=term_id,
        label=label,
        excluded=not observed,
        onset=_onset(fields),
        modifiers=tuple(m for m in modifiers if m != severity),
        severity=severity,
    )


def _feature_id(fields: Fields) -> str:
    entered = fields.text("id")
    if entered.isascii() and entered.isdigit() and len(entered) <= 7:
        term_id = f"HP:{entered:0>7}"
        fields.record.guessed(
            "features.id",
            entered,
            f"The number {entered} was read as {term_id}.",
            place=fields.spot("id"),
            right=TERM_FORM,
        )
        return term_id
    term_id = clean_term(entered, fields.record, "features.id")
    if entered and not is_hpo_id(term_id):
        # Kept as it is, and compared with nothing.
        fields.record.report.trouble(fields.spot("id"), Wrong.TERM_ID, TERM_FORM)
    return term_id


def _is_observed(fields: Fields) -> bool | None:
    """Observed unless it says otherwise; None where it says something unknown."""
    for name in ("negated", "excluded"):
        if flag(fields.data.get(name)) is True:
            fields.record.guessed(
                f"features.{name}",
                fields.get("id"),
                f"{fields.text('id')} is marked {name!r} and was read as not observed.",
                place=fields.spot(name),
                right='"observed": "no"',
            )
            return False
    entered = fields.get("observed")
    if entered is None or entered == "":
        return True
    return flag(entered)


def _ids(owner: Fields, name: str) -> Iterator[str]:
    """HPO ids given as text, as an object with an id, or as a list of either."""
    value = owner.get(name)
    items = owner.items(name, _MOST_IDS) if isinstance(value, list) else [value]
    for item in items:
        entered = plain_text(item.get("id") if isinstance(item, dict) else item)
        if entered:
            owner.record.mapped(owner.at(name))
            yield clean_term(entered, owner.record, owner.at(name))
        elif item not in (None, "", {}):
            owner.misfit(name, item, "an HPO id")


def _onset(owner: Fields) -> Onset | None:
    entered = next(_ids(owner, "ageOfOnset"), None)
    if entered is None:
        return None
    age = None if is_hpo_id(entered) else years(entered)
    if age is None and not is_hpo_id(hpo_id(entered)):
        owner.misfit("ageOfOnset", entered, "an HPO onset term")
        return None
    return Onset(years=age) if age is not None else Onset(term_id=entered)


def _disorders(patient: Fields, case_id: str, most: int) -> Iterator[Disease]:
    found = False
    for place, item in patient.placed("disorders", most):
        data = item if isinstance(item, dict) else {"id": item}
        fields = Fields(data, patient.record, "disorders", place)
        entered, label = fields.text("id"), fields.text("label")
        if entered:
            found = True
            patient.record.mapped("disorders")
            spot = fields.spot("id")
            name = clean_disease(entered, patient.record, "disorders.id", spot)
            yield Disease(disease_id=name, label=label)
        else:
            message = f"A disorder ({label or 'without a label'}) has no id; left out."
            patient.record.dropped(
                "disorders.id",
                label,
                message,
                place=fields.spot("id"),
                wrong=Wrong.MISSING,
                right=DISEASE_FORM,
            )
    named = disease_id(case_id)
    if not found and named.startswith(("ORPHA:", "MONDO:")):
        patient.record.guessed(
            "id",
            case_id,
            f"The patient {case_id!r} is itself the disease {named}.",
            place=patient.spot("id"),
            right="an id of the patient, and the disease among disorders",
        )
        yield Disease(disease_id=named, label=patient.text("label"))


def _sex(patient: Fields) -> Sex:
    name = "gender" if patient.get("sex") is None else "sex"
    entered = patient.text(name)
    sex = _SEXES.get(entered.upper())
    if entered and sex is None:
        patient.misfit(name, entered, "FEMALE, MALE or OTHER")
    return sex or Sex.UNKNOWN


def _is_test(patient: Fields) -> bool:
    entered = patient.get("test")
    said = flag(entered)
    if said is None and entered not in (None, ""):
        patient.misfit("test", entered, "true or false")
    return said is True


def _publications(contact: Contact | None, patient: Fields) -> tuple[str, ...]:
    """A contact that is a PubMed address names the publication of the case."""
    publication = pmid(contact.href) if contact else None
    if publication is None or contact is None:
        return ()
    patient.record.guessed(
        "contact.href",
        contact.href,
        f"The contact is the publication {publication}.",
        place=patient.spot("contact.href"),
        right="whom to write to: mailto: and an address, or a web page",
    )
    return (publication,)
