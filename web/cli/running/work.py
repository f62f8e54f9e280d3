"""`secondcase work`: what is left to be done later, such as e-mails, done by this command."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import closing

import click

from ontologies.library import active_release_id, data_directory
from web import logs
from web.config import Settings, load_settings
from web.db import open_database
from web.groups.work import Grouping, grouping
from web.standing.peers import MakeAsker, has_peers
from web.switching.following import FollowedGround, OpenedRelease
from web.wellbeing import of_work
from web.work.outbox import Outbox
from web.worker import Worker, worker_of


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.option("--retry", is_flag=True, help="Attempt anew what was given up.")
def work(once: bool, retry: bool) -> None:
    """Send e-mails, ask peers again, make groups and other work left for later, until Ctrl-C.

    The running service does this by itself; this is for a service that runs elsewhere, or for
    cron with --once.
    """
    settings = load_settings()
    logs.configure(settings.log_level)
    with closing(open_database(settings.database)) as db:
        if retry:
            click.echo(f"{Outbox(db).retry():,} attempted anew.")
        asker = _asker(settings) if has_peers(db) else None
        worker = worker_of(settings, asker, OpenedRelease())
    if once:
        groups = Grouping(settings=settings, release_id=_release_id)
        _once(worker, groups.worker())
    else:
        with grouping(settings, _release_id):
            _until_told_to_stop(worker)


def _asker(settings: Settings) -> MakeAsker:
    """By the release that is active when it asks, however long the command runs."""
    ground = FollowedGround(settings)
    ground.asker()
    return lambda db: ground.asker()(db)


def _release_id() -> str | None:
    return active_release_id(data_directory())


def _once(*workers: Worker) -> None:
    rounds = [worker.once() for worker in workers]
    done = sum(each.done for each in rounds)
    failed = sum(each.failed for each in rounds)
    click.echo(f"{done:,} done, {failed:,} not done.")
    if failed:
        click.get_current_context().exit(1)


def _until_told_to_stop(worker: Worker) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    worker.run(stop)


def undone_work() -> Iterator[str]:
    """A sentence for everything that will not be done unless the operator does something."""
    settings = load_settings()
    if not settings.database.exists():
        return
    with closing(open_database(settings.database)) as db:
        yield from of_work(db, settings)
