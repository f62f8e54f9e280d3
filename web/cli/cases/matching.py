"""`secondcase match`: who resembles these cases, best first, with the reasons."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from matcher.case import Case
from matcher.engine.constraints import Constraints
from matcher.evidence import EvidenceKind
from matcher.many import Writer, Written, write_many
from matcher.readers import Report
from matcher.readers.fields import printable
from ontologies import Release, open_release
from ontologies.errors import UnknownTerm
from web.cli.cases.inputs import (
    read_inputs,
    report_option,
    report_unresolved,
    tell_report,
    tell_retired,
    writable,
)
from web.cli.progress import console, shown
from web.cli.cases.rankings import HEADERS, writers
from web.cli.cases.searching import (
    STORE,
    KnownCases,
    evidence_option,
    known_cases,
    matcher_of,
)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="CASE...")
@click.option(
    "--against",
    required=True,
    metavar="PATH|store",
    help="Cases to search: a path like CASE, or the word 'store' for the stored ones.",
)
@click.option(
    "--top",
    default=20,
    show_default=True,
    type=click.IntRange(0),
    help="How many; 0 for all.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
)
@evidence_option
@click.option(
    "--must-share-gene", is_flag=True, help="Only cases that share a candidate gene."
)
@click.option(
    "--must-have",
    metavar="TERM",
    help="Only cases with this HPO term or a narrower one.",
)
@click.option(
    "--exclude-solved", is_flag=True, help="Leave out cases with a diagnosis."
)
@click.option(
    "--exclude-own-family", is_flag=True, help="Leave out cases of CASE's own family."
)
@click.option(
    "--exclude-own-submitter",
    is_flag=True,
    help="Leave out cases of CASE's own submitter, whom only stored cases name.",
)
@click.option("--site", help="Only cases of this site.")
@click.option(
    "--test/--no-test",
    default=None,
    help="Only cases that are marked as tests, or none of them.",
)
@click.option(
    "--new-since",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Only stored cases saved on that day (UTC) or later, such as 2026-11-30.",
)
@click.option(
    "--resume",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=writable,
    metavar="FILE",
    help="Keep what is found in FILE; the same call after an interruption goes on from there, "
    "and prints everything. The file tells of the cases.",
)
@click.option(
    "--release",
    "release_id",
    metavar="RELEASE",
    help="Match with this release on this disk instead of the active one, by its id.",
)
@report_option
def match(
    paths: tuple[str, ...],
    against: str,
    top: int,
    output: str,
    kinds: frozenset[EvidenceKind] | None,
    since: datetime | None,
    resume: Path | None,
    release_id: str | None,
    report_path: Path | None,
    **conditions: Any,
) -> None:
    """Rank known cases by how likely each is the same disorder as CASE.

    CASE is a file, folder, zip or JSON lines of Phenopackets v2 or MME patients, or the word
    'store' for all stored cases. Every known case is scored; a case is never its own match. The
    score is in nats: the logarithm of how much likelier the findings are if both have the same
    disorder.
    """
    if since and against != STORE:
        raise click.UsageError("--new-since is for stored cases: give --against store.")
    release = open_release(release_id)
    require_term(conditions["must_have"], release)
    report = Report()
    queries = asked_cases(paths, report)
    known = (
        KnownCases(queries, [])
        if paths == (against,) and since is None
        else known_cases(against, report, since.date() if since else None)
    )
    report_unresolved(queries, release, report)
    if known.cases is not queries:
        report_unresolved(known.all, release, report)
    tell_report(report, report_path)
    tell_retired(queries, release)
    writer = Writer(output, writers(styled=sys.stdout.isatty())[output])
    matcher = matcher_of(release, known)
    with shown() as tell:
        written = write_many(
            matcher,
            queries,
            writer,
            limit=top or None,
            evidence=kinds,
            constraints=Constraints(**conditions, new_since=0 if since else None),
            progress=tell,
            resume=resume,
            processes=os.cpu_count() or 1,
        )
        click.echo(HEADERS.get(output, ""), nl=False)
        for each in written:
            tell_unresolved(each)
            click.echo(each.text, nl=False)


def asked_cases(paths: tuple[str, ...], report: Report) -> list[Case]:
    """The queries: cases of paths, or all of the store, which know their submitters."""
    if paths == (STORE,):
        return known_cases(STORE, report).all
    return read_inputs(paths, report)


def require_term(term_id: str | None, release: Release) -> None:
    """Refuse a condition that no case could fulfil, as the release has no such term."""
    if term_id is not None and release.ontology.resolve(term_id).term_id is None:
        raise click.UsageError(str(UnknownTerm(term_id, release.ontology.version)))


def tell_unresolved(written: Written) -> None:
    """Name the ids of a query that could not be used, on stderr."""
    if written.unresolved:
        left_out = printable(", ".join(written.unresolved))
        console().print(
            f"{printable(written.query_id)}: not in the release, left out: {left_out}",
            markup=False,
        )
