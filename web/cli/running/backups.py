"""`secondcase backup` and `restore`: copies of the database, and what was erased since."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from web.backups import back_up, restore
from web.cli.cases.transfer import ACTOR
from web.cli.progress import console
from web.config import load_settings
from web.db import open_database

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("path", type=FILE, metavar="FILE")
def backup_command(path: Path) -> None:
    """Write a copy of the database to FILE; work goes on meanwhile.

    It holds health data, is readable by you alone, and expires after 35 days: 'secondcase doctor'
    names those that are older. Keep secret.key, audit.head and erased.list with it.
    """
    with closing(open_database(load_settings().database)) as db:
        made_at = back_up(db, path)
    console().print(f"{path} is a copy of {made_at}.", markup=False)


@click.command("restore")
@click.argument("path", type=FILE, metavar="FILE")
@click.option(
    "--although-expired", is_flag=True, help="Take a copy that is older than 35 days."
)
@click.confirmation_option(
    prompt="The database is replaced by the copy, and what came after it is lost. Go on?"
)
def restore_command(path: Path, although_expired: bool) -> None:
    """Put the copy FILE in place of the database; stop the service first.

    Cases that were erased after the copy was made are erased again before it is in place: by the
    database that is replaced, if it can be read, and by erased.list beside it.
    """
    done = restore(
        path, load_settings().database, ACTOR, although_expired=although_expired
    )
    say = console().print
    say(f"The database is that of {done.made_at}: {done.cases:,} cases.", markup=False)
    say(f"Erased again: {done.erased_again:,}.", markup=False)
    if done.kept_head:
        say(
            f"The audit goes on from there; the seals of before are {done.kept_head}.",
            markup=False,
        )
