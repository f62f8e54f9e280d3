"""FHIR R4 bundles: each spelling of a finding, and what is never taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from matcher.case import Case, DiseaseStatus, Onset, Relation, Sex, Zygosity
from matcher.errors import MalformedCase, UnknownFormat
from matcher.readers import Report, cases_in
from matcher.readers.guesses import Guesser, with_guesses
from matcher.readers.report import Kind
from ontologies import Release

HPO = "http://purl.obolibrary.org/obo/hp.owl"
Json = dict[str, Any]


def coded(code: str, system: str = HPO, display: str = "") -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def status(code: str) -> Json:
    return coded(code, "http://terminology.hl7.org/CodeSystem/condition-ver-status")


def condition(code: Json, verified: str = "confirmed", **more: object) -> Json:
    return {
        "resourceType": "Condition",
        "code": code,
        "verificationStatus": status(verified),
        **more,
    }


def observation(code: Json, **more: object) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": code, **more}


def component(loinc: str, value: Json) -> Json:
    return {
        "code": coded(loinc, "http://loinc.org"),
        "valueCodeableConcept": value,
    }


PATIENT: Json = {"resourceType": "Patient", "id": "p1"}


def bundle(*resources: Json, patient: Json = PATIENT, **more: object) -> Json:
    entries = [{"resource": each} for each in (patient, *resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries, **more}


def read(data: object, report: Report | None = None) -> Case:
    [case] = cases_in(data, Report() if report is None else report, "here")
    return case


FINDING = coded("8116006", "http://snomed.info/sct", "Phenotypic feature")
SEIZURE = coded("HP:0001250", display="Seizure")


@pytest.mark.parametrize(
    "resource",
    [
        condition(SEIZURE),
        condition(coded("0001250")),
        condition(coded("HP_0001250", "http://human-phenotype-ontology.org")),
        condition(coded("HP:0001250", "urn:oid:2.16.840.1.113883.6.339")),
        observation(SEIZURE, valueBoolean=True),
        observation(SEIZURE),
        observation(
            SEIZURE, valueCodeableConcept=coded("LA9633-4", "http://loinc.org")
        ),
        observation(SEIZURE, valueCodeableConcept={"text": "Present"}),
        observation(SEIZURE, interpretation=[coded("POS", "http://v3")]),
        observation(FINDING, valueCodeableConcept=SEIZURE),
        observation(FINDING, component=[{"code": SEIZURE, "valueBoolean": True}]),
        observation(
            FINDING, component=[{"code": FINDING, "valueCodeableConcept": SEIZURE}]
        ),
    ],
)
def test_each_spelling_of_an_observed_finding_is_read(resource: Json) -> None:
    case = read(bundle(resource))

    assert case.observed == ("HP:0001250",) and case.excluded == ()


@pytest.mark.parametrize(
    "resource",
    [
        condition(SEIZURE, "refuted"),
        observation(SEIZURE, valueBoolean=False),
        observation(
            SEIZURE, valueCodeableConcept=coded("LA9634-2", "http://loinc.org")
        ),
        observation(SEIZURE, valueCodeableConcept=coded("2667000", "http://snomed")),
        observation(SEIZURE, valueCodeableConcept={"text": "absent"}),
        observation(SEIZURE, interpretation=[coded("NEG", "http://v3")]),
        observation(
            FINDING,
            valueCodeableConcept=SEIZURE,
            interpretation=[coded("NEG", "http://v3")],
        ),
        observation(
            FINDING,
            valueCodeableConcept=SEIZURE,
            modifierExtension=[{"url": "https://x/excluded", "valueBoolean": True}],
        ),
        observation(FINDING, component=[{"code": SEIZURE, "valueBoolean": False}]),
    ],
)
def test_each_spelling_of_an_excluded_finding_is_read(resource: Json) -> None:
    case = read(bundle(resource))

    assert case.excluded == ("HP:0001250",) and case.observed == ()


@pytest.mark.parametrize(
    "resource",
    [
        condition(SEIZURE, "entered-in-error"),
        {**observation(SEIZURE, valueBoolean=True), "status": "entered-in-error"},
        observation(SEIZURE, dataAbsentReason=coded("unknown", "http://absent")),
    ],
)
def test_what_is_wrong_or_says_nothing_is_told_and_no_finding(resource: Json) -> None:
    report = Report()
    case = read(bundle(resource), report)

    assert case.features == case.uncertain == ()
    assert [entry.kind for entry in report.entries].count(Kind.DROPPED) == 1


@pytest.mark.parametrize(
    "resource",
    [
        condition(SEIZURE, "provisional"),
        condition(SEIZURE, "differential"),
        {**observation(SEIZURE, valueBoolean=True), "status": "preliminary"},
        observation(SEIZURE, interpretation=[coded("IND", "http://v3")]),
        observation(SEIZURE, valueString="perhaps"),
    ],
)
def test_what_is_uncertain_is_kept_as_uncertain_and_not_as_observed(
    resource: Json,
) -> None:
    case = read(bundle(resource))

    assert case.features == ()
    assert [feature.term_id for feature in case.uncertain] == ["HP:0001250"]


def test_what_is_decided_elsewhere_is_not_uncertain() -> None:
    report = Report()
    case = read(bundle(condition(SEIZURE, "provisional"), condition(SEIZURE)), report)

    assert case.observed == ("HP:0001250",) and case.uncertain == ()
    assert any("kept as decided" in entry.message for entry in report.entries)


def test_what_a_relative_has_is_kept_with_the_relative() -> None:
    report = Report()
    history = {
        "resourceType": "FamilyMemberHistory",
        "relationship": coded("FTH", "http://v3"),
        "condition": [{"code": SEIZURE}, {"code": {"text": "gout"}}],
    }
    case = read(bundle(history), report)

    [father] = case.relatives
    assert (case.features, father.relation) == ((), Relation.FATHER)
    assert [feature.term_id for feature in father.features] == ["HP:0001250"]
    assert any("gout" in entry.message for entry in report.entries)


@pytest.mark.parametrize(
    "given, onset",
    [
        ({"onsetAge": {"value": 6, "code": "mo"}}, Onset(years=0.5)),
        ({"onsetPeriod": {"start": "2021-01-15"}}, Onset(years=1.0021)),
        ({"onsetDateTime": "2021"}, Onset(years=1.4593)),
        ({"onsetString": "P2Y"}, Onset(years=2.0)),
        ({"onsetString": "5 months"}, Onset(years=0.4167)),
        (
            {
                "onsetRange": {
                    "low": {"value": 1, "code": "a"},
                    "high": {"value": 3, "code": "a"},
                }
            },
            Onset(years=2.0),
        ),
        (
            {
                "extension": [
                    {"url": "x/onset", "valueCodeableConcept": coded("HP:0003577")}
                ]
            },
            Onset(term_id="HP:0003577"),
        ),
        ({"onsetString": "when she was small"}, None),
    ],
)
def test_onset_is_read_in_every_form(given: Json, onset: Onset | None) -> None:
    patient = {**PATIENT, "birthDate": "2020-01-15"}
    case = read(bundle(condition(SEIZURE, **given), patient=patient))

    assert case.features[0].onset == onset


def test_severity_and_side_are_hpo_terms() -> None:
    severe = coded("24484000", "http://snomed.info/sct", "Severe")
    case = read(
        bundle(condition(SEIZURE, severity=severe, bodySite=[{"text": "left arm"}]))
    )

    assert case.features[0].severity == "HP:0012828"
    assert case.features[0].modifiers == ("HP:0012835",)


def test_age_is_taken_and_nothing_that_names_the_person() -> None:
    patient = {
        **PATIENT,
        "gender": "female",
        "birthDate": "2020-01-15",
        "name": [{"family": "Canaria"}],
        "identifier": [{"value": "MRN-canaria"}],
        "telecom": [{"value": "canaria@example"}],
        "address": [{"city": "Canaria"}],
        "deceasedDateTime": "2024-01-15",
    }
    report = Report()
    case = read(bundle(condition(SEIZURE), patient=patient), report)

    assert case.sex is Sex.FEMALE and case.age_years == pytest.approx(4, abs=0.01)
    everything = repr(case) + json.dumps(report.to_json())
    assert "anaria" not in everything and "2020" not in everything


def test_words_without_a_code_are_guessed_and_enter_only_when_confirmed(
    release: Release,
) -> None:
    guesser = Guesser(release)
    [case] = cases_in(
        bundle(condition({"text": "floppy baby"})), Report(), "here", guesser
    )

    assert case.features == ()
    [guess] = guesser.guesses
    assert guess.coded_id == "HP:0008947" and 0.9 < guess.score <= 1
    assert with_guesses(case, [guess]).observed == ("HP:0008947",)


def variant(*more: Json, **fields: object) -> Json:
    parts = [
        component("48018-6", coded("HGNC:22203", "http://www.genenames.org", "PHF14")),
        component("48004-6", coded("NM_014660.4:c.1A>G", "http://varnomen.hgvs.org")),
        component("53034-5", coded("LA6706-1", "http://loinc.org", "Heterozygous")),
        component("62374-4", coded("LA26806-2", "http://loinc.org", "GRCh38")),
        *more,
    ]
    present = coded("LA9633-4", "http://loinc.org", "Present")
    return observation(
        coded("69548-6", "http://loinc.org"),
        **{"valueCodeableConcept": present, "component": parts, **fields},
    )


def test_genomics_reporting_gives_gene_variant_and_what_is_derived_from_it() -> None:
    implication = observation(
        coded("diagnostic-implication", "http://tbd"),
        derivedFrom=[{"reference": "Observation/v1"}],
        component=[
            component("53037-8", coded("LA6668-3", "http://loinc.org", "Pathogenic")),
            component("condition-inheritance", coded("HP:0000006")),
            component("81259-4", coded("610536", "http://www.omim.org")),
        ],
    )
    case = read(bundle(variant(id="v1"), implication))

    [gene] = case.genomic_features
    assert gene.gene == "HGNC:22203" and gene.variant is not None
    assert gene.variant.hgvs == ("NM_014660.4:c.1A>G",)
    assert gene.variant.zygosity is Zygosity.HETEROZYGOUS
    assert gene.variant.assembly == "GRCh38"
    assert gene.variant.classification == "pathogenic"
    assert case.inheritance == ("HP:0000006",)
    assert case.diseases[0].status is DiseaseStatus.CANDIDATE


@pytest.mark.parametrize(
    "absent",
    [
        variant(valueCodeableConcept=coded("LA9634-2", "http://loinc.org")),
        variant(component("48002-0", coded("LA6684-0", "http://loinc.org", "Somatic"))),
    ],
)
def test_an_absent_or_somatic_variant_is_no_gene_of_the_case(absent: Json) -> None:
    assert read(bundle(absent)).genomic_features == ()


@pytest.mark.parametrize(
    "verified, expected",
    [
        ("confirmed", DiseaseStatus.CONFIRMED),
        ("provisional", DiseaseStatus.CANDIDATE),
        ("refuted", DiseaseStatus.EXCLUDED),
        ("", DiseaseStatus.CANDIDATE),
    ],
)
@pytest.mark.parametrize(
    "system, code, disease_id",
    [
        ("http://www.omim.org", "610536", "OMIM:610536"),
        ("http://www.orpha.net", "ORPHA:79113", "ORPHA:79113"),
        ("http://www.orpha.net", "79113", "ORPHA:79113"),
        ("urn:oid:2.16.840.1.113883.6.174", "610536", "OMIM:610536"),
        ("http://purl.obolibrary.org/obo/mondo.owl", "MONDO:0012516", "MONDO:0012516"),
    ],
)
def test_a_diagnosis_is_as_sure_as_the_condition(
    system: str, code: str, disease_id: str, verified: str, expected: DiseaseStatus
) -> None:
    [disease] = read(bundle(condition(coded(code, system), verified))).diseases

    assert (disease.disease_id, disease.status) == (disease_id, expected)


def test_treatments_exposures_and_measurements_are_read() -> None:
    drug = coded("2551", "http://www.nlm.nih.gov/research/umls/rxnorm", "Ciprofloxacin")
    case = read(
        bundle(
            {
                "resourceType": "MedicationStatement",
                "status": "completed",
                "medicationCodeableConcept": drug,
                "reasonCode": [{"text": "infection"}],
            },
            {
                "resourceType": "MedicationStatement",
                "status": "not-taken",
                "medicationCodeableConcept": drug,
            },
            {
                "resourceType": "Procedure",
                "code": coded("80146002", "http://snomed.info/sct", "Appendectomy"),
                "outcome": {"text": "successful"},
            },
            observation(
                coded("72166-2", "http://loinc.org", "Tobacco smoking status"),
                category=[coded("social-history")],
                valueCodeableConcept={"text": "Never smoker"},
            ),
            observation(
                coded("2157-6", "http://loinc.org", "Creatine kinase"),
                valueQuantity={"value": 900, "unit": "U/L"},
                referenceRange=[{"high": {"value": 200}}],
            ),
        )
    )

    assert [(t.agent_id, t.action, t.response) for t in case.treatments] == [
        ("RXNORM:2551", "treatment", ""),
        ("SNOMEDCT:80146002", "procedure", "successful"),
    ]
    assert case.exposures[0].note == "Never smoker"
    assert (case.measurements[0].value, case.measurements[0].high) == (900, 200)


def test_several_patients_are_several_cases_by_every_kind_of_reference() -> None:
    patients = [
        {"fullUrl": "urn:uuid:aaa", "resource": {"resourceType": "Patient"}},
        {"fullUrl": "https://h/fhir/Patient/b", "resource": {**PATIENT, "id": "b"}},
    ]
    findings = [
        {"resource": {**condition(SEIZURE), "subject": {"reference": reference}}}
        for reference in (
            "urn:uuid:aaa",
            "Patient/b",
            "https://h/fhir/Patient/b/_history/1",
            "Patient/nobody",
        )
    ]
    report = Report()
    found = list(
        cases_in(
            {"resourceType": "Bundle", "entry": [*patients, *findings]}, report, "here"
        )
    )

    assert [case.case_id for case in found] == ["aaa", "b"]
    assert all(case.observed == ("HP:0001250",) for case in found)
    assert "about nobody in this bundle" in " ".join(report.warnings)


def test_a_bundle_inside_a_bundle_is_read() -> None:
    outer = {
        "resourceType": "Bundle",
        "entry": [{"resource": bundle(condition(SEIZURE))}],
    }

    assert read(outer).observed == ("HP:0001250",)


@pytest.mark.parametrize(
    "data",
    [
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": []},
        {"resourceType": "Bundle", "entry": "no list"},
        {"resourceType": "Bundle", "entry": [1, None, {"resource": []}]},
        bundle(patient={"resourceType": "Patient", "id": "a\nb"}),
        bundle(patient={"resourceType": "Patient", "id": "x" * 300}),
    ],
)
def test_a_bundle_about_nobody_is_refused(data: Json) -> None:
    with pytest.raises(MalformedCase):
        read(data)


def test_another_resource_is_named() -> None:
    with pytest.raises(UnknownFormat, match="a FHIR 'Observation'"):
        read(observation(SEIZURE))


HOSTILE = (
    None,
    "",
    "x",
    3,
    1e300,
    True,
    [],
    [[]],
    {},
    {"coding": 3},
    [{"coding": [1]}],
)


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_no_value_of_a_wrong_type_fails_a_case(value: object) -> None:
    names = (
        "code status verificationStatus category component interpretation extension bodySite"
        " severity onsetAge onsetRange onsetPeriod onsetString valueCodeableConcept"
        " valueBoolean valueString valueQuantity referenceRange derivedFrom outcome"
        " medicationCodeableConcept reasonCode relationship condition dataAbsentReason"
        " modifierExtension contained"
    ).split()
    kinds = "Condition Observation Procedure MedicationStatement FamilyMemberHistory".split()
    made: list[Mapping[str, object]] = [
        {**observation(SEIZURE), name: value, "resourceType": kind}
        for kind in kinds
        for name in names
    ]
    patient = {
        **PATIENT,
        **dict.fromkeys(("gender", "birthDate", "deceasedAge", "name"), value),
    }

    case = read(bundle(*(dict(each) for each in made), patient=patient))

    assert case.case_id == "p1"
