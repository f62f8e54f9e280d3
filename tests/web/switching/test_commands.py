"""The commands that move from one release to another and back."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from web.cli import main

from .conftest import Place


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ontology", *arguments])


def test_a_release_is_prepared_activated_and_rolled_back(place: Place) -> None:
    older, newer = place.edition(place.older), place.edition(place.newer)

    ready = run("prepare", newer.release_id, "--calibration", newer.calibration)
    assert ready.exit_code == 0, ready.output
    assert f"release {newer.release_id} is ready" in ready.stdout
    assert "12 cases" in ready.stdout
    assert place.active == older

    arguments = ["activate", newer.release_id, "--calibration", newer.calibration]
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert "the top of severity, is no term" in refused.stderr
    assert place.active == older

    done = run(*arguments, "--reason", "A slice made for tests")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        f"active release {newer.release_id}, calibration {newer.calibration}\n"
    )
    assert place.active == newer

    back = run("rollback", "--reason", "Too many matches lost")
    assert back.exit_code == 0, back.output
    was = f"It was {newer.release_id}, calibration {newer.calibration}."
    assert was in back.stderr
    assert place.active == older


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["activate", "ffff"], "There is no release 'ffff'"),
        (["prepare", "../.."], "There is no release '../..'"),
        (["rollback"], "nothing to go back to"),
        (["rollback", "--expect", "ffff"], "not ffff: somebody switched meanwhile"),
    ],
)
def test_refusals_are_one_sentence(
    place: Place, arguments: list[str], said: str
) -> None:
    before = place.active

    answer = run(*arguments)

    assert answer.exit_code == 1
    assert said in answer.stderr
    assert place.active == before


def test_who_expects_another_release_is_told(place: Place) -> None:
    newer = place.edition(place.newer)
    arguments = ["activate", newer.release_id, "--calibration", newer.calibration]
    arguments += ["--reason", "A slice made for tests"]
    assert run(*arguments, "--expect", place.older.release_id).exit_code == 0

    answer = run(*arguments, "--expect", place.older.release_id)

    assert answer.exit_code == 1
    assert f"Active is {newer.release_id}" in answer.stderr
