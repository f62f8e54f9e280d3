"""What a site writes short is understood by its search, its notes and its command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner

from matcher.storage.database import Database
from ontologies import Release
from web.abbreviations import Abbreviations, BadAbbreviation
from web.cli import main
from web.db import open_database

from .conftest import Cast

JOINTS = "HP:0006237"
MEANING = "prominent interphalangeal joints"


@pytest.fixture
def db(cast: Cast) -> Iterator[Database]:
    with closing(open_database(cast.settings.database)) as opened:
        yield opened


def first(cast: Cast, typed: str) -> str:
    options = cast["alice"].get("/terms", q=typed).json["options"]
    return str(options[0]["id"]) if options else ""


def test_search_knows_the_list_at_once(cast: Cast, db: Database) -> None:
    assert first(cast, "xpij") != JOINTS

    Abbreviations(db).add("XPIJ", MEANING, "dana")
    assert first(cast, "xpij") == JOINTS
    Abbreviations(db).remove("xpij")

    assert first(cast, "xpij") != JOINTS


def test_notes_are_read_with_the_list(cast: Cast, db: Database) -> None:
    Abbreviations(db).add("XPIJ", MEANING, "dana")

    piece = cast["alice"].post("/notes/read", {"pasted": "Boy with XPIJ."}).text

    assert '<span class="s-obs">XPIJ</span>' in piece


def test_list_names_who_added_what(db: Database) -> None:
    listed = Abbreviations(db)
    for meaning in (MEANING, "something else", MEANING):
        listed.add(" XPIJ ", meaning, "dana")

    assert listed.meanings() == {"XPIJ": (MEANING, "something else")}
    assert {each.added_by for each in listed.listed()} == {"dana"}
    assert listed.remove("XPIJ", "something else") == 1
    assert listed.meanings() == {"XPIJ": (MEANING,)}


@pytest.mark.parametrize(
    ("short", "meaning"),
    [
        ("", "x"),
        ("--", "x"),
        ("x" * 81, "x"),
        ("X", "  "),
        ("a\x1b[2J", "x"),
        ("X", "a\u202eb"),
    ],
)
def test_what_cannot_be_listed_is_refused(
    db: Database, short: str, meaning: str
) -> None:
    with pytest.raises(BadAbbreviation):
        Abbreviations(db).add(short, meaning, "dana")


def test_command_line_edits_and_uses_the_list(
    cast: Cast, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.cli.abbreviations.load_settings", lambda: cast.settings)
    monkeypatch.setattr(
        "web.cli.cases.words.data_directory", lambda: cast.settings.directory
    )
    monkeypatch.setattr("web.cli.cases.words.open_release", lambda: release)
    run = CliRunner().invoke
    asked = ["terms", "xpij", "--format", "json"]
    note = cast.settings.directory / "note.txt"
    note.write_text("Boy with XPIJ.", "utf-8")

    assert run(main, ["abbreviation", "add", "XPIJ", MEANING]).exit_code == 0
    told = json.loads(run(main, ["abbreviation", "list", "--format", "json"]).output)
    assert told["abbreviations"][0]["short"] == "XPIJ"
    assert first(cast, "xpij") == JOINTS
    assert json.loads(run(main, asked).output)["terms"][0]["term_id"] == JOINTS
    read = run(main, ["annotate", str(note), "--format", "json"]).output
    assert json.loads(read)["terms"][0]["spans"] == [[9, 13]]

    assert run(main, ["abbreviation", "remove", "XPIJ"]).exit_code == 0
    gone = run(main, ["abbreviation", "remove", "XPIJ"])
    assert gone.exit_code == 1 and "is not listed" in gone.output
