"""A kept group goes with any of its members, in the transaction that removes or hides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from matcher.calibration import Calibration
from matcher.case import Sharing
from matcher.storage.database import rows
from matcher.storage.store import CaseStore
from ontologies import Release
from web.groups.keeping import KeptGroups, Wanted

from ..conftest import Cast
from .grouping import database, fill, make, members, shared

ALIKE = ["NORTH-1", "NORTH-2", "HARBOUR-1"]
TABLES = ("group_views", "kept_groups", "kept_group_members", "kept_group_ties")
Change = Callable[[CaseStore], object]


@pytest.fixture(autouse=True)
def made(cast: Cast, release: Release, calibration: Calibration) -> None:
    fill(cast)
    make(cast, release, calibration)


def put(**changes: object) -> Change:
    case = shared("HARBOUR-1", "Harbour")
    changed = replace(case, **changes)  # type: ignore[arg-type]
    return lambda store: store.put(changed, actor="charlie", expected_version=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.delete("HARBOUR-1", actor="charlie"),
        lambda store: store.erase("HARBOUR-1", actor="charlie"),
        put(sharing=Sharing.SITE),
        put(sharing=Sharing.PRIVATE),
        put(test=True),
        put(site="Island"),
    ],
    ids=["deleted", "erased", "for the site", "private", "test", "moved"],
)
def test_a_group_goes_with_its_member(cast: Cast, change: Change) -> None:
    assert ALIKE in members(cast, "North")
    with cast.store() as store:
        change(store)

    for site in ("North", "Harbour"):
        assert members(cast, site) == [sorted(["HARBOUR-2", "ISLAND-2"])]
    assert all("HARBOUR-1" not in repr(told) for told in everything(cast))


def everything(cast: Cast) -> list[object]:
    """Every row that is kept of groups."""
    with database(cast) as db:
        return [row for table in TABLES for row in rows(db, f"SELECT * FROM {table}")]


def test_an_erased_case_leaves_no_byte_in_the_groups(cast: Cast) -> None:
    with database(cast) as db:
        left = rows(db, "SELECT group_id FROM kept_groups ORDER BY 1")
    with cast.store() as store:
        for case_id in ALIKE:
            store.erase(case_id, actor="alice")

    with database(cast) as db:
        now = {row["group_id"] for row in rows(db, "SELECT group_id FROM kept_groups")}
        for table in ("kept_group_members", "kept_group_ties"):
            found = rows(db, f"SELECT DISTINCT group_id FROM {table}")
            assert {row["group_id"] for row in found} <= now
    assert len(now) < len(left)
    # Said by the group of the three alone.
    assert "PHF14" not in repr(everything(cast))


@pytest.mark.parametrize(
    "change",
    [put(age_years=7.0), put(sharing=Sharing.EXCHANGE_1)],
    ids=["edited", "shared further"],
)
def test_a_group_stays_with_a_member_that_is_still_seen(
    cast: Cast, change: Change
) -> None:
    with cast.store() as store:
        change(store)

    assert ALIKE in members(cast, "North")
    with database(cast) as db:
        kept = KeptGroups(db)
        group, *_ = kept.found("North", Wanted(), limit=9)
        view = kept.view("North")
        assert view is not None and not kept.is_current(view)
    assert [each.has_changed for each in group.members] == [False, False, True]


def test_what_others_may_not_see_leaves_the_groups_current(cast: Cast) -> None:
    with database(cast) as db:
        kept = KeptGroups(db)
        view = kept.view("North")
        assert view is not None and kept.is_current(view)
        cast.put(shared("HARBOUR-7", "Harbour", sharing=Sharing.SITE))

        assert kept.is_current(view)
        cast.put(shared("HARBOUR-7", "Harbour", sharing=Sharing.NETWORK))
        assert not kept.is_current(view)


def test_a_group_is_found_at_its_own_site_alone(cast: Cast) -> None:
    with database(cast) as db:
        kept = KeptGroups(db)
        group, *_ = kept.found("North", Wanted(), limit=1)

        assert kept.get("North", group.link) == group
        assert kept.get("Harbour", group.link) is None
        assert kept.get("North", "0" * 16) is None
