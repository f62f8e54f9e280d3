"""The checks that read everything, made now and then and remembered by the process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from flask import current_app

from matcher.storage.database import Database
from web.audit import Audit
from web.config import Settings
from web.wellbeing import QUICK, of_audit, of_consents

EXTENSION = "secondcase-checks"
FRESH_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What reading everything found: sentences about what is wrong, none if nothing is."""

    at: str
    audit: tuple[str, ...]
    entries: int
    consents: tuple[str, ...]

    @property
    def alerts(self) -> tuple[str, ...]:
        """All of it; a broken audit first."""
        return (
            *(f"The audit is broken: {each}" for each in self.audit),
            *self.consents,
        )


class Checks:
    """Reads everything at most once in ten minutes, or when told to.

    Who comes while it is read waits for it, since an operator is told nothing that is not so.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: tuple[float, Checked] | None = None

    def current(
        self, db: Database, settings: Settings, *, anew: bool = False
    ) -> Checked:
        """What was found last, looked for again if that is long ago or `anew`."""
        with self._lock:
            now = self._clock()
            if self._latest and not anew and now - self._latest[0] < FRESH_SECONDS:
                return self._latest[1]
            found = checked(db, settings)
            self._latest = now, found
            return found


def checked(db: Database, settings: Settings) -> Checked:
    """Read the whole audit, and every case that may need a consent."""
    return Checked(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        audit=tuple(of_audit(db)),
        entries=Audit(db).length(),
        consents=tuple(of_consents(db, settings)),
    )


def quick_alerts(db: Database, settings: Settings) -> list[str]:
    """What is wrong with peers and with work left for later, now."""
    return list(chain.from_iterable(look(db, settings) for look in QUICK))


def checks() -> Checks:
    """What the process of this request remembers."""
    made: Checks = current_app.extensions.setdefault(EXTENSION, Checks())
    return made
