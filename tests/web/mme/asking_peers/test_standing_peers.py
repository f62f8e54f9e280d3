"""Peers are asked again by the worker, and who entered the case hears what is new."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.mme.asking.asker import Asker
from web.notices.inbox import Inbox, Notice
from web.notices.matters import Kind
from web.notices.telling import Telling
from web.standing.peers import asking_peers, has_peers
from web.standing.questions import ASK, MOST_TOLD, StandingQueries
from web.viewing.visibility import may_open
from web.worker import Done, Worker

from .. import faults
from .conftest import OURS, TERMS, Site, our_case, result, results

GENE = [{"gene": {"id": "EFTUD2"}}]
NEAR = result("p1", *TERMS, genomicFeatures=GENE)
CHANGED = result("p1", *TERMS[:4], genomicFeatures=GENE)
FAR = result("p2", "HP:0000677", "HP:0006237", "HP:0000154")


def said(*given: dict[str, Any]) -> bytes:
    return faults.reply(json.dumps(results(*given)).encode())


@pytest.fixture
def owned(site: Site) -> Site:
    """The case belongs to Alice of North."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    Accounts(site.db, Passwords(hasher)).add(
        "alice", "a second case is a disease", roles=[Role.CLINICIAN], site="North"
    )
    CaseStore(site.db).delete(OURS, "test")
    site.put(our_case(case_id="mine", site="North", submitter="alice"))
    return site


def worker(site: Site) -> Worker:
    def make(db: Database) -> Asker:
        return site.asker()

    standing = StandingQueries(
        ask=asking_peers(make), has_peers=has_peers, clock=site.clock
    )
    return Worker(
        path=CaseStore(site.db).path,
        handlers={ASK: standing.answer},
        chores=[standing.leave_due],
        clock=site.clock,
    )


def notices(site: Site) -> list[Notice]:
    alice = Accounts(site.db, Passwords()).find("alice")
    return Inbox(site.db, alice, may_open, site.clock).notices(limit=9)


def test_match_is_told_when_it_is_new_changes_and_is_withdrawn(owned: Site) -> None:
    owned.peer("Island", faults.in_turn(said(NEAR), said(CHANGED), said()))
    told = []
    for _ in range(3):
        assert worker(owned).once() == Done(done=1)
        told.append([(each.kind, each.facts["why"]) for each in notices(owned)])
        owned.clock.wait(days=8)

    assert [[kind for kind, _ in each] for each in told] == [
        [Kind.NEW_MATCH],
        [Kind.CHANGED_MATCH],
        [Kind.WITHDRAWN_MATCH],
    ]
    assert "EFTUD2" in told[0][0][1]
    assert told[2][0][1] == "The peer does not name it any more."


def test_match_that_is_told_again_is_no_news(owned: Site) -> None:
    owned.peer("Island", faults.answering(results(NEAR)))
    worker(owned).once()
    (first,) = notices(owned)
    owned.clock.wait(days=8)

    assert worker(owned).once() == Done(done=1)

    assert notices(owned) == [first]


def test_of_many_matches_of_a_peer_the_best_are_told_once(owned: Site) -> None:
    weak = [result(f"a{n}", *TERMS[:4], genomicFeatures=GENE) for n in range(4)]
    strong = [result(f"z{n}", *TERMS, genomicFeatures=GENE) for n in range(MOST_TOLD)]
    owned.peer("Island", faults.answering(results(*weak, *strong)))
    for _ in range(2):
        assert worker(owned).once() == Done(done=1)
        owned.clock.wait(days=8)

    told = sorted(each.facts["remote"] for each in notices(owned))
    assert told == [f"z{n}" for n in range(MOST_TOLD)]


def test_chance_look_alike_is_told_neither_as_it_comes_nor_as_it_goes(
    owned: Site,
) -> None:
    owned.peer("Island", faults.in_turn(said(FAR), said()))
    for _ in range(2):
        worker(owned).once()
        owned.clock.wait(days=8)

    assert notices(owned) == []


def test_news_that_a_killed_process_did_not_tell_is_told_the_next_time(
    owned: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned.peer("Island", faults.answering(results(NEAR)))
    with monkeypatch.context() as killed:
        killed.setattr(Telling, "tell", lambda self, matters: 1 / 0)
        assert worker(owned).once() == Done(failed=1)
    assert notices(owned) == []
    owned.clock.now += timedelta(minutes=1)

    worker(owned).once()

    assert [each.kind for each in notices(owned)] == [Kind.NEW_MATCH]


def test_case_that_cannot_be_asked_about_is_left_until_it_changes(owned: Site) -> None:
    peer = owned.peer("Island", faults.answering(results(NEAR)))
    mine = our_case(case_id="mine", site="North", submitter="alice", contact=None)
    owned.put(mine)

    assert worker(owned).once() == Done(done=1)
    assert worker(owned).once() == Done()
    assert peer.received == []


def test_site_without_peers_asks_nobody(owned: Site) -> None:
    assert worker(owned).once() == Done()
