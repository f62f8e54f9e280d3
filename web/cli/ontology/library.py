"""`secondcase ontology`: which release is in use, and how a new one gets here."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ontologies import Release, fetch_release, open_release
from ontologies.curation.latest import EVERYBODY
from ontologies.curation.records import read_record
from ontologies.errors import DamagedRelease, NoActiveRelease, OutdatedRelease
from ontologies.files.sources import CURRENT, read_catalogue
from ontologies.library import State, Status, status
from web.cli.abbreviations import abbreviation
from web.cli.ontology.curation import (
    diff,
    editions,
    stage_files,
    stage_latest,
    staged_here,
    validate_release,
)
from web.cli.ontology.impact import impact
from web.cli.ontology.jobs import curate
from web.cli.progress import console, shown
from web.cli.ontology.queue import queue
from web.cli.ontology.switching import (
    activate,
    discard_release,
    prepare_release,
    rollback,
    settle,
    unsettled,
)


@click.group()
def ontology() -> None:
    """Fetch ontology releases, look at what they change, and move from one to another."""


for command in (
    stage_files,
    validate_release,
    diff,
    prepare_release,
    impact,
    activate,
    rollback,
    discard_release,
    unsettled,
    settle,
    curate,
    queue,
):
    ontology.add_command(command)
# The words of a site are a curator's as well.
ontology.add_command(abbreviation, "synonyms")


@ontology.command()
@click.argument("named", default=CURRENT, metavar="[NAME]")
@click.option(
    "--latest",
    "is_latest",
    is_flag=True,
    help="Stage what the publishers offer today, whatever it is: NAME is hpo (ontology, "
    "annotations, genes of diseases), hgnc (genes), orphanet (names of diseases), or all, the "
    "default.",
)
def fetch(named: str, is_latest: bool) -> None:
    """Fetch, check and compile the current release; the first one becomes active.

    Where another release is active already, it is staged and changes nothing. NAME is an older
    release or a single file that this version knows, to be staged: a wrong one lists them.

    Each file comes from its publisher or, where that cannot be reached, byte for byte out of a
    package that ships it. Either way its SHA-256 must be the known one. What --latest fetches
    has none and is checked as a file of anybody's is.
    """
    if is_latest:
        stage_latest(EVERYBODY if named == CURRENT else named)
    elif named != CURRENT or is_in_use():
        staged_here(read_catalogue().named(named))
    else:
        click.echo(described(fetched_release()))


def is_in_use() -> bool:
    """Whether a release is active and can be opened."""
    try:
        open_release()
    except (NoActiveRelease, DamagedRelease, OutdatedRelease):
        return False
    return True


def release_ready() -> Release:
    """The active release; where there is none yet, the current one, fetched first."""
    try:
        return open_release()
    except NoActiveRelease:
        return fetched_release()


def fetched_release() -> Release:
    """The current release, with progress and with the word who served each file."""
    with shown() as progress:
        ready = fetch_release(progress=progress)
    for file in ready.files:
        console().print(str(file), markup=False)
    return ready.release


@ontology.command("status")
def show_status() -> None:
    """Name every release on this disk, and the files and licences of the active one."""
    found = status()
    for line in listed(found):
        console().print(line, markup=False)
    click.echo(described(open_release()))
    present = sum(source.is_present for source in found.sources)
    click.echo(
        f"{present} of {len(found.sources)} known source files are on this disk."
    )


def listed(found: Status) -> Iterator[str]:
    """A line for each release that is not the active one, or that is of no use."""
    for stored in found.releases:
        name = f"release {stored.release_id}"
        if stored.release is None:
            yield f"{name}: {stored.problem}"
        elif stored.state is not State.ACTIVE:
            record = read_record(stored.release_id, found.directory)
            last = record.stagings[-1:]
            by = "".join(f", staged by {each.by}, {each.at}" for each in last)
            yield f"{name}, {stored.state}: {editions(stored.release)}{by}"


def described(release: Release) -> str:
    """A release as text: its id, and each file with version, hash and licence."""
    lines = [f"active release {release.release_id}"]
    for part in release.manifest.ingredients:
        lines += [
            f"  {part.kind:14} {part.release:11} {part.file}, {part.size:,} bytes, {part.licence}",
            f"                 sha256 {part.sha256}",
            f"                 {part.acknowledgement}",
        ]
    return "\n".join(lines)
