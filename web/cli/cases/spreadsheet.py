"""Lines of CSV that a spreadsheet reads as text and numbers, and never as a formula."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable

from matcher.readers.fields import printable

BEGIN_FORMULAS = frozenset("=+-@")


def csv_line(values: Iterable[object]) -> str:
    """One line without its end; every cell is quoted."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="").writerow(values)
    return buffer.getvalue()


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe stands before what would be.

    Spreadsheets look behind blanks, take full-width signs for plain ones, and in many countries
    begin a new cell behind a semicolon.
    """
    return ";".join(
        f"'{cell}" if _is_formula(cell) else cell for cell in printable(text).split(";")
    )


def _is_formula(cell: str) -> bool:
    start = cell.lstrip(' "\ufffd')[:1]
    return unicodedata.normalize("NFKC", start) in BEGIN_FORMULAS
