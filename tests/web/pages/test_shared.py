"""Shared with me: what other sites share, as little as they tell, and recorded."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from matcher.case import Case, Sharing
from web.audit import Audit, AuditFailed, Entry
from web.db import open_database

from ..conftest import Cast, case_of


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

    assert ("HARBOUR-1" in cast["alice"].get("/shared").text) is is_seen


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


def test_each_leads_to_the_closest_of_mine(cast: Cast) -> None:
    cast.put(theirs("HARBOUR-1"), actor="charlie")
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2", submitter="bob"))
    alice = cast["alice"]

    page = alice.get("/shared").text

    assert "/cases/NORTH-1/matches/HARBOUR-1" in page
    assert "NORTH-2" not in page
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
