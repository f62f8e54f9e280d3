"""How a source gets onto this disk with exactly the pinned bytes, whoever serves them."""

from __future__ import annotations

import enum
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pooch
import requests

from ontologies.errors import FetchFailed
from ontologies.progress import Progress, silent
from ontologies.files.sources import Source

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_FILE_SECONDS = 1800
_PACKAGE_SECONDS = 1800
_CHUNK = 1 << 16
_SCRATCH = ".fetching-"


class Origin(enum.StrEnum):
    """Who served a file."""

    DISK = "disk"
    PUBLISHER = "official address"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A place that was asked for a file, and why it did not serve."""

    origin: Origin
    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.origin} {self.place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file with the pinned content, who served it, and who could not."""

    source: Source
    path: Path
    origin: Origin
    place: str
    attempts: tuple[Attempt, ...] = ()

    def __str__(self) -> str:
        refusals = "; ".join(map(str, self.attempts))
        reason = f" ({refusals})" if refusals else ""
        source = self.source
        return f"{source.file} {source.release}: {self.origin} {self.place}{reason}"


def fetch(source: Source, directory: Path, progress: Progress = silent) -> Fetched:
    """One source, below `directory`; see `Fetcher` for several."""
    with Fetcher(directory, progress) as fetcher:
        return fetcher.fetch(source)


