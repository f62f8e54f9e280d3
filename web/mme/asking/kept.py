"""What peers answered about our cases, kept for follow-up and for saying what is new.

An answer is health data of others: it is kept for a limited time, and goes with the case of ours
that it is about. A withdrawn match is marked as gone only by a whole answer of its peer.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from matcher.case import Case
from matcher.storage import codec
from matcher.storage.database import Database, rows, write_transaction
from web.mme.asking.answers import Answer, RemoteCase, State, score_in_range
from web.mme.asking.reading.comparison import RemoteMatch
from web.mme.asking.earlier import Earlier
from web.mme.asking.wishes import Wishes
from web.mme.nodes import Node

# Of one node about one case: as many as a single answer may name.
MOST_KEPT = 200

log = structlog.get_logger(__name__)


class News(enum.StrEnum):
    """How a match stands to what its peer answered before."""

    NEW = "new"
    CHANGED = "changed"
    KNOWN = "known"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMatch:
    """A patient that a peer told of, as it was told last. `gone_at` is "" while it stands."""

    node: str
    remote: RemoteCase
    content_sha256: str
    score: float
    first_seen: str
    changed_at: str
    last_seen: str
    gone_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptState:
    """What became of asking a node about a case, the last time it was asked.

    `disclaimer` and `terms` are those of its reply, "" where that had none.
    """

    node: str
    state: State
    message: str
    results: int
    dropped: dict[str, int]
    elapsed_ms: int
    asked_at: str
    asked_by: str
    disclaimer: str = ""
    terms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What an answer changed: news of each match by its remote id, and ids that are gone."""

    news: dict[str, News]
    gone: tuple[str, ...]


