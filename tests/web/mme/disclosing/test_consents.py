"""Nothing is shared at level 2 without a consent that is on record, whole, and not ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matcher.case import Case, Sharing
from matcher.storage.database import Database, write_transaction
from matcher.storage.errors import DatabaseFull
from matcher.storage.store import CaseStore
from ontologies import Release
from web.db import open_database
from web.mme.disclosing.consents import (
    EXPIRED,
    BadConsent,
    ConsentFacts,
    ConsentMissing,
    Consents,
)
from web.mme.disclosing.disclosures import Disclosures
from web.mme.metrics import counted
from web.mme.nodes import Nodes
from web.mme.answering.view import PeerView

from ..answering.test_server import TERMS, Site, case, found, patient, running

TODAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = ConsentFacts(
    scope=2, given_by="parent", given_on=date(2026, 1, 5), form="Matching 3.1"
)
LATER = replace(FACTS, given_on=date(2026, 2, 1))
ONE, TWO = Sharing.EXCHANGE_1, Sharing.EXCHANGE_2


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(open_database(tmp_path / "secondcase.db")) as db:
        CaseStore(db).put(case("shared", TWO), actor="alice")
        yield db


def consents(db: Database, level: int = 2, at: datetime = NOON) -> Consents:
    return Consents(db, level, lambda: at)


def agree(db: Database, facts: ConsentFacts = FACTS, case_id: str = "shared") -> None:
    consents(db).record(case_id, facts, "alice", is_saved_next=False)


def is_allowed(db: Database, level: int = 2, **more: Any) -> bool:
    stored = CaseStore(db).get("shared").case
    return bool(consents(db, level).allowed([replace(stored, **more)]))


def test_level_two_needs_a_consent_and_level_one_none(db: Database) -> None:
    assert not is_allowed(db)
    assert is_allowed(db, sharing=ONE)
    with pytest.raises(ConsentMissing, match="exchange-2"):
        consents(db).require(CaseStore(db).get("shared").case)


def test_level_one_needs_one_where_the_site_says_so(db: Database) -> None:
    assert not is_allowed(db, level=1, sharing=ONE)
    agree(db, replace(FACTS, scope=1))

    assert is_allowed(db, level=1, sharing=ONE)
    assert not is_allowed(db, level=1, sharing=TWO)


def test_a_consent_to_level_two_is_one_to_level_one(db: Database) -> None:
    agree(db)

    assert is_allowed(db) and is_allowed(db, level=1, sharing=ONE)


@pytest.mark.parametrize("what", ["test", "simulated"])
def test_a_case_of_nobody_needs_none(db: Database, what: str) -> None:
    assert is_allowed(db, **{what: True})


def test_a_consent_to_one_case_is_none_to_another(db: Database) -> None:
    CaseStore(db).put(case("other", TWO), actor="alice")
    agree(db, case_id="other")

    assert not is_allowed(db)


def test_a_consent_ends_on_its_day(db: Database) -> None:
    agree(db, replace(FACTS, expires_on=date(2026, 3, 2)))
    case_now = CaseStore(db).get("shared").case

    assert consents(db).allowed([case_now])
    assert not consents(db, at=NOON + timedelta(days=1)).allowed([case_now])


def test_what_expired_falls_back_to_the_site_as_a_new_version(db: Database) -> None:
    agree(db, replace(FACTS, expires_on=date(2026, 3, 2)))
    before = CaseStore(db).get("shared")

    consents(db).lapse()
    assert CaseStore(db).get("shared") == before
    consents(db, at=NOON + timedelta(days=1)).lapse()

    after = CaseStore(db).get("shared")
    assert after.case.sharing is Sharing.SITE and after.actor == EXPIRED
    assert after.revision > before.revision
    assert consents(db).of_case("shared")[0].ended_by == EXPIRED


@pytest.mark.parametrize("scope", [1, 2])
def test_what_expired_ends_sharing_at_level_one_as_well(
    db: Database, scope: int
) -> None:
    CaseStore(db).put(case("shared", ONE), actor="alice")
    assert is_allowed(db)
    agree(db, replace(FACTS, scope=scope, expires_on=date(2026, 3, 2)))
    assert is_allowed(db)

    later = consents(db, at=NOON + timedelta(days=1))
    assert not later.allowed([CaseStore(db).get("shared").case])
    later.lapse()

    assert CaseStore(db).get("shared").case.sharing is Sharing.SITE


def test_who_withdrew_is_not_shared_at_level_one_until_it_is_renewed(
    db: Database,
) -> None:
    agree(db)
    consents(db).withdraw("shared", "bob")

    with pytest.raises(ConsentMissing, match="exchange-1"):
        consents(db).require(case("shared", ONE))
    agree(db, replace(FACTS, scope=1, given_on=date(2026, 2, 2)))

    assert is_allowed(db, sharing=ONE) and not is_allowed(db, sharing=TWO)


def test_what_another_consent_carries_does_not_fall_back(db: Database) -> None:
    agree(db, replace(FACTS, expires_on=date(2026, 3, 2)))
    agree(db, replace(FACTS, given_on=date(2026, 2, 1)))

    consents(db, at=NOON + timedelta(days=1)).lapse()

    assert CaseStore(db).get("shared").case.sharing is TWO and is_allowed(db)


def test_withdrawal_names_the_peers_that_have_seen_the_case(db: Database) -> None:
    agree(db)
    Nodes(db).add("Island")
    [island] = Nodes(db)
    with write_transaction(db):
        Disclosures(db).take(island, ["shared"])

    told = consents(db).withdraw("shared", "bob")

    assert [each.node for each in told] == ["Island"]
    assert CaseStore(db).get("shared").case.sharing is Sharing.SITE
    [ended] = consents(db).of_case("shared")
    assert ended.ended_by == "bob" and not ended.is_good(TODAY)
    assert not is_allowed(db, sharing=TWO)


def test_what_was_withdrawn_is_not_recorded_again(db: Database) -> None:
    agree(db)
    consents(db).withdraw("shared", "bob")

    with pytest.raises(BadConsent, match="ended on 2026-03-01"):
        agree(db)
    agree(db, replace(FACTS, given_on=date(2026, 2, 2)))

    assert is_allowed(db, sharing=TWO)


@pytest.mark.parametrize(
    "act",
    [
        lambda c: c.record("shared", LATER, "bob", is_saved_next=False),
        lambda c: c.withdraw("shared", "bob"),
        lambda c: c.lapse(),
    ],
    ids=["record", "withdraw", "lapse"],
)
def test_what_breaks_off_leaves_nothing_behind(
    db: Database, monkeypatch: pytest.MonkeyPatch, act: Callable[[Consents], object]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DatabaseFull

    agree(db, replace(FACTS, expires_on=date(2026, 3, 2)))
    monkeypatch.setattr(CaseStore, "put", full)
    before = list(db.conn.iterdump())

    with pytest.raises(DatabaseFull):
        act(consents(db, at=NOON + timedelta(days=1)))

    assert list(db.conn.iterdump()) == before


def test_the_same_consent_is_kept_once(db: Database) -> None:
    agree(db)
    agree(db)

    assert len(consents(db).of_case("shared")) == 1


@pytest.mark.parametrize(
    "column, value", [("scope", 2), ("expires_on", None), ("ended_at", None)]
)
def test_a_row_that_was_changed_counts_as_none(
    db: Database, column: str, value: object
) -> None:
    agree(db, replace(FACTS, scope=1, expires_on=date(2026, 3, 9)))
    agree(db)
    consents(db).withdraw("shared", "bob")
    CaseStore(db).put(case("shared", TWO), actor="alice")
    db.execute(f"UPDATE consents SET {column} = ?", [value])

    assert not is_allowed(db)
    assert "record it again" in next(consents(db).damaged())
    before = list(db.conn.iterdump())
    consents(db, at=NOON + timedelta(days=99)).lapse()
    assert list(db.conn.iterdump()) == before


def test_a_consent_that_was_changed_outside_can_be_recorded_again(db: Database) -> None:
    agree(db)
    db.execute("UPDATE consents SET recorded_by = 'mallory'")
    assert not is_allowed(db) and not consents(db).of_case("shared")

    agree(db)

    assert is_allowed(db)
    # What ends the good one does not seal the other anew.
    consents(db).withdraw("shared", "bob")
    assert len(list(consents(db).damaged())) == 1


@pytest.mark.parametrize(
    "field, value",
    [
        ("scope", 3),
        ("given_by", "Dr Smith"),
        ("given_on", date(2026, 3, 2)),
        ("expires_on", TODAY),
        ("form", " "),
        ("form", "x" * 81),
        ("form", "a\nb"),
    ],
)
def test_a_consent_that_cannot_be_is_refused_with_its_field(
    db: Database, field: str, value: Any
) -> None:
    with pytest.raises(BadConsent) as refused:
        agree(db, replace(FACTS, **{field: value}))

    assert refused.value.field == field and not consents(db).of_case("shared")


def test_the_numbers_of_the_node_leave_it_out(db: Database, release: Release) -> None:
    assert counted(db, release).number_of_cases == 0
    agree(db)
    assert counted(db, release).number_of_cases == 1


@pytest.fixture
def site(tmp_path: Path, release: Release) -> Iterator[Site]:
    with running(tmp_path, release, [case("shared", TWO)]) as site:
        yield site


@contextlib.contextmanager
def opened(site: Site) -> Iterator[Database]:
    with contextlib.closing(open_database(site.database)) as db:
        yield db


def test_peers_find_a_case_as_long_as_there_is_a_consent(site: Site) -> None:
    none = found(site.post(patient(*TERMS)))
    with opened(site) as db:
        Consents(db).record("shared", FACTS, "alice", is_saved_next=False)
    agreed = found(site.post(patient(*TERMS)))
    with opened(site) as db:
        Consents(db).withdraw("shared", "alice")
    withdrawn = found(site.post(patient(*TERMS)))

    assert (none, agreed, withdrawn) == ([], ["shared"], [])


def test_peers_do_not_find_it_from_the_day_of_expiry_on(site: Site) -> None:
    with opened(site) as db:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        expiring = replace(FACTS, expires_on=datetime.now(UTC).date())
        Consents(db, 2, lambda: yesterday).record(
            "shared", expiring, "alice", is_saved_next=False
        )

    assert found(site.post(patient(*TERMS))) == []
    with opened(site) as db:
        assert CaseStore(db).get("shared").case.sharing is Sharing.SITE


def test_the_view_of_peers_has_it_nowhere(db: Database, release: Release) -> None:
    view = PeerView(db, release)
    revision = view.revision()

    assert list(view.cases()) == [] and view.get_many(["shared"]) == {}
    assert view.told(["shared"], revision) == {}
    agree(db)
    assert [each.case.case_id for each in view.cases()] == ["shared"]
    assert set(view.told(["shared"], view.revision())) == {"shared"}


def test_many_cases_are_told_apart(db: Database, release: Release) -> None:
    many = [case(f"{n:04}", TWO) for n in range(600)]
    CaseStore(db).put_many(many, actor="alice")
    agreed = {f"{n:04}" for n in range(0, 600, 7)}
    for case_id in agreed:
        agree(db, case_id=case_id)

    shown: list[Case] = [each.case for each in PeerView(db, release).cases()]

    assert {each.case_id for each in shown} == agreed
