"""A request may say which cases it wants; what of that is not understood is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from matcher import Constraints
from matcher.case import Disease, GenomicFeature, Sharing
from ontologies import Release
from web.mme.answering.asked import read_asked

from .test_server import TERMS, VENDOR, Site, case, found, patient, running

SEIZURE = "HP:0001250"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, release: Release) -> Iterator[Site]:
    def genes(*names: str) -> tuple[GenomicFeature, ...]:
        return tuple(GenomicFeature(gene=name) for name in names)

    level = Sharing.EXCHANGE_1
    solved = (Disease(disease_id="OMIM:610536"),)
    cases = [
        case("plain", level),
        case("of-eftud2", level, genomic_features=genes("EFTUD2")),
        case("of-kars1", level, genomic_features=genes("KARS")),
        case("solved", level, diseases=solved),
        # Solved here, but nothing that leaves says so.
        case("solved-in-silence", level, solved=True),
        case("a-test", level, test=True),
    ]
    with running(tmp_path_factory.mktemp("asked"), release, cases) as site:
        yield site


EVERYBODY = {"plain", "of-eftud2", "of-kars1", "solved", "solved-in-silence"}


def ask(site: Site, wanted: object, **more: Any) -> httpx.Response:
    body = {"patient": patient(*TERMS, **more), "_query": wanted}
    headers = {"X-Auth-Token": site.token, "Content-Type": VENDOR}
    return httpx.post(
        f"{site.address}/match", content=json.dumps(body), headers=headers, timeout=60
    )


@pytest.mark.parametrize(
    "wanted, left",
    [
        ({}, EVERYBODY),
        ({"mustShareGene": "EFTUD2"}, {"of-eftud2"}),
        ({"mustShareGene": "KARS"}, {"of-kars1"}),
        ({"mustShareGene": "ENSG00000065427.15"}, {"of-kars1"}),
        ({"mustShareGene": True}, {"of-eftud2"}),
        ({"mustShareGene": False}, EVERYBODY),
        ({"mustHaveTerm": "HP:0000707"}, EVERYBODY),
        ({"mustHaveTerm": "HP:0002197"}, set()),
        ({"excludeSolved": True}, EVERYBODY - {"solved"}),
        ({"excludeSolved": "no"}, EVERYBODY),
        ({"mustShareGene": "KARS1", "excludeSolved": True}, {"of-kars1"}),
    ],
)
def test_only_what_is_wanted_is_told(
    site: Site, wanted: dict[str, Any], left: set[str]
) -> None:
    genes = [{"gene": {"id": "EFTUD2"}}]

    answer = ask(site, wanted, genomicFeatures=genes)

    assert set(found(answer)) == left
    assert answer.json()["_warnings"] == []


def test_no_more_results_are_told_than_are_wanted_and_those_are_the_best(
    site: Site,
) -> None:
    everything = found(ask(site, {}))

    assert found(ask(site, {"maxResults": 2})) == everything[:2]


def test_the_score_that_is_wanted_is_compared_as_it_is_told(site: Site) -> None:
    told = {r["score"]["patient"] for r in ask(site, {}).json()["results"]}
    [score] = told

    at_least, above = (
        ask(site, {"minScore": least}) for least in (score, score + 0.001)
    )

    assert len(found(at_least)) == len(EVERYBODY) and found(above) == []


def test_no_wish_brings_test_cases_to_a_real_question(site: Site) -> None:
    for wanted in ({"test": True}, {"maxResults": 10, "excludeSolved": False}):
        assert "a-test" not in found(ask(site, wanted))


@pytest.mark.parametrize(
    "wanted, told",
    [
        ([], "_query is not an object"),
        ("all", "_query is not an object"),
        ({"maxresults": 1, "x": 2}, "2 of the keys of _query are not known here"),
        ({"maxResults": 0}, "maxResults of _query must be a whole number"),
        ({"maxResults": True}, "maxResults of _query must be a whole number"),
        ({"maxResults": "3"}, "maxResults of _query must be a whole number"),
        ({"minScore": 1.5}, "minScore of _query must be a number from 0 to 1"),
        ({"minScore": 10**400}, "minScore of _query must be a number from 0 to 1"),
        ({"minScore": True}, "minScore of _query must be a number from 0 to 1"),
        ({"mustShareGene": []}, "mustShareGene of _query must be true, or the name"),
        ({"mustHaveTerm": {"id": SEIZURE}}, "mustHaveTerm of _query must be the id"),
        ({"excludeSolved": "perhaps"}, "excludeSolved of _query must be true or false"),
    ],
)
def test_what_is_not_understood_is_told_and_left_aside(
    release: Release, wanted: object, told: str
) -> None:
    warnings: list[str] = []

    asked = read_asked(wanted, warnings, release, most=10)

    assert (asked.most, asked.least_score, asked.nothing_fits) == (10, 0.0, False)
    assert asked.constraints == Constraints()
    assert len(warnings) == 1 and warnings[0].startswith(told)


def test_names_of_keys_that_are_not_known_are_not_echoed(release: Release) -> None:
    warnings: list[str] = []

    read_asked({"<script>": 1, "_secret": 2}, warnings, release, most=10)

    assert "script" not in warnings[0] and "secret" not in warnings[0]


def test_null_is_no_wish(release: Release) -> None:
    warnings: list[str] = []
    nothing = dict.fromkeys(("maxResults", "minScore", "mustShareGene"))

    assert read_asked(nothing, warnings, release, most=10).constraints == Constraints()
    assert read_asked(None, warnings, release, most=10).most == 10
    assert warnings == []


def test_more_results_than_there_are_for_anybody_are_not_given(
    release: Release,
) -> None:
    warnings: list[str] = []

    asked = read_asked({"maxResults": 10_000}, warnings, release, most=10)

    assert asked.most == 10 and warnings == [
        "At most 10 results are given to a question."
    ]


@pytest.mark.parametrize(
    "wanted", [{"mustShareGene": "NOSUCHGENE1"}, {"mustHaveTerm": "HP:9999999"}]
)
def test_what_nobody_can_have_finds_nobody_and_is_told(
    site: Site, wanted: dict[str, str]
) -> None:
    answer = ask(site, wanted)

    assert found(answer) == []
    assert "no case can fulfil it" in answer.json()["_warnings"][-1]
