"""Calibrations that kept rankings name, found again whatever was built since."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matcher.calibration import Calibration
from matcher.kept.errors import DamagedCalibration, MissingCalibration

if TYPE_CHECKING:
    from ontologies import Release

# A panel may be made of real cases, whose terms are for nobody else on the machine.
_MODE = 0o700


def freeze(calibration: Calibration, directory: Path) -> None:
    """Keep the bundle below `directory` under its id, which no other bundle ever gets."""
    folder = _folder(calibration.calibration_id, directory)
    if not folder.is_dir():
        calibration.save(folder, _MODE)


def frozen(
    calibration_id: str, release: Release, directory: Path, release_id: str
) -> Calibration:
    """The bundle of an id, which `release` had as `release_id` when it was made.

    Raises `MissingCalibration` or `DamagedCalibration`.
    """
    folder = _folder(calibration_id, directory)
    if not folder.is_dir():
        raise MissingCalibration(calibration_id, folder)
    try:
        found = Calibration.open(folder, release, release_id)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise DamagedCalibration(folder, str(error)) from error
    if found.calibration_id != calibration_id:
        raise DamagedCalibration(folder, f"its numbers are {found.calibration_id}")
    return found


def _folder(calibration_id: str, directory: Path) -> Path:
    return directory / "calibrations" / calibration_id
