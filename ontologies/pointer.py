"""Which release is active, with which calibration, and which were before it: one small file.

Each line names a release and, after a blank, its calibration; the first line is the active one.
The file is replaced as a whole, so that whoever reads it meets the state before or after.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ontologies.durable import replace_text
from ontologies.errors import ActiveReleaseChanged, NothingBefore

_NAME = "active"
_LOCK = ".active.lock"
_UNFINISHED = ".active-"
MOST_BEFORE = 50


@dataclass(frozen=True, slots=True)
class Edition:
    """A release and the name of the calibration it is used with, "" where none was chosen."""

    release_id: str
    calibration: str = ""


@dataclass(frozen=True, slots=True)
class Pointed:
    """What the file says: the active edition and those before it, the latest first."""

    active: Edition | None = None
    before: tuple[Edition, ...] = ()

    def switched(self, to: Edition) -> Pointed:
        """The same with another active edition, on top of the one that was."""
        if self.active is None or self.active == to:
            return Pointed(to, self.before)
        return Pointed(to, (self.active, *self.before)[:MOST_BEFORE])

    def undone(self) -> Pointed:
        """The same without its last switch. Raises `NothingBefore`."""
        if not self.before:
            raise NothingBefore
        return Pointed(self.before[0], self.before[1:])

    def calibration_of(self, release_id: str) -> str | None:
        """The calibration that a release was used with last, None if it never was."""
        known = (*((self.active,) if self.active else ()), *self.before)
        return next((e.calibration for e in known if e.release_id == release_id), None)

    def require(self, expected: Edition | None) -> None:
        """Raise `ActiveReleaseChanged` unless the expected edition is still the active one."""
        if self.active != expected:
            raise ActiveReleaseChanged(_said(expected), _said(self.active))


def pointed(directory: Path) -> Pointed:
    """What is active below a data directory; nothing before the first release."""
    try:
        text = (directory / "releases" / _NAME).read_text("utf-8")
    except FileNotFoundError:
        return Pointed()
    editions = tuple(Edition(*line.split()[:2]) for line in text.splitlines() if line)
    return Pointed(editions[0], editions[1:]) if editions else Pointed()


class Switching:
    """The pointer while nobody else may change it; `pointed` is what it says."""

    def __init__(self, directory: Path) -> None:
        self._releases = directory / "releases"
        self.pointed = pointed(directory)

    def point(self, to: Pointed) -> None:
        """Let everybody see another state from now on, also after the power fails."""
        replace_text(self._releases / _NAME, _text(to), scratch=_UNFINISHED)
        self.pointed = to


@contextmanager
def switching(directory: Path) -> Iterator[Switching]:
    """Hold off everybody else who would switch; also sweep up what a killed one left."""
    releases = directory / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    with (releases / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in releases.glob(f"{_UNFINISHED}*"):
            left.unlink(missing_ok=True)
        yield Switching(directory)


def _text(state: Pointed) -> str:
    editions = (*((state.active,) if state.active else ()), *state.before)
    lines = (f"{each.release_id} {each.calibration}".rstrip() for each in editions)
    return "".join(f"{line}\n" for line in lines)


def _said(edition: Edition | None) -> str:
    if edition is None:
        return "none"
    named = edition.calibration
    return (
        f"{edition.release_id} with calibration {named}"
        if named
        else edition.release_id
    )
