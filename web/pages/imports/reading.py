"""What a file that waits holds: its kind, its columns, its cases and what was guessed."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from matcher.case import Case
from matcher.errors import NoCasesFound, TooManyValues
from matcher.readers import Limits, Report, iterate_bytes, tables
from matcher.readers.guesses import Guess, Guesser
from matcher.readers.pedigrees import is_pedigree_name
from matcher.readers.report import CaseRecord
from ontologies import Release
from web.db import connection
from web.entry.uploads import Kind, Upload
from web.pages.entry.terms import site_lookup
from web.service import service
from web.unrecognised.deciding import stand_for

LARGEST = 10_000_000
MOST_CASES = 300
MOST_SEARCHES = 500
SOURCE = "the file"
_LIMITS = Limits(document=40_000_000, decompressed=40_000_000, lines=20_000)
_TABLE_LIMITS = tables.TableLimits(data=40_000_000, rows=20_000, columns=300)
_PEDIGREE_STATES = frozenset({"0", "1", "2", "-9"})
_EXAMPLES = 3
_LONGEST_EXAMPLE = 60


@dataclass(frozen=True, slots=True)
class Found:
    """The cases of a file, what the readers say of them, and what waits to be confirmed.

    `digest` tells this file from any other, and to nobody without the key of the site what it says.
    """

    cases: tuple[Case, ...]
    report: Report
    guesses: tuple[Guess, ...]
    digest: str

    def words_by_case(self) -> Mapping[str, list[str]]:
        """The features in words alone, by the id of their case in the file."""
        found: dict[str, list[str]] = defaultdict(list)
        for each in self.report.uncoded:
            found[each.case_id].append(each.words)
        return found


def kind_of(name: str, data: bytes) -> Kind:
    """What a file is, by its name or, of pasted text, by how it begins."""
    if is_pedigree_name(name):
        return Kind.PEDIGREE
    if tables.is_table_name(name):
        return Kind.TABLE
    start = data[:4].lstrip(b"\xef\xbb\xbf \r\n\t")
    if start[:1] in (b"{", b"[") or data[:2] in (b"PK", b"\x1f\x8b"):
        return Kind.CASES
    if data.lstrip()[:1] in (b"{", b"["):
        return Kind.CASES
    return Kind.PEDIGREE if _is_pedigree(data) else Kind.TABLE


def _is_pedigree(data: bytes) -> bool:
    lines = [
        line.split() for line in data[:2_000].decode("utf-8", "replace").splitlines()
    ]
    told = [cells for cells in lines if cells and not cells[0].startswith("#")]
    return bool(told) and all(
        len(cells) >= 6
        and cells[4] in _PEDIGREE_STATES
        and cells[5] in _PEDIGREE_STATES
        for cells in told[:20]
    )


def read(upload: Upload, release: Release) -> Found:
    """The cases of a file that waits; raises what its reader raises."""
    report = Report()
    guesser = Guesser(
        release,
        MOST_SEARCHES,
        lookup=site_lookup(),
        stand_for=stand_for(connection()),
    )
    cases: list[Case] = []
    if upload.kind is Kind.TABLE:
        table = _table(upload, report)
        columns = tables.mapped_columns(table.header, upload.columns or {})
        cases += tables.cases_from_table(table, columns, report, SOURCE, guesser)
        if not cases:
            raise NoCasesFound(SOURCE)
    else:
        for case, _ in iterate_bytes(
            upload.data, SOURCE, report=report, limits=_LIMITS, guesser=guesser
        ):
            cases.append(case)
            if len(cases) > MOST_CASES:
                break
    if len(cases) > MOST_CASES:
        raise TooManyValues(MOST_CASES, "cases in one file")
    key = service().settings.secret_key.encode()
    digest = hmac.new(key, upload.data, hashlib.sha256).hexdigest()[:16]
    return Found(tuple(cases), report, tuple(guesser.guesses), digest)


def _table(upload: Upload, report: Report) -> tables.Table:
    return tables.read_table(upload.data, CaseRecord(report, SOURCE), _TABLE_LIMITS)


def table_values(
    upload: Upload, mapping: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What the page of columns shows: each with a guess, its likeness, and a few cells."""
    table = _table(upload, Report())
    columns = tables.guessed_columns(table)
    return {
        "upload_id": upload.upload_id,
        "columns": [
            {
                "number": number,
                "name": column.name or f"column {number + 1}",
                "role": (mapping or {}).get(column.name, column.role.value),
                "score": (
                    "–" if column.role is tables.Role.IGNORED else f"{column.score:.2f}"
                ),
                "cells": _examples(table, number),
            }
            for number, column in enumerate(columns)
        ],
        "roles": [(role.value, role.value) for role in tables.Role],
        "rows": len(table.rows),
        "problems": [],
    }


def _examples(table: tables.Table, number: int) -> list[str]:
    cells = dict.fromkeys(row[number] for row in table.rows[:200] if row[number])
    return [cell[:_LONGEST_EXAMPLE] for cell in list(cells)[:_EXAMPLES]]


def mapping_of(upload: Upload, form: MultiDict[str, str]) -> dict[str, str]:
    """What the form says of each column."""
    header = _table(upload, Report()).header
    ignored = tables.Role.IGNORED.value
    return {
        name: form.get(f"column-{number}", ignored)
        for number, name in enumerate(header)
    }
