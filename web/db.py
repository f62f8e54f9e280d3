"""A connection to the database for each request, kept a moment for the next one."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask, current_app, g, has_request_context

from matcher.storage.database import Database, connect, starting_lock
from matcher.storage.migrations import case_migrations, migrate
from matcher.storage.store import CaseStore
from web.config import Settings
from web.tables import web_migrations

PATH = "SECONDCASE_DATABASE"
EXTENSION = "secondcase-connections"
WATCHER = "connection-watcher"
IDLE_SECONDS = 0.5

# Device and number; nothing where there is no file.
File = tuple[int, int] | None


def init_app(app: Flask, settings: Settings) -> None:
    """Bring the database up to date and give each request a connection of its own."""
    open_database(settings.database).close()
    app.config[PATH] = settings.database
    app.extensions[EXTENSION] = Connections()
    app.teardown_appcontext(_give_back)


def open_database(path: Path) -> Database:
    """A connection to a database that has all tables; the caller closes it."""
    db = connect(path)
    try:
        migrate(db, case_migrations(), *web_migrations())
    except BaseException:
        db.close()
        raise
    return db


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection, and which files it stands on: the database and its write-ahead log."""

    db: Database
    path: Path
    file: File
    log: File = None

    @property
    def is_current(self) -> bool:
        """Whether the path still leads to the file, which a restored copy replaces."""
        return self.file is not None and self.file == _file(self.path)


class Connections:
    """Connections that no request uses; they are closed when none came for a while.

    Opening one takes longer than many a question, and closing the last one empties the
    write-ahead log into the database, with the disk waited for several times. A service that
    nobody asks leaves no log beside its database.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._idle: list[Opened] = []
        self._last_kept = 0.0
        self._lock = threading.Lock()
        self._is_watched = False

    def take(self, path: Path) -> Opened:
        """A connection that nobody else is given until it is kept."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        if idle is not None and idle.path == path and idle.is_current:
            return idle
        if idle is not None:
            _leave(idle)
        # The file is looked at before it is opened: replaced meanwhile, it is opened again.
        file = _file(path)
        return Opened(connect(path, changes_hands=True), path, file)

    def keep(self, opened: Opened) -> None:
        """Take a connection back, unless something of the request is left in it."""
        if opened.db.conn.in_transaction:
            opened.db.close()
            return
        with self._lock:
            self._idle.append(replace(opened, log=_file(_log(opened.path))))
            self._last_kept = time.monotonic()
            is_watched, self._is_watched = self._is_watched, True
        if not is_watched:
            threading.Thread(target=self._watch, name=WATCHER, daemon=True).start()

    def close(self) -> None:
        """Close what is idle now."""
        with self._lock:
            idle, self._idle = self._idle, []
        for opened in idle:
            opened.db.close()

    def _watch(self) -> None:
        """Close everything once nothing was kept for a while, and end."""
        pause = threading.Event()
        while True:
            with self._lock:
                left = self._last_kept + self._idle_seconds - time.monotonic()
                if left <= 0:
                    self._is_watched = False
                    break
            pause.wait(left)
        self.close()


def _leave(opened: Opened) -> None:
    """Close a connection to a database that another took the place of, and remove its log.

    SQLite leaves the log of a file that was moved, and would read it into the new database.
    """
    try:
        if opened.log is not None and not opened.is_current:
            # Another process may have done so, and have begun the log of the new database.
            with starting_lock(opened.path):
                if _file(_log(opened.path)) == opened.log:
                    for end in ("-wal", "-shm"):
                        _beside(opened.path, end).unlink(missing_ok=True)
    finally:
        opened.db.close()


def connection() -> Database:
    """The connection of this request, opened at its first use."""
    if "database" not in g:
        path: Path = current_app.config[PATH]
        g.database = _connections().take(path)
        # Others end before processes are forked, and no connection may outlive that.
        g.database_is_kept = has_request_context()
    opened: Opened = g.database
    return opened.db


def close_idle(app: Flask) -> None:
    """Close the connections that no request uses, before the process ends."""
    found: Connections = app.extensions[EXTENSION]
    found.close()


def store() -> CaseStore:
    """The cases, over the connection of this request."""
    return CaseStore(connection())


def _give_back(error: BaseException | None) -> None:
    opened: Opened | None = g.pop("database", None)
    if opened is None:
        return
    if error is None and g.database_is_kept:
        _connections().keep(opened)
    else:
        opened.db.close()


def _connections() -> Connections:
    found: Connections = current_app.extensions[EXTENSION]
    return found


def _log(path: Path) -> Path:
    return _beside(path, "-wal")


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _file(path: Path) -> File:
    """Which file a path leads to, None if to none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
