"""Which cases a file, folder, zip or message holds, whatever format it is in."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path

from matcher.case import Case
from matcher.errors import (
    ColumnsNotConfirmed,
    DuplicateCase,
    NoCasesFound,
    ProblemAt,
    UnknownFormat,
    UnreadableCases,
    UnreadableInput,
)
from matcher.readers import fhir, mme, phenopackets, tables
from matcher.readers.fields import as_object, described, printable
from matcher.readers.files import Document, Documents, Limits, Progress
from matcher.readers.guesses import Guesser
from matcher.readers.report import CaseRecord, Report

__all__ = [
    "Limits",
    "Progress",
    "Report",
    "cases_in",
    "iterate_bytes",
    "iterate_cases",
    "read_cases",
]

_MOST_PROBLEMS = 10_000


def read_cases(
    path: str | PathLike[str],
    *,
    report: Report | None = None,
    progress: Progress | None = None,
    limits: Limits = Limits(),
    guesser: Guesser | None = None,
    columns: Mapping[str, str] | None = None,
    accept_columns: bool = False,
) -> list[Case]:
    """Every case below a path: Phenopackets v2, MME patients or FHIR bundles, by their content.

    A file whose name ends in .csv, .tsv or .tab is a table; `columns` maps its headers to what
    they hold. Without it ColumnsNotConfirmed says what they may hold, unless the guess is to be
    accepted.

    Raises DuplicateCase where ids repeat, UnreadableCases with every problem at once where
    something cannot be read, NoSuchInput and NoCasesFound.
    """
    found = iterate_cases(
        path,
        report=report,
        progress=progress,
        limits=limits,
        guesser=guesser,
        columns=columns,
        accept_columns=accept_columns,
    )
    return [case for case, _ in found]


def iterate_cases(
    path: str | PathLike[str],
    *,
    report: Report | None = None,
    progress: Progress | None = None,
    limits: Limits = Limits(),
    guesser: Guesser | None = None,
    columns: Mapping[str, str] | None = None,
    accept_columns: bool = False,
) -> Iterator[tuple[Case, str]]:
    """The same, one case at a time with the place it stands.

    The `guesser` looks up what is written in words, and keeps what has to be confirmed.

    Problems are raised after the last readable case, so that who stores cases meanwhile
    does so in a transaction. Reading ends at ten thousand problems.
    """
    report = Report() if report is None else report
    if tables.is_table_name(str(path)) and Path(path).is_file():
        yield from _of_table(
            Path(path), report, guesser or Guesser(), columns, accept_columns
        )
        return
    documents = Documents(Path(path), report, limits=limits, progress=progress)
    yield from _iterated(documents, path, report, guesser)


def iterate_bytes(
    data: bytes,
    source: str,
    *,
    report: Report,
    limits: Limits = Limits(),
    guesser: Guesser | None = None,
) -> Iterator[tuple[Case, str]]:
    """The same of a file that is in memory, and no table."""
    documents = Documents(Path(), report, limits=limits)
    within = documents.within(io.BytesIO(data), source)
    yield from _iterated(within, source, report, guesser)


def _iterated(
    documents: Iterable[Document],
    path: object,
    report: Report,
    guesser: Guesser | None,
) -> Iterator[tuple[Case, str]]:
    problems: list[UnreadableInput] = []
    places: dict[str, str] = {}
    for document in documents:
        if len(problems) >= _MOST_PROBLEMS:
            break
        if document.problem is not None:
            problems.append(ProblemAt(document.source, document.problem))
            continue
        for case, place in _cases(
            document.value, report, document.source, problems, guesser
        ):
            first = places.get(case.case_id)
            if first is None:
                places[case.case_id] = place
                yield case, place
            else:
                problems.append(DuplicateCase(case.case_id, first, place))
    _raise_any(path, problems)
    if not places:
        raise NoCasesFound(path)


def _of_table(
    path: Path,
    report: Report,
    guesser: Guesser,
    mapping: Mapping[str, str] | None,
    accept_columns: bool,
) -> Iterator[tuple[Case, str]]:
    source = printable(str(path))
    limits = tables.TableLimits()
    try:
        with path.open("rb") as file:
            table = tables.read_table(
                file.read(limits.data + 1), CaseRecord(report, source), limits
            )
        columns = tables.guessed_columns(table)
        if mapping is not None:
            columns = tables.mapped_columns(table.header, mapping)
        elif not accept_columns:
            raise ColumnsNotConfirmed({c.name: c.role.value for c in columns})
        found = list(tables.cases_from_table(table, columns, report, source, guesser))
    except ColumnsNotConfirmed:
        raise
    except UnreadableInput as problem:
        raise ProblemAt(source, problem) from problem
    if not found:
        raise NoCasesFound(path)
    yield from ((case, source) for case in found)


def cases_in(
    value: object, report: Report, source: str, guesser: Guesser | None = None
) -> Iterator[Case]:
    """The cases of one JSON object, by its content; raises what its reader raises."""
    data = as_object(value)
    if data is None:
        raise UnknownFormat(described(value))
    if fhir.is_bundle(data):
        yield from fhir.cases_from_json(data, report, source, guesser)
    elif isinstance(data.get("patient"), dict):
        yield mme.from_json(data, report, source)
    elif phenopackets.is_phenopacket(data):
        yield from phenopackets.cases_from_json(data, report, source)
    elif mme.is_patient(data):
        yield mme.from_json(data, report, source)
    else:
        raise UnknownFormat(_what(data))


def _cases(
    value: object,
    report: Report,
    source: str,
    problems: list[UnreadableInput],
    guesser: Guesser | None,
) -> Iterator[tuple[Case, str]]:
    """The cases of one document; a list is read item by item, and problems are kept."""
    is_list = isinstance(value, list)
    for number, item in enumerate(value if isinstance(value, list) else [value], 1):
        place = f"{source}#{number}" if is_list else source
        try:
            for case in cases_in(item, report, place, guesser):
                yield case, place
        except UnreadableInput as problem:
            problems.append(ProblemAt(place, problem))
            if len(problems) >= _MOST_PROBLEMS:
                return


def _raise_any(path: object, problems: list[UnreadableInput]) -> None:
    duplicates = [p for p in problems if isinstance(p, DuplicateCase)]
    if duplicates and len(duplicates) == len(problems):
        first = duplicates[0]
        raise DuplicateCase(
            first.case_id, first.first, first.second, len(duplicates) - 1
        )
    if problems:
        raise UnreadableCases(path, problems)


def _what(data: object) -> str:
    fields = as_object(data) or {}
    if "resourceType" in fields:
        return f"a FHIR {str(fields['resourceType'])[:40]!r}"
    names = ", ".join(repr(name[:40]) for name in list(fields)[:5])
    return f"an object with {names}" if names else "an empty object"
