"""Which release is active, with which calibration, and which were before it: one small file.

Each line names a release and, after a blank, its calibration; the first line is the active one.
Lines that begin with a dash name releases that were active once and are nothing to go back to.
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
_ONCE = "-"
MOST_BEFORE = 50


@dataclass(frozen=True, slots=True)
class Edition:
    """A release and the name of the calibration it is used with, "" where none was chosen."""

    release_id: str
    calibration: str = ""


@dataclass(frozen=True, slots=True)
class Pointed:
    """What the file says: the active edition and those before it, the latest first.

    `once` are those of other releases that were active: undone, or before too many others.
    """

    active: Edition | None = None
    before: tuple[Edition, ...] = ()
    once: tuple[Edition, ...] = ()

    def switched(self, to: Edition) -> Pointed:
        """The same with another active edition, on top of the one that was."""
        if self.active is None or self.active == to:
            return self._pointing(to, self.before)
        before = (self.active, *self.before)
        return self._pointing(to, before[:MOST_BEFORE], *before[MOST_BEFORE:])

    def undone(self) -> Pointed:
        """The same without its last switch. Raises `NothingBefore`."""
        if not self.before or self.active is None:
            raise NothingBefore
        return self._pointing(self.before[0], self.before[1:], self.active)

    def _pointing(
        self, active: Edition, before: tuple[Edition, ...], *left: Edition
    ) -> Pointed:
        """Another state, in which no release that was ever active is forgotten."""
        known = {each.release_id for each in (active, *before)}
        once = []
        for each in (*left, *self.once):
            if each.release_id not in known:
                known.add(each.release_id)
                once.append(each)
        return Pointed(active, before, tuple(once))

    @property
    def editions(self) -> tuple[Edition, ...]:
        """The active one and all that were active before, the latest first."""
        return (*((self.active,) if self.active else ()), *self.before, *self.once)

    def calibration_of(self, release_id: str) -> str | None:
        """The calibration that a release was used with last, None if it never was."""
        used = (e.calibration for e in self.editions if e.release_id == release_id)
        return next(used, None)

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
    lines = [words for line in text.splitlines() if (words := line.split())]
    used = [Edition(*words[:2]) for words in lines if words[0] != _ONCE]
    once = tuple(Edition(*words[1:3]) for words in lines if words[0] == _ONCE)
    return Pointed(used[0], tuple(used[1:]), once) if used else Pointed()


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
    assert state.active is not None
    pointed_to = [_line(each) for each in (state.active, *state.before)]
    return "".join([*pointed_to, *(f"{_ONCE} {_line(each)}" for each in state.once)])


def _line(edition: Edition) -> str:
    return f"{edition.release_id} {edition.calibration}".rstrip() + "\n"


def _said(edition: Edition | None) -> str:
    if edition is None:
        return "none"
    named = edition.calibration
    return (
        f"{edition.release_id} with calibration {named}"
        if named
        else edition.release_id
    )
