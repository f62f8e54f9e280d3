"""A FHIR R4 bundle as cases: every person in it, by what its resources say of her.

Names, identifiers, addresses and photographs are never taken, nor is a date of birth: only the
age that follows from it. What is uncertain, and what is said of relatives, is kept apart from
the findings of the person.
Specification: https://hl7.org/fhir/R4/.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from matcher.case import (
    Case,
    Death,
    Disease,
    DiseaseStatus,
    Exposure,
    GenomicFeature,
    Measurement,
    PhenotypicFeature,
    Relative,
    Sex,
    Treatment,
)
from matcher.readers.ages import MAX_YEARS
from matcher.readers.doubts import settled
from matcher.readers.fhir import findings, genomics, history, kindred
from matcher.readers.fhir.bundles import Dossier, Resource, dossiers, is_bundle
from matcher.readers.fhir.coding import concept, concepts
from matcher.readers.fhir.times import age_at, quantity_years, read_onset
from matcher.readers.fields import Fields, flag
from matcher.readers.guesses import Guesser
from matcher.readers.identifiers import checked_id
from matcher.readers.report import CaseRecord, Report

__all__ = ["cases_from_json", "is_bundle"]

_SEXES = {sex.value: sex for sex in Sex}
_WRONG = frozenset({"entered-in-error", "cancelled"})
_SEEN_AT = ("effectiveDateTime", "recordedDate", "issued", "performedDateTime")
_PRIVATE = ("name", "identifier", "telecom", "address", "photo", "contact")
_CANDIDATE = frozenset({"provisional", "differential", "unconfirmed"})


@dataclass(slots=True)
class _Taken:
    """What of a dossier has become part of the case so far."""

    features: list[PhenotypicFeature] = field(default_factory=list)
    uncertain: list[PhenotypicFeature] = field(default_factory=list)
    relatives: list[Relative] = field(default_factory=list)
    genes: list[GenomicFeature] = field(default_factory=list)
    diseases: list[Disease] = field(default_factory=list)
    inheritance: list[str] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    exposures: list[Exposure] = field(default_factory=list)

    def take(self, found: Iterable[findings.Finding]) -> None:
        """Add findings to those that are sure, or to those that are not."""
        for finding in found:
            into = self.uncertain if finding.is_uncertain else self.features
            into.append(finding.feature)


def cases_from_json(
    data: Mapping[str, object],
    report: Report,
    source: str,
    guesser: Guesser | None = None,
) -> Iterator[Case]:
    """Every person of a bundle as a case; raises MalformedCase for a bundle about nobody."""
    bundle = Fields(data, CaseRecord(report, source), "Bundle")
    found = dossiers(bundle)
    moment = bundle.text("timestamp")
    for dossier in found:
        yield _case(dossier, report, source, moment, guesser or Guesser())
        report.cases += 1


def _case(
    dossier: Dossier, report: Report, source: str, moment: str, guesser: Guesser
) -> Case:
    record = CaseRecord(report, source)
    record.case_id = case_id = checked_id(dossier.case_id, "Patient")
    patient = Fields(dossier.patient, record, "Patient")
    birth = patient.text("birthDate")
    told = [each for each in dossier.resources if not _is_wrong(each, record)]
    taken = _Taken()
    _read_genomics(told, record, taken)
    for each in told:
        _read(Fields(each.data, record, each.kind), each.kind, birth, taken, guesser)
    case = Case(
        case_id=case_id,
        features=tuple(_once(taken.features, record)),
        genomic_features=tuple(taken.genes),
        diseases=tuple(_surest(taken.diseases)),
        sex=_sex(patient),
        age_years=_age(patient, birth, told, moment),
        inheritance=tuple(dict.fromkeys(taken.inheritance)),
        measurements=tuple(taken.measurements),
        treatments=tuple(taken.treatments),
        exposures=tuple(taken.exposures),
        uncertain=tuple(_once(taken.uncertain, record)),
        relatives=tuple(taken.relatives),
        death=_death(patient, birth),
    )
    return settled(case, record)


def _is_wrong(resource: Resource, record: CaseRecord) -> bool:
    """Whether it was entered in error; such a resource says nothing."""
    fields = Fields(resource.data, record, resource.kind)
    status = fields.data.get("status")
    wrong = isinstance(status, str) and status.casefold() in _WRONG
    if resource.kind == "Condition":
        wrong = wrong or concept(fields, "verificationStatus").has(*_WRONG)
    if wrong:
        record.dropped(
            resource.kind,
            "entered-in-error",
            f"A {resource.kind} that was entered in error was left out.",
        )
    return wrong


def _read(
    fields: Fields, kind: str, birth: str, taken: _Taken, guesser: Guesser
) -> None:
    if kind == "Condition":
        _read_condition(fields, birth, taken, guesser)
    elif kind == "Observation":
        _read_observation(fields, birth, taken, guesser)
    elif kind == "Procedure" or kind in history.MEDICATIONS:
        treatment = history.read_treatment(fields, kind)
        taken.treatments += [treatment] if treatment else []
    elif kind == "FamilyMemberHistory":
        taken.relatives.append(kindred.read_relative(fields))
    else:
        fields.record.ignored(kind[:40])


def _read_condition(
    fields: Fields, birth: str, taken: _Taken, guesser: Guesser
) -> None:
    code = concept(fields, "code")
    disease_id, label = code.disease()
    if not disease_id or code.names_hpo:
        taken.take(findings.of_condition(fields, birth, guesser))
        return
    status = concept(fields, "verificationStatus")
    found = DiseaseStatus.CONFIRMED
    if status.has("refuted"):
        found = DiseaseStatus.EXCLUDED
    elif status.has(*_CANDIDATE):
        found = DiseaseStatus.CANDIDATE
    elif not status.has("confirmed"):
        found = DiseaseStatus.CANDIDATE
        fields.record.guessed(
            fields.at("verificationStatus"),
            disease_id,
            f"Nothing says how sure {disease_id} is; it was read as a candidate.",
        )
    fields.record.mapped("Condition.diagnosis")
    onset = read_onset(fields, birth)
    taken.diseases.append(
        Disease(disease_id=disease_id, label=label, status=found, onset=onset)
    )


def _read_observation(
    fields: Fields, birth: str, taken: _Taken, guesser: Guesser
) -> None:
    found = genomics.found_in(fields)
    if genomics.is_genomic(found) or genomics.is_implication(found):
        return  # read beforehand, each with what is derived from it
    if findings.is_finding(fields):
        taken.take(findings.of_observation(fields, birth, guesser))
        return
    if any(each.has("social-history") for each in concepts(fields, "category")):
        exposure = history.read_exposure(fields)
        taken.exposures += [exposure] if exposure else []
        return
    measurement = history.read_measurement(fields)
    taken.measurements += [measurement] if measurement else []
    if measurement is None:
        words = concept(fields, "code").words
        fields.record.dropped(
            fields.path,
            words,
            f"The Observation {words[:80]!r} names no HPO term; it was left out.",
        )


def _read_genomics(
    resources: list[Resource], record: CaseRecord, taken: _Taken
) -> None:
    """Variants with the classification and inheritance that other Observations give them."""
    found = [
        (each, genomics.found_in(Fields(each.data, record, each.kind)))
        for each in resources
        if each.kind == "Observation"
    ]
    implied = defaultdict(list)
    for _, one in found:
        for name in _sources(one) if genomics.is_implication(one) else ():
            implied[name].append(one)
    for resource, one in found:
        if genomics.is_genomic(one):
            about = [other for name in resource.names for other in implied[name]]
            gene = genomics.read_gene(one, about, "Observation.variant")
            taken.genes += [gene] if gene else []
        taken.inheritance += genomics.inheritance_of(one)
        if genomics.is_implication(one):
            _read_implied(one, taken)


def _sources(implied: genomics.Found) -> set[str]:
    """What an implication was derived from."""
    sources = implied.observation.children("derivedFrom", most=50)
    return {source.text("reference") for source in sources}


def _read_implied(found: genomics.Found, taken: _Taken) -> None:
    disease_id, label = found.concept(genomics.PHENOTYPE).disease()
    if disease_id:
        found.observation.record.mapped("Observation.implication")
        taken.diseases.append(
            Disease(disease_id=disease_id, label=label, status=DiseaseStatus.CANDIDATE)
        )


def _surest(diseases: list[Disease]) -> Iterator[Disease]:
    """Each disease once: what a Condition says of it rather than what a variant implies."""
    found: dict[str, Disease] = {}
    for disease in diseases:
        if disease.status is DiseaseStatus.CANDIDATE:
            found.setdefault(disease.disease_id, disease)
        else:
            found[disease.disease_id] = disease
    yield from found.values()


def _once(
    features: list[PhenotypicFeature], record: CaseRecord
) -> Iterator[PhenotypicFeature]:
    """Each finding once; what is said both ways stays, for validation to name."""
    seen: set[tuple[str, bool]] = set()
    for feature in features:
        name = (feature.term_id, feature.excluded)
        if name in seen:
            record.ignored("repeated finding")
        else:
            seen.add(name)
            yield feature


def _sex(patient: Fields) -> Sex:
    """The sex; what names the person is counted as left out, and never quoted."""
    for name in _PRIVATE:
        if patient.get(name) is not None:
            patient.record.ignored(f"Patient.{name}")
    entered = patient.text("gender")
    sex = _SEXES.get(entered.casefold())
    if entered and sex is None:
        patient.misfit("gender", entered, "male, female, other or unknown")
    if sex:
        patient.record.mapped("Patient.gender")
    return sex or Sex.UNKNOWN


def _age(
    patient: Fields, birth: str, resources: list[Resource], moment: str
) -> float | None:
    """The age at the last thing that was recorded, or at death."""
    at_death = _age_at_death(patient)
    seen = [
        value
        for each in resources
        for name in _SEEN_AT
        if isinstance(value := each.data.get(name), str)
    ]
    ended = patient.text("deceasedDateTime") or max(seen, default="") or moment
    age = at_death if at_death is not None else age_at(birth, ended)
    if birth and age is None:
        patient.record.dropped(
            "Patient.birthDate",
            None,
            "A date of birth is given and no later date, so no age can be told from it.",
        )
    if age is None or not 0 <= age <= MAX_YEARS:
        return None
    patient.record.mapped("Patient.birthDate")
    return round(age, 4)


def _age_at_death(patient: Fields) -> float | None:
    died = patient.child("deceasedAge") if patient.get("deceasedAge") else None
    return quantity_years(died) if died else None


def _death(patient: Fields, birth: str) -> Death | None:
    """That the person died, and at what age; None where nothing says so."""
    is_dead = flag(patient.get("deceasedBoolean")) is True or any(
        patient.get(name) is not None for name in ("deceasedDateTime", "deceasedAge")
    )
    if not is_dead:
        return None
    patient.record.mapped("Patient.deceased")
    age = _age_at_death(patient)
    if age is None:
        age = age_at(birth, patient.text("deceasedDateTime"))
    known = age is not None and 0 <= age <= MAX_YEARS
    return Death(years=round(age, 4) if known and age is not None else None)
