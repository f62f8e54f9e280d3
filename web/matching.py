"""The matcher of a process, brought up to date with the store before every answer."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from matcher import Calibration, Case, Matcher
from matcher.storage.beside import index_path
from matcher.storage.database import connect
from matcher.errors import MatcherError
from matcher.engine.kept_index import index_key, keep, load
from matcher.matching import MatchSettings
from matcher.storage.store import CaseStore
from matcher.storage.errors import DamagedCase, UnknownCase
from ontologies import Release

log = structlog.get_logger(__name__)

BATCH = 500
KEEPER = "index-keeper"
# So many cases are read in half a second: fewer are not worth a new file.
WORTH_KEEPING = 1000
# At most this share of the time is spent on keeping, however often cases are removed.
KEEPING_SHARE = 0.05


class LiveMatcher:
    """A matcher over all cases of a store, which other processes change as well.

    `store` gives the store of the calling thread. The first question takes the index that is
    kept beside the database, or reads all cases; every later one reads what changed since the
    one before. A case that cannot be read is left out and logged by its id; it never stops the
    others.
    """

    def __init__(
        self,
        release: Release,
        calibration: Calibration,
        store: Callable[[], CaseStore],
        settings: MatchSettings | None = None,
    ) -> None:
        self._release = release
        self._calibration = calibration
        self._store = store
        self._settings = settings or MatchSettings()
        self._key = index_key(release.release_id, calibration, self._settings.evidence)
        self._lock = threading.Lock()
        self._matcher: Matcher | None = None
        self._revision = -1
        self._keeping = threading.Lock()
        self._unkept = 0
        self._is_whole = True
        self._rest_until = 0.0

    def current(self) -> Matcher:
        """The matcher with every case that is in the store now."""
        store = self._store()
        found = self._up_to_date(store)
        if self._is_keeping_due(found, store) and self._keeping.acquire(blocking=False):
            threading.Thread(
                target=self._keep_aside,
                args=[store.path, store.view],
                name=KEEPER,
            ).start()
        return found

    def prepare(self) -> None:
        """Be up to date before anybody asks, and keep the index if that is worth it."""
        store = self._store()
        if self._is_keeping_due(self._up_to_date(store), store):
            self.keep(store)

    def keep(self, store: CaseStore) -> bool:
        """Keep the index beside the database for the processes that start later."""
        with self._lock:
            if self._matcher is None or self._key is None or not self._is_whole:
                return False
            revision, unkept = self._revision, self._unkept
            snapshot = self._matcher.index.snapshot()
            catalogue = self._matcher.catalogue
        is_kept = keep(store, self._key, snapshot, catalogue, revision)
        if is_kept:
            self._unkept -= unkept
        return is_kept

    def _keep_aside(self, path: Path, view: str) -> None:
        """Keep the index while requests are answered, over a connection of this thread."""
        start = time.monotonic()
        try:
            with CaseStore(connect(path), view=view) as store:
                self.keep(store)
        except (MatcherError, OSError) as error:
            log.warning("index not kept", error=type(error).__name__)
        finally:
            now = time.monotonic()
            self._rest_until = now + (now - start) / KEEPING_SHARE
            self._keeping.release()

    def _is_keeping_due(self, matcher: Matcher, store: CaseStore) -> bool:
        if self._key is None or not self._is_whole or len(matcher) < WORTH_KEEPING:
            return False
        if time.monotonic() < self._rest_until:
            return False
        return (
            self._unkept >= WORTH_KEEPING
            or not index_path(store.path, store.view).exists()
        )

    def _up_to_date(self, store: CaseStore) -> Matcher:
        # Without the lock: a revision is written down after its changes were followed.
        if self._matcher is not None and self._revision == store.revision():
            return self._matcher
        with self._lock:
            if self._matcher is None:
                self._matcher = self._loaded(store)
            self._follow(store, self._matcher)
            return self._matcher

    def _loaded(self, store: CaseStore) -> Matcher:
        kept = None if self._key is None else load(store, self._key)
        made = Matcher(
            self._release,
            calibration=self._calibration,
            settings=self._settings,
            fetch=lambda case_id: self._read(self._store(), case_id),
            kept=None if kept is None else (kept.segment, kept.catalogue),
        )
        if kept is None:
            self._revision = store.revision()
            made.add_all(each.case for each in store.cases(on_damage=self._leave_out))
            self._unkept = len(made)
        else:
            self._revision = kept.revision
        return made

    def _follow(self, store: CaseStore, matcher: Matcher) -> None:
        changes = store.changes(self._revision)
        while batch := list(itertools.islice(changes, BATCH)):
            found = {
                change.case_id: (
                    None if change.deleted else self._read(store, change.case_id)
                )
                for change in batch
            }
            matcher.add_all(case for case in found.values() if case is not None)
            for case_id, case in found.items():
                if case is None and case_id in matcher:
                    matcher.remove(case_id)
            self._unkept += len(batch)
            self._revision = batch[-1].revision

    def _read(self, store: CaseStore, case_id: str) -> Case | None:
        try:
            return store.get(case_id).case
        except UnknownCase:
            # Deleted since: the feed says so next time.
            return None
        except DamagedCase as error:
            self._leave_out(error)
            return None

    def _leave_out(self, error: DamagedCase) -> None:
        # A kept index would leave it out even after it was repaired.
        self._is_whole = False
        log.error(
            "damaged case left out", case_id=error.case_id, revision=error.revision
        )
