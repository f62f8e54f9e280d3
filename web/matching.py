"""The matcher of a process, brought up to date with the store before every answer."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from matcher import Calibration, Case, Matcher
from matcher.storage.beside import index_path
from matcher.storage.database import connect
from matcher.errors import MatcherError
from matcher.engine.kept_index import index_key, keep, load
from matcher.matching import MatchSettings
from matcher.storage.store import CaseStore, Mark
from matcher.storage.errors import DamagedCase, UnknownCase
from ontologies import Release
from ontologies.progress import Progress, silent

log = structlog.get_logger(__name__)

BATCH = 500
READING = "Reading cases"
KEEPER = "index-keeper"
# So many cases are read in half a second: fewer are not worth a new file.
WORTH_KEEPING = 1000
# At most this share of the time is spent on keeping, however often cases are removed.
KEEPING_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Followed:
    """A matcher that has every change up to a mark."""

    matcher: Matcher
    mark: Mark

    @property
    def revision(self) -> int:
        """The last change that it has for certain; it may have later ones."""
        return self.mark.revision


class LiveMatcher:
    """A matcher over all cases of a store, which other processes change as well.

    `store` gives the store of the calling thread. The first question takes the index that is
    kept beside the database, or reads all cases; every later one reads what changed since the
    one before, or everything where another database took its place. A case that cannot be read is
    left out and logged by its id; it never stops the others.
    """

    def __init__(
        self,
        release: Release,
        calibration: Calibration,
        store: Callable[[], CaseStore],
        settings: MatchSettings | None = None,
        code: Iterable[Path] = (),
        progress: Progress = silent,
    ) -> None:
        """`code` names folders of modules that decide what the store shows of the cases."""
        self._release = release
        self._calibration = calibration
        self._store = store
        self.settings = settings or MatchSettings()
        self._key = index_key(
            release.release_id, calibration, self.settings.evidence, code
        )
        self._progress = progress
        self._lock = threading.Lock()
        self._followed: Followed | None = None
        self._keeping = threading.Lock()
        self._unkept = 0
        self._is_whole = True
        self._rest_until = 0.0

    def current(self) -> Matcher:
        """The matcher with every case that is in the store now."""
        return self.followed().matcher

    def followed(self) -> Followed:
        """The same, with the change up to which it has them."""
        store = self._store()
        found = self._up_to_date(store)
        if self._is_keeping_due(store) and self._keeping.acquire(blocking=False):
            threading.Thread(
                target=self._keep_aside,
                args=[store.path, store.view],
                name=KEEPER,
            ).start()
        return found

    def prepare(self) -> bool:
        """Be up to date before anybody asks, and keep the index if that is worth it.

        False if it was not kept though it is.
        """
        store = self._store()
        self._up_to_date(store)
        return self.keep(store) if self._is_keeping_due(store) else True

    def keep(self, store: CaseStore) -> bool:
        """Keep the index beside the database for the processes that start later."""
        with self._lock:
            if self._followed is None or self._key is None or not self._is_whole:
                return False
            revision, unkept = self._followed.revision, self._unkept
            snapshot = self._followed.matcher.index.snapshot()
            catalogue = self._followed.matcher.catalogue
        release_id = self._release.release_id
        is_kept = keep(store, self._key, snapshot, catalogue, revision, release_id)
        if is_kept:
            self._unkept -= unkept
        return is_kept

    def kept_path(self, store: CaseStore) -> Path:
        """Where the index is kept, if it is."""
        return index_path(store.path, store.view, self._release.release_id)

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

    def _is_keeping_due(self, store: CaseStore) -> bool:
        if self._key is None or not self._is_whole:
            return False
        if time.monotonic() < self._rest_until:
            return False
        if self._unkept < WORTH_KEEPING and self.kept_path(store).exists():
            return False
        # A view of few cases is read as slowly as all of them.
        return store.count() >= WORTH_KEEPING

    def _up_to_date(self, store: CaseStore) -> Followed:
        latest = store.mark()
        # Without the lock: a mark is written down after its changes were followed.
        found = self._followed
        if found is not None and found.mark == latest:
            return found
        with self._lock:
            found = self._followed
            if found is None or store.mark(found.revision) != found.mark:
                found = self._loaded(store)
            self._followed = self._following(store, found)
            return self._followed

    def _loaded(self, store: CaseStore) -> Followed:
        release_id = self._release.release_id
        kept = None if self._key is None else load(store, self._key, release_id)
        made = Matcher(
            self._release,
            calibration=self._calibration,
            settings=self.settings,
            fetch=lambda case_id: self._read(self._store(), case_id),
            kept=None if kept is None else (kept.segment, kept.catalogue),
        )
        self._is_whole, self._unkept = True, 0
        if kept is not None:
            return Followed(made, store.mark(kept.revision))
        mark = store.mark()
        made.add_all(self._read_all(store))
        self._unkept = len(made)
        return Followed(made, mark)

    def _read_all(self, store: CaseStore) -> Iterator[Case]:
        total = store.count()
        for done, stored in enumerate(store.cases(on_damage=self._leave_out)):
            if not done % BATCH:
                self._progress(READING, done, total)
            yield stored.case

    def _following(self, store: CaseStore, found: Followed) -> Followed:
        """The same matcher after everything that happened since."""
        matcher = found.matcher
        changes = store.changes(found.revision)
        while batch := list(itertools.islice(changes, BATCH)):
            saved = {
                change.case_id: (
                    None if change.deleted else self._read(store, change.case_id)
                )
                for change in batch
            }
            matcher.add_all(case for case in saved.values() if case is not None)
            for case_id, case in saved.items():
                if case is None and case_id in matcher:
                    matcher.remove(case_id)
            self._unkept += len(batch)
            found = Followed(matcher, store.mark(batch[-1].revision))
        return found

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


class LiveMatchers:
    """Matchers of views that few ask for, each made when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[int, LiveMatcher] = {}

    def of(self, number: int, make: Callable[[], LiveMatcher]) -> LiveMatcher:
        """The matcher of this number."""
        with self._lock:
            if number not in self._made:
                self._made[number] = make()
            return self._made[number]
