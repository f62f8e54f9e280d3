"""`secondcase ontology queue`: what the page of unknown features does, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher.case import Case
from ontologies import Release
from web.audit import Audit
from web.cli import main
from web.config import load_settings
from web.db import open_database
from web.unrecognised.arriving import Arrivals, Arrived, Kind
from web.unrecognised.deciding import DECIDED
from web.unrecognised.upstream import REPORTED

SEIZURE = "HP:0001250"


@pytest.fixture(autouse=True)
def arrived(home: Path, release: Release) -> None:
    """Two entries that came often enough, and one that did not."""
    db = open_database(load_settings().database)
    for words, patients in (("zebra toes", "abcd"), ("lazy eye", "abc"), ("ear", "a")):
        came = [Arrived(Case(case_id=each), [words]) for each in patients]
        Arrivals(db, release).note(Kind.QUESTION, "Island", came)
    db.close()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ontology", "queue", *arguments])


def actions() -> list[str]:
    db = open_database(load_settings().database)
    found = [entry.action for entry in Audit(db).entries()]
    db.close()
    return found


def test_entries_are_listed_decided_and_written_up(tmp_path: Path) -> None:
    listed = json.loads(call("list", "--format", "json").stdout)
    assert [e["words"] for e in listed["entries"]] == ["zebra toes", "lazy eye"]
    first, second = (str(e["number"]) for e in listed["entries"])
    assert "2 of 2; 1 more are not readable yet." in call("list").output
    assert "HP:0000646  Amblyopia  (like its other name" in call("show", second).output

    done = call("decide", second, "word", "--term", "HP:0000646", "--reason", "usual")
    assert done.output == f"Entry {second}: local word HP:0000646, version 1\n"
    late = call("decide", second, "ignore", "--expect", "0")
    assert late.exit_code == 1 and "decided meanwhile by command line" in late.output
    assert "command line" in call("show", second).output
    assert (
        "lazy eye\tAmblyopia"
        in CliRunner().invoke(main, ["ontology", "synonyms", "list"]).output
    )

    path = tmp_path / "missed.tsv"
    assert call("report", str(path)).exit_code == 1 and not path.exists()
    call("decide", first, "report", "--term", SEIZURE, "--place", "below")
    assert call("report", str(path)).exit_code == 0
    assert "zebra toes\t\ta new term below\tHP:0001250\tSeizure" in path.read_text()
    markdown = tmp_path / "missed.md"
    call("report", str(markdown), "--entry", second)
    assert "## lazy eye" in markdown.read_text()
    assert actions() == [DECIDED, DECIDED, REPORTED, REPORTED]


def test_what_cannot_be_decided_is_said() -> None:
    no_term = call("decide", "1", "term")
    no_entry = call("decide", "77", "ignore")

    assert no_term.exit_code == 1 and "give an HPO id" in no_term.output
    assert no_entry.exit_code == 1 and "There is no entry 77" in no_entry.output
    assert call("decide", "1", "maybe").exit_code == 2


@pytest.mark.parametrize("option", ["--limit", "--skip"])
def test_a_count_that_no_queue_has_is_refused(option: str) -> None:
    refused = call("list", option, "9" * 20)

    assert refused.exit_code == 2 and f"'{option}'" in refused.output
