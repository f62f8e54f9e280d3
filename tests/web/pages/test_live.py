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
from web import matching
from web.matching import LiveMatcher

from ..conftest import case_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    with CaseStore.open(tmp_path / "cases.db") as opened:
        yield opened


def follower(path: Path, release: Release, calibration: Calibration) -> LiveMatcher:
    """A matcher of its own, with a connection for each thread."""
    own = threading.local()

    def store_of_thread() -> CaseStore:
        if not hasattr(own, "store"):
            own.store = CaseStore(connect(path))
        found: CaseStore = own.store
        return found

    return LiveMatcher(release, calibration, store_of_thread)


@pytest.fixture
def live(store: CaseStore, release: Release, calibration: Calibration) -> LiveMatcher:
    return follower(store.path, release, calibration)


@pytest.fixture
def later(store: CaseStore, release: Release, calibration: Calibration) -> LiveMatcher:
    """The matcher of a process that starts later."""
    return follower(store.path, release, calibration)


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


@pytest.mark.parametrize("others", [1, 3])
def test_another_database_in_its_place_is_read_from_the_start(
    store: CaseStore, live: LiveMatcher, tmp_path: Path, others: int
) -> None:
    store.put_many([case_of("NORTH-1"), case_of("NORTH-2")], actor="alice")
    live.current()
    ids = [f"SOUTH-{number}" for number in range(others)]
    with CaseStore.open(tmp_path / "other.db") as other:
        other.put_many(map(case_of, ids), actor="alice")
        other.backup(tmp_path / "restored.db")

    with CaseStore(connect(tmp_path / "restored.db")) as restored:
        live._store = lambda: restored
        matcher = live.current()

    assert list(matcher.index.snapshot().case_ids()) == ids


def test_erasing_the_latest_case_is_followed_without_reading_the_others(
    store: CaseStore, live: LiveMatcher
) -> None:
    store.put_many([case_of("NORTH-1"), case_of("NORTH-2")], actor="alice")
    before = live.current()

    store.erase("NORTH-2", "alice")

    assert live.current() is before
    assert "NORTH-2" not in before


def test_what_was_followed_is_known_by_its_revision(
    store: CaseStore, live: LiveMatcher
) -> None:
    assert live.followed().revision == 0
    saved = store.put(case_of("NORTH-1"), actor="alice")

    assert live.followed().revision == saved.revision


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


def test_next_process_takes_the_kept_index(
    store: CaseStore,
    live: LiveMatcher,
    later: LiveMatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.put_many([case_of("NORTH-1"), case_of("NORTH-2")], actor="alice")
    live.current()
    assert live.keep(store)
    store.put(case_of("NORTH-3"), actor="alice")
    read: list[str] = []
    get = CaseStore.get
    monkeypatch.setattr(CaseStore, "cases", None)
    monkeypatch.setattr(CaseStore, "get", lambda s, i: read.append(i) or get(s, i))

    found = later.current()

    assert read == ["NORTH-3"]
    assert sorted(found.index.snapshot().case_ids()) == [
        "NORTH-1",
        "NORTH-2",
        "NORTH-3",
    ]
    assert [m.case_id for m in found.rank(case_of("NORTH-4"))] == [
        "NORTH-1",
        "NORTH-2",
        "NORTH-3",
    ]


def test_nothing_is_kept_before_anything_was_read(
    store: CaseStore, live: LiveMatcher
) -> None:
    assert not live.keep(store)


def test_index_without_a_damaged_case_is_not_kept(
    store: CaseStore, live: LiveMatcher
) -> None:
    store.put_many([case_of("NORTH-1"), case_of("NORTH-2")], actor="alice")
    damage(store, "NORTH-2")
    live.current()

    assert not live.keep(store)


def test_large_index_is_kept_before_the_first_request(
    store: CaseStore, live: LiveMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "WORTH_KEEPING", 2)
    store.put(case_of("NORTH-1"), actor="alice")
    live.prepare()
    assert not live.kept_path(store).exists()

    store.put(case_of("NORTH-2"), actor="alice")
    live.prepare()

    assert live.kept_path(store).exists()


def test_index_is_kept_again_after_a_removal_while_requests_are_answered(
    store: CaseStore, live: LiveMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "WORTH_KEEPING", 2)
    store.put_many([case_of(f"NORTH-{n}") for n in range(4)], actor="alice")
    live.prepare()
    store.erase("NORTH-3", "alice")
    assert not live.kept_path(store).exists()

    live.current()
    wait_for_others()

    assert b"NORTH-2" in live.kept_path(store).read_bytes()
    assert b"NORTH-3" not in live.kept_path(store).read_bytes()


def test_keeping_rests_however_often_cases_are_removed(
    store: CaseStore, live: LiveMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "WORTH_KEEPING", 2)
    monkeypatch.setattr(matching, "KEEPING_SHARE", 1e-9)
    store.put_many([case_of(f"NORTH-{n}") for n in range(4)], actor="alice")
    live.current()
    wait_for_others()
    store.erase("NORTH-3", "alice")

    live.current()
    wait_for_others()

    assert not live.kept_path(store).exists()


def test_index_that_cannot_be_written_stops_no_request(
    store: CaseStore, live: LiveMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(matching, "WORTH_KEEPING", 1)
    monkeypatch.setattr(matching, "keep", full)
    store.put(case_of("NORTH-1"), actor="alice")

    assert "NORTH-1" in live.current()
    wait_for_others()
    assert "NORTH-1" in live.current()


def wait_for_others() -> None:
    """Until every thread that keeps an index has ended."""
    for thread in threading.enumerate():
        if thread.name == matching.KEEPER:
            thread.join()
