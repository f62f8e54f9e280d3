from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher.calibration import Calibration, Tail
from matcher.readers import phenopackets
from matcher.simulation import simulate_cases
from ontologies import Release
from ontologies.library import data_directory
from web import create_app
from web.cli.cases import calibration as command
from web.cli import main
from web.config import Settings, load_settings
from web.errors import BadSettings
from web.service import chosen_calibration


@pytest.fixture
def directory(
    tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A data directory with the release and nothing else."""
    compiled = data_directory() / "releases" / release.release_id
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / release.release_id).symlink_to(compiled)
    (tmp_path / "releases" / "active").write_text(release.release_id)
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    monkeypatch.setattr(command, "PANEL_CASES", 30)
    monkeypatch.setattr(command, "FEWEST_CASES", 20)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["calibrate", *arguments])


def write_cases(path: Path, release: Release, count: int) -> Path:
    packets = map(phenopackets.to_json, simulate_cases(release, count, seed=7))
    path.write_text("".join(f"{json.dumps(packet)}\n" for packet in packets))
    return path


def test_simulated_panel_is_kept_under_the_id_that_is_printed(
    directory: Path, release: Release
) -> None:
    answer = run()

    assert answer.exit_code == 0, answer.output
    made_id = answer.stdout.strip()
    made = Calibration.open(directory / "calibrations" / made_id, release)
    assert made.calibration_id == made_id
    assert len(made.panel) == 30
    assert f"SECONDCASE_CALIBRATION={made_id}" in answer.stderr


def test_panel_of_real_cases_is_for_its_owner_alone(
    directory: Path, release: Release, tmp_path: Path
) -> None:
    answer = run(str(write_cases(tmp_path / "cases.jsonl", release, 25)))

    assert answer.exit_code == 0, answer.output
    folder = directory / "calibrations" / answer.stdout.strip()
    made = Calibration.open(folder, release)
    assert (len(made.panel), made.tail) == (25, Tail())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_handful_of_cases_is_refused(
    directory: Path, release: Release, tmp_path: Path
) -> None:
    answer = run(str(write_cases(tmp_path / "cases.jsonl", release, 5)))

    assert answer.exit_code == 1
    assert "at least 20" in answer.stderr
    assert not (directory / "calibrations").exists()


def test_service_uses_the_calibration_of_its_settings(
    directory: Path, release: Release
) -> None:
    made_id = run().stdout.strip()
    settings = load_settings({"SECONDCASE_CALIBRATION": made_id})

    app = create_app(settings, release=release)

    assert len(app.extensions["secondcase"].current.calibration.panel) == 30


def test_calibration_that_is_not_there_is_named(
    directory: Path, release: Release, settings: Settings
) -> None:
    with pytest.raises(BadSettings, match="'0123456789abcdef'.*secondcase calibrate"):
        chosen_calibration(replace(settings, calibration="0123456789abcdef"), release)


def test_calibration_of_another_release_is_refused(
    directory: Path, release: Release, settings: Settings
) -> None:
    made_id = run().stdout.strip()
    facts = directory / "calibrations" / made_id / "calibration.json"
    facts.write_text(facts.read_text().replace(release.release_id, "another"))

    with pytest.raises(BadSettings, match="belongs to release another"):
        chosen_calibration(replace(settings, calibration=made_id), release)


@pytest.mark.parametrize("said", ["../../etc", "default-331b31da412b9654", "", "ABC"])
def test_calibration_is_an_id_and_no_path(tmp_path: Path, said: str) -> None:
    with pytest.raises(BadSettings, match="16 hexadecimal digits"):
        load_settings({"SECONDCASE_CALIBRATION": said}, directory=tmp_path)
