"""Links that let somebody choose a new password: good once, for a day, kept as digests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from matcher.storage.database import Database, rows, write_transaction
from web.accounts.person import Person, person_by_id, text_of
from web.errors import LinkExpired
from web.security import make_token, token_digest

LINK_HOURS = 24


class PasswordLinks:
    """The links of one database, over a connection of the calling thread."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock

    def make(self, person: Person) -> str:
        """The secret of a new link, told this once; an older one of the person ends."""
        plain, digest = make_token()
        now = self._clock()
        row = {
            "link_sha256": digest,
            "person_id": person.person_id,
            "made_at": text_of(now),
            "expires_at": text_of(now + timedelta(hours=LINK_HOURS)),
        }
        with write_transaction(self._db):
            self.end(person)
            self._db.table("password_links").insert(row)
        return plain

    def of(self, link: str) -> Person:
        """Whose password a link lets choose. Raises `LinkExpired`."""
        sql = "SELECT person_id FROM password_links WHERE link_sha256 = ? AND expires_at > ?"
        values = [token_digest(link), text_of(self._clock())]
        found = rows(self._db, sql, values)
        person = person_by_id(self._db, found[0]["person_id"]) if found else None
        if person is None or not person.is_active:
            raise LinkExpired
        return person

    def end(self, person: Person) -> None:
        """Let no link of the person be good any more."""
        with write_transaction(self._db):
            links = self._db.table("password_links")
            links.delete_where("person_id = ?", [person.person_id])
