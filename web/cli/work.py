"""`secondcase work`: what is left to be done later, such as e-mails, done by this command."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import click

from ontologies import open_release
from web import logs
from web.config import Settings, load_settings
from web.db import open_database
from web.mme.withdrawals import WITHDRAWAL, Withdrawals
from web.notices.telling import DIGEST, LETTER
from web.outbox import Outbox
from web.service import chosen_calibration
from web.standing_peers import MakeAsker, asker_of, has_peers
from web.worker import Worker, worker_of


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.option("--retry", is_flag=True, help="Attempt anew what was given up.")
def work(once: bool, retry: bool) -> None:
    """Send e-mails, ask peers again and do other work left for later, until Ctrl-C.

    The running service does this by itself; this is for a service that runs elsewhere, or for
    cron with --once.
    """
    settings = load_settings()
    logs.configure(settings.log_level)
    with closing(open_database(settings.database)) as db:
        if retry:
            click.echo(f"{Outbox(db).retry():,} attempted anew.")
        worker = worker_of(settings, _asker(settings) if has_peers(db) else None)
    if once:
        _once(worker)
    else:
        _until_told_to_stop(worker)


def _asker(settings: Settings) -> MakeAsker:
    release = open_release()
    return asker_of(settings, release, chosen_calibration(settings, release))


def _once(worker: Worker) -> None:
    done = worker.once()
    click.echo(f"{done.done:,} done, {done.failed:,} not done.")
    if done.failed:
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
        yield from _undone(Outbox(db), settings)
        yield from Withdrawals(db).by_hand(settings.sends_mail)


def _undone(outbox: Outbox, settings: Settings) -> Iterator[str]:
    reasons = Counter((each.kind, each.why) for each in outbox.given_up())
    for (kind, why), count in reasons.items():
        yield (
            f"{count:,} of kind '{kind}' given up: {why}. Set that right, then run "
            "'secondcase work --retry'."
        )
    waiting = outbox.waiting()
    mails = sum(waiting.get(kind, 0) for kind in (LETTER, DIGEST, WITHDRAWAL))
    if mails and not settings.sends_mail:
        yield (
            f"E-mails that wait for a mail server: {mails:,}. Set mail_host; until then people "
            "are told on the pages only."
        )
