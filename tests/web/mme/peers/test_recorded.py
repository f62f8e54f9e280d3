"""What each peer really sends is read, and what was guessed or dropped of it is told."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.case import Case, GenomicFeature, PhenotypicFeature, Sharing, Variant
from matcher.readers import Report
from matcher.readers.mme import from_json
from ontologies import Release

from ..asking import AskedNode, results_by_id
from .recorded import reply_of, request_of

VENDOR = "application/vnd.ga4gh.matchmaker.v1.0+json"
TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263")
VARIANT = Variant(
    assembly="GRCh37",
    chromosome="17",
    start=42929131,
    end=42929131,
    reference="G",
    alternate="A",
)
PEERS = (
    "seqr",
    "matchbox",
    "phenomecentral",
    "genematcher",
    "decipher",
    "pubcasefinder",
    "monarch",
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, release: Release) -> AskedNode:
    features = tuple(PhenotypicFeature(term_id=term_id) for term_id in TERMS)
    genes = (GenomicFeature(gene="EFTUD2", variant=VARIANT),)
    case = Case(
        case_id="ours",
        features=features,
        genomic_features=genes,
        sharing=Sharing.EXCHANGE_2,
        # So that nobody has to agree.
        simulated=True,
    )
    return AskedNode.with_cases(tmp_path_factory.mktemp("recorded"), release, [case])


@pytest.fixture(scope="module")
def told(node: AskedNode) -> dict[str, Any]:
    answers = {}
    for peer in PEERS:
        recorded = request_of(peer)
        answer = node.post(recorded.body, recorded.headers)
        assert answer.status_code == 200, f"{peer}: {answer.text}"
        answers[peer] = answer
    return answers


def result(told: dict[str, Any], peer: str) -> dict[str, Any]:
    found = results_by_id(told[peer].get_json(force=True))["ours"]
    return found


@pytest.mark.parametrize("peer", PEERS)
def test_a_request_in_the_style_of_a_peer_finds_the_case(
    told: dict[str, Any], peer: str
) -> None:
    assert result(told, peer)["score"]["patient"] > 0


@pytest.mark.parametrize(
    "peer, minor",
    [
        ("seqr", 0),
        ("matchbox", 0),
        ("phenomecentral", 0),
        ("genematcher", 0),
        ("decipher", 1),
        ("pubcasefinder", 1),
        ("monarch", 1),
    ],
)
def test_each_is_answered_in_its_version(
    told: dict[str, Any], peer: str, minor: int
) -> None:
    expected = VENDOR.replace("1.0", f"1.{minor}")

    assert told[peer].headers["Content-Type"] == expected


@pytest.mark.parametrize(
    "peer, warnings",
    [
        ("seqr", ["42929131 was taken to count from 0"]),
        ("matchbox", ["read as Windows-1252", "contact's address", "zygosity is '-1'"]),
        ("phenomecentral", []),
        ("genematcher", []),
        ("decipher", ["42000000 was taken to count from 0"]),
        ("pubcasefinder", []),
        ("monarch", ["MP:0002064"]),
    ],
)
def test_what_was_guessed_or_dropped_is_told_and_nothing_else(
    told: dict[str, Any], peer: str, warnings: list[str]
) -> None:
    said = told[peer].get_json(force=True)["_warnings"]

    assert len(said) == len(warnings), said
    assert all(part in line for part, line in zip(warnings, said))


def test_a_variant_of_seqr_that_counts_from_1_is_the_same_as_ours(
    told: dict[str, Any],
) -> None:
    reasons = result(told, "seqr")["_explanation"]["reasons"]

    assert any(reason.startswith("Both carry") for reason in reasons)


def test_a_variant_that_matchbox_does_not_share_counts_as_not_given(
    told: dict[str, Any],
) -> None:
    assert "variant" in result(told, "matchbox")["_missing"]["yours"]
    assert "variant" not in result(told, "seqr")["_missing"]["yours"]


def test_a_feature_that_a_peer_did_not_see_is_no_feature(told: dict[str, Any]) -> None:
    reasons = result(told, "phenomecentral")["_explanation"]["reasons"]

    assert "They report microcephaly, which you ruled out" in reasons


def test_inheritance_among_features_counts_as_inheritance(
    told: dict[str, Any],
) -> None:
    assert "inheritance" not in result(told, "decipher")["_missing"]["yours"]
    assert "inheritance" in result(told, "matchbox")["_missing"]["yours"]


def test_a_gene_alone_finds_the_case(told: dict[str, Any]) -> None:
    assert result(told, "genematcher")["_missing"]["yours"][0] == "phenotype"


def test_the_patient_of_pubcasefinder_is_shown_as_the_disease_that_it_is() -> None:
    [found] = reply_of("pubcasefinder")

    case = from_json(found["patient"], Report(), "PubCaseFinder")

    assert [disease.disease_id for disease in case.diseases] == ["ORPHA:79113"]
    assert case.label == "Mandibulofacial dysostosis-microcephaly syndrome"
    assert case.genes == ("ENSG00000108883", "ENSG00000065427")


def test_the_mouse_of_monarch_is_shown_as_a_mouse() -> None:
    [found] = reply_of("monarch")

    case = from_json(found["patient"], Report(), "Monarch")

    assert case.species == "NCBITaxon:10090"
    assert case.observed == ("MP:0002064", "HP:0000252")
