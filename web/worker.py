"""Who does the work of the outbox: a thread beside the requests, or a command of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from matcher.storage.database import Database, connect
from matcher.storage.errors import StoreError
from ontologies import Release
from web.config import Settings
from web.conversations.reminders import Reminders
from web.entry.uploads import erase_expired
from web.errors import frames
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.shared_again import forget_void
from web.mme.disclosing.withdrawals import WITHDRAWAL
from web.notices.letters import Letters
from web.notices.telling import DIGEST, LETTER
from web.notices.withdrawal_letters import WithdrawalLetters
from web.standing.peers import MakeAsker, asking_peers, has_peers
from web.standing.questions import ASK, StandingQueries
from web.switching.waiting import WaitingFeatures
from web.unrecognised.queue import expire
from web.viewing.visibility import may_open
from web.work.mail import mail_server
from web.work.outbox import NotDone, Outbox, Work

POLL_SECONDS = 5.0
GRACE_SECONDS = 10.0
THREAD = "outbox-worker"

# Does a piece of work over a connection of its thread; raises `NotDone`.
Handler = Callable[[Database, Work], None]
# Leaves work that is due by the clock, not by an event.
Chore = Callable[[Database], None]

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Done:
    """What a round of work came to."""

    done: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Does what is due in one database; the kinds that come first are done first."""

    path: Path
    handlers: Mapping[str, Handler]
    chores: Sequence[Chore] = field(default=())
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def once(self, stop: threading.Event | None = None) -> Done:
        """Do everything that is due, unless told to stop; over a connection of its own."""
        counts = Done()
        left_alone: set[str] = set()
        with closing(connect(self.path)) as db:
            for chore in self.chores:
                chore(db)
            outbox = Outbox(db, self.clock)
            while not (stop and stop.is_set()):
                work = self._next(outbox, left_alone)
                if work is None:
                    break
                failure = self._failure(db, outbox, work)
                counts.done += failure is None
                counts.failed += failure is not None
                if failure is not None and failure.of_all:
                    left_alone.add(work.kind)
        return counts

    def run(self, stop: threading.Event, pause_seconds: float = POLL_SECONDS) -> None:
        """Do what is due, again and again, until told to stop; no error ends it."""
        while not stop.is_set():
            try:
                self.once(stop)
            except Exception as error:
                log.error(
                    "worker failed", error=type(error).__name__, frames=frames(error)
                )
            stop.wait(pause_seconds)

    def _next(self, outbox: Outbox, left_alone: set[str]) -> Work | None:
        kinds = (kind for kind in self.handlers if kind not in left_alone)
        return next(filter(None, map(outbox.take, kinds)), None)

    def _failure(self, db: Database, outbox: Outbox, work: Work) -> NotDone | None:
        """Do a piece of work; why it was not done, None if it was."""
        try:
            self.handlers[work.kind](db, work)
        except StoreError:
            # The lease ends by itself; the database may take no note now either.
            raise
        except Exception as error:
            failure = _named(error, work)
            outbox.failed(work, failure)
            return failure
        outbox.done(work)
        return None


def _named(error: Exception, work: Work) -> NotDone:
    """Why work was not done, noted in the log."""
    facts = {"kind": work.kind, "work": work.work_id, "attempts": work.attempts}
    if isinstance(error, NotDone):
        log.warning("work not done", why=error.why, **facts)
        return error
    name = type(error).__name__
    log.error("work failed", error=name, frames=frames(error), **facts)
    return NotDone(f"the program failed with {name}; the log says where")


def worker_of(
    settings: Settings,
    make_asker: MakeAsker | None = None,
    release: Callable[[], Release | None] = lambda: None,
) -> Worker:
    """The worker of a site. Without a mail server, e-mails wait for one.

    Without `make_asker` no case is asked again by itself, and without a `release` nobody is told
    of features that wait for a decision.
    """
    handlers: dict[str, Handler] = {}
    reminders = Reminders(
        after=timedelta(days=settings.reminder_days), by_mail=settings.sends_mail
    )
    level = settings.consent_from_level
    # Nobody may ask on the day on which a consent expires.
    chores: list[Chore] = [
        erase_expired,
        reminders.tell_due,
        lambda db: Consents(db, level).lapse(),
        expire,
        WaitingFeatures(release=release, by_mail=settings.sends_mail).tell_due,
        lambda db: forget_void(db, level),
    ]
    server = mail_server(settings)
    if server is not None:
        letters = Letters(
            server=server,
            site_name=settings.site_name,
            site_url=settings.site_url,
            may_see=may_open,
        )
        handlers |= {LETTER: letters.letter, DIGEST: letters.digest}
        to_peers = WithdrawalLetters(
            server=server,
            site_name=settings.site_name,
            site_url=settings.site_url,
            consent_from_level=level,
        )
        handlers[WITHDRAWAL] = to_peers.letter
        chores.append(to_peers.leave_due)
    if make_asker is not None and settings.standing_days:
        standing = StandingQueries(
            ask=asking_peers(make_asker),
            has_peers=has_peers,
            by_mail=settings.sends_mail,
            every=timedelta(days=settings.standing_days),
        )
        handlers[ASK] = standing.answer
        chores.append(standing.leave_due)
    return Worker(path=settings.database, handlers=handlers, chores=chores)


@contextmanager
def working(worker: Worker) -> Iterator[None]:
    """Let a thread work meanwhile; at the end it finishes what it has begun."""
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=[stop], name=THREAD, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(GRACE_SECONDS)
