"""`secondcase ontology`: which release is in use, and how a new one gets here."""

from __future__ import annotations

import click

from ontologies import Release, fetch_release, open_release
from ontologies.errors import NoActiveRelease
from ontologies.library import status
from web.cli.impact import impact
from web.cli.progress import console, shown
from web.cli.switching import (
    activate,
    prepare_release,
    rollback,
    settle,
    unsettled,
)


@click.group()
def ontology() -> None:
    """Fetch ontology releases, see which one is in use, and move from one to another."""


for command in (prepare_release, impact, activate, rollback, unsettled, settle):
    ontology.add_command(command)


@ontology.command()
def fetch() -> None:
    """Fetch, check and compile the current release, and make it the active one.

    Each file comes from its publisher or, where that cannot be reached, byte for byte out of a
    package that ships it. Either way its SHA-256 must be the known one.
    """
    click.echo(described(fetched_release()))


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
    """Name the active release, its files, and their licences."""
    found = status()
    for stored in found.releases:
        if stored.release is None:
            console().print(
                f"release {stored.release_id}: {stored.problem}", markup=False
            )
    click.echo(described(open_release()))
    present = sum(source.is_present for source in found.sources)
    click.echo(
        f"{present} of {len(found.sources)} known source files are on this disk."
    )


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
