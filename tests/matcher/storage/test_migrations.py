"""An older database becomes a current one, wholly or not at all, and never a newer one an older."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.case import Case
from matcher.storage.database import Database, Migrations, connect
from matcher.storage.migrations import case_migrations, migrate
from matcher.storage.store import CaseStore
from matcher.storage.errors import DatabaseNewer


def letters(*names: str) -> Migrations:
    """A set of migrations, each of which makes a table of its name."""
    migrations = Migrations("letters")
    for name in names:
        migrations(name=name)(
            lambda db, name=name: db.execute(f"CREATE TABLE {name} (x)")
        )
    return migrations


def failing() -> Migrations:
    """The set `a`, `b`, whose `b` fails after its first table."""
    migrations = letters("a")

    @migrations()
    def b(db: Database) -> None:
        db.execute("CREATE TABLE b (x)")
        raise ZeroDivisionError

    return migrations


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = connect(tmp_path / "cases.db")
    yield opened
    opened.close()


def tables(db: Database) -> set[str]:
    return set(db.table_names())


def copies(db: Database) -> list[Path]:
    path = Path(db.execute("PRAGMA database_list").fetchone()[2])
    return sorted((path.parent / "backups").glob("*"))


def test_a_new_database_gets_every_table(db: Database) -> None:
    migrate(db, case_migrations())

    assert tables(db) >= {"revisions", "cases", "case_features", "case_genes"}


def test_migrating_again_changes_nothing(db: Database) -> None:
    migrate(db, letters("a"))
    db.execute("INSERT INTO a VALUES (1)")

    migrate(db, letters("a"))

    assert db.execute("SELECT x FROM a").fetchall() == [(1,)]


def test_an_older_database_gets_what_it_lacks_and_keeps_what_it_has(
    db: Database,
) -> None:
    migrate(db, letters("a"))
    db.execute("INSERT INTO a VALUES (1)")

    migrate(db, letters("a", "b"))

    assert tables(db) >= {"a", "b"}
    assert db.execute("SELECT x FROM a").fetchall() == [(1,)]


def test_a_copy_is_kept_before_tables_in_use_change(db: Database) -> None:
    migrate(db, letters("a"))
    db.execute("INSERT INTO a VALUES (1)")

    migrate(db, letters("a", "b"))

    (copy,) = copies(db)
    old = connect(copy)
    assert tables(old) == {"a", "_sqlite_migrations"}
    assert old.execute("SELECT x FROM a").fetchall() == [(1,)]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700
    old.close()


def test_no_copy_is_made_of_a_database_that_only_gains_tables(db: Database) -> None:
    migrate(db, case_migrations())
    migrate(db, case_migrations(), letters("a"))

    assert copies(db) == []


def test_a_migration_that_fails_leaves_the_old_database(db: Database) -> None:
    migrate(db, letters("a"))

    with pytest.raises(ZeroDivisionError):
        migrate(db, failing(), case_migrations())

    assert tables(db) == {"a", "_sqlite_migrations"}
    migrate(db, letters("a", "b"))
    assert tables(db) == {"a", "b", "_sqlite_migrations"}


def test_sets_change_together_or_not_at_all(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        migrate(db, case_migrations(), failing())

    assert tables(db) == set()


def test_a_newer_database_is_refused_with_what_to_do(db: Database) -> None:
    migrate(db, letters("a", "z"))

    with pytest.raises(DatabaseNewer) as newer:
        migrate(db, letters("a"))

    assert newer.value.unknown == "z"
    assert "was changed by a newer Secondcase ('z' is unknown here)" in str(newer.value)
    assert "start that version or a later one, or restore a copy" in str(newer.value)


def test_a_newer_database_is_refused_even_if_something_is_missing(
    db: Database,
) -> None:
    migrate(db, letters("a", "z"))

    with pytest.raises(DatabaseNewer):
        migrate(db, letters("a", "b"))

    assert "b" not in tables(db)


def test_a_store_refuses_a_newer_database_and_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "cases.db"
    with CaseStore.open(path) as store:
        store.put(Case(case_id="P1"), actor="alice")
    db = connect(path)
    db.table("_sqlite_migrations").insert(
        {"migration_set": "cases", "name": "m9999_later", "applied_at": "2030-01-01"}
    )
    db.close()

    with pytest.raises(DatabaseNewer, match="m9999_later"):
        CaseStore.open(path)


KILLED = """
import os, signal, sys
from pathlib import Path
from matcher.storage.database import Migrations, connect
from matcher.storage.migrations import migrate

migrations = Migrations("letters")
for name in ("a", "b", "c"):
    migrations(name=name)(lambda db, name=name: db.execute(f"CREATE TABLE {name} (x)"))

@migrations()
def killed(db):
    db.execute("CREATE TABLE d (x)")
    os.kill(os.getpid(), signal.SIGKILL)

migrate(connect(Path(sys.argv[1])), migrations)
"""


def test_a_kill_inside_a_migration_leaves_the_old_database(
    db: Database, tmp_path: Path
) -> None:
    migrate(db, letters("a"))
    path = tmp_path / "cases.db"

    done = subprocess.run([sys.executable, "-c", KILLED, path], check=False)

    assert done.returncode == -signal.SIGKILL
    assert tables(db) == {"a", "_sqlite_migrations"}
    migrate(db, letters("a", "b"))
    assert tables(db) == {"a", "b", "_sqlite_migrations"}


UPDATED = """
import sys
from pathlib import Path
from matcher.storage.database import Migrations, connect
from matcher.storage.migrations import migrate

migrations = Migrations("letters")
for name in ("a", "b"):
    migrations(name=name)(lambda db, name=name: db.execute(f"CREATE TABLE {name} (x)"))
sys.stdin.readline()
db = connect(Path(sys.argv[1]))
migrate(db, migrations)
db.close()
"""


def test_processes_that_update_at_once_update_once(
    db: Database, tmp_path: Path
) -> None:
    migrate(db, letters("a"))
    command = [sys.executable, "-W", "error", "-c", UPDATED, tmp_path / "cases.db"]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    # The pipes given by name hide from mypy which kind of Popen it is.
    processes = [subprocess.Popen(command, **pipes) for _ in range(4)]  # type: ignore

    for process in processes:
        process.stdin.write(b"\n")
        process.stdin.flush()
    errors = [process.communicate()[1] for process in processes]

    assert errors == [b""] * 4
    assert tables(db) == {"a", "b", "_sqlite_migrations"}
    assert len(copies(db)) == 1


def test_the_lock_file_is_private(db: Database, tmp_path: Path) -> None:
    migrate(db, letters("a"))

    modes = {os.stat(path).st_mode & 0o777 for path in tmp_path.glob("cases.db*")}

    assert modes == {0o600}
