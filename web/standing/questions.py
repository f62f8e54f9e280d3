"""Shared cases are asked of the peers again: when they change, and from time to time."""

from __future__ import annotations

import enum
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.case import Sharing
from matcher.storage.database import Database, rows, write_transaction
from web.notices.matters import LONGEST, Kind, Matter
from web.notices.telling import Telling
from web.work.outbox import Outbox, Work, text_of

ASK = "ask"
EVERY = timedelta(days=7)
# So many wait at a time, so that a new node's cases do not all reach the peers at once.
MOST_WAITING = 20
# A peer may answer with hundreds of patients, under other ids each time; each is a letter.
MOST_TOLD = 5


class Change(enum.StrEnum):
    """How a match of a peer differs from what the peer answered before."""

    NEW = "new"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A match that is not as it was: whose, which, and why in one sentence of our own.

    `content` is what the match is known by, so that a peer that tells the same again is no news.
    """

    node: str
    remote_id: str
    change: Change
    content: str
    why: str = ""


# Asks the peers about a case of ours and keeps the answers; what differs from before, best first.
Ask = Callable[[Database, str], Iterable[Finding]]
KINDS = {
    Change.NEW: Kind.NEW_MATCH,
    Change.CHANGED: Kind.CHANGED_MATCH,
    Change.WITHDRAWN: Kind.WITHDRAWN_MATCH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingQueries:
    """When each shared case is asked about, and who is told what came of it."""

    ask: Ask
    has_peers: Callable[[Database], bool] = lambda db: True
    by_mail: bool = False
    every: timedelta = EVERY
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def leave_due(self, db: Database) -> None:
        """Leave the asking of cases that changed or whose time has come, a few at a time."""
        if not self.has_peers(db):
            return
        outbox = Outbox(db, self.clock)
        free = MOST_WAITING - outbox.waiting().get(ASK, 0)
        if free <= 0:
            return
        due = rows(db, DUE, [text_of(self.clock()), free])
        if not due:
            return
        with write_transaction(db):
            for row in due:
                outbox.add(ASK, row["case_id"], case_id=row["case_id"])

    def answer(self, db: Database, work: Work) -> None:
        """Ask about a case, note that it was asked, and tell of what differs from before.

        Whoever withdrew the case from the exchange meanwhile is not asked about it. Of each node
        the best few are told; the others stand on the page of the case alone.
        """
        found = rows(db, CURRENT, [work.subject])
        if not found:
            return
        findings = list(self.ask(db, work.subject))
        with write_transaction(db):
            if rows(db, CURRENT, [work.subject]):
                self._note(db, work.subject, found[0]["revision"])
                telling = Telling(db, by_mail=self.by_mail, clock=self.clock)
                found_now = (_matter(work.subject, finding) for finding in findings)
                news = [each for each in found_now if _is_news(telling, each)]
                best, others = _best_of_each_node(telling.fresh(news))
                telling.tell(best)
                telling.pass_over(others)

    def _note(self, db: Database, case_id: str, revision: int) -> None:
        now = self.clock()
        row: dict[str, Any] = {
            "case_id": case_id,
            "revision": revision,
            "asked_at": text_of(now),
            "due_at": text_of(now + self.every * _spread(case_id)),
        }
        db.table("standing_queries").upsert(row, pk="case_id")


EXCHANGED = f"sharing IN ('{Sharing.EXCHANGE_1}', '{Sharing.EXCHANGE_2}') AND NOT test"
CURRENT = f"SELECT revision FROM cases WHERE case_id = ? AND {EXCHANGED}"
DUE = f"""
    SELECT cases.case_id FROM cases LEFT JOIN standing_queries AS asked USING (case_id)
    WHERE {EXCHANGED}
        AND (asked.case_id IS NULL OR asked.revision <> cases.revision OR asked.due_at <= ?)
        AND NOT EXISTS (
            SELECT 1 FROM outbox WHERE outbox.case_id = cases.case_id AND kind = '{ASK}'
        )
    ORDER BY asked.due_at IS NOT NULL, asked.due_at, cases.case_id LIMIT ?
"""


def _matter(case_id: str, finding: Finding) -> Matter:
    return Matter(
        kind=KINDS[finding.change],
        case_id=case_id,
        pair=("match", finding.node, finding.remote_id),
        content=finding.content,
        facts={
            "node": finding.node,
            "remote": finding.remote_id[:LONGEST],
            "why": finding.why,
        },
    )


def _best_of_each_node(news: Sequence[Matter]) -> tuple[list[Matter], list[Matter]]:
    """The first few of each node, and all others."""
    by_node: defaultdict[str, list[Matter]] = defaultdict(list)
    for each in news:
        by_node[each.facts["node"]].append(each)
    best = [each for told in by_node.values() for each in told[:MOST_TOLD]]
    others = [each for told in by_node.values() for each in told[MOST_TOLD:]]
    return best, others


def _is_news(telling: Telling, matter: Matter) -> bool:
    """Whether it means anything to its reader: what she never heard of is not withdrawn."""
    return matter.kind is not Kind.WITHDRAWN_MATCH or telling.has_told_of(matter)


def _spread(case_id: str) -> float:
    """A factor between 0.9 and 1.1, always the same for a case, so that not all are due at once."""
    number = int.from_bytes(hashlib.sha256(case_id.encode()).digest()[:4], "big")
    return 0.9 + 0.2 * number / 2**32
