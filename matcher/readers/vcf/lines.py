"""Which lines a VCF has, unpacked as they are read, and never more than the limits allow."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from matcher.errors import BrokenArchive, NotText, TooLarge, TooManyValues

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class VcfLimits:
    """How much of a VCF is read; more is refused."""

    decompressed: int = 2 * 1024**3
    lines: int = 6_000_000
    line: int = 1_000_000
    variants: int = 500


def lines_of(stream: IO[bytes], limits: VcfLimits) -> Iterator[str]:
    """The lines of a plain, gzipped or block-gzipped file; one at a time is in memory."""
    start = stream.read(len(_GZIP))
    stream.seek(0)
    opened: IO[bytes] | gzip.GzipFile = stream
    if start == _GZIP:
        opened = gzip.GzipFile(fileobj=stream)
    try:
        yield from _lines(opened, limits)
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenArchive(str(error).rstrip(".") or "it is cut off") from error


def _lines(stream: IO[bytes] | gzip.GzipFile, limits: VcfLimits) -> Iterator[str]:
    total = 0
    for number in range(1, limits.lines + 2):
        line = stream.readline(limits.line + 1)
        if not line:
            return
        total += len(line)
        if number > limits.lines:
            raise TooManyValues(limits.lines, "lines")
        if len(line) > limits.line:
            raise TooLarge(limits.line, f"Line {number:,}")
        if total > limits.decompressed:
            raise TooLarge(limits.decompressed, "The file, unpacked,")
        try:
            # Of another kind of file the first line is enough to tell.
            errors = "replace" if number == 1 else "strict"
            yield line.decode("utf-8", errors).rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise NotText(error.start) from None
