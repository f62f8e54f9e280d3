"""A data directory for the commands under test."""

from __future__ import annotations

from pathlib import Path

import pytest

from ontologies import Release
from ontologies.library import data_directory


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: Release) -> Path:
    """A data directory of its own, which shares the compiled release."""
    shared = data_directory()
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / release.release_id).symlink_to(release.folder)
    (tmp_path / "releases" / "active").write_text(release.release_id)
    for name in ("sources", "calibrations"):
        (shared / name).mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(shared / name)
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    return tmp_path
