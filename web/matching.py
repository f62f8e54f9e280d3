"""The matcher of a process, brought up to date with the store before every answer."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from matcher import Calibration, Case, Matcher
from matcher.storage.store import CaseStore
from matcher.storage.errors import DamagedCase, UnknownCase
from ontologies import Release

log = structlog.get_logger(__name__)


class LiveMatcher:
    """A matcher over all cases of a store, which other processes change as well.

    The first question reads all cases, every later one what changed since the one before. A
    case that cannot be read is left out and logged by its id; it never stops the others.
    """

    def __init__(
        self,
        release: Release,
        calibration: Calibration,
        open_store: Callable[[], CaseStore],
    ) -> None:
        self._release = release
        self._calibration = calibration
        self._open_store = open_store
        self._lock = threading.Lock()
        self._matcher: Matcher | None = None
        self._revision = 0

    def current(self) -> Matcher:
        """The matcher with every case that is in the store now."""
        with self._lock, self._open_store() as store:
            if self._matcher is None:
                self._matcher = self._load(store)
            self._follow(store, self._matcher)
            return self._matcher

    def _load(self, store: CaseStore) -> Matcher:
        self._revision = store.revision()
        cases = (stored.case for stored in store.cases(on_damage=_skip))
        return Matcher(self._release, cases, self._calibration)

    def _follow(self, store: CaseStore, matcher: Matcher) -> None:
        for change in store.changes(self._revision):
            case = None if change.deleted else _read(store, change.case_id)
            if case is not None:
                matcher.add(case)
            elif change.case_id in matcher:
                matcher.remove(change.case_id)
            self._revision = change.revision


def _read(store: CaseStore, case_id: str) -> Case | None:
    try:
        return store.get(case_id).case
    except UnknownCase:
        # Deleted since: the feed says so next time.
        return None
    except DamagedCase as error:
        _skip(error)
        return None


def _skip(error: DamagedCase) -> None:
    log.error("damaged case left out", case_id=error.case_id, revision=error.revision)
