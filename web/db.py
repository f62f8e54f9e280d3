"""A connection to the database for each request, closed when it ends."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app, g

from matcher.storage.database import Database, connect
from matcher.storage.migrations import case_migrations, migrate
from matcher.storage.store import CaseStore
from web.config import Settings
from web.migrations import web_migrations

PATH = "SECONDCASE_DATABASE"


def init_app(app: Flask, settings: Settings) -> None:
    """Bring the database up to date and give each request a connection of its own."""
    open_database(settings.database).close()
    app.config[PATH] = settings.database
    app.teardown_appcontext(_close)


def open_database(path: Path) -> Database:
    """A connection to a database that has all tables; the caller closes it."""
    db = connect(path)
    try:
        migrate(db, case_migrations(), *web_migrations())
    except BaseException:
        db.close()
        raise
    return db


def connection() -> Database:
    """The connection of this request, opened at its first use."""
    if "database" not in g:
        g.database = connect(current_app.config[PATH])
    opened: Database = g.database
    return opened


def store() -> CaseStore:
    """The cases, over the connection of this request."""
    return CaseStore(connection())


def _close(error: BaseException | None) -> None:
    opened: Database | None = g.pop("database", None)
    if opened is not None:
        opened.close()
