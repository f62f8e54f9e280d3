"""One damaged row of the database hides one case, and no page of the others."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

from matcher.case import Sharing
from matcher.storage.database import connect

from ..conftest import Cast, case_of


def damage(cast: Cast, case_id: str) -> None:
    """Change what is stored of a case behind the back of its fingerprint."""
    with closing(connect(cast.settings.database)) as db:
        db.execute("UPDATE revisions SET actor = 'y' WHERE case_id = ?", [case_id])


@pytest.mark.parametrize("path", ["/", "/site"])
def test_list_leaves_a_damaged_case_out_and_says_so(cast: Cast, path: str) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))
    damage(cast, "NORTH-2")

    answer = cast["alice"].get(path)

    assert answer.status_code == 200
    assert "NORTH-1" in answer.text
    assert "NORTH-2" not in answer.text
    assert "One case could not be read and is left out" in answer.text
    assert "Tell the operator of your site." in answer.text


def test_several_are_counted(cast: Cast) -> None:
    for number in (1, 2, 3):
        cast.put(case_of(f"NORTH-{number}"))
        damage(cast, f"NORTH-{number}")

    page = cast["alice"].get("/").text

    assert "<h1>None of these cases can be read</h1>" in page
    assert "Three cases could not be read and are left out" in page
    assert "first case" not in page


def test_list_without_damage_says_nothing_of_it(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    assert "could not be read" not in cast["alice"].get("/").text


@pytest.mark.parametrize("path", ["", "/edit", "/matches", "/matches/NORTH-1"])
def test_damaged_case_is_explained_to_who_entered_it(cast: Cast, path: str) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))
    damage(cast, "NORTH-2")

    answer = cast["alice"].get(f"/cases/NORTH-2{path}")

    assert answer.status_code == 500
    assert "Case NORTH-2 could not be read" in answer.text
    assert "canary" not in answer.text


@pytest.mark.parametrize("person", ["bob", "charlie", "dana"])
def test_to_all_others_it_looks_as_if_it_were_missing(cast: Cast, person: str) -> None:
    cast.put(case_of("NORTH-2", sharing=Sharing.PRIVATE))
    damage(cast, "NORTH-2")

    damaged, missing = (
        cast[person].get(f"/cases/{case_id}") for case_id in ("NORTH-2", "NORTH-3")
    )

    assert damaged.status_code == missing.status_code == 404
    pages = {re.sub(r'value="[^"]+"', "", each.text) for each in (damaged, missing)}
    assert len(pages) == 1


def test_damage_does_not_reach_the_matches_of_other_cases(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))
    cast["alice"].get("/cases/NORTH-1/matches")
    damage(cast, "NORTH-2")

    alice = cast["alice"]

    assert alice.get("/cases/NORTH-1/matches").status_code == 200
    assert alice.get("/cases/NORTH-1/matches/NORTH-2").status_code == 500
    assert alice.get("/cases/NORTH-1").status_code == 200


def test_damaged_past_does_not_stop_a_change(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    damage(cast, "NORTH-1")
    cast.put(case_of("NORTH-1", genes=()))

    answer = cast["alice"].post(
        "/cases/NORTH-1/edit",
        {"version": "1", "sex": "female", "sharing": "site", "note": "typed"},
    )

    assert answer.status_code == 409
    assert "typed" in answer.text
