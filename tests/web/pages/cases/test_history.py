"""Every version of a case: listed, compared, restored; a private one for its owner alone."""

from __future__ import annotations

import dataclasses

import pytest

from matcher.case import (
    Case,
    Disease,
    DiseaseStatus,
    Exposure,
    Onset,
    PhenotypicFeature,
    Sex,
    Sharing,
    Treatment,
)
from ontologies import Release
from web.pages.cases.versions import changes, compared

from ...conftest import SEIZURE, Cast, case_of


def with_note(cast: Cast, note: str, **changes: object) -> None:
    case = dataclasses.replace(cast.get("NORTH-1").case, note=note, **changes)
    cast.put(case, actor="bob")


def test_versions_are_listed_with_who_when_and_what(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    with_note(cast, "seen twice", sex=Sex.FEMALE)

    page = cast["alice"].get("/cases/NORTH-1/history").text

    assert "Two things differ between versions 1 and 2" in page
    assert page.index("<b>Version 2</b>") < page.index("<b>Version 1</b>")
    assert "The person, note" in page
    assert "<del>canary-note</del>" in page and "<ins>seen twice</ins>" in page


def test_any_two_versions_are_compared(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    for note in ("second", "third"):
        with_note(cast, note)

    page = cast["alice"].get("/cases/NORTH-1/history", **{"from": "3", "to": "1"}).text

    assert "between versions 1 and 3" in page
    assert "second" not in page


def test_version_of_a_private_time_is_its_owners_alone(cast: Cast) -> None:
    cast.put(dataclasses.replace(case_of("NORTH-1"), sharing=Sharing.PRIVATE))
    with_note(cast, "told to all", sharing=Sharing.SITE)

    ours = cast["alice"].get("/cases/NORTH-1/history").text
    theirs = cast["bob"].get("/cases/NORTH-1/history", **{"from": "1"}).text

    assert "canary-note" in ours
    assert "canary-note" not in theirs and "Version 1" not in theirs
    answer = cast["bob"].post(
        "/cases/NORTH-1/history", {"restore": "1", "version": "2"}
    )
    assert answer.status_code == 404


def test_restored_version_is_a_new_one_and_shared_as_now(cast: Cast) -> None:
    cast.put(dataclasses.replace(case_of("NORTH-1"), sharing=Sharing.NETWORK))
    with_note(cast, "wrong", sharing=Sharing.SITE, features=())

    answer = cast["bob"].post(
        "/cases/NORTH-1/history", {"restore": "1", "version": "2"}
    )

    stored = cast.get("NORTH-1")
    assert answer.status_code == 303
    assert (stored.version, stored.actor, stored.case.note) == (3, "bob", "canary-note")
    assert stored.case.features == case_of("NORTH-1").features
    assert stored.case.sharing is Sharing.SITE
    assert stored.case.submitter == "alice"


def test_case_that_changed_meanwhile_is_not_restored(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    with_note(cast, "second")
    with_note(cast, "third")

    cast["bob"].post("/cases/NORTH-1/history", {"restore": "1", "version": "2"})

    assert cast.get("NORTH-1").case.note == "third"
    assert "changed meanwhile" in cast["bob"].get("/cases/NORTH-1/history").text


def test_history_of_a_case_of_another_site_is_not_there(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", sharing=Sharing.EXCHANGE_1))

    assert cast["charlie"].get("/cases/NORTH-1/history").status_code == 404


BEFORE = Case(case_id="x", features=(PhenotypicFeature(term_id=SEIZURE),))


@pytest.mark.parametrize(
    ("change", "part", "name", "sides"),
    [
        (
            {"features": (PhenotypicFeature(term_id=SEIZURE, excluded=True),)},
            "Features",
            "Seizure",
            ("observed", "looked for and not found"),
        ),
        (
            {
                "features": (
                    PhenotypicFeature(
                        term_id=SEIZURE, severity="HP:0012828", onset=Onset(years=2)
                    ),
                )
            },
            "Features",
            "Seizure",
            ("observed", "observed, severe, from 2 y"),
        ),
        (
            {
                "diseases": (
                    Disease(disease_id="OMIM:154700", status=DiseaseStatus.CANDIDATE),
                )
            },
            "Diagnoses",
            "Marfan syndrome",
            ("", "OMIM:154700, candidate"),
        ),
        (
            {"treatments": (Treatment(agent_id="a:1", label="x", response="good"),)},
            "Treatments",
            "x",
            ("", "good"),
        ),
        (
            {"exposures": (Exposure(exposure_id="a:2", label="lead"),)},
            "Exposures and lifestyle",
            "lead",
            ("", "stated"),
        ),
        ({"solved": True}, "The person", "Diagnosis", ("not made", "solved")),
        (
            {"sharing": Sharing.NETWORK},
            "Sharing",
            "Shared with",
            ("nobody", "own site and network"),
        ),
    ],
)
def test_each_kind_of_change_stands_in_its_part(
    release: Release,
    change: dict[str, object],
    part: str,
    name: str,
    sides: tuple[str, str],
) -> None:
    after = dataclasses.replace(BEFORE, **change)

    assert changes(BEFORE, after, release) == [part.lower()]
    groups = {group.name: group for group in compared(BEFORE, after, release)}
    (row,) = groups[part].changed
    assert (row.name, row.before, row.after) == (name, *sides)


def test_same_name_twice_keeps_both_lines(release: Release) -> None:
    treatment = Treatment(agent_id="a:1", label="x", response="good")
    twice = dataclasses.replace(
        BEFORE, treatments=(treatment, dataclasses.replace(treatment, response="none"))
    )

    groups = {group.name: group for group in compared(BEFORE, twice, release)}

    assert [row.name for row in groups["Treatments"].rows] == ["x", "x (2)"]