class Kept:
    """The answers in one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def begin(self, case: Case, asked_by: str, wishes: Wishes = Wishes()) -> int:
        """Note that peers are asked about a case now; the number of the asking."""
        row = {
            "case_id": case.case_id,
            "asked_by": asked_by,
            "asked_at": self._now(),
            "test": case.test,
            "wishes": wishes.to_json(),
        }
        with write_transaction(self._db):
            self._db.table("asks").insert(row)
            number = rows(self._db, "SELECT max(ask_id) AS last FROM asks")[0]["last"]
        return int(number)

    def expect(self, ask_id: int, nodes: Iterable[Node]) -> None:
        """Note of whom an answer is waited for."""
        with write_transaction(self._db):
            for node in nodes:
                waiting = _state_row(ask_id, node, Answer(state=State.WAITING))
                self._db.table("ask_nodes").insert(waiting)

    def record(
        self,
        ask_id: int,
        node: Node,
        answer: Answer,
        elapsed_ms: int,
        matches: Sequence[RemoteMatch],
    ) -> Recorded:
        """Keep what a node answered; nothing of it if the case is gone since it was asked."""
        with write_transaction(self._db):
            sql = "SELECT case_id FROM asks WHERE ask_id = ?"
            asked = rows(self._db, sql, [ask_id])
            if not asked or not self._is_known(node):
                return Recorded(news={}, gone=())
            state = _state_row(ask_id, node, answer) | {
                "results": len(matches),
                "elapsed_ms": elapsed_ms,
            }
            self._db.table("ask_nodes").upsert(state, pk=("ask_id", "node_id"))
            case_id = asked[0]["case_id"]
            news = {
                each.remote.case.case_id: self._put(case_id, node, each)
                for each in matches
            }
            gone = self._lost(case_id, node, set(news)) if answer.is_whole else ()
            self._forget_surplus(case_id, node)
            return Recorded(news=news, gone=gone)

    def matches(self, case_id: str) -> list[KeptMatch]:
        """What nodes told of the case, the best by our own score first; also what is gone.

        A row whose bytes were changed is left out and logged: the next answer renews it.
        """
        sql = """
            SELECT remote_matches.*, name FROM remote_matches JOIN nodes USING (node_id)
            WHERE case_id = ? ORDER BY score DESC, name, remote_id
        """
        found = map(_match, rows(self._db, sql, [case_id]))
        return [each for each in found if each is not None]

    def fingerprint(self, case_id: str) -> str:
        """What nodes told of the case so far, as a name that changes with it; "" for nothing."""
        sql = """
            SELECT node_id, remote_id, content_sha256, gone_at FROM remote_matches
            WHERE case_id = ? ORDER BY node_id, remote_id
        """
        said = [list(row.values()) for row in rows(self._db, sql, [case_id])]
        if not said:
            return ""
        return hashlib.sha256(json.dumps(said).encode("ascii")).hexdigest()

    def telling(self, case_id: str) -> set[str]:
        """The nodes that told of a patient and did not withdraw it."""
        sql = """
            SELECT DISTINCT name FROM remote_matches JOIN nodes USING (node_id)
            WHERE case_id = ? AND gone_at IS NULL
        """
        return {row["name"] for row in rows(self._db, sql, [case_id])}

    def wishes(self, case_id: str) -> Wishes:
        """What was asked for beside the case, the last time it was."""
        sql = "SELECT wishes FROM asks WHERE case_id = ? ORDER BY ask_id DESC LIMIT 1"
        found = rows(self._db, sql, [case_id])
        return Wishes.from_json(found[0]["wishes"]) if found else Wishes()

    def states(self, case_id: str) -> list[KeptState]:
        """What became of asking each node about the case, the last time it was asked."""
        sql = """
            SELECT name, state, message, results, dropped, elapsed_ms, asked_at, asked_by,
                ask_nodes.disclaimer, ask_nodes.terms, max(ask_id)
            FROM ask_nodes JOIN asks USING (ask_id) JOIN nodes USING (node_id)
            WHERE case_id = ? GROUP BY node_id ORDER BY name
        """
        return [_state(row) for row in rows(self._db, sql, [case_id])]

    def forget_older(self, days: int) -> int:
        """Forget what was last heard before so many days; how many matches that were."""
        before = (self._clock() - timedelta(days=days)).astimezone(UTC).isoformat()
        with write_transaction(self._db):
            old = "DELETE FROM remote_matches WHERE last_seen < ?"
            count = self._db.execute(old, [before]).rowcount
            self._db.table("asks").delete_where("asked_at < ?", [before])
            Earlier(self._db).forget_before(before)
        return count

    def _put(self, case_id: str, node: Node, match: RemoteMatch) -> News:
        key = [case_id, node.node_id, match.remote.case.case_id]
        where = "case_id = ? AND node_id = ? AND remote_id = ?"
        sql = f"SELECT * FROM remote_matches WHERE {where}"
        before = next(iter(rows(self._db, sql, key)), None)
        now = self._now()
        news = _news(before, match)
        if before and before["content_sha256"] != match.content_sha256:
            Earlier(self._db).keep(before)
        row = {
            **dict(zip(("case_id", "node_id", "remote_id"), key)),
            "content_sha256": match.content_sha256,
            "profile": codec.encode(match.remote.case),
            "peer_score": match.remote.peer_score,
            "score": match.score,
            "first_seen": before["first_seen"] if before else now,
            "changed_at": (
                before["changed_at"] if before and news is News.KNOWN else now
            ),
            "last_seen": now,
            "gone_at": None,
        }
        self._db.table("remote_matches").upsert(
            row, pk=("case_id", "node_id", "remote_id")
        )
        return news

    def _lost(self, case_id: str, node: Node, told: set[str]) -> tuple[str, ...]:
        """Mark as gone what the node told of before and does not any more."""
        sql = """
            SELECT remote_id FROM remote_matches
            WHERE case_id = ? AND node_id = ? AND gone_at IS NULL ORDER BY remote_id
        """
        known = rows(self._db, sql, [case_id, node.node_id])
        gone = tuple(r["remote_id"] for r in known if r["remote_id"] not in told)
        for remote_id in gone:
            self._db.table("remote_matches").update(
                (case_id, node.node_id, remote_id), {"gone_at": self._now()}
            )
        return gone

    def _forget_surplus(self, case_id: str, node: Node) -> None:
        """Forget what was heard of longest ago, withdrawn ones first, where there is too much."""
        surplus = """
            SELECT remote_id FROM remote_matches WHERE case_id = ? AND node_id = ?
            ORDER BY gone_at IS NULL DESC, last_seen DESC, score DESC, remote_id
            LIMIT -1 OFFSET ?
        """
        for row in rows(self._db, surplus, [case_id, node.node_id, MOST_KEPT]):
            key = (case_id, node.node_id, row["remote_id"])
            self._db.table("remote_matches").delete(key)

    def _is_known(self, node: Node) -> bool:
        sql = "SELECT 1 FROM nodes WHERE node_id = ?"
        return bool(rows(self._db, sql, [node.node_id]))

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="milliseconds")


def _state_row(ask_id: int, node: Node, answer: Answer) -> dict[str, Any]:
    return {
        "ask_id": ask_id,
        "node_id": node.node_id,
        "state": str(answer.state),
        "message": answer.message,
        "results": 0,
        "dropped": json.dumps(dict(answer.dropped), sort_keys=True),
        "elapsed_ms": 0,
        "disclaimer": answer.disclaimer,
        "terms": answer.terms,
    }


def _news(before: dict[str, Any] | None, match: RemoteMatch) -> News:
    """New also if it had been withdrawn meanwhile."""
    if before is None or before["gone_at"] is not None:
        return News.NEW
    is_same = before["content_sha256"] == match.content_sha256
    return News.KNOWN if is_same else News.CHANGED


def _match(row: dict[str, Any]) -> KeptMatch | None:
    try:
        case = codec.decode(row["profile"])
    except codec.UnreadableCase:
        log.error(
            "damaged answer left out", case_id=row["case_id"], node_id=row["node_id"]
        )
        return None
    return KeptMatch(
        node=row["name"],
        remote=RemoteCase(
            node=row["name"],
            case=case,
            peer_score=row["peer_score"],
            score_in_range=score_in_range(row["peer_score"]),
        ),
        content_sha256=row["content_sha256"],
        score=row["score"],
        first_seen=row["first_seen"],
        changed_at=row["changed_at"],
        last_seen=row["last_seen"],
        gone_at=row["gone_at"] or "",
    )


def _state(row: dict[str, Any]) -> KeptState:
    return KeptState(
        node=row["name"],
        state=State(row["state"]),
        message=row["message"],
        results=row["results"],
        dropped=json.loads(row["dropped"]),
        elapsed_ms=row["elapsed_ms"],
        asked_at=row["asked_at"],
        asked_by=row["asked_by"],
        disclaimer=row["disclaimer"],
        terms=row["terms"],
    )
