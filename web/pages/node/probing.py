"""Puts probes beside the requests: a page answers at once, and the report comes to it later."""

from __future__ import annotations

import threading
from contextlib import closing

import structlog
from flask import current_app

from matcher.storage.database import Database, connect
from ontologies import Release
from web.config import Settings
from web.errors import WebError, frames
from web.mme.asking.probing.prober import line_to, probed
from web.mme.asking.probing.probes import Probes
from web.mme.nodes import Nodes
from web.service import Service, service

EXTENSION = "secondcase-probes"
THREAD = "probe"
MOST_AT_A_TIME = 4
BROKEN = "The probe could not be ended; the log of the service says why."

log = structlog.get_logger(__name__)


class BeingProbed(WebError):
    """A probe is wanted of a peer that is being probed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being probed already; its report comes here.")


class TooManyProbes(WebError):
    """As many peers are probed now as may be."""

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_AT_A_TIME} peers are being probed, and no more may be; wait for one of them."
        )


class Prober:
    """Probes of one process, each in a thread with a connection of its own."""

    def __init__(self, settings: Settings, release: Release) -> None:
        self._settings = settings
        self._release = release
        self._free = threading.BoundedSemaphore(MOST_AT_A_TIME)

    def begin(self, db: Database, name: str, by: str) -> None:
        """Leave a peer to be probed.

        Raises `BeingProbed`, `TooManyProbes`, and what a peer raises that cannot be asked.
        """
        node = line_to(Nodes(db), name).node
        if Probes(db).is_going_on(node):
            raise BeingProbed(name)
        if not self._free.acquire(blocking=False):
            raise TooManyProbes
        try:
            Probes(db).begin(node, by)
            threading.Thread(
                target=self._probe, args=[name, by], name=THREAD, daemon=True
            ).start()
        except BaseException:
            self._free.release()
            raise

    def wait(self, seconds: float) -> bool:
        """Whether everything that was begun is done, within so many seconds each."""
        held = 0
        for _ in range(MOST_AT_A_TIME):
            held += self._free.acquire(timeout=seconds)
        for _ in range(held):
            self._free.release()
        return held == MOST_AT_A_TIME

    def _probe(self, name: str, by: str) -> None:
        seconds = self._settings.peer_seconds
        try:
            with closing(connect(self._settings.database)) as db:
                try:
                    probed(db, name, self._release, by=by, seconds=seconds)
                except Exception:
                    Probes(db).end_with(Nodes(db).get(name), BROKEN)
                    raise
        except Exception as error:
            # Nobody waits for this thread: the page says that there is no report.
            name_of = type(error).__name__
            log.error("probe failed", error=name_of, frames=frames(error))
        finally:
            self._free.release()


def prober() -> Prober:
    """Where the current request leaves a probe."""
    made: Service = service()
    found: Prober = current_app.extensions.setdefault(
        EXTENSION, Prober(made.settings, made.release)
    )
    return found
