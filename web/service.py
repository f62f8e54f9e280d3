"""What the requests of one process share: the settings, the release, and the matcher."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask, current_app

from matcher import Calibration
from matcher.calibration import BandRules, default_calibration
from matcher.evidence.chains import BadChainFile, ChainFile
from matcher.evidence.variants import Chain
from matcher.panel import Progress, silent
from ontologies import Release
from ontologies.library import data_directory
from web.abbreviations import SiteWords
from web.config import Settings
from web.db import connection
from web.errors import BadSettings
from web.matching import LiveMatcher

EXTENSION = "secondcase"


@dataclass(frozen=True, slots=True)
class Service:
    """Opened once, when the application is made. `chain` moves GRCh37 positions to GRCh38."""

    settings: Settings
    release: Release
    calibration: Calibration
    matcher: LiveMatcher
    words: SiteWords
    chain: Chain | None = None

    def warm(self) -> None:
        """Read all cases and prepare the term search, so that no request waits for it.

        To be called in the context of the application.
        """
        self.matcher.prepare()
        self.words.lookup(connection()).search("seizure", limit=1)


def chosen_calibration(
    settings: Settings, release: Release, progress: Progress = silent
) -> Calibration:
    """The calibration that the settings name, else the default one, made where it is missing.

    Raises `BadSettings` if the one named cannot be used with the release.
    """
    if settings.calibration is None:
        return default_calibration(release, progress=progress)
    folder = data_directory() / "calibrations" / settings.calibration
    try:
        return Calibration.open(folder, release)
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = (
            f"calibration is {settings.calibration!r}, which cannot be used with release "
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


def init_app(app: Flask, made: Service) -> None:
    """Let every request of the application use the service."""
    app.extensions[EXTENSION] = made


def service() -> Service:
    """The service behind the current request."""
    found: Service = current_app.extensions[EXTENSION]
    return found
