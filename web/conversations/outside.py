"""Letters to clinicians at other nodes: who wrote, and what she noted of the answer.

The exchange carries no messages, and nothing is mailed from here. A person copies the draft and
writes by herself; kept is that she did, for as long as the match that it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from web.accounts.people import Person
from web.conversations.errors import NotForYou
from web.conversations.reading import state_of
from web.conversations.texts import MOST_NOTE, plain
from web.viewing.visibility import may_open
from web.work.outbox import text_of

LETTERS = """
    SELECT outside_letters.*, nodes.name AS node
    FROM outside_letters JOIN nodes USING (node_id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideLetter:
    """That somebody wrote about a match of a peer. `answer` is her note, "" without one."""

    case_id: str
    node: str
    remote_id: str
    written_by: str
    written_at: str
    answer: str
    answered_at: str


class OutsideLetters:
    """The letters about one case of ours, over a connection of the calling thread."""

    def __init__(
        self,
        db: Database,
        case_id: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._case_id = case_id
        self._clock = clock

    def get(self, node: str, remote_id: str) -> OutsideLetter | None:
        """The letter about a patient of a peer, None if nobody wrote."""
        sql = f"{LETTERS} WHERE case_id = ? AND nodes.name = ? AND remote_id = ?"
        found = rows(self._db, sql, [self._case_id, node, remote_id])
        return _letter(found[0]) if found else None

    def written(self, node: str, remote_id: str, by: str) -> None:
        """Note that somebody wrote; who wrote first stays. Raises `NotForYou`."""
        sql = """
            INSERT INTO outside_letters (case_id, node_id, remote_id, written_by, written_at)
            SELECT case_id, node_id, remote_id, ?, ?
            FROM remote_matches JOIN nodes USING (node_id)
            WHERE case_id = ? AND nodes.name = ? AND remote_id = ?
            ON CONFLICT DO NOTHING
        """
        values = [by, text_of(self._clock()), self._case_id, node, remote_id]
        with write_transaction(self._db):
            self._db.execute(sql, values)
            if self.get(node, remote_id) is None:
                raise NotForYou(
                    "This match is not known any more, so nothing was kept."
                )

    def answered(self, node: str, remote_id: str, answer: str) -> None:
        """Note what came back; an empty note removes it. Raises `TooLong`."""
        said = plain(answer, most=MOST_NOTE, what="note") if answer.strip() else ""
        sql = """
            UPDATE outside_letters SET answer = ?, answered_at = ?
            WHERE case_id = ? AND remote_id = ?
                AND node_id = (SELECT node_id FROM nodes WHERE name = ?)
        """
        now = text_of(self._clock()) if said else None
        with write_transaction(self._db):
            self._db.execute(sql, [said, now, self._case_id, remote_id, node])


def letters_by(db: Database, person: Person) -> list[OutsideLetter]:
    """The letters that a person wrote about cases that she may open, the latest first."""
    sql = """
        SELECT outside_letters.*, nodes.name AS node, site, submitter, sharing
        FROM outside_letters JOIN nodes USING (node_id) JOIN cases USING (case_id)
        WHERE written_by = ? ORDER BY written_at DESC, node, remote_id
    """
    found = rows(db, sql, [person.name])
    return [_letter(row) for row in found if may_open(person, state_of(row))]


def _letter(row: dict[str, Any]) -> OutsideLetter:
    return OutsideLetter(
        case_id=row["case_id"],
        node=row["node"],
        remote_id=row["remote_id"],
        written_by=row["written_by"],
        written_at=row["written_at"],
        answer=row["answer"],
        answered_at=row["answered_at"] or "",
    )
