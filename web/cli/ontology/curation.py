"""`secondcase ontology stage`, `validate` and `diff`: a release looked at before it is used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from matcher.readers.fields import printable
from ontologies.curation.admission import Verdict, accept_warnings, judge
from ontologies.curation.differences import Difference, Part, What, compare
from ontologies.curation.differences.report import COLUMNS
from ontologies.curation.findings import Finding, Severity, refused
from ontologies.curation.latest import latest
from ontologies.curation.staging import Staged, stage
from ontologies.curation.uploads import Given
from ontologies.errors import (
    InvalidFile,
    RefusedFiles,
    UnreadableFile,
    UnreadableOntology,
)
from ontologies.files.sources import Source, read_catalogue
from ontologies.library import active_release_id, data_directory, identify, open_release
from ontologies.release import Release
from web.cli.cases.inputs import writable
from web.cli.progress import shown
from web.cli.cases.spreadsheet import csv_line, harmless

ACTOR = "command line"
SHIFTS = 20
REFUSALS = (InvalidFile, RefusedFiles, UnreadableFile, UnreadableOntology)


@click.command("stage")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--release",
    "date",
    default="",
    metavar="DATE",
    help="Of which release FILE is, where it does not say so itself, such as 2026-06-06.",
)
def stage_files(files: tuple[Path, ...], date: str) -> None:
    """Make a release of FILEs and, for the rest, of the files of the active release.

    A FILE is hp.obo, hp.json, hp.owl, phenotype.hpoa, HGNC's hgnc_complete_set.txt,
    genes_to_phenotype.txt or Orphanet's en_product1.xml, each gzipped or not; which one is seen
    from its content. Nothing changes for anybody until the release is activated.
    """
    staged_here([Given(path, release=date) for path in files])


def staged_here(parts: Sequence[Given | Source]) -> Staged:
    """The release of these parts, with progress, its name and what is to be said about it."""
    try:
        with shown() as progress:
            staged = stage(parts, by=ACTOR, progress=progress)
    except REFUSALS as error:
        findings = refused(error)
        for finding in findings:
            click.echo(printable(str(finding)))
        raise click.ClickException(
            f"Nothing is staged, for {len(findings)} error(s)."
        ) from error
    new = "staged" if staged.is_new else "on this disk already"
    click.echo(
        f"release {staged.release.release_id}, {new}: {editions(staged.release)}"
    )
    tell(judge(staged.release.release_id))
    return staged


def stage_latest(publisher: str) -> Staged:
    """The release of what a publisher, or each of them, offers now at its own addresses."""
    with shown() as progress, latest(read_catalogue(), publisher, progress) as given:
        return staged_here(given)


def editions(release: Release) -> str:
    """The release of each of its files, in a line."""
    return ", ".join(f"{kind} {edition}" for kind, edition in release.versions.items())


@click.command("validate")
@click.argument("named", metavar="RELEASE")
@click.option(
    "--accept",
    "reason",
    metavar="REASON",
    help="Take the warnings upon yourself; REASON is kept with the release.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def validate_release(named: str, reason: str | None, as_json: bool) -> None:
    """Say what is wrong with RELEASE, also as what would follow the active one.

    RELEASE is an id, how it begins, or its HPO version. An error keeps it from being activated,
    a warning wants a reason. The exit status is 1 unless the release may be activated.
    """
    release_id = identify(named, data_directory())
    if reason is None:
        verdict = judge(release_id)
    else:
        verdict = accept_warnings(release_id, reason, by=ACTOR)
    if as_json:
        click.echo(json.dumps(plain(verdict), ensure_ascii=False, indent=1))
    else:
        tell(verdict)
    if not verdict.is_admitted:
        click.get_current_context().exit(1)


def tell(verdict: Verdict) -> None:
    """The findings, one a line, and whether the release may be activated."""
    for line in told(verdict):
        click.echo(printable(line))


def told(verdict: Verdict) -> Iterator[str]:
    """The lines of `tell`."""
    open_keys = {each.key for each in verdict.open_warnings}
    for finding in verdict.findings:
        yield f"{finding}{'' if _is_open(finding, open_keys) else ' [accepted]'}"
    for acceptance in verdict.record.acceptances:
        yield f"accepted by {acceptance.by}, {acceptance.at}: {acceptance.reason}"
    if verdict.errors:
        yield f"It cannot be activated: {len(verdict.errors)} error(s)."
    elif open_keys:
        yield f"It may be activated once {len(open_keys)} warning(s) are accepted."
    else:
        yield "It may be activated."


def _is_open(finding: Finding, open_keys: set[str]) -> bool:
    return finding.severity is not Severity.WARNING or finding.key in open_keys


def plain(verdict: Verdict) -> dict[str, object]:
    """The verdict as JSON has it."""
    return {
        "release": verdict.release.release_id,
        "beside": verdict.active.release_id if verdict.active else None,
        "may_be_activated": verdict.is_admitted,
        "findings": [
            {**asdict(each), "is_open": each in verdict.open_warnings}
            for each in verdict.findings
        ],
        "acceptances": [asdict(each) for each in verdict.record.acceptances],
    }


@click.command("diff")
@click.argument("named", metavar="RELEASE")
@click.argument("base", required=False, metavar="[BESIDE]")
@click.option(
    "--part", type=click.Choice([str(each) for each in Part]), help="Only this part."
)
@click.option(
    "--change",
    type=click.Choice([str(each) for each in What]),
    help="Only this kind of change.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="How to write it.",
)
@click.option(
    "--shifts",
    type=click.IntRange(min=0),
    default=SHIFTS,
    show_default=True,
    help="How many of the largest shifts of information content.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=writable,
    metavar="FILE",
    help="Write to FILE.",
)
def diff(
    named: str,
    base: str | None,
    part: str | None,
    change: str | None,
    form: str,
    shifts: int,
    output: Path | None,
) -> None:
    """Say what RELEASE changes beside the active one, or beside BESIDE.

    Both are named by id, how it begins, or HPO version.
    """
    directory = data_directory()
    after = open_release(identify(named, directory))
    beside = identify(base, directory) if base else active_release_id(directory)
    difference = compare(open_release(beside), after)
    chosen = Part(part) if part else None, What(change) if change else None
    text = "\n".join(written(difference, form, *chosen, shifts))
    if output:
        output.write_text(f"{text}\n", "utf-8")
    else:
        click.echo(text)


def written(
    difference: Difference, form: str, part: Part | None, what: What | None, shifts: int
) -> Iterator[str]:
    """The lines of a difference as text, CSV or JSON."""
    if form == "json":
        content = difference.to_plain(part, what, shifts)
        yield json.dumps(content, ensure_ascii=False, indent=1)
        return
    rows = difference.rows(part, what, shifts)
    if form == "csv":
        yield csv_line(COLUMNS)
        yield from (csv_line(map(harmless, row)) for row in rows)
        return
    yield f"before  {difference.before.release_id}  {editions(difference.before)}"
    yield f"after   {difference.after.release_id}  {editions(difference.after)}"
    for (of, how), count in difference.counts.items():
        yield f"{count:8,}  {of}, {how}"
    for row in rows:
        kind = f"{row[0]}, {row[1]}"
        yield printable(f"{kind:32} {row[2]:14} {row[3]}: {row[4]} -> {row[5]}")
