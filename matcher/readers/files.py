"""Which JSON documents a path holds: a file, a folder, a zip, or one a line.

Nothing is ever extracted to disk, and nothing compressed is trusted to be as small as it
says. A document that cannot be read is handed on as a problem, so that one broken file among
many hides no other.
"""

from __future__ import annotations

import gzip
import io
import itertools
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from matcher.errors import (
    BrokenArchive,
    EmptyDocument,
    NoSuchInput,
    TooLarge,
    TooManyValues,
    UnreadableInput,
)
from matcher.readers.fields import printable
from matcher.readers.report import Entry, Kind, Report
from matcher.readers.strict_json import MAX_VALUES, parse_json

Progress = Callable[[int, int], None]

_SUFFIXES = (".json", ".jsonl", ".ndjson", ".zip", ".phenopacket", ".mme")
_BOM = b"\xef\xbb\xbf"
_ZIP = b"PK"
_GZIP = b"\x1f\x8b"
_ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many bytes are read: of one document, and of everything compressed together.

    `lines` are those of everything together, empty ones too.
    """

    document: int = 256 * 1024**2
    decompressed: int = 4 * 1024**3
    lines: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON value and the place it stands; `problem` where it could not be read."""

    source: str
    value: object = None
    problem: UnreadableInput | None = None


