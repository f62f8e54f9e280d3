"""Whoever entered a case is told once that a feature waits, and sees how many of hers do."""

from __future__ import annotations

import typing
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from click.testing import CliRunner

from matcher.case import Case, PhenotypicFeature, Sharing
from matcher.storage.store import CaseStore
from ontologies import Ontology, Release
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.cli import main
from web.db import open_database
from web.notices.inbox import Inbox
from web.notices.matters import Kind
from web.service import source_of
from web.switching.unsettled import UnsettledFeatures
from web.switching.waiting import OpenTerms, WaitingFeatures
from web.unrecognised.queue import expire
from web.viewing.visibility import may_open
from web.worker import worker_of

from ..conftest import PASSWORD, Cast
from ..notices.conftest import Desk, desk
from .conftest import Place
from .test_unsettled import FOCAL, NEW, OLD, SEIZURE, ontology

__all__ = ["desk"]


@dataclass
class Waiting:
    """The chore of a site, by the release that is active at the moment."""

    desk: Desk
    folder: Path
    ontology: Ontology
    release_id: str = "whole"

    @property
    def release(self) -> Release:
        folder = self.folder / "none" / "x"
        made = SimpleNamespace(
            ontology=self.ontology, release_id=self.release_id, folder=folder
        )
        return typing.cast(Release, made)

    def activate(self, release_id: str, **what: bool) -> None:
        version = "2026-06-06" if what["is_split"] else "2026-01-08"
        self.ontology, self.release_id = ontology(version, **what), release_id

    def tell(self) -> None:
        WaitingFeatures(release=lambda: self.release).tell_due(self.desk.db)

    def put(self, case_id: str, *terms: str, **more: object) -> None:
        features = tuple(PhenotypicFeature(term_id=each) for each in terms)
        self.desk.put(case_id, features=features, **more)

    def told(self, name: str = "alice") -> list[tuple[str, str]]:
        return [
            (each.case_id, each.facts["version"])
            for each in self.desk.notices(name)
            if each.kind is Kind.FEATURE_WAITS
        ]


@pytest.fixture
def waiting(desk: Desk, tmp_path: Path) -> Waiting:
    """NORTH-2 has a term that the next release splits."""
    made = Waiting(desk, tmp_path, ontology("2026-01-08", is_split=False))
    made.put("NORTH-2", OLD, SEIZURE)
    return made


def test_an_activation_is_told_once_to_who_entered_the_case(waiting: Waiting) -> None:
    waiting.tell()
    assert waiting.told() == []

    waiting.activate("split", is_split=True)
    for _ in range(2):
        waiting.tell()
    waiting.activate("whole", is_split=False)
    waiting.tell()
    waiting.activate("split", is_split=True)
    waiting.tell()

    assert waiting.told() == [("NORTH-2", "2026-06-06")]
    assert waiting.told("bob") == waiting.told("charlie") == []


def test_an_unknown_id_of_a_saved_case_is_told(waiting: Waiting) -> None:
    waiting.tell()
    waiting.put("NORTH-3", NEW, SEIZURE)
    waiting.put("NORTH-4", NEW, test=True)
    waiting.put("NORTH-5", SEIZURE)
    waiting.tell()

    assert waiting.told() == [("NORTH-3", "2026-01-08")]


def test_several_features_of_a_case_are_one_notice_until_it_is_read(
    waiting: Waiting,
) -> None:
    waiting.activate("split", is_split=True)
    waiting.put("NORTH-2", OLD, NEW)
    waiting.tell()
    assert len(waiting.told()) == 1

    waiting.desk.inbox("alice").read_until(2**62)
    waiting.put("NORTH-2", OLD, NEW, "HP:0099998")
    waiting.tell()

    assert len(waiting.told()) == 2


def test_a_feature_that_was_left_is_not_told_of(waiting: Waiting) -> None:
    waiting.activate("split", is_split=True)
    queue = UnsettledFeatures(waiting.desk.db, waiting.release)
    queue.leave("NORTH-2", OLD, actor="alice")

    waiting.tell()

    assert waiting.told() == []


def test_nothing_is_told_without_a_release(waiting: Waiting) -> None:
    WaitingFeatures(release=lambda: None).tell_due(waiting.desk.db)

    assert waiting.told() == []


def test_count_is_of_cases_that_a_person_may_open_and_follows_each_save(
    waiting: Waiting,
) -> None:
    split = ontology("2026-06-06", is_split=True)
    terms, db, store = OpenTerms(split), waiting.desk.db, CaseStore(waiting.desk.db)

    def counts() -> list[int]:
        people = ("alice", "bob", "charlie")
        return [terms.count(db, waiting.desk.person(name)) for name in people]

    assert counts() == [1, 1, 0]
    waiting.put("NORTH-3", OLD, NEW, sharing=Sharing.PRIVATE)
    assert counts() == [2, 1, 0]
    release = typing.cast(
        Release, SimpleNamespace(ontology=split, folder=waiting.folder)
    )
    UnsettledFeatures(db, release).leave("NORTH-3", NEW, actor="alice")
    assert counts() == [2, 1, 0]
    UnsettledFeatures(db, release).settle("NORTH-3", OLD, FOCAL, actor="alice")
    assert counts() == [1, 1, 0]
    store.delete("NORTH-2", "alice")
    assert counts() == [0, 0, 0]


def test_clinician_is_led_from_any_page_to_what_waits(cast: Cast) -> None:
    alice = cast["alice"]
    assert "Decisions" not in alice.get("/cases").text
    features = (PhenotypicFeature(term_id="HP:9999999", label="Odd toes"),)
    cast.put(
        Case(case_id="NORTH-7", features=features, site="North", submitter="alice")
    )

    page = alice.get("/notices").text

    assert 'href="/curation/decisions">Decisions <span class="count">1<' in page
    assert "NORTH-7" in alice.get("/curation/decisions").text
    assert "Decisions" not in cast["bob"].get("/notices").text
    release = source_of(cast.app).current.release
    with closing(open_database(cast.settings.database)) as db:
        WaitingFeatures(release=lambda: release).tell_due(db)
    page = alice.get("/notices").text
    assert "no single term for a feature of this case" in page
    assert page.count('href="/curation/decisions"') >= 2


def test_worker_of_a_command_tells_by_the_active_release(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The log of the other tests of this process is not this one's to set up.
    monkeypatch.setattr("web.cli.running.work.logs.configure", lambda level: None)
    features = (PhenotypicFeature(term_id="HP:9999999"),)
    case = Case(case_id="N-7", features=features, site="North", submitter="alice")
    with closing(open_database(place.settings.database)) as db:
        people = Accounts(db, Passwords())
        people.add("alice", PASSWORD, roles=[Role.CLINICIAN], site="North")
        CaseStore(db).put(case, actor="alice")

        done = CliRunner().invoke(main, ["work", "--once"])

        assert done.exit_code == 0, done.output
        inbox = Inbox(db, people.find("alice"), may_open)
        assert [each.case_id for each in inbox.notices(limit=9)] == ["N-7"]


def test_expiry_and_notices_are_chores_of_the_service(place: Place) -> None:
    chores = worker_of(place.settings, release=lambda: place.older).chores

    assert expire in chores
    assert "tell_due" in [getattr(each, "__name__", "") for each in chores]
