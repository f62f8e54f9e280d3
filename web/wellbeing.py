"""What an operator should look at, a sentence each: `doctor` and the page of the node say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from matcher.case import Case
from matcher.storage.database import Database
from matcher.storage.errors import DamagedCase
from matcher.storage.store import CaseStore
from web.audit import Audit
from web.config import Settings
from web.mme.alerts import alerts
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.limits import Limits
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.mme.disclosing.shared_again import is_withdrawn
from web.mme.disclosing.withdrawals import WITHDRAWAL, Withdrawals
from web.notices.telling import DIGEST, LETTER
from web.work.outbox import Outbox


def of_audit(db: Database) -> Iterator[str]:
    """Whether the record of what was disclosed is whole: every entry is read."""
    if found := Audit(db).first_break():
        yield f"{found.message}; see 'secondcase audit verify'."


def of_peers(db: Database) -> Iterator[str]:
    """Peers that met a guard within a day, and peers that do not answer."""
    yield from alerts(Audit(db))
    breaker = Breaker(db)
    for node in Nodes(db):
        health = breaker.health(node.node_id)
        if node.is_asked and health.failing_since:
            yield (
                f"{node.name} has been silent since {_moment(health.failing_since)}, failures: "
                f"{health.failures:,}; 'secondcase node probe \"{node.name}\"' says more."
            )


def of_consents(db: Database, settings: Settings) -> Iterator[str]:
    """Consents and limits that were changed, and cases that lack one: every case is read."""
    yield from Consents(db).damaged()
    yield from Limits(db).damaged()
    stored = (each.case for each in CaseStore(db).cases(on_damage=_skip))
    if hidden := without_consent(db, stored, settings):
        yield (
            f"{hidden:,} cases are shared with the exchange without the consent that "
            "their level needs, so no peer finds them; record it on the page "
            "'What peers see' of each."
        )


def without_consent(db: Database, cases: Iterable[Case], settings: Settings) -> int:
    """How many of the cases are shared with the exchange without the consent they need."""
    consents = Consents(db, settings.consent_from_level)
    needing = [each for each in cases if consents.is_needed(each)]
    return len(needing) - len(consents.allowed(needing))


def of_work(db: Database, settings: Settings) -> Iterator[str]:
    """Work left for later that will not be done unless the operator does something."""
    outbox = Outbox(db)
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
    yield from Withdrawals(db).by_hand(
        settings.sends_mail,
        lambda owed: is_withdrawn(db, owed, settings.consent_from_level),
    )


def _moment(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp).astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def _skip(error: DamagedCase) -> None:
    """The check of the database tells of it."""


# What is quickly looked at; the others read everything.
QUICK: tuple[Callable[[Database, Settings], Iterator[str]], ...] = (
    lambda db, _: of_peers(db),
    of_work,
)
