"""Shared with me: what other sites share, as little as they tell, and recorded."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from matcher.case import Case, Sharing
from matcher.storage.store import CaseStore
from web.audit import Audit, AuditFailed, Entry
from web.conversations.speaking import Reader
from web.db import open_database
from web.viewing import shared
from web.viewing.visibility import disclosed

from ..conftest import Cast, case_of

COLLEAGUE = Reader(site="North")


def theirs(case_id: str, sharing: Sharing = Sharing.NETWORK) -> Case:
    return case_of(case_id, site="Harbour", submitter="charlie", sharing=sharing)


def audited(cast: Cast) -> list[Entry]:
    with closing(open_database(cast.settings.database)) as db:
        return list(Audit(db).entries())


def test_empty_page_says_who_has_to_begin(cast: Cast) -> None:
    page = cast["alice"].get("/shared").text

    assert "<h1>No other site shares a case with yours yet</h1>" in page
    assert "share one of yours with the network" in page


@pytest.mark.parametrize(
    ("sharing", "is_seen"),
    [
        (Sharing.PRIVATE, False),
        (Sharing.SITE, False),
        (Sharing.NETWORK, True),
        (Sharing.EXCHANGE_1, True),
        (Sharing.EXCHANGE_2, True),
    ],
)
def test_only_what_is_shared_with_the_network_is_listed(
    cast: Cast, sharing: Sharing, is_seen: bool
) -> None:
    cast.put(theirs("HARBOUR-1", sharing), actor="charlie")

    page = cast["alice"].get("/shared").text

    assert ("HARBOUR-1" in page) is is_seen
    # Nor is it told how many there are that she may not see.
    assert ("No other site shares a case with yours yet" in page) is not is_seen


def test_own_site_and_test_cases_are_not_listed(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", submitter="bob", sharing=Sharing.NETWORK))
    cast.put(replace(theirs("HARBOUR-1"), test=True), actor="charlie")

    page = cast["alice"].get("/shared").text

    assert "NORTH-1" not in page and "HARBOUR-1" not in page


def test_no_more_is_told_than_other_sites_are_told(cast: Cast) -> None:
    cast.put(theirs("HARBOUR-1"), actor="charlie")

    page = cast["alice"].get("/shared").text

    assert "PHF14" in page and "Harbour" in page
    assert "canary" not in page and "charlie" not in page


def test_what_is_read_is_as_little_and_as_new_as_it_may_be(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = CaseStore.get_many

    def withdrawn_meanwhile(store: CaseStore, *arguments: Any, **more: Any) -> Any:
        cast.put(theirs("HARBOUR-2", Sharing.PRIVATE), actor="charlie")
        return read(store, *arguments, **more)

    for number in (1, 2):
        cast.put(theirs(f"HARBOUR-{number}"), actor="charlie")
    monkeypatch.setattr(CaseStore, "get_many", withdrawn_meanwhile)
    with closing(open_database(cast.settings.database)) as db:
        [found] = shared.cases(db, COLLEAGUE, limit=9, offset=0)

    assert found.case == disclosed(COLLEAGUE, theirs("HARBOUR-1"))


def test_what_is_not_told_of_a_case_moves_none_of_mine(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    whole = theirs("HARBOUR-1")
    alice = replace(COLLEAGUE, name="alice")

    with cast.app.test_request_context():
        told = shared.closest_of_mine(alice, disclosed(alice, whole))
        known = shared.closest_of_mine(alice, whole)

    assert told is not None and known is not None
    assert (told.case_id, told.score) == (known.case_id, known.score)


def test_each_leads_to_the_closest_of_mine(cast: Cast) -> None:
    cast.put(theirs("HARBOUR-1"), actor="charlie")
    cast.put(case_of("NORTH-0", submitter="bob"))
    cast.put(case_of("NORTH-1"))
    alice = cast["alice"]

    page = alice.get("/shared").text

    assert "/cases/NORTH-1/matches/HARBOUR-1" in page
    assert "NORTH-0" not in page
    assert alice.get("/cases/NORTH-1/matches/HARBOUR-1").status_code == 200


def test_what_was_shown_is_recorded_before_it_is_seen(cast: Cast) -> None:
    for number in range(3):
        cast.put(theirs(f"HARBOUR-{number}"), actor="charlie")

    cast["alice"].get("/shared")

    entry = audited(cast)[-1]
    assert sorted(entry.case_ids) == ["HARBOUR-0", "HARBOUR-1", "HARBOUR-2"]
    assert (entry.actor, entry.facts["page"]) == ("alice", "shared")


def test_what_cannot_be_recorded_is_not_shown(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.put(theirs("HARBOUR-1"), actor="charlie")

    def fail(*_: object, **__: object) -> None:
        raise AuditFailed

    alice = cast["alice"]
    monkeypatch.setattr(Audit, "record", fail)
    answer = alice.get("/shared")

    assert answer.status_code == 503
    assert "HARBOUR-1" not in answer.text


def test_many_come_in_pages_and_only_those_shown_are_recorded(cast: Cast) -> None:
    with cast.store() as store:
        store.put_many((theirs(f"HARBOUR-{n:02}") for n in range(23)), actor="charlie")

    second = cast["alice"].get("/shared", page="2").text

    assert "Page 2 of 2" in second
    assert second.count('class="casecell') == 3
    assert len(audited(cast)[-1].case_ids) == 3


def test_who_has_no_case_is_told_what_to_do(cast: Cast) -> None:
    cast.put(theirs("HARBOUR-1"), actor="charlie")

    assert 'href="/cases/new"' in cast["alice"].get("/shared").text


def test_curator_has_no_such_page(cast: Cast) -> None:
    assert cast["dana"].get("/shared").status_code == 404
