"""A site with two small releases on its disk, the older one active, and who switches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from matcher.calibration import Calibration
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies import Release, open_release
from ontologies.curation.admission import Verdict
from ontologies.curation.findings import Finding
from ontologies.curation.records import read_record
from ontologies.library import data_directory
from ontologies.pointer import Edition, pointed, switching
from web import create_app
from web.config import Settings
from web.db import open_database
from web.switching.activating import Curator
from web.switching.following import Follower, follower_of

from ...matcher.kept.conftest import (
    SmallReleases,
    a_case,
    small_calibration,
    small_releases,
)

__all__ = ["small_releases"]


def verdict_of(*findings: Finding) -> Callable[[str], Verdict]:
    """A judge who has these things to say about any release."""

    def judge(release_id: str) -> Verdict:
        release = open_release(release_id)
        record = read_record(release_id, data_directory())
        return Verdict(release, None, findings, record)

    return judge


@dataclass(frozen=True)
class Place:
    """A data directory, and both of its releases."""

    directory: Path
    settings: Settings
    older: Release
    newer: Release
    calibrations: dict[str, str]

    @property
    def active(self) -> Edition | None:
        return pointed(self.directory).active

    def edition(self, release: Release) -> Edition:
        """A release as it is activated here."""
        return Edition(release.release_id, self.calibrations[release.release_id])

    def curator(self, db: Database, actor: str = "dana") -> Curator:
        return Curator(db, self.settings, actor, judge=verdict_of())

    def app(self, release: Release | None = None) -> Flask:
        """An application that answers by a release, at first by the older one."""
        chosen = Release.open((release or self.older).folder)
        folder = self.directory / "calibrations"
        name = self.calibrations[chosen.release_id]
        calibration = Calibration.open(folder / name, chosen)
        return create_app(self.settings, release=chosen, calibration=calibration)


@pytest.fixture(scope="session")
def small_calibrations(small_releases: SmallReleases) -> dict[str, Calibration]:
    """A calibration of each of them, by the id of the release."""
    both = (small_releases.older, small_releases.newer)
    return {each.release_id: small_calibration(each) for each in both}


@pytest.fixture
def place(
    tmp_path: Path,
    small_releases: SmallReleases,
    small_calibrations: dict[str, Calibration],
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """The older release is active with its calibration; twelve cases are stored."""
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    (tmp_path / "releases").mkdir()
    names = {}
    for release in (small_releases.older, small_releases.newer):
        folder = tmp_path / "releases" / release.release_id
        folder.symlink_to(release.folder)
        made = small_calibrations[release.release_id]
        made.save(tmp_path / "calibrations" / made.calibration_id)
        names[release.release_id] = made.calibration_id
    found = Place(
        tmp_path,
        Settings(directory=tmp_path, secret_key="0123456789abcdef" * 4),
        Release.open(tmp_path / "releases" / small_releases.older.release_id),
        Release.open(tmp_path / "releases" / small_releases.newer.release_id),
        names,
    )
    with switching(tmp_path) as held:
        held.point(held.pointed.switched(found.edition(found.older)))
    with CaseStore(open_database(found.settings.database)) as store:
        store.put_many([a_case(number) for number in range(12)], actor="alice")
    return found


@pytest.fixture
def db(place: Place) -> Iterator[Database]:
    with closing(open_database(place.settings.database)) as opened:
        yield opened


@pytest.fixture
def app(place: Place) -> Flask:
    return place.app()


@pytest.fixture
def follower(app: Flask) -> Follower:
    return follower_of(app)