class Documents:
    """Reads every document below a path, in the order of their names.

    `progress`, where given, is called with the bytes read so far and in all.
    """

    def __init__(
        self,
        path: Path,
        report: Report,
        *,
        limits: Limits = Limits(),
        progress: Progress | None = None,
    ) -> None:
        self.path = path
        self.report = report
        self.limits = limits
        self.progress = progress
        self.total = 0
        self.done = 0
        self.decompressed = 0
        self.lines = 0

    def __iter__(self) -> Iterator[Document]:
        paths = list(self._paths())
        self.total = sum(_size(path) for path in paths)
        for path in paths:
            before = self.done
            source = printable(str(path))
            try:
                yield from self._file(path, source)
            except OSError as error:
                reason = error.strerror or "it cannot be read"
                yield Document(source, problem=UnreadableInput(f"{reason}."))
            self._advance(before + _size(path) - self.done)

    def _paths(self) -> Iterator[Path]:
        if self.path.is_file():
            yield self.path
        elif self.path.is_dir():
            for folder, folders, names in os.walk(self.path):
                folders.sort()
                for name in sorted(names):
                    path = Path(folder, name)
                    if self._is_wanted(printable(str(path)), name, path):
                        yield path
        else:
            raise NoSuchInput(self.path)

    def _is_wanted(self, source: str, name: str, path: Path | None = None) -> bool:
        short = name.lower().removesuffix(".gz")
        if not short.endswith(_SUFFIXES) or name.startswith("."):
            message = "Not a JSON or zip file by its name, so it was not read."
        elif path is not None and _is_special(path):
            message = "Not a file but a pipe or a device, so it was not read."
        else:
            return True
        self.report.add(Entry(Kind.DROPPED, "", source, "file", name, message))
        return False

    def _advance(self, number: int) -> None:
        self.done += number
        if self.progress:
            self.progress(self.done, self.total)

    def _file(self, path: Path, source: str) -> Iterator[Document]:
        with path.open("rb") as file:
            yield from self.within(file, source)

    def within(self, file: IO[bytes], source: str) -> Iterator[Document]:
        """Every document in an open file, which may be a zip, gzip, or text."""
        start = file.read(len(_ZIP))
        file.seek(0)
        if start == _ZIP:
            yield from self._archive(file, source)
        elif start == _GZIP:
            yield from self._compressed(file, source)
        else:
            yield from self._text(file, source, self._advance)

    def _compressed(self, file: IO[bytes], source: str) -> Iterator[Document]:
        try:
            with gzip.GzipFile(fileobj=file) as stream:
                data = self._capped(stream)
        except UnreadableInput as problem:
            yield Document(source, problem=problem)
        except _ARCHIVE_ERRORS as error:
            yield Document(source, problem=_broken(error))
        else:
            yield from self._text(io.BytesIO(data), source)

    def _archive(self, file: IO[bytes], source: str) -> Iterator[Document]:
        try:
            with zipfile.ZipFile(file) as archive:
                for member in sorted(archive.infolist(), key=lambda m: m.filename):
                    if not member.is_dir():
                        yield from self._member(archive, member, source)
                    self._advance(member.compress_size)
        except _ARCHIVE_ERRORS as error:
            yield Document(source, problem=_broken(error))

    def _member(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, outer: str
    ) -> Iterator[Document]:
        source = f"{outer}!{printable(member.filename)}"
        name = member.filename.rpartition("/")[2]
        if not self._is_wanted(source, name):
            return
        try:
            data = self._unpacked(archive, member)
        except UnreadableInput as problem:
            yield Document(source, problem=problem)
        except _ARCHIVE_ERRORS as error:
            yield Document(source, problem=_broken(error))
        else:
            yield from self._text(io.BytesIO(data), source)

    def _unpacked(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
        if member.filename.lower().endswith((".zip", ".gz")):
            raise BrokenArchive(
                "an archive inside a zip is not opened; unpack it first"
            )
        if member.flag_bits & 1:
            raise BrokenArchive("this member is encrypted; store it unencrypted")
        with archive.open(member) as stream:
            return self._capped(stream)

    def _capped(self, stream: IO[bytes] | gzip.GzipFile) -> bytes:
        """All of a compressed stream; TooLarge before it fills the memory."""
        left = self.limits.decompressed - self.decompressed
        if left < self.limits.document:
            limit, what = left, "Everything unpacked"
        else:
            limit, what = self.limits.document, "The document, unpacked,"
        data = stream.read(limit + 1)
        self.decompressed += len(data)
        if len(data) > limit:
            raise TooLarge(limit, what)
        return data

    def _text(
        self,
        stream: IO[bytes],
        source: str,
        advance: Callable[[int], None] = lambda _: None,
    ) -> Iterator[Document]:
        """One document over the whole text, or one a line where each line is whole."""
        try:
            lines = self._lines(stream, source, advance)
            number, first = next(lines, (1, b""))
            document = self._document(first, source)
            if document.problem and not isinstance(document.problem, EmptyDocument):
                rest = stream.read(self.limits.document + 1 - len(first))
                whole = b"\n" * (number - 1) + first + rest
                document = self._document(whole, source)
                if document.problem is None or not self._is_one_a_line(whole):
                    yield document
                    return
                lines = self._lines(io.BytesIO(whole), source)
                number, first = next(lines)
            second = next(lines, None)
            if second and isinstance(stream, io.BytesIO):
                self._expect(stream.getvalue().count(b"\n") - number)
            yield self._document(first, f"{source}:{number}") if second else document
            for number, line in itertools.chain([second] if second else [], lines):
                yield self._document(line, f"{source}:{number}")
        except (TooLarge, TooManyValues) as problem:
            yield Document(source, problem=problem)

    def _lines(
        self,
        stream: IO[bytes],
        source: str,
        advance: Callable[[int], None] = lambda _: None,
    ) -> Iterator[tuple[int, bytes]]:
        for number in itertools.count(1):
            line = stream.readline(self.limits.document + 1)
            if not line:
                return
            if len(line) > self.limits.document:
                raise TooLarge(self.limits.document)
            advance(len(line))
            self.lines += 1
            self._expect(0)
            if number == 1 and line.startswith(_BOM):
                line = line[len(_BOM) :]
                message = "The file begins with a byte order mark, which was skipped."
                self.report.add(
                    Entry(Kind.GUESSED, "", source, "encoding", "BOM", message)
                )
            if line.strip():
                yield number, line

    def _expect(self, lines: int) -> None:
        """Refuse so many lines more at once, rather than after minutes."""
        if self.lines + lines > self.limits.lines:
            raise TooManyValues(self.limits.lines, "lines")

    def _is_one_a_line(self, text: bytes) -> bool:
        """Whether broken text is a list of lines, most of them whole, not one document."""
        if text.count(b"\n") > self.limits.lines:
            return False
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        whole = sum(line[:1] == b"{" and line[-1:] == b"}" for line in lines)
        return len(lines) > 1 and 2 * whole >= len(lines)

    def _document(self, data: bytes, source: str) -> Document:
        limit = self.limits.document
        try:
            value = parse_json(
                data,
                max_bytes=limit,
                max_values=MAX_VALUES,
                report=self.report,
                source=source,
            )
        except UnreadableInput as problem:
            return Document(source, problem=problem)
        return Document(source, value)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_special(path: Path) -> bool:
    """Whether to open this could wait for ever, or read for ever."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        # Opening it says why it cannot be read.
        return False


def _broken(error: Exception) -> BrokenArchive:
    return BrokenArchive(str(error).rstrip(".") or "it is cut off")
