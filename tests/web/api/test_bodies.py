"""What a body may hold: every refusal names the place, every guess is told."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from web.api.bodies import BUNDLE, MOST_FEATURES, PATIENT, PHENOPACKET
from web.api.documents import EXAMPLES

from ..conftest import MICROCEPHALY, SEIZURE
from .conftest import TERMS, Systems, packet, patient, refused

CASE = "/cases/I1"
OBSERVED = [{"id": each} for each in TERMS]


def fault(systems: Systems, body: object, status: int = 422) -> dict[str, Any]:
    """The first thing that is wrong with a body."""
    found: dict[str, Any] = refused(systems["seqr"].put(CASE, body), status)["errors"][
        0
    ]
    return found


@pytest.mark.parametrize(
    ("body", "pointer", "value"),
    [
        (patient(SEIZURE, features=[*OBSERVED, {"id": SEIZURE, "observed": "no"}]),
         "/patient/features/2/id", SEIZURE),
        (packet(SEIZURE, phenotypicFeatures=[
            {"type": {"id": MICROCEPHALY}},
            {"type": {"id": SEIZURE}},
            {"type": {"id": SEIZURE}, "excluded": True},
        ]), "/phenotypicFeatures/1/type/id", SEIZURE),
        ({"proband": packet(SEIZURE, phenotypicFeatures=[
            {"type": {"id": SEIZURE}}, {"type": {"id": SEIZURE}, "excluded": True},
        ])}, "/proband/phenotypicFeatures/0/type/id", SEIZURE),
        (packet(SEIZURE, phenotypic_features=[], phenotypicFeatures=[]), "/phenotypicFeatures", ""),
        ({"patient": {"features": OBSERVED}}, "/patient/id", ""),
        ({"features": OBSERVED}, "/id", ""),
        (packet(SEIZURE, name=""), "/id", ""),
        ({"features": [], "id": "a"}, "/features", ""),
        ([packet()], "", "a list"),
        ("text", "", "'text'"),
        ({}, "", ""),
        ({"resourceType": "Patient"}, "", ""),
        ({"members": [packet(name="a"), packet(name="b")]}, "", ""),
        ({"members": []}, "", ""),
        (patient(SEIZURE, features=[{"id": f"HP:{n:07}"} for n in range(MOST_FEATURES + 1)]),
         "/patient/features", str(MOST_FEATURES + 1)),
    ],
)  # fmt: skip
def test_case_that_cannot_be_used_is_refused_at_its_place(
    systems: Systems, body: object, pointer: str, value: str
) -> None:
    found = fault(systems, body)

    assert (found["place"], found["pointer"], found["value"]) == (
        "body",
        pointer,
        value,
    )
    assert found["message"].endswith(".")
    assert systems["seqr"].get("/cases").get_json()["total"] == 0


def test_every_fault_is_named_at_once(systems: Systems) -> None:
    features = [
        {"type": {"id": SEIZURE}},
        {"type": {"id": SEIZURE}, "excluded": True},
        {"type": {"id": MICROCEPHALY}},
        {"type": {"id": MICROCEPHALY}, "excluded": True},
    ]

    answer = systems["seqr"].put(CASE, packet(phenotypicFeatures=features))

    pointers = {each["pointer"] for each in refused(answer, 422)["errors"]}
    assert pointers == {
        "/phenotypicFeatures/0/type/id",
        "/phenotypicFeatures/2/type/id",
    }


def test_what_was_guessed_and_dropped_is_told_at_its_place(systems: Systems) -> None:
    body = patient(
        features=[
            *OBSERVED,
            {"id": "hp_0001252"},
            {"id": SEIZURE, "observed": "perhaps"},
            {"id": "HP:9999999"},
        ],
        disorders=["610536"],
        shoeSize=38,
    )

    report = systems["seqr"].put(CASE, body).get_json()["report"]

    told = {
        each["pointer"]: (each["kind"], each["value"]) for each in report["remarks"]
    }
    assert told == {
        "/patient/features/4/id": ("mapped", "hp_0001252"),
        "/patient/features/5/observed": ("dropped", "perhaps"),
        "/patient/features/6/id": ("warning", "HP:9999999"),
        "/patient/disorders/0": ("guessed", "610536"),
    }
    assert report["dropped"] == {"features.observed": 1, "shoeSize": 1}
    assert report["mapped"]["features"] == 6


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", packet()),
        ("application/json; charset=utf-8", patient()),
        ("", patient()["patient"]),
        (PHENOPACKET, packet()),
        ("application/vnd.ga4gh.phenopacket+json", packet()),
        (PATIENT, patient()),
        (BUNDLE, EXAMPLES[BUNDLE]),
        ("application/json", EXAMPLES[BUNDLE]),
        ("application/vnd.ga4gh.matchmaker.v1.1+json", patient()["patient"]),
    ],
)
def test_format_is_told_by_the_content_type_or_the_body(
    systems: Systems, content_type: str, body: object
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    answer = systems["seqr"].call("PUT", CASE, headers, data=json.dumps(body))

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [(PHENOPACKET, patient()), (PATIENT, packet()), (BUNDLE, packet())],
)
def test_body_that_is_not_what_the_content_type_says_is_refused(
    systems: Systems, content_type: str, body: object
) -> None:
    headers = {"Content-Type": content_type}

    answer = systems["seqr"].call("PUT", CASE, headers, data=json.dumps(body))

    assert "content type" in refused(answer, 422)["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/vnd.ga4gh.matchmaker.v2.0+json",
        "application/xml",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("PUT", CASE), ("POST", "/match")])
def test_other_content_types_are_refused(
    systems: Systems, method: str, path: str, content_type: str
) -> None:
    headers = {"Content-Type": content_type}

    answer = systems["seqr"].call(method, path, headers, data=json.dumps(packet()))

    [fault] = refused(answer, 415)["errors"]
    assert (fault["field"], fault["value"]) == ("Content-Type", content_type)


@pytest.mark.parametrize(("method", "path"), [("PUT", CASE), ("POST", "/match")])
@pytest.mark.parametrize("size", [1_000_001, 3_000_000])
def test_body_that_is_too_large_is_refused(
    systems: Systems, method: str, path: str, size: int
) -> None:
    headers = {"Content-Type": "application/json"}
    body = json.dumps(packet()).ljust(size)

    answer = systems["seqr"].call(method, path, headers, data=body)

    refused(answer, 413)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/cases/I1?sharing=all", ["sharing"]),
        ("/cases/I1?share=site", ["share"]),
        ("/cases/I1?share=site&sharing=all", ["sharing", "share"]),
        (f"/cases/{'x' * 201}", ["external_id"]),
        ("/cases/a%0Ab", ["external_id"]),
        ("/cases/a%00b", ["external_id"]),
    ],
)
def test_parameters_are_refused_by_name(
    systems: Systems, path: str, fields: list[str]
) -> None:
    answer = systems["seqr"].put(path, packet())

    assert [each["field"] for each in refused(answer, 422)["errors"]] == fields


@pytest.mark.parametrize(
    "path",
    [
        "/cases?limit=0",
        "/cases?limit=x",
        "/cases?after=%00",
        "/cases/I1?format=fhir",
        "/cases/I1/matches?limit=1000",
    ],
)
def test_parameters_of_reading_are_refused(systems: Systems, path: str) -> None:
    [fault] = refused(systems["seqr"].get(path), 422)["errors"]

    assert fault["place"] == "query" and fault["value"]


@pytest.mark.parametrize(
    "path", ["/cases/", "/cases/a/b", "/cases/a%2Fb", "/nothing", ""]
)
def test_other_addresses_are_answered_as_missing(systems: Systems, path: str) -> None:
    refused(systems["seqr"].get(path), 404)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", CASE), ("PATCH", CASE), ("POST", "/cases")]
)
def test_other_methods_are_refused(systems: Systems, method: str, path: str) -> None:
    answer = systems["seqr"].call(method, path, json=packet())

    refused(answer, 405)
    assert "GET" in answer.headers["Allow"]


def test_failure_of_ours_tells_a_reference_alone(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("canary-error")

    monkeypatch.setattr("web.api.cases.submitted", broken)

    answer = systems["seqr"].put(CASE, packet())

    body = refused(answer, 500)
    assert body["reference"] in body["detail"]
    assert "canary" not in answer.text


def test_bundle_is_named_in_the_document_and_several_persons_are_refused(
    systems: Systems,
) -> None:
    document = systems["nobody"].get("/openapi.json", Accept="*/*").get_json()
    content = document["paths"]["/api/v1/cases/{external_id}"]["put"]["requestBody"][
        "content"
    ]
    two = copy.deepcopy(EXAMPLES[BUNDLE])
    two["entry"].append({"resource": {"resourceType": "Patient", "id": "p2"}})

    answer = systems["seqr"].call(
        "PUT", CASE, {"Content-Type": BUNDLE}, data=json.dumps(two)
    )

    assert content[BUNDLE]["schema"]["$ref"].endswith("/Bundle")
    assert answer.status_code == 422 and "several" in answer.text
