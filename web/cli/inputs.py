"""Which cases were named on the command line, and what the readers made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from matcher.case import Case
from matcher.errors import DuplicateCase
from matcher.readers import Report, iterate_cases
from web.cli.progress import console, shown

Command = TypeVar("Command", bound=Callable[..., Any])


def report_option(command: Command) -> Command:
    """The option that keeps what the readers mapped, guessed and dropped."""
    return click.option(
        "--report",
        "report_path",
        type=click.Path(dir_okay=False, writable=True, path_type=Path),
        metavar="FILE",
        help="Write what was mapped, guessed and dropped to FILE as JSON.",
    )(command)


def read_inputs(paths: Sequence[str], report: Report) -> list[Case]:
    """Cases of all paths as of one input: an id that stands twice raises `DuplicateCase`."""
    places: dict[str, str] = {}
    cases = []
    with shown() as tell:
        for path in paths:
            for case, place in iterate_cases(
                path,
                report=report,
                progress=lambda done, total: tell(f"Reading {path}", done, total),
            ):
                if case.case_id in places:
                    raise DuplicateCase(case.case_id, places[case.case_id], place)
                places[case.case_id] = place
                cases.append(case)
    return cases


def tell_report(report: Report, path: Path | None) -> None:
    """Sum the report up on stderr; keep all of it where a file was asked for."""
    for line in report.lines():
        console().print(line, markup=False)
    if path is not None:
        text = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
        path.write_text(text, "utf-8")
        console().print(f"The whole report is in {path}.", markup=False)
