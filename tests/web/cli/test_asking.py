"""`secondcase ask`: peers asked from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.case import Case, Contact, PhenotypicFeature, Sharing
from matcher.storage.store import CaseStore
from ontologies import Release
from ontologies.library import data_directory
from web.audit import Audit
from web.cli import main
from web.db import open_database

from ..mme import faults

TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: Release) -> Path:
    """An installation with one shared case, `ours-1`."""
    shared = data_directory()
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / release.release_id).symlink_to(release.folder)
    (tmp_path / "releases" / "active").write_text(release.release_id)
    (tmp_path / "calibrations").symlink_to(shared / "calibrations")
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    case = Case(
        case_id="ours-1",
        features=tuple(PhenotypicFeature(term_id=each) for each in TERMS),
        contact=Contact(name="Dr North", href="mailto:n@north.example"),
        sharing=Sharing.EXCHANGE_1,
    )
    with CaseStore(open_database(tmp_path / "secondcase.db")) as store:
        store.put(case, actor="test")
    return tmp_path


@pytest.fixture
def peers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def call(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def know(name: str, address: str) -> None:
    options = ("--url", address, "--allow-private", "--token-file", "-")
    done = call("node", "add", name, *options, typed="theirs-1")
    assert done.exit_code == 0, done.output


def result(name: str, **more: Any) -> dict[str, Any]:
    features = [{"id": term} for term in TERMS]
    patient = {"id": name, "features": features, **more}
    return {"score": {"patient": 0.5}, "patient": patient}


def test_answers_are_printed_with_the_state_of_each_peer(
    home: Path, peers: ExitStack
) -> None:
    answer = {"results": [result("p1\u202e"), result("p2"), None], "terms": "Be kind."}
    served = peers.enter_context(faults.serving(faults.answering(answer)))
    know("Island", served.address)
    know("Gone", faults.refusing())

    done = call("ask", "ours-1")

    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert any("Island: p2" in line and "theirs 0.5" in line for line in lines)
    assert "Island: Be kind." in done.stdout
    states = {line.split()[0]: line for line in lines[-2:]}
    assert "unreachable" in states["Gone"] and "1 results" in states["Island"]
    assert "1 x no object" in states["Island"]
    assert "1 x unreadable patient" in states["Island"]


def test_json_is_one_object_a_peer(home: Path, peers: ExitStack) -> None:
    answer = {"results": [result("p1", label="\x1b[2J\u202e")]}
    served = peers.enter_context(faults.serving(faults.answering(answer)))
    other = peers.enter_context(faults.serving(faults.answering(answer)))
    know("Island", served.address)
    know("Valley", other.address)

    done = call("ask", "ours-1", "--node", "Island", "--format", "json")

    [told] = [json.loads(line) for line in done.stdout.splitlines()]
    assert (told["node"], told["state"]) == ("Island", "answered")
    [found] = told["results"]
    assert found["id"] == "p1" and found["news"] == "new" and found["score"] > 0
    assert found["peer_score"] == "0.5" and found["reasons"]
    assert done.stdout.isascii() and "\x1b" not in done.stdout
    assert other.received == []


def test_the_audit_says_to_whom_a_case_was_sent(home: Path) -> None:
    know("Gone", faults.refusing())

    call("ask", "ours-1")

    db = open_database(home / "secondcase.db")
    [entry] = Audit(db).entries("ours-1")
    db.close()
    assert (entry.actor, entry.facts["nodes"]) == ("command line", ["Gone"])


def test_a_case_that_cannot_be_asked_about_is_one_sentence(home: Path) -> None:
    done = call("ask", "nobody")

    assert done.exit_code == 1 and "nobody" in done.stderr


def test_that_nobody_can_be_asked_is_said(home: Path) -> None:
    done = call("ask", "ours-1")

    assert done.exit_code == 0 and "No peer was asked" in done.stderr


def test_a_probe_prints_its_report_and_fails_with_the_peer(
    home: Path, peers: ExitStack
) -> None:
    answer = {"results": [result("p1")]}
    served = peers.enter_context(faults.serving(faults.answering(answer)))
    know("Island", served.address)
    know("Gone", faults.refusing())

    good = call("node", "probe", "Island")
    bad = call("node", "probe", "Gone", "--format", "json")

    assert good.exit_code == 0 and "PASS  address" in good.stdout, good.output
    assert bad.exit_code == 1 and json.loads(bad.stdout)["is_usable"] is False
    assert "silent since" in call("node", "list").stdout


def test_a_peer_that_knows_no_wishes_is_narrowed_here(
    home: Path, peers: ExitStack
) -> None:
    told = {
        "results": [
            {"score": {"patient": 0.5}, "patient": {"id": name, "features": features}}
            for name, features in (
                ("fits", [{"id": term} for term in TERMS]),
                ("not", [{"id": "HP:0000486"}]),
            )
        ]
    }
    peer = peers.enter_context(faults.serving(faults.answering(told)))
    know("Island", peer.address)

    done = call("ask", "ours-1", "--term", "HP:0000707")
    wrong = call("ask", "ours-1", "--min-score", "2")

    assert "Island: fits" in done.output and "Island: not" not in done.output
    assert "mustHaveTerm not known there, held to here" in done.output
    assert "1 x not as asked for" in done.output
    assert wrong.exit_code == 1 and "a number from 0 to 1" in wrong.output
    assert len(peer.received) == 1
