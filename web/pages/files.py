"""Tables and texts that a page hands over as a file to be saved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flask import Response

from web.cli.cases.spreadsheet import csv_line


def as_csv(
    columns: Sequence[str], rows: Iterable[Sequence[object]], name: str
) -> Response:
    """Rows of cells that are no formulas, as CSV for a spreadsheet."""
    lines = [csv_line(columns), *(csv_line(row) for row in rows)]
    # The mark tells spreadsheets that it is UTF-8.
    return attached("\ufeff" + "\r\n".join(lines) + "\r\n", "text/csv", f"{name}.csv")


def attached(text: str, kind: str, name: str) -> Response:
    """A file to be saved, under a name that every system takes."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:100]
    answer = Response(text.encode("utf-8", "replace"), mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{plain}"'
    return answer
