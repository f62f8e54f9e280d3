"""How a database file is opened, written and copied: settings and locks all tables share."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from matcher.storage.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFull,
    DatabaseUnusable,
)

__all__ = [
    "Database",
    "Migrations",
    "backup",
    "connect",
    "location",
    "named_errors",
    "rows",
    "starting_lock",
    "write_transaction",
]

BUSY_TIMEOUT_MS = 5000
STARTING_TIMEOUT_S = 60.0
PAUSE_S = (0.0005, 0.003)


def connect(path: Path, *, changes_hands: bool = False) -> Database:
    """A connection with every safety setting, for the calling thread alone.

    One that `changes_hands` may be used by any thread, by one at a time. A file that is missing
    is made, readable for its owner only.
    """
    with _named_file_errors(path):
        _make_private(path)
        connection = sqlite3.connect(
            path,
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=not changes_hands,
        )
        try:
            return _configured(connection, path)
        except BaseException:
            connection.close()
            raise


def _make_private(path: Path) -> None:
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _configured(connection: sqlite3.Connection, path: Path) -> Database:
    """The connection with our settings; plugins of sqlite-utils are never loaded."""
    # A flipped bit may leave no UTF-8: the fingerprint of the row tells, not a bare error.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # Two connections that switch at once fail without waiting for each other.
        with starting_lock(path):
            connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    # What is deleted is overwritten, so that an erased case leaves no bytes behind.
    connection.execute("PRAGMA secure_delete=ON")
    return Database(connection, execute_plugins=False)


def location(db: Database) -> Path:
    """The file behind a connection."""
    rows = db.conn.execute("PRAGMA database_list").fetchall()
    return Path(next(file for _, name, file in rows if name == "main"))


@contextlib.contextmanager
def starting_lock(path: Path) -> Iterator[None]:
    """Hold the one lock under which a database is set up or changes its tables.

    The lock is an empty SQLite file beside the database: it waits with a limit, works on every
    system, and is released by the system when its holder dies.
    """
    lock_path = path.with_name(path.name + ".lock")
    _make_private(lock_path)
    lock = sqlite3.connect(lock_path, timeout=STARTING_TIMEOUT_S, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        lock.close()


@contextlib.contextmanager
def write_transaction(db: Database) -> Iterator[None]:
    """All writes of the block, or none.

    The write lock is taken at once, so that what the block reads is still true when it writes.
    Inside another write transaction it is a part of that one.
    """
    if db.conn.in_transaction:
        with db.atomic():
            yield
        return
    with _named_errors_of(db):
        _begin(db.conn)
        try:
            yield
            db.conn.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise


def _begin(connection: sqlite3.Connection) -> None:
    """Take the write lock, asking often.

    SQLite's own waiting pauses up to 100 ms between two attempts, so that among several busy
    writers one can wait for seconds while the others take turns.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(*PAUSE_S))
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def rows(
    db: Database, sql: str, values: Sequence[object] | dict[str, Any] = ()
) -> list[dict[str, Any]]:
    """All rows of a query, each by column name."""
    with _named_errors_of(db):
        cursor = db.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]


@contextlib.contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Raise what SQLite says about the database at `path` as an error of this package."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _named(error, path) from error


@contextlib.contextmanager
def _named_errors_of(db: Database) -> Iterator[None]:
    """The same for a connection, which is asked for its file only once there is an error."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _named(error, location(db)) from error


@contextlib.contextmanager
def _named_file_errors(path: Path) -> Iterator[None]:
    try:
        with named_errors(path):
            yield
    except OSError as error:
        raise DatabaseUnusable(path, error.strerror or str(error)) from error


def _named(error: sqlite3.DatabaseError, path: Path) -> Exception:
    code = _code(error)
    if _is_busy(error):
        return DatabaseBusy()
    if code == sqlite3.SQLITE_FULL:
        return DatabaseFull()
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DatabaseDamaged(path, str(error))
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR):
        return DatabaseUnusable(path, str(error))
    return error


def _code(error: sqlite3.DatabaseError) -> int:
    # The low byte is the error, the rest its shade, such as SQLITE_BUSY_SNAPSHOT.
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def backup(db: Database, target: Path) -> None:
    """Write a consistent copy of the whole database to `target`, replacing it at the end.

    Readers and writers go on meanwhile. The copy is readable for its owner only.
    """
    if target.exists() and target.samefile(location(db)):
        raise DatabaseUnusable(target, "a database cannot be copied onto itself")
    unfinished = target.with_name(target.name + ".part")
    with _named_file_errors(target):
        unfinished.unlink(missing_ok=True)
        _make_private(unfinished)
        with contextlib.closing(sqlite3.connect(unfinished)) as copy:
            db.conn.backup(copy)
            # One file, complete without a -wal beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
        os.replace(unfinished, target)
        _sync(target.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
