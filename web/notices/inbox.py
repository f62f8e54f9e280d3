"""What a person was told and may see now, what of it she has not read, and how she is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matcher.case import Sharing
from matcher.storage.database import Database, rows, write_transaction
from web.accounts.people import Person
from web.errors import BadAccount
from web.notices.matters import Kind, Matter
from web.notices.telling import How
from web.work.outbox import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    """The little of a case that decides who may see it, as it is now."""

    site: str | None
    submitter: str | None
    sharing: Sharing


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a person was told of a case that she may see now. `link` names it in an address."""

    notice_id: int
    link: str
    case_id: str
    kind: Kind
    facts: Mapping[str, str]
    told_at: str
    is_read: bool


MaySee = Callable[[Person, CaseState], bool]


class Inbox:
    """The notices of one person, over a connection of the calling thread.

    `may_see` decides anew each time: of a case that she may not see any more, nothing is shown,
    counted or mailed.
    """

    def __init__(
        self,
        db: Database,
        person: Person,
        may_see: MaySee,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._person = person
        self._may_see = may_see
        self._clock = clock

    def notices(self, *, limit: int, before: int | None = None) -> list[Notice]:
        """The latest notices, or the latest before one, the unread ones not first."""
        found: list[Notice] = []
        last = before if before is not None else 2**62
        while len(found) < limit:
            page = self._rows("notice_id < ? ORDER BY notice_id DESC LIMIT 100", [last])
            found += [_notice(row) for row in page if self._is_visible(row)]
            if len(page) < 100:
                break
            last = page[-1]["notice_id"]
        return found[:limit]

    def get(self, link: str) -> Notice | None:
        """The notice behind a link, None if there is none, or none that she may see."""
        found = self._rows("link = ?", [link])
        return _notice(found[0]) if found and self._is_visible(found[0]) else None

    def unread(self) -> int:
        """How many she has not read."""
        sql = """
            SELECT site, submitter, sharing, count(*) AS n
            FROM notices JOIN cases USING (case_id)
            WHERE person_id = ? AND read_at IS NULL GROUP BY site, submitter, sharing
        """
        found = rows(self._db, sql, [self._person.person_id])
        return sum(row["n"] for row in found if self._is_visible(row))

    def read(self, link: str) -> None:
        """Mark one as read; one that is not hers stays."""
        self._mark("link = ?", link)

    def read_until(self, notice_id: int) -> None:
        """Mark as read all up to the newest that she was shown."""
        self._mark("notice_id <= ?", notice_id)

    def read_of(self, matter: Matter) -> None:
        """Mark as read what was said of the same pair."""
        sql = """
            UPDATE notices SET read_at = ?
            WHERE person_id = ? AND read_at IS NULL AND case_id = ? AND pair = ?
        """
        now, person_id = text_of(self._clock()), self._person.person_id
        with write_transaction(self._db):
            self._db.execute(sql, [now, person_id, matter.case_id, matter.pair_digest])

    def how(self) -> How:
        """How she is told beside the pages."""
        sql = "SELECT how FROM notice_choices WHERE person_id = ?"
        found = rows(self._db, sql, [self._person.person_id])
        return How(found[0]["how"]) if found else How.EACH

    def choose(self, how: str) -> None:
        """Choose how to be told. Raises `BadAccount`."""
        if how not in list(How):
            raise BadAccount("way to be told", how, "each, daily or never")
        row = {"person_id": self._person.person_id, "how": how}
        with write_transaction(self._db):
            self._db.table("notice_choices").upsert(row, pk="person_id")

    def _rows(self, where: str, values: list[Any]) -> list[dict[str, Any]]:
        sql = f"""
            SELECT notices.*, site, submitter, sharing
            FROM notices JOIN cases USING (case_id) WHERE person_id = ? AND {where}
        """
        return rows(self._db, sql, [self._person.person_id, *values])

    def _is_visible(self, row: dict[str, Any]) -> bool:
        state = CaseState(
            site=row["site"],
            submitter=row["submitter"],
            sharing=Sharing(row["sharing"]),
        )
        return self._may_see(self._person, state)

    def _mark(self, where: str, value: object) -> None:
        sql = f"""
            UPDATE notices SET read_at = ?
            WHERE person_id = ? AND read_at IS NULL AND {where}
        """
        now = text_of(self._clock())
        with write_transaction(self._db):
            self._db.execute(sql, [now, self._person.person_id, value])


def _notice(row: dict[str, Any]) -> Notice:
    return Notice(
        notice_id=row["notice_id"],
        link=row["link"],
        case_id=row["case_id"],
        kind=Kind(row["kind"]),
        facts=json.loads(row["facts"]),
        told_at=row["told_at"],
        is_read=row["read_at"] is not None,
    )
