"""`secondcase serve` and `doctor`: the service itself, and whether it is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import click
from flask import Flask

from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from matcher.errors import MatcherError
from ontologies import Release, open_release
from ontologies.errors import OntologyError
from web import create_app
from web.backups import expired
from web.cli.progress import shown
from web.cli.running.serving import listen
from web.cli.running.work import undone_work
from web.config import Settings, load_settings
from web.db import open_database
from web.errors import WebError
from web.service import chosen_calibration
from web.wellbeing import of_audit, of_consents, of_peers


@click.command()
def serve() -> None:
    """Start the service at the address of the settings (127.0.0.1:8000 by default)."""
    settings = load_settings()
    listen(application(settings, open_release()), settings)


def application(settings: Settings, release: Release) -> Flask:
    """The web application, its calibration made first so that no request waits for it."""
    with shown() as tell:
        calibration = chosen_calibration(
            settings, release, lambda done, total: tell("Calibrating", done, total)
        )
    return create_app(settings, release=release, calibration=calibration)


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check data, database and settings; say what to do about each thing that is wrong."""
    problems = 0
    for name, check in (
        ("settings", _settings),
        ("ontology release", _release),
        ("database", _database),
        ("audit", _audit),
        ("peers", _peers),
        ("consents", _consents),
        ("work", undone_work),
        ("backups", _backups),
    ):
        try:
            found = list(check())
        except (OntologyError, MatcherError, WebError) as error:
            found = [str(error)]
        problems += len(found)
        click.echo(f"{name}: {'well' if not found else ''}")
        for sentence in found:
            click.echo(f"  {sentence}")
    if problems:
        context.exit(1)


def _settings() -> Iterator[str]:
    load_settings()
    yield from ()


def _release() -> Iterator[str]:
    open_release().verify()
    yield from ()


def _database() -> Iterator[str]:
    settings = load_settings()
    if not settings.database.exists():
        return
    with CaseStore(open_database(settings.database)) as store:
        yield from (f"{problem.where}: {problem.message}" for problem in store.check())


def _audit() -> Iterator[str]:
    yield from _of_database(lambda db, _: of_audit(db))


def _peers() -> Iterator[str]:
    yield from _of_database(lambda db, _: of_peers(db))


def _consents() -> Iterator[str]:
    yield from _of_database(of_consents)


def _backups() -> Iterator[str]:
    yield from _of_database(lambda db, _: expired(db))


def _of_database(look: Callable[[Database, Settings], Iterator[str]]) -> Iterator[str]:
    """What there is to say of a database, nothing of one that there is not yet."""
    settings = load_settings()
    if settings.database.exists():
        with closing(open_database(settings.database)) as db:
            yield from look(db, settings)
