"""What the requests of one process share: the settings, the release, and the matchers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from flask import Flask, current_app, g

from matcher import Calibration
from matcher.calibration import BandRules, default_calibration
from matcher.evidence.chains import BadChainFile, ChainFile
from matcher.evidence.variants import Chain
from matcher.panel import Progress, silent
from ontologies import Release
from ontologies.library import data_directory
from ontologies.pointer import pointed
from web.abbreviations import SiteWords
from web.config import Settings
from web.db import connection
from web.errors import BadSettings
from web.matching import LiveMatcher, LiveMatchers
from web.switching.waiting import OpenTerms

EXTENSION = "secondcase"
# The name of the default calibration where another could be meant.
DEFAULT = "default"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Service:
    """One release with everything that answers by it, opened together and never changed.

    `peers` knows the shared cases alone, and of them what their sharing level lets a peer see;
    `limited` has one more for each peer that is told less of some case than that.
    `open_terms` are those of stored cases that somebody has to decide about. `chain` moves GRCh37
    positions to GRCh38.
    """

    settings: Settings
    release: Release
    calibration: Calibration
    matcher: LiveMatcher
    peers: LiveMatcher
    words: SiteWords
    open_terms: OpenTerms
    limited: LiveMatchers = field(default_factory=LiveMatchers)
    chain: Chain | None = None

    @property
    def current(self) -> Service:
        """Itself: for an application that follows nothing."""
        return self

    def warm(self) -> None:
        """Read all cases and prepare the term search, so that no request waits for it.

        To be called in the context of the application.
        """
        self.matcher.prepare()
        self.peers.prepare()
        self.words.lookup(connection()).search("seizure", limit=1)
        self.open_terms.refresh(connection())


class Source(Protocol):
    """Who has the service that new requests are answered by."""

    @property
    def current(self) -> Service: ...


def chosen_calibration(
    settings: Settings,
    release: Release,
    progress: Progress = silent,
    *,
    named: str | None = None,
) -> Calibration:
    """The calibration that a release is used with, made where it is the default and missing.

    It is the one `named`, by default the one of the settings if it was made with this release;
    else the one that the release was activated with, and else the default one. Raises
    `BadSettings` if the one named cannot be used with the release.
    """
    name = calibration_name(settings, release, named)
    if name == DEFAULT:
        return default_calibration(release, progress=progress)
    folder = data_directory() / "calibrations" / name
    try:
        return Calibration.open(folder, release)
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = (
            f"calibration is {name!r}, which cannot be used with release "
            f"{release.release_id} ({error}); it must be one that 'secondcase calibrate' "
            "made with this release, or be left out for the default."
        )
        raise BadSettings((problem,)) from error


def chain_of(settings: Settings) -> Chain | None:
    """The chain file that the settings name, None without one. Raises `BadSettings`."""
    if settings.chain_file is None:
        return None
    try:
        return ChainFile.open(Path(settings.chain_file))
    except (BadChainFile, OSError, EOFError, UnicodeDecodeError) as error:
        raise BadSettings(
            (f"chain_file {settings.chain_file!r} cannot be used: {error}",)
        ) from error


def calibration_name(
    settings: Settings, release: Release, named: str | None = None
) -> str:
    """The name of the same, `DEFAULT` for the default one."""
    if named:
        return named
    if fitting := fitting_setting(settings, release.release_id):
        return fitting
    state = pointed(data_directory())
    known = state.calibration_of(release.release_id)
    if known or settings.calibration is None:
        return known or DEFAULT
    is_active = state.active and state.active.release_id == release.release_id
    # Nobody chose when it was activated: a setting that does not fit is told of.
    return settings.calibration if is_active else DEFAULT


def fitting_setting(settings: Settings, release_id: str) -> str | None:
    """The calibration of the settings, if it was made with this release."""
    wanted = settings.calibration
    return wanted if wanted and _release_of(wanted) == release_id else None


def _release_of(calibration: str) -> str:
    """The release that a calibration was made with, "" where it cannot be read."""
    path = data_directory() / "calibrations" / calibration / "calibration.json"
    try:
        return str(json.loads(path.read_text("utf-8"))["release_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def as_set(calibration: Calibration, settings: Settings) -> Calibration:
    """The calibration with the bands and the expected partners of the settings."""
    bands = BandRules(
        contact=settings.band_contact,
        look=settings.band_look,
        look_false_matches=settings.band_false_matches,
    )
    return replace(
        calibration, bands=bands, expected_partners=settings.expected_partners
    )


def init_app(app: Flask, source: Source) -> None:
    """Let every request of the application use the service of the day."""
    app.extensions[EXTENSION] = source


def source_of(app: Flask) -> Source:
    """Where the service of an application comes from."""
    found: Source = app.extensions[EXTENSION]
    return found


def service() -> Service:
    """The service behind the current request, the same one from its beginning to its end."""
    if "service" not in g:
        g.service = source_of(current_app).current
    found: Service = g.service
    return found
