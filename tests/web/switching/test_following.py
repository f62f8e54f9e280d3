"""A process moves to another release between requests, never within one."""

from __future__ import annotations

import gc
import shutil
import threading
import time
import weakref
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies.pointer import Edition, switching
from web.db import open_database
from web.mme.asking.aside import aside
from web.mme.exchange import exchange, peer_view
from web.service import service
from web.switching.following import FollowedGround, Follower

from .conftest import Place

PATIENCE_SECONDS = 120


def point(place: Place, edition: Edition) -> None:
    with switching(place.directory) as held:
        held.point(held.pointed.switched(edition))


def test_requests_that_begin_after_a_switch_are_answered_by_the_new_one(
    place: Place, app: Flask, follower: Follower
) -> None:
    point(place, place.edition(place.newer))
    with app.app_context():
        before = service()
        matcher = before.matcher.current()

        assert follower.follow()

        # The request that was begun goes on with all that it had.
        assert service() is before
        assert exchange().made is before
        assert service().matcher.current() is matcher
        assert service().release.release_id == place.older.release_id
    with app.app_context():
        after = service()
        assert after.release.release_id == place.newer.release_id
        assert (
            after.calibration.release_id
            == after.matcher.current().release.release_id
            == exchange().made.peers.current().release.release_id
            == place.newer.release_id
        )
    assert not follower.follow()


def test_page_and_matches_name_the_release_that_they_are_made_by(
    place: Place, app: Flask, follower: Follower
) -> None:
    names = []
    for edition in (place.older, place.newer, place.older):
        point(place, place.edition(edition))
        follower.follow()
        with app.app_context(), CaseStore(open_database(place.settings.database)) as s:
            found = service().matcher.current().rank(s.get("P000").case)
        names.append({(m.release_id, m.calibration_id) for m in found})
        assert edition.release_id in app.test_client().get("/how-a-score-is-made").text

    calibrations = place.calibrations
    assert names == [
        {(each.release_id, calibrations[each.release_id])}
        for each in (place.older, place.newer, place.older)
    ]


def test_another_calibration_of_the_same_release_is_followed(
    place: Place, app: Flask, follower: Follower
) -> None:
    assert not follower.follow()
    other = place.directory / "calibrations" / "0123456789abcdef"
    shutil.copytree(
        place.directory / "calibrations" / place.calibrations[place.older.release_id],
        other,
    )
    facts = other / "calibration.json"
    facts.write_text(facts.read_text().replace('"factor": 0.9', '"factor": 0.8'))
    point(place, Edition(place.older.release_id, other.name))
    before = follower.current

    assert follower.follow()

    assert follower.current.release is before.release
    assert follower.current.calibration.tail.factor == 0.8


def test_what_was_served_before_goes_when_its_last_request_ends(
    place: Place, app: Flask, follower: Follower
) -> None:
    gc.freeze()
    point(place, place.edition(place.newer))
    with app.app_context():
        service().matcher.current()
        old = weakref.ref(service())
        release = weakref.ref(service().release)
        matcher = weakref.ref(service().matcher.current())
        follower.follow()
        assert old() is not None
        assert not follower.free_what_was_left()
    assert follower.free_what_was_left()

    assert (old(), release(), matcher()) == (None, None, None)


@pytest.mark.parametrize(
    "edition", [Edition("ffff"), Edition("../.."), Edition("x", "y")]
)
def test_a_release_that_is_not_there_leaves_the_present_one(
    place: Place,
    app: Flask,
    follower: Follower,
    edition: Edition,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = follower.current
    point(place, edition)

    assert not follower.follow()
    assert not follower.follow()

    assert follower.current is before
    assert capsys.readouterr().out.count("release not followed") == 1
    point(place, place.edition(place.newer))
    assert follower.follow()


def test_thread_follows_by_itself_and_ends(
    place: Place, app: Flask, follower: Follower
) -> None:
    with follower.following():
        point(place, place.edition(place.newer))
        begun, pause = time.monotonic(), threading.Event()
        while follower.current.release.release_id != place.newer.release_id:
            assert time.monotonic() - begun < PATIENCE_SECONDS
            pause.wait(0.01)

    assert not [t for t in threading.enumerate() if t.name == "release-follower"]


def test_questions_to_peers_are_put_by_the_release_of_the_moment(
    place: Place, app: Flask, follower: Follower, db: Database
) -> None:
    def release_asked_by() -> str:
        with app.app_context():
            asker = aside()._asker_now()(db)
        found: str = asker._release.release_id
        return found

    assert release_asked_by() == place.older.release_id
    point(place, place.edition(place.newer))
    follower.follow()
    assert release_asked_by() == place.newer.release_id


def test_a_command_that_runs_on_asks_by_the_release_of_the_moment(
    place: Place,
) -> None:
    ground = FollowedGround(place.settings)
    with closing(open_database(place.settings.database)) as db:
        first = ground.asker()
        assert ground.asker() is first
        point(place, place.edition(place.newer))
        assert ground.asker()(db)._release.release_id == place.newer.release_id


def test_peers_see_the_cases_by_the_release_that_ranks_them(
    place: Place, app: Flask, follower: Follower
) -> None:
    point(place, place.edition(place.newer))
    follower.follow()
    with app.app_context():
        assert peer_view(service())._release.release_id == place.newer.release_id
        assert exchange().turns is exchange().turns


def test_an_index_that_was_kept_for_it_is_what_the_next_release_begins_with(
    place: Place, db: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("web.matching.WORTH_KEEPING", 2)
    app = place.app()
    newer = place.edition(place.newer)
    place.curator(db).activate(
        newer.release_id, expected=place.active, calibration=newer.calibration
    )

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("cases were read one by one")

    monkeypatch.setattr(CaseStore, "cases", refuse)
    follower: Follower = app.extensions["secondcase"]

    assert follower.follow()
    assert len(follower.current.matcher._followed.matcher) == 12  # type: ignore[union-attr]
