"""docs/api.md is true: its calls are made, in their order, against a running server."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..serving import served
from .conftest import Systems, packet, refused

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(GUIDE.read_text()) if name == language]


@pytest.fixture
def address(systems: Systems) -> Iterator[str]:
    with served(systems.cast.app) as address:
        yield address


def test_calls_of_the_guide_work_in_their_order(
    systems: Systems, address: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "SITE": address, "TOKEN": systems.tokens["seqr"]}
    said = []
    for script in blocks("sh"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, script + done.stdout + done.stderr
        said.append(done.stdout)

    put, read, asked, deleted = said
    assert json.loads(put)["status"] == "created"
    assert '"patient"' in read and '"total":1' in read
    assert asked.count('"results"') == 2
    assert deleted == ""
    assert systems["seqr"].get("/cases").get_json()["total"] == 0


def test_error_of_the_guide_is_the_one_that_comes(systems: Systems) -> None:
    [written] = blocks("json")
    term = {"type": {"id": "HP:0001250"}}

    answer = systems["seqr"].put(
        "/cases/I1", packet(phenotypicFeatures=[term, {**term, "excluded": True}])
    )

    assert refused(answer, 422) == json.loads(written)
