"""The seals of the audit outside the database: a file that is only ever appended to."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

LINE = re.compile(rb"([1-9][0-9]{0,17}) ([0-9a-f]{64})")
# More than a few lines, so that the last whole one is in it.
TAIL = 1024


class AuditHead:
    """One line for each entry: its number and seal.

    A line is written after its entry is in the database for good, so after a crash the file may
    lack entries, which the next one brings with it; it never has one that the database lacks.
    Lines may be repeated or broken off: two processes write it, and either may be killed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def seals(self) -> dict[int, set[str]]:
        """What was noted for each number; more than one seal only if an entry was replaced."""
        found: dict[int, set[str]] = defaultdict(set)
        for line in self._content(0).split(b"\n"):
            if match := LINE.fullmatch(line):
                found[int(match[1])].add(match[2].decode())
        return dict(found)

    def last_number(self) -> int:
        """The number in the last whole line, 0 if there is none."""
        lines = self._content(TAIL).split(b"\n")[:-1]
        numbers = [int(match[1]) for match in map(LINE.fullmatch, lines) if match]
        return numbers[-1] if numbers else 0

    def append(self, noted: Iterable[tuple[int, str]]) -> None:
        """Add lines for good; the file is made readable for its owner only."""
        lines = "".join(f"{number} {seal}\n" for number, seal in noted)
        broken_off = not self._content(1).endswith(b"\n") and self._path.exists()
        is_new = not self._path.exists()
        flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY
        with os.fdopen(os.open(self._path, flags, 0o600), "ab") as file:
            file.write(("\n" * broken_off + lines).encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync(self._path.parent)

    def _content(self, last_bytes: int) -> bytes:
        """The end of the file, all of it for 0; nothing if there is no file."""
        try:
            with self._path.open("rb") as file:
                if last_bytes:
                    size = file.seek(0, os.SEEK_END)
                    file.seek(max(0, size - last_bytes))
                return file.read()
        except FileNotFoundError:
            return b""


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
