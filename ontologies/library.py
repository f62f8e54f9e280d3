"""Which releases are on this disk, which one is active, and how the first one gets here."""

from __future__ import annotations

import enum
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from ontologies.errors import (
    AmbiguousRelease,
    DamagedRelease,
    NoActiveRelease,
    OntologyError,
    UnknownRelease,
)
from ontologies.pointer import Edition, Pointed, pointed, switching
from ontologies.progress import Progress, silent
from ontologies.compiling import SCRATCH, compile_release
from ontologies.release import Release, release_id_of
from ontologies.files.sources import (
    CURRENT,
    Catalogue,
    Kind,
    Source,
    read_catalogue,
)

if TYPE_CHECKING:
    from ontologies.files.fetching import Fetched


# A disk has no name for anything much longer.
LONGEST_ID = 64


def data_directory() -> Path:
    """Where everything that is kept lies: $SECONDCASE_DATA, else `var` in a checkout.

    An installed package has no checkout and uses the directory of the user.
    """
    if named := os.environ.get("SECONDCASE_DATA"):
        return Path(named).expanduser().resolve()
    root = Path(__file__).resolve().parents[1]
    if (root / "run.py").is_file() and (root / "setup.cfg").is_file():
        return root / "var"
    return platformdirs.user_data_path("secondcase")


def open_release(
    release_id: str | None = None, *, directory: Path | None = None
) -> Release:
    """A release on this disk, by default the active one.

    NoActiveRelease before anything was fetched; UnknownRelease, OutdatedRelease or
    DamagedRelease for one that cannot be used.
    """
    directory = directory or data_directory()
    if release_id is None:
        release_id = active_release_id(directory)
    if release_id is None:
        raise NoActiveRelease(directory)
    return Release.open(folder_of(release_id, directory))


def folder_of(release_id: str, directory: Path) -> Path:
    """Where a release lies, of use or not. UnknownRelease where there is none of this id."""
    folder = directory / "releases" / release_id
    is_id = release_id.isalnum() and len(release_id) <= LONGEST_ID
    if not is_id or not folder.is_dir():
        raise UnknownRelease(release_id, directory)
    return folder


def identify(named: str, directory: Path) -> str:
    """The id of the release that is meant: by its id, how that begins, or its HPO version.

    UnknownRelease where none is; AmbiguousRelease with all that could be.
    """
    ids = sorted(path.name for path in (directory / "releases").glob("[!.]*/"))
    found = (
        [named] if named in ids else [each for each in ids if each.startswith(named)]
    )
    if named and not found:
        found = [
            stored.release_id
            for stored in (_stored(directory / "releases" / i, ()) for i in ids)
            if stored.release and stored.release.versions[Kind.HPO] == named
        ]
    if not named or not found:
        raise UnknownRelease(named, directory)
    if len(found) > 1:
        raise AmbiguousRelease(named, found)
    return found[0]


def active_release_id(directory: Path) -> str | None:
    """The id of the active release, None before the first."""
    active = pointed(directory).active
    return active.release_id if active else None


def _pointed(directory: Path) -> list[str]:
    """The active release and those that were active before it, the latest first."""
    return [each.release_id for each in pointed(directory).editions]


def activate(
    release: Release, *, directory: Path | None = None, seen: Pointed | None = None
) -> None:
    """Make a release the active one. Who reads meanwhile sees the one before or this one.

    It goes on with the calibration that it was used with last. With `seen`, which is what the
    pointer said when this was decided, raises `ActiveReleaseChanged` if somebody was faster.
    """
    with switching(directory or data_directory()) as switch:
        before = switch.pointed
        if seen is not None:
            before.require(seen.active)
        calibration = before.calibration_of(release.release_id) or ""
        switch.point(before.switched(Edition(release.release_id, calibration)))


@dataclass(frozen=True, slots=True)
class FetchedRelease:
    """A release that is ready, and who served its files; none where it was already compiled."""

    release: Release
    files: tuple[Fetched, ...]


