"""Each request has a connection of its own, and leaves none open."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from matcher.case import Case
from matcher.storage.database import Database
from matcher.storage.errors import DatabaseNewer
from web import db, errors
from web.config import Settings, load_settings


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

    @app.get("/boom")
    def boom() -> str:
        app.extensions["opened"] = db.connection()
        raise ZeroDivisionError

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


def test_a_request_that_fails_leaves_no_connection_open(app: Flask) -> None:
    app.test_client().get("/boom")

    opened: Database = app.extensions["opened"]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened.execute("SELECT 1")


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
