"""Everything that a release needs before it answers: calibration, and the index of all cases."""

from __future__ import annotations

from dataclasses import dataclass

from matcher import Calibration
from matcher.storage.beside import index_path
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies import Release, open_release
from ontologies.pointer import Edition
from ontologies.progress import Progress, silent
from web.config import Settings
from web.matching import LiveMatcher
from web.mme.exchange import peer_matcher, view_of
from web.service import as_set, calibration_name, chosen_calibration

# A removal while an index is written makes the file useless, and it is written anew.
MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Prepared:
    """A release that can be activated: its calibration by name, and the matchers over all cases.

    `peers` knows what peers see of them.
    """

    release: Release
    name: str
    calibration: Calibration
    matcher: LiveMatcher
    peers: LiveMatcher

    @property
    def edition(self) -> Edition:
        """What the pointer is to say."""
        return Edition(self.release.release_id, self.name)


def prepare(
    db: Database,
    settings: Settings,
    release_id: str,
    *,
    calibration: str | None = None,
    progress: Progress = silent,
) -> Prepared:
    """Make ready whatever is not ready yet, so that the switch itself takes no time.

    `calibration` names another than the one of the settings. Raises `UnknownRelease`,
    `OutdatedRelease`, `DamagedRelease`, and `BadSettings` for a calibration of no use.
    """
    release = open_release(release_id)
    release.verify()
    chosen = chosen_calibration(
        settings,
        release,
        lambda done, total: progress("Calibrating", done, total),
        named=calibration,
    )
    made = as_set(chosen, settings)
    prepared = Prepared(
        release=release,
        name=calibration_name(settings, release, calibration),
        calibration=made,
        matcher=LiveMatcher(release, made, lambda: CaseStore(db), progress=progress),
        peers=peer_matcher(release, made, lambda: view_of(db, settings, release)),
    )
    for each in (prepared.matcher, prepared.peers):
        _keep(each)
    return prepared


def is_prepared(settings: Settings, release_id: str) -> bool:
    """Whether the index of all cases by a release is kept, so that they need not be read."""
    return index_path(settings.database, release_id=release_id).is_file()


def _keep(matcher: LiveMatcher) -> None:
    """Keep an index until no removal crosses it."""
    for _ in range(MOST_ATTEMPTS):
        if matcher.prepare():
            return
