"""`secondcase node`: peers as an operator looks after them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher.readers.report import Trouble, Wrong
from web.audit import Audit
from web.cli import main
from web.db import open_database
from web.mme import tending
from web.mme.answering.diagnoses import Diagnoses, Stranger
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker

URL = "https://island.example/mme"
TOKEN = "theirs-5f1c9a"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    return tmp_path


def call(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["node", *arguments], input=typed)


def succeed(*arguments: str, typed: str | None = None) -> str:
    done = call(*arguments, typed=typed)
    assert done.exit_code == 0, done.output
    return done.stdout


def shown(name: str = "Island") -> dict[str, object]:
    told: dict[str, object] = json.loads(succeed("show", name, "--format", "json"))
    return told


def test_a_peer_that_is_asked_is_added_with_its_token_from_standard_input() -> None:
    succeed("add", "Island", "--url", URL, "--token-file", "-", typed=f"{TOKEN}\n")

    told = shown()
    assert told["address"] == URL and told["has_outbound_token"] is True
    assert TOKEN not in json.dumps(told) + succeed("show", "Island")


def test_a_token_is_read_from_a_file_or_asked_for(home: Path) -> None:
    (home / "token").write_text(TOKEN)

    succeed("add", "Island", "--url", URL, "--token-file", str(home / "token"))
    succeed("add", "Valley", "--url", URL, "--ask-token", typed=f"{TOKEN}\n")

    assert (
        shown("Island")["has_outbound_token"] and shown("Valley")["has_outbound_token"]
    )


def test_no_option_takes_a_token_itself() -> None:
    done = call("add", "Island", "--token", TOKEN)

    assert done.exit_code == 2 and "No such option" in done.stderr


def test_only_what_is_named_changes(home: Path) -> None:
    (home / "terms.txt").write_text("Be kind.\n")
    succeed("add", "Island", "--url", URL, "--contact", "ops@island.example")

    succeed(
        "set",
        "Island",
        *("--version", "1.1", "--coordinates", "one", "--gene-ids", "symbol"),
        *("--plain-labels", "--trailing-slash", "--budget", "5"),
        *("--terms-file", str(home / "terms.txt")),
    )

    told = shown()
    assert told["quirks"] == {
        "minor": 1,
        "coordinates": "one",
        "gene_ids": "symbol",
        "plain_labels": True,
        "trailing_slash": True,
        "query_keys": [],
    }
    assert told["contact"] == "ops@island.example" and told["address"] == URL
    assert told["daily_budget"] == 5 and told["terms"] == "Be kind."


def test_rotation_goes_step_by_step() -> None:
    old = succeed("add", "Island").strip()

    new = succeed("rotate", "Island").strip()

    assert old != new
    assert "two good tokens" in call("rotate", "Island").stderr
    assert "1 older token of Island ended" in succeed("revoke", "Island", "--old")
    assert "revoked" not in succeed("list")


def test_a_removed_peer_is_not_listed() -> None:
    succeed("add", "Island")

    assert call("remove", "Island", typed="n\n").exit_code == 1
    assert "Island" in succeed("list")
    succeed("remove", "Island", "--yes")

    assert succeed("list") == ""


@pytest.mark.parametrize(
    "command", [("show",), ("set",), ("rotate",), ("revoke",), ("remove", "--yes")]
)
def test_an_unknown_peer_is_one_sentence(command: tuple[str, ...]) -> None:
    done = call(command[0], "Nowhere", *command[1:])

    assert done.exit_code == 1 and "There is no node 'Nowhere'" in done.stderr


def test_a_bad_address_says_what_is_right() -> None:
    done = call("add", "Island", "--url", "http://island.example")

    assert done.exit_code == 1 and "--allow-private" in done.stderr


def test_a_text_with_control_characters_does_not_steer_the_terminal() -> None:
    succeed("add", "Island", "--contact", "a\x1b[2Jb")

    assert "\x1b" not in succeed("show", "Island")


def test_what_was_wrong_with_requests_is_told_line_by_line(home: Path) -> None:
    succeed("add", "Island")
    with closing(open_database(home / "secondcase.db")) as db:
        found = [
            Trouble("patient.features[3].id", Wrong.TERM_ID, "HP: and seven digits")
        ]
        Diagnoses(db).keep(
            Nodes(db).get("Island"),
            path="/match",
            status=200,
            reason="answered as far as it was understood",
            troubles=found,
        )
        Diagnoses(db).met(Stranger.UNKNOWN, 3)

    lines = succeed("diagnose", "Island").splitlines()
    assert lines[0].endswith("200 /match  answered as far as it was understood")
    assert lines[1] == "  patient.features[3].id: not an HPO id; HP: and seven digits"
    assert succeed("diagnose").startswith("unknown token: 3 times since ")
    [told] = json.loads(succeed("diagnose", "Island", "--format", "json"))
    assert told["troubles"][0]["place"] == "patient.features[3].id"


def test_without_trouble_that_is_said() -> None:
    succeed("add", "Island")

    assert "Nothing was wrong" in succeed("diagnose", "Island")
    assert call("diagnose", "Nowhere").exit_code == 1


def test_what_an_operator_does_is_audited_without_what_was_said(home: Path) -> None:
    succeed("add", "Island")
    succeed("set", "Island", "--contact", "Dr Secret", "--plain-labels")
    succeed("rotate", "Island")
    succeed("revoke", "Island", "--old")
    succeed("revoke", "Island")
    succeed("remove", "Island", "--yes")

    with closing(open_database(home / "secondcase.db")) as db:
        entries = list(Audit(db).entries())
    assert [each.action for each in entries] == [
        tending.ADDED,
        tending.CHANGED,
        tending.ROTATED,
        tending.ENDED_OLD,
        tending.REVOKED,
        tending.REMOVED,
    ]
    assert entries[1].facts == {"node": "Island", "fields": ["contact", "plain_labels"]}
    assert {each.actor for each in entries} == {"command line"}


def test_the_doctor_names_a_peer_that_is_silent(home: Path) -> None:
    succeed("add", "Island", "--url", URL, "--token-file", "-", typed=f"{TOKEN}\n")
    with closing(open_database(home / "secondcase.db")) as db:
        Breaker(db).failed(Nodes(db).get("Island").node_id)

    done = CliRunner().invoke(main, ["doctor"])

    assert done.exit_code == 1
    assert "Island has been silent since" in done.output
    assert "'secondcase node probe \"Island\"'" in done.output