def fetch_release(
    bundle: str = CURRENT,
    *,
    directory: Path | None = None,
    make_active: bool = True,
    progress: Progress = silent,
) -> FetchedRelease:
    """The release of a bundle, fetched and compiled unless it is already there.

    Several processes may ask at once: one works, the others wait. FetchFailed with every
    attempt where a file cannot be had; ActiveReleaseChanged, with the release ready and not
    active, where somebody else switched meanwhile.
    """
    directory = directory or data_directory()
    catalogue = read_catalogue()
    sources = catalogue.bundle(bundle)
    with held(directory):
        seen = pointed(directory)
        fetched = _fetch(sources, catalogue, directory, progress)
        if make_active:
            activate(fetched.release, directory=directory, seen=seen)
    return fetched


def _fetch(
    sources: Sequence[Source],
    catalogue: Catalogue,
    directory: Path,
    progress: Progress,
) -> FetchedRelease:
    folder = directory / "releases" / release_id_of(sources)
    if folder.is_dir():
        try:
            release = Release.open(folder)
            release.verify()
            return FetchedRelease(release, ())
        except DamagedRelease:
            # Renamed, not emptied: who has it open goes on reading what was there.
            folder.rename(folder.with_name(f"{SCRATCH}damaged"))
    from ontologies.files.fetching import Fetcher  # an HTTP client is needed once only

    with Fetcher(directory, progress) as fetcher:
        fetched = tuple(fetcher.fetch(source) for source in sources)
    return FetchedRelease(
        compile_release(sources, catalogue, directory, progress), fetched
    )


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold off other processes; also sweep up what a killed one left behind."""
    releases = directory / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    with (releases / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in releases.glob(f"{SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


class State(enum.StrEnum):
    """What a release on this disk is: never used yet, in use, or no longer."""

    STAGED = "staged"
    ACTIVE = "active"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """A compiled release on this disk; `release` is None where `problem` says why."""

    release_id: str
    state: State
    release: Release | None
    problem: str = ""

    @property
    def is_active(self) -> bool:
        """Whether it is the one in use."""
        return self.state is State.ACTIVE


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A known source file and whether it is on this disk."""

    source: Source
    path: Path
    is_present: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What is on this disk and which release of it is the active one."""

    directory: Path
    active: str | None
    releases: tuple[StoredRelease, ...]
    sources: tuple[StoredSource, ...]

    @property
    def acknowledgements(self) -> tuple[str, ...]:
        """The sentences that the licences of the active release ask to be shown."""
        releases = (each.release for each in self.releases if each.is_active)
        return next((each.acknowledgements for each in releases if each), ())


def status(*, directory: Path | None = None) -> Status:
    """Every release, checked, and every known source file; nothing is fetched or changed."""
    directory = directory or data_directory()
    editions = _pointed(directory)
    folders = sorted((directory / "releases").glob("[!.]*/"))
    paths = {s: s.path(directory) for s in read_catalogue().sources.values()}
    return Status(
        directory=directory,
        active=next(iter(editions), None),
        releases=tuple(_stored(folder, editions) for folder in folders),
        sources=tuple(
            StoredSource(source, path, path.is_file()) for source, path in paths.items()
        ),
    )


def state_of(release_id: str, directory: Path) -> State:
    """The state of a release, as the one pointer says."""
    return _state(release_id, _pointed(directory))


def _state(release_id: str, pointed: Sequence[str]) -> State:
    if release_id not in pointed:
        return State.STAGED
    return State.ACTIVE if release_id == pointed[0] else State.ARCHIVED


def _stored(folder: Path, pointed: Sequence[str]) -> StoredRelease:
    state = _state(folder.name, pointed)
    try:
        release = Release.open(folder)
        release.verify()
    except OntologyError as error:
        return StoredRelease(folder.name, state, None, str(error))
    return StoredRelease(folder.name, state, release)
