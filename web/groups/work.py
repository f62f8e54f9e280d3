"""When groups are made again: beside the requests, by a process of its own, one at a time.

Making them takes seconds to minutes of a processor. A process of its own keeps that from the
threads that answer, and runs at low priority; it ends with the one that started it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from matcher.storage.database import Database, rows
from matcher.storage.errors import DatabaseBusy
from matcher.storage.saving import last_revision
from web.config import Settings
from web.groups.keeping import KeptGroups, View
from web.groups.making import basis_of
from web.groups.views import sites
from web.work.outbox import NotDone, Outbox, Work
from web.worker import Worker, working

GROUPS = "groups"
# Whoever enters cases one after another waits for no more than this.
REST = timedelta(seconds=30)
# At most this share of the time is spent on making groups, however often cases change.
MAKING_SHARE = 0.1
BEAT_SECONDS = 20.0
CHILD = ("-m", "web.groups")

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Grouping:
    """Leaves the making of groups when they are out of date, and does it by a child process.

    `release_id` gives the release of the moment, None before the first.
    """

    settings: Settings
    release_id: Callable[[], str | None]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def leave_due(self, db: Database) -> None:
        """Leave the making of groups if those of a site may be out of date; once at a time."""
        if self._is_due(db) and not rows(db, _LEFT, [GROUPS]):
            Outbox(db, self.clock).add(GROUPS, "all sites")

    def make(self, db: Database, work: Work) -> None:
        """Let a child make what is due, and hold the work for as long as that takes."""
        child = self._started()
        while child is not None:
            try:
                status = child.wait(BEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                # Held again at the next beat: the lease lasts for many of them.
                with suppress(DatabaseBusy):
                    Outbox(db, self.clock).hold(work)
        # What is out of date when the service ends is left again when one begins.
        if child is not None and status and not self._is_over:
            raise NotDone(f"the process that makes groups ended with status {status}")

    def end(self) -> None:
        """End the child, and start none any more."""
        with self._lock:
            self._is_over = True
            if self._child is not None and self._child.poll() is None:
                # Those that rank for it are in its session, and hold what it was given open.
                with suppress(ProcessLookupError):
                    os.killpg(self._child.pid, signal.SIGTERM)

    def worker(self) -> Worker:
        """Who does this and nothing else, so that no e-mail waits for it."""
        return Worker(
            path=self.settings.database,
            handlers={GROUPS: self.make},
            chores=[self.leave_due],
            clock=self.clock,
        )

    def _started(self) -> subprocess.Popen[bytes] | None:
        """The child, None where the service is being ended."""
        with self._lock:
            if self._is_over:
                return None
            self._child = subprocess.Popen(
                [
                    *(sys.executable, *CHILD),
                    *(self.release_id() or "", str(self.settings.directory)),
                ],
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches every process of a terminal; this one is ended by its parent.
                start_new_session=True,
            )
            return self._child

    def _is_due(self, db: Database) -> bool:
        release_id = self.release_id()
        if release_id is None:
            return False
        kept = KeptGroups(db)
        views = [kept.view(site) for site in sites(db)]
        there = [view for view in views if view is not None]
        if any(self._is_resting(view) for view in there):
            return False
        latest = last_revision(db)
        basis = basis_of(self.settings, release_id)
        stale = [view for view in there if view.as_of != latest or view.basis != basis]
        return bool(stale) or len(there) < len(views)

    def _is_resting(self, view: View) -> bool:
        seconds = view.seconds * (1 / MAKING_SHARE - 1)
        rest = max(REST, timedelta(seconds=seconds))
        return self.clock() < datetime.fromisoformat(view.made_at) + rest


@contextmanager
def grouping(
    settings: Settings, release_id: Callable[[], str | None]
) -> Iterator[None]:
    """Let groups be made meanwhile."""
    made = Grouping(settings=settings, release_id=release_id)
    with working(made.worker()):
        try:
            yield
        finally:
            made.end()


_LEFT = "SELECT 1 FROM outbox WHERE kind = ? LIMIT 1"
