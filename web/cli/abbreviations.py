"""`secondcase abbreviation`: what the people of this site write short, for the term search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click

from web.abbreviations import Abbreviations
from web.cli.cases.words import FORMATS
from web.config import load_settings
from web.db import open_database

ACTOR = "command line"


@click.group()
def abbreviation() -> None:
    """List the abbreviations that the term search of this site knows beside its own."""


@abbreviation.command("list")
@click.option("--format", "output", default="text", show_default=True, type=FORMATS)
def list_command(output: str) -> None:
    """Show every abbreviation with its meaning and who listed it."""
    with _listed() as listed:
        lines = listed.listed()
    if output == "json":
        facts = [
            {
                "short": each.short,
                "meaning": each.meaning,
                "added_by": each.added_by,
                "added_at": each.added_at,
            }
            for each in lines
        ]
        click.echo(json.dumps({"abbreviations": facts}, ensure_ascii=False))
        return
    for each in lines:
        click.echo(f"{each.short}\t{each.meaning}\t{each.added_by}")


@abbreviation.command()
@click.argument("short")
@click.argument("meaning")
def add(short: str, meaning: str) -> None:
    """Let SHORT stand for MEANING, words that name a term; it wins over our own list."""
    with _listed() as listed:
        listed.add(short, meaning, ACTOR)
    click.echo(f"{short} stands for {meaning}.")


@abbreviation.command()
@click.argument("short")
@click.argument("meaning", required=False, default="")
def remove(short: str, meaning: str) -> None:
    """Take SHORT off the list, in one MEANING or in all."""
    with _listed() as listed:
        gone = listed.remove(short, meaning, ACTOR)
    if not gone:
        raise click.ClickException(
            f"{short!r} is not listed; 'secondcase abbreviation list' shows what is."
        )
    click.echo(f"{short} is off the list.")


@contextmanager
def _listed() -> Iterator[Abbreviations]:
    db = open_database(load_settings().database)
    try:
        yield Abbreviations(db)
    finally:
        db.close()