class Fetcher:
    """Fetches sources; asks no silent host twice and downloads no package twice.

    Each source is looked for on the disk, then at its publisher's address, then in the package
    that ships the same bytes. Of a package only the one member is read; nothing of it is
    installed or run.
    """

    def __init__(self, directory: Path, progress: Progress = silent) -> None:
        self._directory = directory
        self._progress = progress
        self._silent_hosts: set[str] = set()
        self._packages: dict[str, Path | _Refused] = {}
        self._scratch = Path()
        self._open = ExitStack()

    def __enter__(self) -> Fetcher:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._open.enter_context(_in_use(self._directory))
        self._scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=self._directory))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._open.close()

    def fetch(self, source: Source) -> Fetched:
        """The source with its pinned content, or FetchFailed with every attempt."""
        path = source.path(self._directory)
        attempts: list[Attempt] = []
        ways = [
            (Origin.PUBLISHER, source.address, self._from_publisher),
            (Origin.PACKAGE, source.package, self._from_package),
        ]
        if path.is_file():
            ways.insert(0, (Origin.DISK, str(path), self._from_disk))
        for origin, place, way in ways:
            try:
                candidate = way(source)
                _require_content(candidate, source)
            except _Refused as refusal:
                attempts.append(Attempt(origin, place, str(refusal)))
            else:
                _keep(candidate, path)
                self._progress(
                    f"{source.file} {source.release}", source.size, source.size
                )
                return Fetched(source, path, origin, place, tuple(attempts))
        raise FetchFailed(source.file, source.release, attempts)

    def _from_disk(self, source: Source) -> Path:
        return source.path(self._directory)

    def _from_publisher(self, source: Source) -> Path:
        if source.rolling:
            raise _Refused("not tried, the publisher has replaced the pinned file")
        if source.host in self._silent_hosts:
            raise _Refused("not tried again, the host did not answer")
        target = self._scratch / source.sha256
        try:
            what = f"{source.file} from {source.host}"
            meter = _Meter(what, source.size, source.size, self._progress)
            _download(source.address, source.host, target, meter)
        except _Unreachable as error:
            self._silent_hosts.add(source.host)
            raise _Refused(str(error)) from error
        return target

    def _from_package(self, source: Source) -> Path:
        if source.package not in self._packages:
            self._progress(f"package {source.package}", 0, 0)
            self._packages[source.package] = self._download_package(source.package)
        package = self._packages[source.package]
        if isinstance(package, _Refused):
            raise package
        return _unpack(package, source, self._scratch / source.sha256)

    def _download_package(self, package: str) -> Path | _Refused:
        folder = self._scratch / package
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input"]
        command += ["--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
        try:
            completed = subprocess.run(
                [*command, package],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PACKAGE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return _Refused(f"pip took more than {_PACKAGE_SECONDS} s")
        wheels = sorted(folder.glob("*.whl"))
        if completed.returncode or not wheels:
            last = completed.stderr.strip().splitlines()[-1:]
            return _Refused(f"pip could not download it ({' '.join(last)})")
        return wheels[0]


@contextmanager
def _in_use(directory: Path) -> Iterator[None]:
    """Keep others from sweeping this directory; sweep what a killed process left, if alone."""
    lock = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # someone else is fetching: what lies here may be in use
        else:
            for left in directory.glob(f"{_SCRATCH}*"):
                shutil.rmtree(left, ignore_errors=True)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield
    finally:
        os.close(lock)


class _Refused(Exception):
    """Why one way to a file was no use."""


class _Unreachable(_Refused):
    """The host did not answer at all."""


def download_unpinned(
    address: str, target: Path, most: int, progress: Progress = silent
) -> None:
    """What an address serves now, at most so many bytes; nobody vouches for the content.

    FetchFailed says why it cannot be had.
    """
    parts = urllib.parse.urlsplit(address)
    name = parts.path.rpartition("/")[2]
    meter = _Meter(f"{name} from {parts.netloc}", 0, most, progress)
    try:
        _download(address, parts.netloc, target, meter)
    except _Refused as refusal:
        attempt = Attempt(Origin.PUBLISHER, address, str(refusal))
        raise FetchFailed(name, "today", [attempt]) from refusal


def _download(address: str, host: str, target: Path, meter: _Meter) -> None:
    if not _name_resolves(host):
        raise _Unreachable("the host is not known here")
    download = pooch.HTTPDownloader(
        progressbar=meter,
        chunk_size=_CHUNK,
        timeout=(_CONNECT_SECONDS, _READ_SECONDS),
    )
    try:
        download(address, str(target), None)
    except requests.ConnectionError as error:
        raise _Unreachable("the host did not answer") from error
    except requests.RequestException as error:
        raise _Refused(str(error)) from error


def _name_resolves(host: str) -> bool:
    """Whether the name server knows the host in time; behind a proxy it need not.

    The time allowed for connecting does not cover the name server, which may take its own
    half minute to say nothing.
    """
    if urllib.request.getproxies():
        return True
    known: list[object] = []

    def resolve() -> None:
        try:
            known.extend(socket.getaddrinfo(host.partition(":")[0], None))
        except OSError:
            pass

    lookup = threading.Thread(target=resolve, daemon=True)
    lookup.start()
    lookup.join(_CONNECT_SECONDS)
    return bool(known)


class _Meter:
    """Passes a download's progress on and stops one that grows or drips past what it may.

    `total` is how many bytes there will be, 0 where that is not known.
    """

    def __init__(self, what: str, total: int, most: int, progress: Progress) -> None:
        self.total = total
        self._what = what
        self._most = most
        self._progress = progress
        self._done = 0
        self._deadline = time.monotonic() + _FILE_SECONDS

    def update(self, size: int) -> None:
        """Count `size` more bytes; the downloader counts whole chunks."""
        self._done += size
        if self._done > self._most + _CHUNK:
            raise _Refused(f"it is longer than the {self._most} bytes it may have")
        if time.monotonic() > self._deadline:
            raise _Refused(f"it took more than {_FILE_SECONDS} s")
        done = min(self._done, self.total) if self.total else self._done
        self._progress(self._what, done, self.total)

    def reset(self) -> None:
        """Start counting again, as the downloader does at its end."""
        self._done = 0

    def close(self) -> None:
        """Nothing is left to do."""


def _unpack(package: Path, source: Source, target: Path) -> Path:
    try:
        with zipfile.ZipFile(package) as archive:
            size = archive.getinfo(source.member).file_size
            if size != source.size:
                raise _Refused(f"{source.member} has {size} bytes, not {source.size}")
            with archive.open(source.member) as member, target.open("wb") as copy:
                shutil.copyfileobj(member, copy)
    except KeyError as error:
        raise _Refused(f"it has no {source.member}") from error
    except zipfile.BadZipFile as error:
        raise _Refused(f"it cannot be unpacked ({error})") from error
    return target


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _require_content(path: Path, source: Source) -> None:
    found = sha256_of(path)
    if found != source.sha256:
        raise _Refused(f"wrong content, SHA-256 {found} instead of {source.sha256}")


def _keep(candidate: Path, path: Path) -> None:
    """Move a checked file to its place; whoever reads there sees all of it or none."""
    if candidate != path:
        path.parent.mkdir(parents=True, exist_ok=True)
        candidate.replace(path)
