"""Groups are made for each site from what it sees, and only when that has changed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from matcher.calibration import Calibration
from matcher.case import Sharing
from ontologies import Release
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.groups.keeping import KeptGroups, Wanted
from web.groups.making import Maker

from ..conftest import Cast, case_of
from .grouping import database, fill, make, members, shared


@pytest.fixture(autouse=True)
def filled(cast: Cast) -> None:
    fill(cast)


def test_each_site_has_groups_of_what_it_sees_its_own_cases_first(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    assert make(cast, release, calibration) == 2

    assert members(cast, "North") == [
        ["NORTH-1", "NORTH-2", "HARBOUR-1"],
        ["HARBOUR-2", "ISLAND-2"],
    ]
    assert sorted(members(cast, "Harbour")) == [
        ["HARBOUR-1", "NORTH-1"],
        ["HARBOUR-2", "ISLAND-2"],
    ]


def test_a_group_keeps_its_answer_its_picture_and_its_ties(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    make(cast, release, calibration)

    with database(cast) as db:
        group, other = KeptGroups(db).found("North", Wanted(), limit=9)
        view = KeptGroups(db).view("North")

    assert group.body["headline"] == (
        "Three cases at two sites of two families with no diagnosis look alike"
    )
    assert group.own == 2 and other.own == 0
    assert [gene["symbol"] for gene in group.body["genes"]] == ["PHF14"]
    assert {(tie.one, tie.other) for tie in group.ties} >= {(0, 1)}
    assert all(tie.probability > 0.25 for tie in group.ties)
    assert all(0 <= (member.x or 0) <= 1 for member in group.members)
    assert view is not None
    assert view.facts["cases"] == view.facts["undiagnosed"] == 6
    assert view.facts["release"] == release.release_id
    assert view.facts["calibration"] == calibration.calibration_id


def test_a_group_with_a_diagnosis_comes_after_one_without(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    cast.put(replace(cast.get("HARBOUR-1").case, solved=True))

    make(cast, release, calibration)

    assert members(cast, "North")[0] == ["HARBOUR-2", "ISLAND-2"]
    with database(cast) as db:
        kept = KeptGroups(db)
        (found,) = kept.found("North", Wanted(undiagnosed=True), limit=9)
        assert found.own == 0
        assert kept.count("North", Wanted(own=True, sites=2, gene=True)) == 1
        assert kept.count("North", Wanted(sites=3)) == 0


def test_nothing_is_made_again_while_nothing_changed(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    make(cast, release, calibration)

    assert make(cast, release, calibration) == 0


@pytest.mark.parametrize(
    ("sharing", "expected"),
    [(Sharing.PRIVATE, 0), (Sharing.SITE, 1), (Sharing.NETWORK, 2)],
)
def test_a_new_case_is_news_for_those_who_see_it(
    cast: Cast,
    release: Release,
    calibration: Calibration,
    sharing: Sharing,
    expected: int,
) -> None:
    make(cast, release, calibration)
    latest = cast.put(case_of("NORTH-3", sharing=sharing)).revision

    assert make(cast, release, calibration) == expected

    with database(cast) as db:
        views = [KeptGroups(db).view(site) for site in ("North", "Harbour")]
    assert [view and view.as_of for view in views] == [latest, latest]


def test_another_setting_of_the_bands_makes_them_again(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    make(cast, release, calibration)
    cast.settings = replace(cast.settings, band_contact=0.3)

    assert make(cast, release, calibration) == 2


def test_a_case_that_cannot_be_read_is_left_out(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    with database(cast) as db:
        db.execute("UPDATE revisions SET body = '{}' WHERE case_id = 'HARBOUR-1'")
        db.conn.commit()

    make(cast, release, calibration)

    assert members(cast, "North")[0] == ["NORTH-1", "NORTH-2"]


def test_a_process_of_its_own_makes_them(cast: Cast, release: Release) -> None:
    command = ["-m", "web.groups", release.release_id, str(cast.settings.directory)]

    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert ["NORTH-1", "NORTH-2", "HARBOUR-1"] in members(cast, "North")
    assert "NORTH-1" not in done.stdout + done.stderr


def test_a_case_hidden_while_groups_are_made_is_in_none(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    def hide(task: str, done: int, total: int) -> None:
        if task == "Describing groups":
            cast.put(shared("HARBOUR-1", "Harbour", sharing=Sharing.SITE))

    with database(cast) as db:
        Accounts(db, Passwords()).deactivate("charlie")
        Maker(
            db=db,
            release=release,
            calibration=calibration,
            settings=cast.settings,
            progress=hide,
        ).make_due()

    assert members(cast, "North") == [["HARBOUR-2", "ISLAND-2"]]
