"""A reply is untrusted: every valid item of it is kept, the rest is counted by its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from web.mme.asking.answers import Answer, State
from web.mme.asking.calling.connections import Reply
from web.mme.asking.reading.replies import MOST_RESULTS, read_reply, retry_after
from web.mme.nodes import Node

from .conftest import patient, result, results

NODE = Node(node_id=1, name="Island", created_at="", revoked_at=None)


def read(body: Any, status: int = 200, *, test: bool = False, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_reply(Reply(status, headers, content), NODE, test=test)


def ids(answer: Answer) -> list[str]:
    return [each.case.case_id for each in answer.remotes]


def test_patients_are_read_with_the_peers_own_scores() -> None:
    answer = read(results(result("a", score=0.9), result("b", score="0.25")))

    assert answer.state is State.ANSWERED
    assert ids(answer) == ["a", "b"]
    assert [each.peer_score for each in answer.remotes] == ["0.9", "0.25"]
    assert [each.score_in_range for each in answer.remotes] == [0.9, 0.25]
    assert not answer.dropped and answer.is_whole


@pytest.mark.parametrize("score", [-1, 2, "high", 1.0001])
def test_a_score_that_is_none_costs_the_score_and_not_the_patient(score: Any) -> None:
    answer = read(results(result("a", score=score)))

    assert ids(answer) == ["a"] and answer.remotes[0].score_in_range is None
    assert answer.noted == {"score that is not between 0 and 1": 1}


@pytest.mark.parametrize("score", ["0.5" + "0" * 100, "x\x1b[2J" + "y" * 100])
def test_a_score_is_kept_as_a_short_plain_text(score: str) -> None:
    [found] = read(results(result("a", score=score))).remotes

    assert found.peer_score.isprintable() and len(found.peer_score) <= 20


@pytest.mark.parametrize(
    "token", ["NaN", "Infinity", "-Infinity", "1e999", "null", "{}"]
)
def test_a_score_that_is_no_number_costs_the_score_alone(token: str) -> None:
    body = json.dumps(results(result("a", score=7), result("b", score=0.5)))

    answer = read(body.replace("7", token).encode())

    assert ids(answer) == ["a", "b"]
    assert answer.remotes[0].peer_score == "" and answer.noted == {"no score": 1}


def test_what_is_no_patient_is_counted_and_the_others_are_kept() -> None:
    answer = read(
        results(
            "text",
            None,
            {"score": {"patient": 1}},
            {"patient": "x"},
            {"patient": {"features": []}},
            result("good"),
            result("good"),
            result("x" * 300),
            result("real"),
            result("fixture", test=True),
        )
    )

    assert ids(answer) == ["good", "real"]
    assert answer.dropped == {
        "no object": 2,
        "no patient": 2,
        "unreadable patient": 2,
        "repeated id": 1,
        "test case in the answer to a real question": 1,
    }
    assert answer.is_whole


def test_a_patient_without_a_contact_is_kept_and_noted() -> None:
    answer = read(results({"patient": {"id": "a", "features": [{"id": "HP:0001250"}]}}))

    assert ids(answer) == ["a"] and answer.noted == {"no score": 1, "no contact": 1}


def test_test_questions_are_answered_by_test_cases_alone() -> None:
    answer = read(results(result("a"), result("b", test=True)), test=True)

    assert [each.case.test for each in answer.remotes] == [True, True]


def test_a_hundred_thousand_results_are_capped_and_counted() -> None:
    many = [{"patient": {"id": str(n)}} for n in range(50_000)]

    answer = read(results(*many))

    assert len(answer.remotes) == MOST_RESULTS
    assert answer.dropped == {"beyond the limit": 50_000 - MOST_RESULTS}
    assert not answer.is_whole


def test_of_an_endless_patient_a_bounded_part_is_read() -> None:
    genes = [{"gene": {"id": str(number)}} for number in range(1_000)]

    terms = [f"HP:{number:07}" for number in range(5_000)]

    diseases = [{"id": f"MIM:{100_000 + number}"} for number in range(1_000)]

    more = {"genomicFeatures": genes, "disorders": diseases}
    answer = read(results(result("a", *terms, **more)))

    [found] = answer.remotes
    assert len(found.case.diseases) == 50
    assert len(found.case.features) == 200 and len(found.case.genomic_features) == 100
    assert answer.noted["profile cut short"] == 1


@pytest.mark.parametrize("given", [[], None, {}, ""])
def test_no_results_are_an_empty_answer(given: object) -> None:
    assert read({"results": given}).state is State.EMPTY


def test_no_content_is_an_empty_answer() -> None:
    assert read(b"", 204) == Answer(state=State.EMPTY)


@pytest.mark.parametrize(
    ("size", "state"), [(2_000_000, State.EMPTY), (2_000_001, State.FAILED)]
)
def test_two_megabytes_are_read_and_no_more(size: int, state: State) -> None:
    assert read(b'{"results": []}'.ljust(size)).state is state


def test_results_that_are_no_list_are_counted() -> None:
    answer = read({"results": {"patient": {}}})

    assert answer.state is State.EMPTY
    assert answer.dropped == {"results that are no list": 1}


def test_success_with_an_error_in_it_is_a_refusal() -> None:
    answer = read({"message": "ERROR: no phenotypes\x1b[2J"})

    assert answer.state is State.REJECTED
    assert answer.message == "ERROR: no phenotypes[2J"


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><title>Log in</title>",
        b"",
        b"{",
        b"[]",
        b'"Hello"',
        b"{}",
        b'{"results": [], "results": []}',
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"\xff\xfe{\x00}\x00",
        b'{"results": "\\ud800"}',
        b" " * 2_000_001,
    ],
    ids=range(12),
)
def test_what_is_no_answer_is_a_failure_with_its_reason(body: bytes) -> None:
    answer = read(body)

    assert answer.state is State.FAILED and answer.message
    assert len(answer.message) < 400


def test_a_web_page_is_named_and_never_quoted() -> None:
    answer = read(b"  <html><script>x</script></html>")

    assert answer.message == "it answered with a web page instead of JSON"


def test_a_byte_order_mark_and_latin_letters_are_passed_over() -> None:
    body = json.dumps(results(result("a", label="caf\xe9")), ensure_ascii=False)

    assert ids(read(b"\xef\xbb\xbf" + body.encode())) == ["a"]
    assert read(body.encode("latin-1")).remotes[0].case.label == "caf\xe9"


@pytest.mark.parametrize(
    "status, body, state, said",
    [
        (400, {"message": "No id"}, State.REJECTED, "HTTP 400: No id"),
        (401, "not authorized", State.REJECTED, "HTTP 401: not authorized"),
        (422, b"<html>", State.REJECTED, "HTTP 422"),
        (429, {"error": "slow"}, State.REJECTED, "HTTP 429: slow"),
        (500, {"message": "x" * 5000}, State.FAILED, f"HTTP 500: {'x' * 300}"),
        (503, b"", State.FAILED, "HTTP 503"),
    ],
)
def test_a_refusal_tells_the_peers_word(
    status: int, body: object, state: State, said: str
) -> None:
    answer = read(body, status)

    assert (answer.state, answer.message) == (state, said)


def test_what_a_peer_writes_where_we_say_what_is_wrong_is_short_and_plain() -> None:
    hostile = "x\x1b[2J" + "y" * 5_000
    repeated = json.dumps({hostile: 1})[:-1] + "," + json.dumps({hostile: 2})[1:]

    for answer in (read("", 302, location=hostile), read(repeated.encode())):
        assert answer.state is State.FAILED and "x" in answer.message
        assert answer.message.isprintable() and len(answer.message) < 400


def test_a_redirect_is_said_and_not_followed() -> None:
    answer = read(b"", 307, location="https://evil.example/")

    assert answer.state is State.FAILED
    assert "https://evil.example/" in answer.message and "never" in answer.message


@pytest.mark.parametrize(
    "said, low, high",
    [
        ("120", 120, 120),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("9" * 400, 999_999_999, 999_999_999),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 10**9, 10**10),
        ("Fri, 01 Jan 2010 00:00:00 GMT", 0, 0),
    ],
)
def test_a_wish_for_a_pause_is_read(said: str, low: float, high: float) -> None:
    assert low <= retry_after({"retry-after": said}) <= high


def test_terms_of_a_reply_are_read_as_text() -> None:
    answer = read(results(disclaimer="For\nresearch", _terms="None \u202e"))

    assert (answer.disclaimer, answer.terms) == ("For research", "None \ufffd")


def test_a_disease_or_an_animal_is_shown_as_what_it_is() -> None:
    answer = read(
        results(
            {"score": {"patient": 1.0}, "patient": {"id": "ORDO:2573", "label": "D"}},
            {"patient": patient("mouse", species="NCBITaxon:10090")},
        )
    )

    disease, mouse = (each.case for each in answer.remotes)
    assert disease.diseases[0].disease_id == "ORPHA:2573"
    assert mouse.species == "NCBITaxon:10090"
