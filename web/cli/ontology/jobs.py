"""`secondcase ontology curate`: the process that does a job of a curator's page."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from web.config import load_settings
from web.curating.doing import run
from web.db import open_database


@click.command(hidden=True)
@click.argument("job_id", type=int)
@click.option("--directory", type=click.Path(path_type=Path))
def curate(job_id: int, directory: Path | None) -> None:
    """Do the job of this number, which notes how far it is."""
    settings = load_settings(directory=directory)
    with closing(open_database(settings.database)) as db:
        run(db, settings, job_id)
