"""The log holds ids, counts and timings, and nothing about a person."""

from __future__ import annotations

import json

import pytest
import structlog

from web import logs
from web.logs import without_secrets
from web.security import token_digest

# Of the shape that `make_token` gives; fixed, so that every worker collects the same tests.
TOKEN = "RmSyLU7syaehlPKtLxZQkN6CWjZOOlAel8tOQXYvK2E"


@pytest.fixture(autouse=True)
def unchanged() -> object:
    yield
    structlog.reset_defaults()


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")

    structlog.get_logger().info("ranked", case_id="P1", seconds=0.25, matches=7)

    event = json.loads(capsys.readouterr().err)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "ranked",
        "level": "info",
        "case_id": "P1",
        "seconds": 0.25,
        "matches": 7,
    }


def test_what_is_less_severe_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")

    structlog.get_logger().info("ranked")
    structlog.get_logger().warning("slow")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "slow"


@pytest.mark.parametrize(
    "secret",
    [
        "HP:0001250",
        "seen with HP:0001250 and HP:0000707",
        "alice@harbour.example",
        "mailto:alice@harbour.example",
        TOKEN,
        token_digest(TOKEN),
        f"token={TOKEN} refused",
    ],
)
def test_a_secret_is_removed_whoever_logs_it(secret: str) -> None:
    event = without_secrets(None, "info", {"event": secret, "note": [secret]})

    assert "[removed]" in str(event["event"])
    assert "HP:" not in str(event)
    assert "alice" not in str(event)
    assert not any(word in str(event) for word in secret.split() if len(word) > 30)


@pytest.mark.parametrize("value", [{"a": 1}, object(), b"bytes", {1}])
def test_of_anything_else_only_the_type_is_logged(value: object) -> None:
    event = without_secrets(None, "info", {"value": value})

    assert event == {"value": f"[{type(value).__name__}]"}


def test_a_long_text_is_cut() -> None:
    event = without_secrets(None, "info", {"event": "a b " * 1000})

    assert len(event["event"]) == logs.LONGEST


@pytest.mark.parametrize("value", [None, True, 3, 2.5, "P1", "harbour-2026-11"])
def test_ids_and_figures_stay(value: object) -> None:
    assert without_secrets(None, "info", {"value": value}) == {"value": value}
