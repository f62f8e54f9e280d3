"""`secondcase audit`: who was told what, and whether that record is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from web.audit import Audit, Entry
from web.config import load_settings
from web.db import open_database

ACTOR = "command line"


@contextmanager
def open_audit() -> Iterator[Audit]:
    """The audit of this installation."""
    with closing(open_database(load_settings().database)) as db:
        yield Audit(db)


@click.group()
def audit() -> None:
    """Show who was told of cases, and check that the record of it is whole."""


@audit.command()
@click.option("--case", "case_id", metavar="ID", help="Only who was told of this case.")
def show(case_id: str | None) -> None:
    """Print who was told of which cases, or was refused and why, one a line.

    That a case was looked up is an entry as well.
    """
    with open_audit() as kept:
        found = kept.entries()
        if case_id is not None:
            found = iter(kept.looked_up(case_id, ACTOR))
        for entry in found:
            click.echo(_line(entry))


@audit.command()
@click.option(
    "--head",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A copy of audit.head that was kept on another machine.",
)
def verify(head: Path | None) -> None:
    """Say whether an entry was changed, moved, taken out or cut off; then exit with 1."""
    with open_audit() as kept:
        found = kept.first_break(head)
        length = kept.length()
    if found:
        raise click.ClickException(
            f"The audit cannot be trusted from entry {found.number} on: {found.message}. "
            "Keep a copy of secondcase.db and audit.head before you do anything else."
        )
    click.echo(f"All {length:,} entries are whole.")


def _line(entry: Entry) -> str:
    """An entry as JSON, in which nothing that a peer sent can steer a terminal."""
    shown = {
        "number": entry.number,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "cases": entry.case_ids,
        **entry.facts,
    }
    return json.dumps(shown)
