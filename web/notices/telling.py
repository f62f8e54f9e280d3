"""Who is told of a matter, once: whoever entered the case, or her colleagues when she has left."""

from __future__ import annotations

import enum
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from matcher.case import Sharing
from matcher.storage.database import Database, rows, write_transaction
from web.notices.matters import Kind, Matter
from web.work.outbox import Outbox, text_of

LETTER = "letter"
DIGEST = "digest"
# Read in the morning, in most of Europe and Africa; the day's mail is one.
DIGEST_AT = time(5, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# A peer can ask about one patient under any number of names: the rest of a day is one e-mail.
MOST_LETTERS = 20


class How(enum.StrEnum):
    """How a person is told beside the pages."""

    EACH = "each"
    DAILY = "daily"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody to be told, and how."""

    person_id: int
    name: str
    site: str
    has_address: bool
    how: How


class Telling:
    """Tells people of one database, over a connection of the calling thread.

    Without `by_mail` the pages alone tell them.
    """

    def __init__(
        self,
        db: Database,
        *,
        by_mail: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._by_mail = by_mail
        self._clock = clock
        self._outbox = Outbox(db, clock)

    def tell(self, matters: Sequence[Matter]) -> int:
        """Tell of what was not told before, in the caller's transaction; how much that was.

        What was told before costs one lookup. Of a case that is gone, or a test case, nobody
        is told.
        """
        fresh = self.fresh(matters)
        if not fresh:
            return 0
        with write_transaction(self._db):
            fresh = self.fresh(matters)
            cases = self._cases({matter.case_id for matter in fresh})
            people = self._people({row["site"] for row in cases.values()})
            for matter in fresh:
                if matter.case_id in cases:
                    self._remember(matter)
                    for each in _recipients(cases[matter.case_id], people):
                        self._notify(each, matter)
        return len(fresh)

    def has_told_of(self, matter: Matter) -> bool:
        """Whether anybody was told of the same pair before."""
        sql = "SELECT 1 FROM notices WHERE case_id = ? AND pair = ? LIMIT 1"
        return bool(rows(self._db, sql, [matter.case_id, matter.pair_digest]))

    def pass_over(self, matters: Sequence[Matter]) -> None:
        """Never tell of these; the caller knows that their cases are there."""
        with write_transaction(self._db):
            for matter in self.fresh(matters):
                self._remember(matter)

    def fresh(self, matters: Sequence[Matter]) -> list[Matter]:
        """What was not told before, in the order given."""
        if not matters:
            return []
        keyed = {(matter.digest, matter.case_id): matter for matter in matters}
        sql = "SELECT matter, case_id FROM told WHERE matter IN (SELECT value FROM json_each(?))"
        known = rows(self._db, sql, [json.dumps(sorted({key[0] for key in keyed}))])
        for row in known:
            keyed.pop((row["matter"], row["case_id"]), None)
        return list(keyed.values())

    def _remember(self, matter: Matter) -> None:
        row = {"matter": matter.digest, "case_id": matter.case_id}
        self._db.execute(
            "INSERT INTO told (matter, case_id) VALUES (:matter, :case_id)", row
        )

    def _cases(self, case_ids: set[str]) -> dict[str, dict[str, Any]]:
        sql = """
            SELECT case_id, site, submitter, sharing FROM cases
            WHERE case_id IN (SELECT value FROM json_each(?)) AND NOT test
        """
        found = rows(self._db, sql, [json.dumps(sorted(case_ids))])
        return {row["case_id"]: row for row in found}

    def _people(self, sites: set[str | None]) -> list[Recipient]:
        """The clinicians of these sites who can log in."""
        sql = """
            SELECT person_id, name, site, email IS NOT NULL AS has_address,
                coalesce(how, 'each') AS how
            FROM people JOIN person_roles USING (person_id)
            LEFT JOIN notice_choices USING (person_id)
            WHERE role = 'clinician' AND is_active
                AND site IN (SELECT value FROM json_each(?))
            ORDER BY person_id
        """
        named = sorted(site for site in sites if site is not None)
        return [_recipient(row) for row in rows(self._db, sql, [json.dumps(named)])]

    def _notify(self, person: Recipient, matter: Matter) -> None:
        sql = """
            INSERT INTO notices (link, person_id, case_id, kind, pair, facts, told_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (person_id, case_id, pair) WHERE read_at IS NULL DO UPDATE
            SET kind = excluded.kind, facts = excluded.facts, told_at = excluded.told_at
            RETURNING link
        """
        link = secrets.token_hex(16)
        values = [
            link,
            person.person_id,
            matter.case_id,
            str(matter.kind),
            matter.pair_digest,
            json.dumps(dict(matter.facts), sort_keys=True),
            text_of(self._clock()),
        ]
        kept = rows(self._db, sql, values)[0]["link"]
        if self._by_mail and person.has_address:
            self._leave_mail(person, matter, kept, is_changed=kept != link)

    def _leave_mail(
        self, person: Recipient, matter: Matter, link: str, is_changed: bool
    ) -> None:
        how = person.how
        if how is How.EACH and matter.kind is Kind.ASKED:
            is_much = is_changed or self._asked_lately(person) > MOST_LETTERS
            how = How.DAILY if is_much else how
        if how is How.EACH:
            number = person.person_id
            self._outbox.add(LETTER, link, case_id=matter.case_id, person_id=number)
        elif how is How.DAILY:
            leave_digest(self._outbox, person.person_id, self._clock())

    def _asked_lately(self, person: Recipient) -> int:
        """How many notices of the last 24 hours tell her that a peer was shown a case."""
        sql = """
            SELECT count(*) AS n FROM notices
            WHERE person_id = ? AND kind = ? AND told_at > ?
        """
        since = text_of(self._clock() - DAY)
        values = [person.person_id, str(Kind.ASKED), since]
        return int(rows(self._db, sql, values)[0]["n"])


def leave_digest(outbox: Outbox, person_id: int, now: datetime) -> None:
    """Leave one e-mail for all that a person has not read by the next morning."""
    due = datetime.combine(now.astimezone(UTC).date(), DIGEST_AT)
    due = due if due > now else due + timedelta(days=1)
    outbox.add(DIGEST, str(person_id), person_id=person_id, due=due)


def _recipients(
    case: dict[str, Any], people: Sequence[Recipient]
) -> Iterator[Recipient]:
    colleagues = [each for each in people if each.site == case["site"]]
    owner = [each for each in colleagues if each.name == case["submitter"]]
    if owner or case["sharing"] == Sharing.PRIVATE:
        yield from owner
    else:
        yield from colleagues


def _recipient(row: dict[str, Any]) -> Recipient:
    return Recipient(
        person_id=row["person_id"],
        name=row["name"],
        site=row["site"],
        has_address=bool(row["has_address"]),
        how=How(row["how"]),
    )
