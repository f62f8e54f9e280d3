"""Each result says why, in steps too wide to climb, and from nothing but what is disclosed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from matcher.case import GenomicFeature, Onset, Sharing
from ontologies import Release

from .test_server import TERMS, Site, case, patient, running

GENE = (GenomicFeature(gene="EFTUD2"),)
RANGES = {"at least 1 in 4", "1 in 50 to 1 in 4", "less likely than 1 in 50"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, release: Release) -> Iterator[Site]:
    onset = Onset(term_id="HP:0003577")
    cases = [
        case("with-gene", Sharing.EXCHANGE_1, genomic_features=GENE, onset=onset),
        case("without-gene", Sharing.EXCHANGE_1),
    ]
    with running(tmp_path_factory.mktemp("account"), release, cases) as site:
        yield site


@pytest.fixture(scope="module")
def results(site: Site) -> dict[str, Any]:
    asked = patient(
        *TERMS,
        ageOfOnset="HP:0003577",
        genomicFeatures=[{"gene": {"id": "EFTUD2"}}],
    )
    told = site.post(asked).json()["results"]
    return {result["patient"]["id"]: result for result in told}


def test_factors_are_powers_of_ten(results: dict[str, Any]) -> None:
    factors = results["with-gene"]["_factors"]

    assert factors.keys() == {"phenotype", "gene"}
    assert all(math.log10(factor) % 1 == 0 for factor in factors.values())
    assert factors["gene"] >= 100


def test_what_one_side_lacks_is_named_and_has_no_factor(
    results: dict[str, Any],
) -> None:
    result = results["without-gene"]

    assert "gene" in result["_missing"]["theirs"]
    assert "gene" not in result["_factors"]


def test_a_field_that_is_withheld_counts_as_not_given(results: dict[str, Any]) -> None:
    result = results["with-gene"]

    assert "onset" in result["_missing"]["theirs"]
    assert "onset" not in result["_factors"]


def test_probability_is_a_range(results: dict[str, Any]) -> None:
    assert {result["_probability"] for result in results.values()} <= RANGES


def test_coverage_is_told_in_quarters(results: dict[str, Any]) -> None:
    coverage = results["with-gene"]["_coverage"]

    assert coverage.keys() == {"yours", "theirs"}
    assert all(share * 4 % 1 == 0 for share in coverage.values())


def test_reasons_name_what_both_have(results: dict[str, Any]) -> None:
    explanation = results["with-gene"]["_explanation"]

    assert "Both list EFTUD2" in explanation["reasons"]
    assert explanation["summary"].startswith("Both list EFTUD2")
    assert explanation["headline"].startswith("Possibly the same disorder")


def test_nothing_else_is_told_of_a_result(results: dict[str, Any]) -> None:
    for result in results.values():
        assert result.keys() == {
            "score",
            "patient",
            "_probability",
            "_factors",
            "_missing",
            "_coverage",
            "_explanation",
        }
        assert result["score"].keys() == {"patient"}


def test_the_reply_names_what_its_scores_rest_on(site: Site, release: Release) -> None:
    told = site.post(patient(*TERMS)).json()["_releases"]

    assert told["hpo"] == release.versions["hpo"]
    assert told.keys() >= {"secondcase", "calibration"}
