"""What is said of a case and is no finding of hers: doubts, relatives, and that she died."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from matcher.case import Case, Death, PhenotypicFeature, Relation, Relative, Sharing
from matcher.readers import mme
from web.pages.entry.merging import merge

from ...conftest import MICROCEPHALY, OLIGODONTIA, SEIZURE, WIDE_MOUTH, Cast, case_of

FORM: dict[str, Any] = {
    "version": "0",
    "shown": ["uncertain", "relatives", "death"],
    "observed": [OLIGODONTIA],
    "uncertain": [SEIZURE],
    "relation": ["mother", "brother", ""],
    "relative_state": ["affected", "unaffected", ""],
    "relative_findings": ["wide mouth;  no Microcephaly", "", ""],
    "died": "1",
    "age": "3 y",
    "death_age": "4 y",
    "action": "save",
}


def test_doubts_relatives_and_death_are_kept_apart_and_compared_with_nothing(
    cast: Cast,
) -> None:
    place = cast["alice"].post("/cases/new", FORM).location
    case_id = place.split("/")[2]
    case = cast.get(case_id).case
    page = cast["alice"].get(f"/cases/{case_id}").text
    again = cast["alice"].get(f"/cases/{case_id}/edit").text

    assert (case.observed, case.excluded) == ((OLIGODONTIA,), ())
    assert [feature.term_id for feature in case.uncertain] == [SEIZURE]
    mother, brother = case.relatives
    assert (mother.relation, mother.affected) == (Relation.MOTHER, True)
    assert [(f.term_id, f.excluded) for f in mother.features] == [
        (WIDE_MOUTH, False),
        (MICROCEPHALY, True),
    ]
    assert (brother.relation, brother.affected) == (Relation.BROTHER, False)
    assert case.death == Death(years=4.0)
    for said in ("Uncertain", "affected; Wide mouth; no microcephaly", "at 4 y"):
        assert said in page
    assert 'value="Wide mouth; no Microcephaly"' in again
    apart = (SEIZURE, WIDE_MOUTH, MICROCEPHALY, "mother")
    shared = dataclasses.replace(case, sharing=Sharing.EXCHANGE_2)
    assert not [each for each in apart if each in json.dumps(mme.to_json(shared))]


def test_what_cannot_be_read_of_a_relative_is_said(cast: Cast) -> None:
    wrong = {
        "relation": ["", "aunt", "mother"],
        "relative_state": ["affected", "perhaps", ""],
        "relative_findings": ["", "", "wide muoth"],
        "death_age": "2 y",
    }

    answer = cast["alice"].post("/cases/new", {**FORM, **wrong})

    assert answer.status_code == 422
    for said in (
        "but not of which",
        "“perhaps” is no state",
        "Is “Wide mouth” meant?",
        "2 y is before the last visit at 3 y",
    ):
        assert said in answer.text


def test_a_button_makes_a_finding_uncertain_and_another_observed_again(
    cast: Cast,
) -> None:
    doubted = cast["alice"].post(
        "/cases/new", {"observed": [SEIZURE], "doubt": SEIZURE, "shown": ["uncertain"]}
    )
    sure = cast["alice"].post(
        "/cases/new", {"uncertain": [SEIZURE], "turn": SEIZURE, "shown": ["uncertain"]}
    )

    name = f'<input type="hidden" name="%s" value="{SEIZURE}">'
    assert name % "uncertain" in doubted.text and name % "observed" not in doubted.text
    assert name % "observed" in sure.text and name % "uncertain" not in sure.text


def test_a_form_without_these_parts_leaves_them_and_a_merge_keeps_both_sides() -> None:
    doubt = (PhenotypicFeature(term_id=SEIZURE),)
    kin = (Relative(relation=Relation.MOTHER, affected=True),)
    base = Case(case_id="x", uncertain=doubt)

    merged = merge(
        base,
        dataclasses.replace(base, relatives=kin),
        dataclasses.replace(base, uncertain=(), death=Death()),
    ).case

    assert merged == dataclasses.replace(
        base, uncertain=(), relatives=kin, death=Death()
    )


def test_history_says_what_was_doubted_and_decided(cast: Cast) -> None:
    doubted = case_of("NORTH-1", observed=(OLIGODONTIA,), excluded=())
    doubt = (PhenotypicFeature(term_id=SEIZURE),)
    cast.put(dataclasses.replace(doubted, uncertain=doubt))
    cast.put(dataclasses.replace(doubted, death=Death(years=4.0)))

    page = cast["alice"].get("/cases/NORTH-1/history").text

    assert "Uncertain findings" in page and "at 4 y" in page
