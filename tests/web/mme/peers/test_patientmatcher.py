"""We and a stock patientMatcher ask each other about all fifty test patients, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from matcher.case import Case, Sharing
from matcher.readers import Report, read_cases
from matcher.readers.mme import from_json, to_json
from ontologies import Release

from ..mme_patients import mme_test_patients
from ..answering.test_server import Site, running
from .patientmatcher import VENDOR, PatientMatcher

pytestmark = pytest.mark.usefixtures("everybody_agreed")

OURS = "ours"
NUMBERS = range(50)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    read = read_cases(mme_test_patients())
    # It keeps no mark of a test, so that it asks about them as about real ones.
    return [replace(each, sharing=Sharing.EXCHANGE_2, test=False) for each in read]


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    release: Release,
    cases: list[Case],
    patientmatcher: PatientMatcher,
) -> Iterator[Site]:
    """Our node with the fifty patients under ids of its own, known to the peer."""
    ours = [replace(each, case_id=f"ours-{each.case_id}") for each in cases]
    with running(tmp_path_factory.mktemp("ours"), release, ours) as site:
        patientmatcher.know(OURS, f"{site.address}/match", site.token)
        yield site


@pytest.fixture(scope="module")
def partners(cases: list[Case], release: Release) -> list[set[str]]:
    """Of each case the others that name one of its genes, under whichever of its names."""

    def genes(case: Case) -> set[str]:
        resolved = (release.genes.resolve(gene).gene for gene in case.genes)
        return {gene.hgnc_id for gene in resolved if gene}

    return [
        {b.case_id for b in cases if b is not a and genes(a) & genes(b)} for a in cases
    ]


def told_by_us(patientmatcher: PatientMatcher, patient_id: str) -> list[Any]:
    [node] = patientmatcher.ask(patient_id, OURS)["results"]
    assert node["node"]["id"] == OURS
    patients: list[Any] = node["patients"]
    return patients


@pytest.mark.parametrize("number", NUMBERS)
def test_it_asks_us_about_a_patient_and_takes_the_answer(
    number: int,
    patientmatcher: PatientMatcher,
    site: Site,
    cases: list[Case],
    partners: list[set[str]],
) -> None:
    asked = cases[number].case_id

    results = told_by_us(patientmatcher, asked)

    ids = [result["patient"]["id"].removeprefix("ours-") for result in results]
    first = [case_id for case_id in ids if case_id != asked]
    assert (
        partners[number] & set(first[: len(partners[number])]) or not partners[number]
    )
    assert all(0 < result["score"]["patient"] <= 1 for result in results)
    assert [e for m in patientmatcher.matches(asked) for e in m["errors"]] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_a_patient_that_we_tell_it_of_passes_its_own_validation(
    number: int, patientmatcher: PatientMatcher, site: Site, cases: list[Case]
) -> None:
    asked = cases[number].case_id
    results = told_by_us(patientmatcher, asked)
    [told] = [r for r in results if r["patient"]["id"] == f"ours-{asked}"]

    answer = patientmatcher.post({"patient": told["patient"]})

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("number", NUMBERS)
def test_we_ask_it_about_a_patient_and_read_the_answer(
    number: int,
    patientmatcher: PatientMatcher,
    release: Release,
    cases: list[Case],
    partners: list[set[str]],
) -> None:
    asked = replace(cases[number], case_id="theirs")

    answer = patientmatcher.post({"patient": to_json(asked, release=release)})

    assert answer.status_code == 200, answer.text
    ids = [result["patient"]["id"] for result in answer.json()["results"]]
    assert cases[number].case_id in ids
    assert partners[number] & set(ids) or not partners[number]


@pytest.mark.parametrize(
    "entered",
    [
        {"disorders": [{"id": "OMIM:610536"}, {"id": "MONDO:0012516"}]},
        {"features": [{"id": "HP:9999999"}, {"id": "HP:0001250", "ageOfOnset": "P3Y"}]},
        {"genomicFeatures": [{"gene": {"id": 9343}, "variant": None}]},
        {"genomicFeatures": [{"gene": {"id": "EFTUD2"}, "zygosity": "2"}]},
        {
            "genomicFeatures": [
                {
                    "gene": {"id": "EFTUD2"},
                    "variant": {
                        "assembly": "hg19",
                        "referenceName": "chr17",
                        "start": "42929130",
                    },
                }
            ]
        },
    ],
)
def test_what_it_refuses_as_entered_it_takes_as_we_write_it(
    entered: dict[str, object], patientmatcher: PatientMatcher, release: Release
) -> None:
    contact = {"name": "Dr Example", "href": "mailto:a@island.example"}
    seizure = {"features": [{"id": "HP:0001250"}]}
    patient = {"id": "theirs", "contact": contact, **seizure, **entered}
    case = from_json(patient, Report(), "test")

    plain = patientmatcher.post({"patient": patient})
    written = patientmatcher.post({"patient": to_json(case, release=release)})

    assert plain.status_code == 422
    assert written.status_code == 200, written.text


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Content-Type": VENDOR.replace("1.0", "1.1")}, 415),
        ({"Accept": VENDOR.replace("1.0", "1.1")}, 406),
        ({"Content-Type": "application/json"}, 415),
        ({"X-Auth-Token": "wrong"}, 401),
    ],
)
def test_it_refuses_what_a_probe_of_it_has_to_find_out(
    headers: dict[str, str], status: int, patientmatcher: PatientMatcher
) -> None:
    assert patientmatcher.post({}, **headers).status_code == status
