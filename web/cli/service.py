"""`secondcase serve` and `doctor`: the service itself, and whether it is well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import click
from flask import Flask

from matcher.storage.errors import DamagedCase
from matcher.storage.store import CaseStore
from matcher.errors import MatcherError
from ontologies import Release, open_release
from ontologies.errors import OntologyError
from web import create_app
from web.audit import Audit
from web.cli.cases import without_consent
from web.cli.progress import shown
from web.cli.serving import listen
from web.cli.work import undone_work
from web.config import Settings, load_settings
from web.db import open_database
from web.errors import WebError
from web.mme.alerts import alerts
from web.mme.consents import Consents
from web.mme.limits import Limits
from web.service import chosen_calibration


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
    settings = load_settings()
    if not settings.database.exists():
        return
    with closing(open_database(settings.database)) as db:
        found = Audit(db).first_break()
    if found:
        yield f"{found.message}; see 'secondcase audit verify'."


def _peers() -> Iterator[str]:
    settings = load_settings()
    if settings.database.exists():
        with closing(open_database(settings.database)) as db:
            yield from alerts(Audit(db))


def _consents() -> Iterator[str]:
    settings = load_settings()
    if settings.database.exists():
        with closing(open_database(settings.database)) as db:
            yield from Consents(db).damaged()
            yield from Limits(db).damaged()
            stored = (each.case for each in CaseStore(db).cases(on_damage=_skip))
            if hidden := without_consent(db, stored, settings):
                yield (
                    f"{hidden:,} cases are shared with the exchange without the consent that "
                    "their level needs, so no peer finds them; record it on the page "
                    "'What peers see' of each."
                )


def _skip(error: DamagedCase) -> None:
    """The check of the database tells of it."""
