"""Which rows and columns a text has, in whatever encoding and with whatever between its cells."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matcher.errors import BrokenArchive, NotText, TooLarge, UnreadableTable
from matcher.readers.fields import plain_text
from matcher.readers.report import CaseRecord

_SUFFIXES = (".csv", ".tsv", ".tab")
_GZIP = b"\x1f\x8b"
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_DELIMITERS = "\t;,|"
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class TableLimits:
    """How much of a table is read; more is refused."""

    data: int = 64 * 1024**2
    rows: int = 100_000
    columns: int = 1_000
    cell: int = 32_768


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a table as text; every row has as many as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str


def is_table_name(name: str) -> bool:
    """Whether a file is a table by its name."""
    return name.lower().removesuffix(".gz").endswith(_SUFFIXES)


def read_table(
    data: bytes, record: CaseRecord, limits: TableLimits = TableLimits()
) -> Table:
    """The table in a file; raises UnreadableTable, NotText, TooLarge or BrokenArchive."""
    text = _decoded(_unpacked(data, limits), record)
    if "\0" in text:
        raise UnreadableTable(
            "It holds a null character, as a spreadsheet's own format does",
            "save it as CSV and import that",
        )
    delimiter = _delimiter(text)
    header, *rows = _rows(text, delimiter, limits) or [()]
    if not any(header):
        raise UnreadableTable(
            "It is empty",
            "the first line names the columns, and each other line is a row",
        )
    if len(header) > limits.columns:
        raise UnreadableTable(
            f"It has {len(header):,} columns", f"at most {limits.columns:,} are read"
        )
    return Table(header, tuple(_levelled(rows, len(header), record)), delimiter)


def _unpacked(data: bytes, limits: TableLimits) -> bytes:
    if data.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(limits.data + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BrokenArchive(str(error).rstrip(".") or "it is cut off") from error
    if len(data) > limits.data:
        raise TooLarge(limits.data, "The table, unpacked,")
    return data


def _decoded(data: bytes, record: CaseRecord) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise NotText(error.start) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        position = error.start
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise NotText(error.start) from None
    record.guessed(
        "encoding",
        f"byte {position}",
        f"The text is not UTF-8 (byte {position}) and was read as Windows-1252.",
    )
    return text


def _delimiter(text: str) -> str:
    """What stands most evenly between the cells of the first rows; a comma where nothing does."""
    sample = text[:100_000].splitlines()[:_SAMPLE]
    best, most = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        try:
            counts = [
                len(row) for row in csv.reader(sample, delimiter=delimiter) if row
            ]
        except csv.Error:
            continue
        width, even = Counter(counts).most_common(1)[0] if counts else (1, 0)
        # The header decides first: lists within cells use such signs as well.
        found = (
            even / max(len(counts), 1) if width > 1 else 0.0,
            counts[0] if counts else 0,
        )
        if counts and counts[0] > 1 and found > most:
            best, most = delimiter, found
    return best


def _rows(text: str, delimiter: str, limits: TableLimits) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in row):
                found.append(tuple(_cell(cell, limits) for cell in row))
            if len(found) > limits.rows + 1:
                raise UnreadableTable(
                    f"It has more than {limits.rows:,} rows",
                    "split it into smaller ones",
                )
    except csv.Error as error:
        raise UnreadableTable(
            f"Its cells cannot be told apart ({error})", "save it as CSV anew"
        ) from error
    return found


def _cell(cell: str, limits: TableLimits) -> str:
    if len(cell) > limits.cell:
        raise UnreadableTable(
            f"A cell has {len(cell):,} characters", f"at most {limits.cell:,} are read"
        )
    text = plain_text(cell) or ""
    # A spreadsheet is told by an apostrophe that what follows is text.
    return text[1:] if text[:1] == "'" and text[1:2] in "=+-@" else text


def _levelled(
    rows: Sequence[tuple[str, ...]], width: int, record: CaseRecord
) -> Iterator[tuple[str, ...]]:
    """Each row as wide as the header; what stands beyond it is told and left out."""
    for number, row in enumerate(rows, 2):
        if len(row) > width:
            record.dropped(
                "row",
                number,
                f"Row {number} has {len(row)} cells and the header {width}; the rest of the "
                "row was left out.",
            )
        yield (*row[:width], *[""] * (width - len(row)))
