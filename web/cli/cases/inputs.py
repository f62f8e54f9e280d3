"""Which cases were named on the command line, and what the readers made of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.markup import escape

from matcher.case import Case
from matcher.errors import DuplicateCase
from matcher.placement import placed
from matcher.readers import Report, iterate_cases
from matcher.readers.fields import printable
from matcher.readers.guesses import Guesser
from matcher.readers.report import CaseRecord
from ontologies import Release
from ontologies.terms import ResolutionStatus
from web.cli.progress import console, shown

Command = TypeVar("Command", bound=Callable[..., Any])

RETIRED = frozenset({ResolutionStatus.ALTERNATIVE, ResolutionStatus.REPLACED})


def writable(
    context: click.Context, parameter: click.Parameter, path: Path | None
) -> Path | None:
    """The path, unless nothing can be written there: better said before the work."""
    if path is not None and not os.access(path.absolute().parent, os.W_OK):
        raise click.BadParameter(
            f"{path}: its folder does not exist or is not writable."
        )
    return path


def report_option(command: Command) -> Command:
    """The option that keeps what the readers mapped, guessed and dropped."""
    return click.option(
        "--report",
        "report_path",
        type=click.Path(dir_okay=False, writable=True, path_type=Path),
        callback=writable,
        metavar="FILE",
        help="Write what was mapped, guessed and dropped to FILE as JSON.",
    )(command)


def read_inputs(
    paths: Sequence[str],
    report: Report,
    *,
    guesser: Guesser | None = None,
    columns: Mapping[str, str] | None = None,
    accept_columns: bool = False,
) -> list[Case]:
    """Cases of all paths as of one input: an id that stands twice raises `DuplicateCase`."""
    places: dict[str, str] = {}
    cases = []
    with shown() as tell:
        for path in paths:
            task = f"Reading {escape(printable(path))}"
            for case, place in iterate_cases(
                path,
                report=report,
                progress=lambda done, total: tell(task, done, total),
                guesser=guesser,
                columns=columns,
                accept_columns=accept_columns,
            ):
                if case.case_id in places:
                    raise DuplicateCase(case.case_id, places[case.case_id], place)
                places[case.case_id] = place
                cases.append(case)
    return cases


def report_unresolved(cases: Iterable[Case], release: Release, report: Report) -> None:
    """Tell of each feature that takes no part in a score; the case keeps it as entered."""
    ontology = release.ontology
    for case in cases:
        record = CaseRecord(report, case.site or "", case.case_id)
        for feature in placed(case, ontology).features:
            found = ontology.resolve(feature.term_id)
            if found.term_id is None:
                record.dropped(
                    "features.resolved",
                    feature.term_id,
                    f"{feature.term_id!r} stands for no single term of HPO "
                    f"{ontology.version} ({found.status}); it is kept, and counts for nothing.",
                )
            elif not ontology.is_phenotype(found.term_id):
                record.dropped(
                    "features.resolved",
                    feature.term_id,
                    f"{feature.term_id!r} ({ontology.label(found.term_id)}) is no phenotypic "
                    "abnormality; it is kept, and counts for nothing.",
                )


def tell_retired(cases: Iterable[Case], release: Release) -> None:
    """Name each id that was read as the term that took its place, on stderr, once."""
    ontology = release.ontology
    entered = {feature.term_id for case in cases for feature in case.features}
    for found in map(ontology.resolve, sorted(entered)):
        if found.term_id is not None and found.status in RETIRED:
            label = ontology.label(found.term_id)
            console().print(
                f"{printable(found.entered)} is {found.status}: read as {found.term_id} ({label})",
                markup=False,
            )


def tell_report(report: Report, path: Path | None) -> None:
    """Sum the report up on stderr; keep all of it where a file was asked for."""
    for line in report.lines():
        console().print(printable(line), markup=False)
    if path is not None:
        text = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
        path.write_text(text, "utf-8")
        console().print(f"The whole report is in {path}.", markup=False)
