"""Each request has a connection of its own, and leaves nothing of itself in it."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from matcher.case import Case
from matcher.storage.database import Database, backup
from matcher.storage.errors import DatabaseNewer
from matcher.storage.store import CaseStore
from web import db, errors
from web.config import Settings, load_settings


def case_of(case_id: str) -> Case:
    return Case(case_id=case_id)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, directory=tmp_path)


@pytest.fixture
def app(settings: Settings) -> Flask:
    app = Flask("small")
    db.init_app(app, settings)
    errors.init_app(app)

    @app.post("/cases/<case_id>")
    def save(case_id: str) -> str:
        return str(db.store().put(Case(case_id=case_id), actor="alice").version)

    @app.get("/count")
    def count() -> str:
        assert db.connection() is db.connection()
        return str(db.store().count())

    @app.get("/unfinished")
    def unfinished() -> str:
        app.extensions["opened"] = db.connection()
        db.connection().execute("BEGIN IMMEDIATE")
        return ""

    @app.get("/which")
    def which() -> str:
        return str(id(db.connection().conn))

    return app


def test_a_request_reads_what_another_saved(app: Flask) -> None:
    client = app.test_client()

    assert client.post("/cases/P1").text == "1"
    assert client.post("/cases/P1").text == "2"
    assert client.get("/count").text == "1"


def test_requests_in_many_threads_do_not_meet(app: Flask) -> None:
    def save(number: int) -> int:
        return app.test_client().post(f"/cases/P{number}").status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(save, range(40)))

    assert statuses == [200] * 40
    assert app.test_client().get("/count").text == "40"


def test_a_request_takes_the_connection_of_the_one_before(app: Flask) -> None:
    assert app.test_client().get("/which").text == app.test_client().get("/which").text


def test_a_request_that_fails_leaves_nothing_to_the_next(app: Flask) -> None:
    app.test_client().get("/unfinished")

    opened: Database = app.extensions["opened"]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened.execute("SELECT 1")
    assert app.test_client().post("/cases/P1").text == "1"
    assert app.test_client().get("/count").text == "1"


def test_what_is_taken_is_given_to_nobody_else(settings: Settings) -> None:
    db.open_database(settings.database).close()
    connections = db.Connections()
    one, other = (connections.take(settings.database) for _ in range(2))
    assert one.db is not other.db

    connections.keep(one)
    other.db.close()

    assert connections.take(settings.database).db is one.db
    one.db.close()


def test_connections_are_closed_once_nobody_asks(
    app: Flask, settings: Settings
) -> None:
    app.extensions[db.EXTENSION] = db.Connections(idle_seconds=0)
    app.test_client().post("/cases/P1")

    for thread in threading.enumerate():
        if thread.name == db.WATCHER:
            thread.join()
    assert not settings.database.with_name("secondcase.db-wal").exists()


def test_connections_are_closed_at_the_end(app: Flask, settings: Settings) -> None:
    app.test_client().post("/cases/P1")
    assert settings.database.with_name("secondcase.db-wal").exists()

    db.close_idle(app)

    assert not settings.database.with_name("secondcase.db-wal").exists()


def test_outside_a_request_no_connection_stays_open(app: Flask) -> None:
    with app.app_context():
        opened = db.connection()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened.execute("SELECT 1")


def test_a_database_put_in_its_place_is_read_at_once(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    client = app.test_client()
    client.post("/cases/P1")
    with closing(db.open_database(tmp_path / "copy.db")) as copy:
        CaseStore(copy).put_many(map(case_of, ("P1", "P2", "P3")), actor="bob")
        backup(copy, settings.database)

    assert client.get("/count").text == "3"


def test_a_request_without_a_question_opens_nothing(app: Flask) -> None:
    app.config[db.PATH] = Path("/absent/secondcase.db")

    assert app.test_client().get("/absent").status_code == 404


def test_every_table_is_there_from_the_start(settings: Settings) -> None:
    with closing(db.open_database(settings.database)) as opened:
        assert set(opened.table_names()) >= {"cases", "people", "sessions"}


def test_a_newer_database_is_refused_at_the_start(settings: Settings) -> None:
    with closing(db.open_database(settings.database)) as opened:
        row = {"migration_set": "accounts", "name": "m9999", "applied_at": ""}
        opened.table("_sqlite_migrations").insert(row)

    with pytest.raises(DatabaseNewer, match="m9999"):
        db.init_app(Flask("small"), settings)
