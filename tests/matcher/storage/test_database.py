"""Opening, locking and copying a database file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from matcher.storage import database
from matcher.case import Case
from matcher.storage.database import connect, starting_lock, write_transaction
from matcher.storage.store import CaseStore
from matcher.storage.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseUnusable,
    StoreError,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.db"


@pytest.fixture
def store(path: Path) -> Iterator[CaseStore]:
    with CaseStore.open(path) as opened:
        opened.put_many([Case(case_id=f"P{n}") for n in range(5)], actor="alice")
        yield opened


def test_a_writer_that_waited_in_vain_says_so(
    store: CaseStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    with closing(connect(path)) as other, write_transaction(other):
        with pytest.raises(DatabaseBusy, match="was busy for too long and nothing"):
            store.put(Case(case_id="P9"), actor="alice")
        assert store.count() == 5

    assert store.put(Case(case_id="P9"), actor="alice").version == 1


def test_a_new_database_is_set_up_by_one_connection_at_a_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "STARTING_TIMEOUT_S", 0.01)
    with starting_lock(path):
        with pytest.raises(DatabaseBusy):
            connect(path)

    connect(path).close()


def test_a_database_that_is_set_up_is_opened_without_the_lock(
    store: CaseStore, path: Path
) -> None:
    with starting_lock(path), CaseStore.open(path) as other:
        assert other.count() == 5


def test_readers_go_on_while_a_writer_holds_the_lock(
    store: CaseStore, path: Path
) -> None:
    with closing(connect(path)) as other, write_transaction(other):
        CaseStore(other).put(Case(case_id="P9"), actor="bob")

        assert store.count() == 5
    assert store.count() == 6


def test_the_waiting_time_of_a_connection_is_as_before_after_a_write(
    path: Path,
) -> None:
    with closing(connect(path)) as db:
        with write_transaction(db):
            db.execute("CREATE TABLE t (x)")

        assert db.execute("PRAGMA busy_timeout").fetchone()[0] == 5000


class TestBackup:
    def test_a_copy_is_a_whole_database_of_its_own(
        self, store: CaseStore, tmp_path: Path
    ) -> None:
        target = tmp_path / "copy.db"

        store.backup(target)
        store.put(Case(case_id="later"), actor="alice")

        with CaseStore.open(target) as copy:
            assert copy.count() == 5
            assert copy.revision() == 5
            assert copy.check() == ()

    def test_a_copy_is_one_private_file(self, store: CaseStore, tmp_path: Path) -> None:
        folder = tmp_path / "copies"
        folder.mkdir()

        store.backup(folder / "copy.db")

        assert [file.name for file in folder.iterdir()] == ["copy.db"]
        assert (folder / "copy.db").stat().st_mode & 0o777 == 0o600
        # Bytes 18 and 19 of the header are 2 in a file that needs a -wal beside it.
        assert (folder / "copy.db").read_bytes()[18:20] == b"\x01\x01"

    def test_a_copy_replaces_an_older_one(
        self, store: CaseStore, tmp_path: Path
    ) -> None:
        target = tmp_path / "copy.db"
        store.backup(target)
        store.put(Case(case_id="later"), actor="alice")

        store.backup(target)

        with CaseStore.open(target) as copy:
            assert copy.count() == 6

    def test_a_copy_cut_short_before_is_no_hindrance(
        self, store: CaseStore, tmp_path: Path
    ) -> None:
        (tmp_path / "copy.db.part").write_bytes(b"half of a copy")

        store.backup(tmp_path / "copy.db")

        assert not (tmp_path / "copy.db.part").exists()

    def test_a_database_is_never_copied_onto_itself(
        self, store: CaseStore, path: Path
    ) -> None:
        with pytest.raises(DatabaseUnusable, match="cannot be copied onto itself"):
            store.backup(path)

        assert store.count() == 5

    def test_a_folder_that_is_missing_is_named(
        self, store: CaseStore, tmp_path: Path
    ) -> None:
        with pytest.raises(DatabaseUnusable, match="No such file or directory"):
            store.backup(tmp_path / "absent" / "copy.db")


def test_plugins_of_sqlite_utils_never_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> NoReturn:
        raise AssertionError("a plugin was loaded")

    monkeypatch.setattr("sqlite_utils.db.ensure_plugins_loaded", load)

    CaseStore.open(path).close()


def test_an_error_of_sql_itself_is_not_renamed(path: Path) -> None:
    with closing(connect(path)) as db:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            with write_transaction(db):
                db.execute("INSERT INTO absent VALUES (1)")


def test_a_file_cut_short_is_damaged(store: CaseStore, path: Path) -> None:
    store.close()
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(DatabaseDamaged, match="run 'secondcase doctor'"):
        with CaseStore.open(path) as cut:
            list(cut.cases())


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be used"):
        CaseStore.open(tmp_path)
