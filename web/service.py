"""What the requests of one process share: the settings, the release, and the matcher."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from matcher import Calibration
from ontologies import Release
from web.config import Settings
from web.matching import LiveMatcher

EXTENSION = "secondcase"


@dataclass(frozen=True, slots=True)
class Service:
    """Opened once, when the application is made."""

    settings: Settings
    release: Release
    calibration: Calibration
    matcher: LiveMatcher

    def warm(self) -> None:
        """Read all cases and prepare the term search, so that no request waits for it.

        To be called in the context of the application.
        """
        self.matcher.prepare()
        self.release.lookup.search("seizure", limit=1)


def init_app(app: Flask, made: Service) -> None:
    """Let every request of the application use the service."""
    app.extensions[EXTENSION] = made


def service() -> Service:
    """The service behind the current request."""
    found: Service = current_app.extensions[EXTENSION]
    return found
