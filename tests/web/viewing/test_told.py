"""Whoever is shown a case of another site, it is recorded first; else nothing is shown."""

from __future__ import annotations

from contextlib import closing
from typing import NoReturn

import pytest

from matcher.case import Sharing
from matcher.storage.database import connect
from matcher.storage.errors import DatabaseFull
from web.audit import Audit, Entry

from ..conftest import OLIGODONTIA, SEIZURE, Cast, case_of

PAGES = ("/", "/site", "/cases/NORTH-1/matches", "/cases/NORTH-1/matches/HARBOUR-1")


@pytest.fixture
def met(cast: Cast) -> Cast:
    """A case of North whose best matches are at Harbour, and one of a colleague."""
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2", submitter="bob", observed=(SEIZURE,), genes=()))
    for number in (1, 2):
        harbour = case_of(
            f"HARBOUR-{number}",
            site="Harbour",
            submitter="charlie",
            sharing=Sharing.NETWORK,
        )
        cast.put(harbour)
    return cast


def entries(cast: Cast) -> list[Entry]:
    with closing(connect(cast.settings.database)) as db:
        shown = list(Audit(db).entries())
    return [entry for entry in shown if entry.action == "shown to a clinician"]


@pytest.mark.parametrize(
    ("path", "shown", "facts"),
    [
        ("/", {"HARBOUR-1"}, {"page": "mine", "site": "North"}),
        ("/site", {"HARBOUR-1"}, {"page": "site", "site": "North"}),
        (
            "/cases/NORTH-1/matches",
            {"HARBOUR-1", "HARBOUR-2"},
            {"page": "matches", "site": "North", "query": "NORTH-1"},
        ),
        (
            "/cases/NORTH-1/matches/HARBOUR-2",
            {"HARBOUR-2"},
            {"page": "side by side", "site": "North", "query": "NORTH-1"},
        ),
    ],
)
def test_page_with_cases_of_another_site_is_recorded(
    met: Cast, path: str, shown: set[str], facts: dict[str, str]
) -> None:
    answer = met["alice"].get(path)

    assert all(case_id in answer.text for case_id in shown)
    (entry,) = entries(met)
    assert entry.actor == "alice"
    assert set(entry.case_ids) == shown
    assert entry.facts == facts


@pytest.mark.parametrize(
    "path",
    ["/cases/NORTH-1", "/cases/NORTH-1/edit", "/cases/NORTH-1/matches/NORTH-2"],
)
def test_page_of_the_own_site_is_not_recorded(met: Cast, path: str) -> None:
    assert met["alice"].get(path).status_code == 200

    assert entries(met) == []


def test_only_what_the_filter_leaves_is_recorded(met: Cast) -> None:
    page = met["alice"].get("/cases/NORTH-1/matches", show="own").text

    assert "HARBOUR" not in page
    assert entries(met) == []


def test_further_cases_are_recorded_too(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", observed=(SEIZURE,), genes=()))
    far = case_of(
        "HARBOUR-1",
        site="Harbour",
        submitter="charlie",
        sharing=Sharing.NETWORK,
        observed=(OLIGODONTIA,),
        genes=(),
    )
    cast.put(far)

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert "The nearest case" in page
    assert [entry.case_ids for entry in entries(cast)] == [("HARBOUR-1",)]


def full(*args: object, **facts: object) -> NoReturn:
    raise DatabaseFull


def broken(*args: object, **facts: object) -> NoReturn:
    raise RuntimeError("canary-error")


@pytest.mark.parametrize("failure", [full, broken])
@pytest.mark.parametrize("path", PAGES)
def test_what_cannot_be_recorded_is_not_shown(
    met: Cast, monkeypatch: pytest.MonkeyPatch, path: str, failure: object
) -> None:
    alice = met["alice"]
    monkeypatch.setattr(Audit, "record", failure)

    answer = alice.get(path)

    assert answer.status_code == 503
    assert "could not be recorded, so nothing is shown" in answer.text
    assert "HARBOUR" not in answer.text
    assert "canary" not in answer.text


def test_own_cases_are_read_though_nothing_can_be_recorded(
    met: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Audit, "record", broken)

    assert met["alice"].get("/cases/NORTH-1").status_code == 200


def test_who_entered_a_case_is_told_that_it_was_compared_once(met: Cast) -> None:
    for _ in range(2):
        met["alice"].get("/cases/NORTH-1/matches")
        met["alice"].get("/cases/NORTH-1/matches/HARBOUR-1")

    page = met["charlie"].get("/notices").text

    assert "One notice you have not read" in page
    assert "A clinician of North compared this case with one of theirs." in page
    assert "HARBOUR-1" in page
    assert "NORTH-1" not in page
