"""What real peers do differently from the text of the protocol; docs/federation.md lists it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from matcher.case import (
    Case,
    Contact,
    GenomicFeature,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from ontologies import Release
from web.mme.answering import server, turns
from web.mme.answering.variations import TooManyDifferent, Variations
from web.mme.answering.wire import content_type

from ..asking import AskedNode, results_by_id

pytestmark = pytest.mark.usefixtures("everybody_agreed")

SEIZURE = "HP:0001250"
TERMS = (SEIZURE, "HP:0001252", "HP:0000252", "HP:0001263")
RARE = ("HP:0006237", "HP:0011343", "HP:0002209", "HP:0000677", "HP:0000154")
CANARY = "canary-7c1e"
VARIANT = Variant(
    assembly="GRCh37",
    chromosome="17",
    start=42929131,
    end=42929131,
    reference="G",
    alternate="A",
)
V10, V11 = content_type(0), content_type(1)
GETS = {"GET", "HEAD"}
BODY = json.dumps(
    {"patient": {"id": "theirs-1", "features": [{"id": t} for t in TERMS]}}
).encode()


def case(case_id: str, terms: tuple[str, ...], **more: Any) -> Case:
    features = tuple(PhenotypicFeature(term_id=term_id) for term_id in terms)
    return Case(case_id=case_id, features=features, sharing=Sharing.EXCHANGE_2, **more)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, release: Release) -> AskedNode:
    carried = (GenomicFeature(gene="EFTUD2", variant=VARIANT),)
    cases = [
        case("usual", TERMS),
        case("rare", RARE),
        case("eftud2", TERMS, genomic_features=carried),
        case("kars1", TERMS, genomic_features=(GenomicFeature(gene="KARS"),)),
        case(
            "mirrored",
            RARE,
            contact=Contact(name="Dr Example", href="mailto:A@island.example"),
        ),
    ]
    return AskedNode.with_cases(tmp_path_factory.mktemp("node"), release, cases)


def features(*terms: str) -> list[dict[str, str]]:
    return [{"id": term_id} for term_id in terms]


def message(answer: TestResponse, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert "json" in answer.headers["Content-Type"]
    body = answer.get_json(force=True)
    assert body.keys() <= {"message", "supportedVersions", "reference"}
    said: str = body["message"]
    return said


# Versions and headers


@pytest.mark.parametrize(
    "headers, version",
    [
        ({"Content-Type": V10, "Accept": V10}, V10),
        ({"Content-Type": V11, "Accept": V11}, V11),
        ({"Content-Type": "application/json", "Accept": V10}, V10),
        ({"Content-Type": V10}, V10),
        ({"Content-Type": V10, "Accept": "*/*"}, V10),
        ({"Content-Type": f"{V10}; charset=utf-8"}, V10),
        ({"Content-Type": f"{V10};charset=UTF-8", "Accept": "application/json"}, V10),
        ({"Content-Type": f"{V11}; Charset=Utf-8"}, V11),
        ({"Content-Type": V11.replace("1.1", "1.9"), "Accept": V10}, V11),
        ({"Accept": f"{V10.replace('v1', 'v2')}, {V10}"}, V10),
        ({"Content-Type": "application/json"}, V11),
        ({"Content-Type": "application/vnd.ga4gh.matchmaker+json"}, V11),
        ({"Content-Type": "application/x-www-form-urlencoded", "Accept": V10}, V10),
        ({"Content-Type": "Application/VND.GA4GH.Matchmaker.V1.0+JSON"}, V10),
        ({}, V11),
    ],
)
def test_either_header_names_the_version_of_the_answer(
    node: AskedNode, headers: dict[str, str], version: str
) -> None:
    answer = node.post(BODY, headers)

    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == version


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": V10.replace("v1", "v2"), "Accept": V10.replace("v1", "v2")},
        {"Content-Type": "application/json", "Accept": V10.replace("v1.0", "v0.1")},
    ],
)
def test_a_major_version_that_we_lack_is_told_which_there_are(
    node: AskedNode, headers: dict[str, str]
) -> None:
    answer = node.post(BODY, headers)

    assert "1.0 and 1.1" in message(answer, 406)
    assert answer.get_json(force=True)["supportedVersions"] == ["1.0", "1.1"]
    assert answer.headers["Content-Type"] == V11


def test_every_refusal_is_json_with_a_message(
    node: AskedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "'patient'" in message(node.post(b"{}"), 400)
    assert "X-Auth-Token" in message(node.post(BODY, {"X-Auth-Token": "no"}), 401)
    assert message(node.client.get("/match"), 405)
    assert message(node.post(BODY, path="/match/more"), 404)
    assert message(node.post(BODY, {"Content-Type": V10}, path="/mm/match"), 404)
    # No redirect: it would come back as a GET.
    assert message(node.post(BODY, path="/match//"), 404)
    assert message(node.post(b"x" * 1_000_001), 413)
    assert "text/xml" in message(node.post(BODY, {"Content-Type": "text/xml"}), 415)
    assert "theirs" in message(node.post(b'{"patient": {"id": "theirs"}}'), 422)

    def too_many(*_: object) -> None:
        raise TooManyDifferent(10, 5)

    monkeypatch.setattr(Variations, "note", too_many)
    assert "10 different" in message(node.post(BODY), 429)
    monkeypatch.setattr(turns, "AT_A_TIME", 0)
    busy = node.post(BODY)
    assert message(busy, 429) and int(busy.headers["Retry-After"]) >= 1


def test_any_other_method_is_refused_in_json_and_opens_nothing_to_pages_of_others(
    node: AskedNode,
) -> None:
    for path, methods in (("match", {"POST"}), ("heartbeat", GETS), ("metrics", GETS)):
        for method in {"OPTIONS", "PUT", "DELETE", "TRACE", "POST", "GET"} - methods:
            # As a browser asks before a script of another site may.
            answer = node.client.open(
                f"/{path}",
                method=method,
                headers={"X-Auth-Token": node.token, "Origin": "https://x.example"},
            )

            assert message(answer, 405) and set(answer.allow) == methods
            assert not any(k.lower().startswith("access-") for k, _ in answer.headers)


def test_an_error_of_ours_is_a_reference_and_nothing_of_the_request(
    node: AskedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(server, "bounded", fail)

    answer = node.post(BODY)

    reference = answer.get_json(force=True)["reference"]
    assert reference in message(answer, 500) and CANARY not in answer.text


@pytest.mark.parametrize("path", ["/match", "/match/"])
def test_both_addresses_of_match_answer_at_once(node: AskedNode, path: str) -> None:
    assert node.post(BODY, path=path).status_code == 200


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + BODY,
        BODY.decode().encode("utf-16"),
        b'{"patient": {"id": NaN}}',
        b'{"patient": {"id": 1, "x": -Infinity}}',
        b'{"patient": {"id": 1, "x": 1e999}}',
        b'{"patient": {"id": "a", "id": "b"}}',
        b'{"patient": ' + b"[" * 33 + b"]" * 33 + b"}",
        b'{"patient": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
        b'{"patient": {"id": "\\ud800"}}',
        b'{"patient": {"id": ' + b"9" * 5_000 + b"}}",
        b"\x81\x8d\x8f",
        b"patient=1",
        b"",
    ],
)
def test_bytes_that_programs_read_in_two_ways_are_refused(
    node: AskedNode, body: bytes
) -> None:
    assert message(node.post(body), 400)


def test_bytes_of_latin_1_are_read_and_told(node: AskedNode) -> None:
    body = BODY.replace(b"theirs-1", "Müller-1".encode("latin-1"))

    answer = node.post(body)

    assert answer.status_code == 200
    [warning] = answer.get_json(force=True)["_warnings"]
    assert "read as Windows-1252" in warning


@pytest.mark.parametrize(
    "more",
    [
        {"features": None, "genomicFeatures": [{"gene": {"id": "EFTUD2"}}]},
        {"id": 12, "disorders": None, "genomicFeatures": ""},
        {"sex": "", "species": "", "contact": None, "ageOfOnset": ""},
    ],
)
def test_null_and_empty_fail_nothing(node: AskedNode, more: dict[str, Any]) -> None:
    told = node.ask(**{"features": features(*TERMS), **more})

    assert "eftud2" in results_by_id(told) and told["_warnings"] == []


def test_one_bad_feature_is_told_and_the_others_are_compared(node: AskedNode) -> None:
    bad = {"id": SEIZURE, "observed": "perhaps"}

    told = node.ask(features=[bad, 5.5, *features(*TERMS)])

    assert "usual" in results_by_id(told)
    assert "Whether HP:0001250 was observed" in told["_warnings"][0]


def test_a_patient_of_whom_nothing_can_be_used_is_told_what_was_left_aside(
    node: AskedNode,
) -> None:
    asked = {"patient": {"id": "q", "features": [{"id": SEIZURE, "observed": "?"}]}}

    answer = node.post(json.dumps(asked).encode(), {"Accept": V10})

    assert answer.status_code == 422 and answer.headers["Content-Type"] == V10
    told = answer.get_json(force=True)
    assert told.keys() == {"message", "_warnings"}
    assert "Whether HP:0001250 was observed" in told["_warnings"][0]


@pytest.mark.parametrize(
    "more, mark",
    [
        ({}, {"test": "perhaps"}),
        ({}, {"test": 2}),
        ({}, {"test": [True]}),
        ({"test": True}, {}),
    ],
)
def test_what_may_mark_a_test_is_answered_as_one(
    node: AskedNode, more: dict[str, Any], mark: dict[str, Any]
) -> None:
    patient = {"id": "theirs-1", "features": features(*TERMS), **mark}

    answer = node.post(json.dumps({"patient": patient, **more}).encode())

    told = answer.get_json(force=True)
    assert told["results"] == [] and "answered as a test" in told["_warnings"][-1]


def test_a_patient_inside_a_patient_is_none(node: AskedNode) -> None:
    # Which of the two would say whether it is a test?
    inside = {"id": "theirs-1", "features": features(*TERMS)}
    asked = {"patient": {"test": True, "patient": inside}}

    assert "no id" in message(node.post(json.dumps(asked).encode()), 422)


def test_unknown_keys_move_nothing_and_come_back_nowhere(node: AskedNode) -> None:
    plain = node.ask(features=features(*TERMS))

    marked = node.ask(
        features=[{**each, "_x": CANARY, "y": CANARY} for each in features(*TERMS)],
        _own={"z": CANARY},
        spouse=CANARY,
    )

    assert marked == plain and CANARY not in json.dumps(marked)


@pytest.mark.parametrize(
    "entered",
    [
        "hp:0001250",
        "HP_0001250",
        "http://purl.obolibrary.org/obo/HP_0001250",
        1250,
        # Alternative ids of seizure.
        "HP:0001275",
        "HP:0002430",
    ],
)
def test_other_ids_of_a_term_are_the_term(node: AskedNode, entered: object) -> None:
    plain = node.ask(features=features(*TERMS))

    told = node.ask(features=[{"id": entered}, *features(*TERMS[1:])])

    assert told["results"] == plain["results"]


def test_unknown_terms_and_genes_break_nothing_and_are_named(node: AskedNode) -> None:
    told = node.ask(
        features=features(*TERMS, "HP:9999999", "MP:0002064"),
        genomicFeatures=[{"gene": {"id": "NOSUCHGENE1"}}],
    )

    assert "usual" in results_by_id(told)
    [terms, genes] = told["_warnings"]
    assert "HP:9999999, MP:0002064" in terms and "NOSUCHGENE1" in genes


@pytest.mark.parametrize("observed", ["no", "NO", False, "false", 0])
def test_a_feature_that_was_not_seen_never_counts_as_seen(
    node: AskedNode, observed: object
) -> None:
    absent = [{"id": term_id, "observed": observed} for term_id in RARE]

    told = node.ask(features=[*features(*TERMS), *absent])

    assert "rare" not in results_by_id(told)


def test_onset_among_features_counts_as_onset(node: AskedNode) -> None:
    told = node.ask(features=features(*TERMS, "HP:0003577"))

    missing = results_by_id(told)["usual"]["_missing"]
    assert "onset" in missing["theirs"] and "onset" not in missing["yours"]


@pytest.mark.parametrize(
    "gene",
    [
        {"id": "KARS"},
        {"id": "KARS1"},
        {"id": "ENSG00000065427"},
        {"id": "ENSG00000065427.15"},
        {"id": "HGNC:6215"},
        {"id": "NCBIGene:3735"},
        {"id": "3735"},
        {"id": 3735},
        {"_geneName": "KARS"},
        {"_ensemblGeneID": "ENSG00000065427"},
        {"_entrezGeneID": 3735},
    ],
)
def test_a_gene_is_found_under_any_name(node: AskedNode, gene: dict[str, Any]) -> None:
    told = node.ask(genomicFeatures=[{"gene": gene}])

    assert list(results_by_id(told)) == ["kars1"]


@pytest.mark.parametrize(
    "place",
    [
        {"start": 42929130, "end": 42929131},
        {"start": "42929130", "end": "42929131"},
        {"start": 42929131, "end": 42929131},
        {"start": 42929131},
        {"start": 42929130},
        {"start": 42929131, "referenceName": "chr17", "assembly": "hg19"},
        {"start": 42929131, "assembly": "GRCh37.p13"},
    ],
)
def test_a_variant_is_the_same_from_whichever_base_its_peer_counts(
    node: AskedNode, place: dict[str, Any]
) -> None:
    variant = {
        "assembly": "GRCh37",
        "referenceName": "17",
        "referenceBases": "G",
        "alternateBases": "A",
        **place,
    }
    gene = {"gene": {"id": "EFTUD2"}, "variant": variant}

    told = node.ask(features=features(*TERMS), genomicFeatures=[gene])

    reasons = results_by_id(told)["eftud2"]["_explanation"]["reasons"]
    assert any(reason.startswith("Both carry") for reason in reasons)


# Scores and results


def test_phenotype_alone_reaches_a_high_score(node: AskedNode) -> None:
    told = node.ask(features=features(*RARE), contact={"href": "mailto:b@x.example"})

    assert results_by_id(told)["rare"]["score"]["patient"] >= 0.7


def test_what_one_side_lacks_counts_for_nothing(node: AskedNode) -> None:
    asked = {"features": features(*RARE), "contact": {"href": "mailto:b@x.example"}}

    plain, more = (
        results_by_id(node.ask(**asked, **extra))["rare"]["score"]
        for extra in ({}, {"genomicFeatures": [{"gene": {"id": "EFTUD2"}}]})
    )

    assert plain == more


def test_a_case_that_its_submitter_mirrored_is_not_returned_to_her(
    node: AskedNode,
) -> None:
    hers, anothers = (
        set(results_by_id(node.ask(features=features(*RARE), contact=contact)))
        for contact in (
            {"name": "E", "href": "mailto:office@x.example,a@island.example"},
            {"name": "E", "href": "mailto:someone@x.example"},
        )
    )

    assert anothers - hers == {"mirrored"} and "rare" in hers


def test_another_case_of_the_same_submitter_is_returned(node: AskedNode) -> None:
    told = node.ask(
        features=features(*RARE[1:]), contact={"href": "mailto:a@island.example"}
    )

    assert "mirrored" in results_by_id(told)
