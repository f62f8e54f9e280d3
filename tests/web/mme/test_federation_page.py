"""docs/federation.md names tests that there are, and every key that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ontologies import Release
from web.mme.answering.asked import read_asked

from .asking import AskedNode

TESTS = Path(__file__).parents[2]
PAGE = (TESTS.parent / "docs" / "federation.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize("path, name", NAMED, ids=[name for _, name in NAMED])
def test_every_test_that_is_named_is_there(path: str, name: str) -> None:
    assert f"\ndef {name}(" in (TESTS / path).read_text("utf-8")


def test_the_request_that_is_shown_is_understood(
    tmp_path: Path, release: Release
) -> None:
    [shown] = re.findall(r"```json\n(.*?)```", PAGE, re.S)

    answer = AskedNode.with_cases(tmp_path, release, []).post(shown.encode())

    assert answer.status_code == 200
    assert answer.get_json(force=True)["_warnings"] == []


def test_every_key_of_a_query_is_in_the_table(release: Release) -> None:
    warnings: list[str] = []
    read_asked({"": 1}, warnings, release, most=10)
    known = warnings[0].partition("known are ")[2].rstrip(".").split(", ")

    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.M)) >= set(known)
    assert json.loads(re.findall(r'"_query": (\{.*?\})', PAGE)[0]).keys() <= set(known)
