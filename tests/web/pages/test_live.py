"""The matcher of a process follows its store, whatever is in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from matcher import Calibration
from matcher.storage.database import connect
from matcher.storage.store import CaseStore
from ontologies import Release
from web.matching import LiveMatcher

from ..conftest import case_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    with CaseStore.open(tmp_path / "cases.db") as opened:
        yield opened


@pytest.fixture
def live(store: CaseStore, release: Release, calibration: Calibration) -> LiveMatcher:
    return LiveMatcher(release, calibration, lambda: CaseStore.open(store.path))


def test_cases_of_the_store_are_there_at_the_first_question(
    store: CaseStore, live: LiveMatcher
) -> None:
    store.put_many([case_of("NORTH-1"), case_of("NORTH-2")], actor="alice")

    assert len(live.current()) == 2


def test_every_change_is_followed(store: CaseStore, live: LiveMatcher) -> None:
    store.put(case_of("NORTH-1"), actor="alice")
    assert "NORTH-1" in live.current()

    store.put(case_of("NORTH-2"), actor="alice")
    store.delete("NORTH-1", "alice")
    store.put(case_of("NORTH-3"), actor="alice")
    store.erase("NORTH-3", "alice")

    matcher = live.current()
    assert [each in matcher for each in ("NORTH-1", "NORTH-2", "NORTH-3")] == [
        False,
        True,
        False,
    ]


def test_changed_case_replaces_what_it_was(store: CaseStore, live: LiveMatcher) -> None:
    store.put(case_of("NORTH-1"), actor="alice")
    live.current()

    store.put(case_of("NORTH-1", genes=("HGNC:14234",)), actor="alice")

    found = live.current().rank(case_of("NORTH-2"))
    assert [match.pair.candidate.genes for match in found] == [("HGNC:14234",)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_damaged_case_never_stops_the_others(
    store: CaseStore, live: LiveMatcher, when: str
) -> None:
    store.put(case_of("NORTH-1"), actor="alice")
    if when == "after":
        live.current()
    store.put(case_of("NORTH-2"), actor="alice")
    damage(store, "NORTH-2")

    matcher = live.current()

    assert "NORTH-1" in matcher
    assert "NORTH-2" not in matcher


def damage(store: CaseStore, case_id: str) -> None:
    """Change a stored case behind the back of the store."""
    with closing(connect(store.path)) as db:
        db.execute(
            "UPDATE revisions SET body = replace(body, 'canary', 'sparrow') WHERE case_id = ?",
            [case_id],
        )


def test_threads_that_ask_at_once_share_one_matcher(
    store: CaseStore, live: LiveMatcher
) -> None:
    store.put(case_of("NORTH-1"), actor="alice")
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(live.current())) for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(matcher) for matcher in found}) == 1
