"""What the search boxes are answered."""

from __future__ import annotations

import pytest

from web.pages.entry.terms import marked, shortened

from ...conftest import Cast


@pytest.mark.parametrize(
    ("typed", "term_id"),
    [
        ("seizres", "HP:0001250"),
        ("floppy baby", "HP:0008947"),
        ("HP:0000154", "HP:0000154"),
    ],
)
def test_misspelt_lay_and_coded_words_find_their_term(
    cast: Cast, typed: str, term_id: str
) -> None:
    options = cast["alice"].get("/terms", q=typed).json["options"]

    assert options[0]["id"] == term_id
    assert options[0]["fact"].startswith("1 in ")


@pytest.mark.parametrize(("typed", "close"), [("seizres", True), ("qwrtzpfx", False)])
def test_guess_is_told_from_what_was_meant(cast: Cast, typed: str, close: bool) -> None:
    assert cast["alice"].get("/terms", q=typed).json["options"][0]["close"] is close


def test_search_without_a_script_introduces_a_guess(cast: Cast) -> None:
    answer = cast["alice"].post("/cases/new", {"action": "search", "q": "qwrtzpfx"})

    assert "Nothing like “qwrtzpfx”; did you mean" in answer.text


def test_option_shows_the_synonym_that_matched(cast: Cast) -> None:
    option = cast["alice"].get("/terms", q="big mouth").json["options"][0]

    assert option["label"] == "Wide mouth"
    assert [text for text, hit in option["also_parts"] if hit]


def test_option_tells_where_the_term_lies(cast: Cast) -> None:
    option = cast["alice"].get("/terms", q="seizure").json["options"][0]

    assert "Abnormal nervous system physiology" in option["path"]
    assert "narrower" in option["narrower"]


def test_modes_and_onsets_are_no_features(cast: Cast) -> None:
    options = (
        cast["alice"].get("/terms", q="autosomal dominant inheritance").json["options"]
    )

    assert all(option["id"] != "HP:0000006" for option in options)


@pytest.mark.parametrize("typed", ["", "  ", "\x00", "☃" * 5000, "%" * 300])
def test_any_text_is_answered(cast: Cast, typed: str) -> None:
    assert cast["alice"].get("/terms", q=typed).status_code == 200
    assert cast["alice"].get("/genes", q=typed).status_code == 200


@pytest.mark.parametrize(
    ("typed", "symbols"),
    [("phf14", ["PHF14"]), ("KARS", ["KARS1"]), ("nothing such", [])],
)
def test_gene_is_found_by_any_name(cast: Cast, typed: str, symbols: list[str]) -> None:
    options = cast["alice"].get("/genes", q=typed).json["options"]

    assert [option["label"] for option in options] == symbols


def test_ambiguous_gene_is_asked_back(cast: Cast) -> None:
    options = cast["alice"].get("/genes", q="RED").json["options"]

    assert {"DYRK3", "IK"} <= {option["label"] for option in options}


@pytest.mark.parametrize("path", ["/terms", "/genes"])
def test_search_is_for_clinicians(cast: Cast, path: str) -> None:
    nobody = cast["nobody"].client.get(path, headers={"Accept": "application/json"})

    assert nobody.status_code == 401
    assert "log in" in nobody.json["message"]
    assert cast["dana"].get(path).status_code == 404


@pytest.mark.parametrize(
    ("spans", "parts"),
    [
        ([], (("wide mouth", False),)),
        ([(0, 4)], (("wide", True), (" mouth", False))),
        ([(5, 10), (0, 4)], (("wide", True), (" ", False), ("mouth", True))),
        ([(0, 6), (3, 10)], (("wide m", True), ("outh", True))),
    ],
)
def test_spans_become_marked_runs(
    spans: list[tuple[int, int]], parts: tuple[tuple[str, bool], ...]
) -> None:
    assert marked("wide mouth", spans) == parts


def test_definition_is_cut_to_its_first_sentence() -> None:
    assert shortened("One sentence. And another.") == "One sentence."
    assert len(shortened("a" * 500)) == 221
