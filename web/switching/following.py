"""A process that answers by the active release, and moves to another one beside its requests.

The next service is opened and warmed while the present one answers; then it takes its place for
requests that begin. Those that were begun keep theirs, and it goes when the last of them ends.
"""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from flask import Flask

from matcher import Calibration
from matcher.errors import MatcherError
from ontologies import Release, open_release
from ontologies.errors import OntologyError
from ontologies.library import active_release_id, data_directory
from ontologies.pointer import Edition, pointed
from web.config import Settings
from web.errors import WebError, frames
from web.mme.asking.calling.authorities import Authorities
from web.service import Service, as_set, chosen_calibration, source_of
from web.standing.peers import MakeAsker, asker_of

PAUSE_SECONDS = 0.25
# A release that cannot be opened is not tried again at every look.
RETRY_SECONDS = 30.0
THREAD = "release-follower"

log = structlog.get_logger(__name__)

Make = Callable[[Release, Calibration], Service]


class Follower:
    """The service of one process, brought in line with the pointer below `directory`."""

    def __init__(
        self, app: Flask, make: Make, first: Service, directory: Path | None = None
    ) -> None:
        self._app = app
        self._make = make
        self._current = first
        self._directory = directory
        self._followed: Edition | None = None
        self._refused: Edition | None = None
        self._rest_until = 0.0
        self._authorities = Authorities()
        self._lock = threading.Lock()
        self._is_left = threading.Event()

    @property
    def current(self) -> Service:
        """What requests that begin now are answered by."""
        return self._current

    def asker(self) -> MakeAsker:
        """What asks peers by the release of the moment."""
        made = self._current
        return asker_of(
            made.settings, made.release, made.calibration, self._authorities
        )

    def follow(self) -> bool:
        """Move to what the pointer names; whether that was another service.

        What cannot be opened is logged, and the present service goes on.
        """
        with self._lock:
            active = pointed(self._directory or data_directory()).active
            if active is None or active == self._followed:
                return False
            if active == self._refused and time.monotonic() < self._rest_until:
                return False
            try:
                made = self._opened(active)
            except (OntologyError, MatcherError, WebError, OSError) as error:
                self._refused = active
                self._rest_until = time.monotonic() + RETRY_SECONDS
                name = type(error).__name__
                log.error("release not followed", release=active.release_id, error=name)
                return False
            self._followed = active
            if made is None:
                return False
            self._replace(made)
            return True

    def free_what_was_left(self) -> bool:
        """Free a service that no request uses any more; whether there was one.

        It was frozen when the process had started, so that the collector would pass it over for
        ever.
        """
        if not self._is_left.is_set():
            return False
        self._is_left.clear()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        return True

    @contextmanager
    def following(self, pause_seconds: float = PAUSE_SECONDS) -> Iterator[None]:
        """Follow the pointer in a thread meanwhile."""
        stop = threading.Event()
        thread = threading.Thread(
            target=self._watch, args=[stop, pause_seconds], name=THREAD, daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _watch(self, stop: threading.Event, pause_seconds: float) -> None:
        while not stop.wait(pause_seconds):
            try:
                self.follow()
                self.free_what_was_left()
            except Exception as error:
                # Whatever it was, the next look may go well, and nobody else would look.
                name = type(error).__name__
                log.error("follower failed", error=name, frames=frames(error))

    def _opened(self, active: Edition) -> Service | None:
        """The service of an edition, ready to answer; None if it is the present one."""
        now = self._current
        release = now.release
        if active.release_id != release.release_id:
            release = open_release(active.release_id, directory=self._directory)
        chosen = as_set(chosen_calibration(now.settings, release), now.settings)
        is_same = chosen.calibration_id == now.calibration.calibration_id
        if is_same and release is now.release:
            return None
        made = self._make(release, chosen)
        with self._app.app_context():
            made.warm()
        return made

    def _replace(self, made: Service) -> None:
        before, self._current = self._current, made
        log.info(
            "release followed",
            before=before.release.release_id,
            release=made.release.release_id,
            calibration=made.calibration.calibration_id,
        )
        weakref.finalize(before, self._is_left.set).atexit = False


def follower_of(app: Flask) -> Follower:
    """What keeps an application in line with the pointer."""
    found = source_of(app)
    assert isinstance(found, Follower)
    return found


class OpenedRelease:
    """The active release of the moment, opened once; for a command that runs for long."""

    def __init__(self) -> None:
        self._release: Release | None = None

    def __call__(self) -> Release | None:
        """The release; None while none is active or it cannot be opened."""
        try:
            named = active_release_id(data_directory())
            if self._release is None or self._release.release_id != named:
                self._release = open_release(named)
        except OntologyError:
            return None
        return self._release


class FollowedGround:
    """What asks peers, for a command that runs for long: by the active release of the moment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._active: Edition | None = None
        self._make: MakeAsker | None = None
        self._authorities = Authorities()
        self._lock = threading.Lock()

    def asker(self) -> MakeAsker:
        """The asker by the release that is active now. Raises `NoActiveRelease`."""
        with self._lock:
            active = pointed(data_directory()).active
            if self._make is None or active != self._active:
                release = open_release()
                chosen = chosen_calibration(self._settings, release)
                self._make = asker_of(
                    self._settings, release, chosen, self._authorities
                )
                self._active = active
            return self._make
