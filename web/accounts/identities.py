"""Which identity at an OpenID provider is which person: linked once, by issuer and subject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from matcher.storage.database import Database, rows, write_transaction
from web.accounts.person import Person, person_by_id, text_of
from web.errors import WebError

LONGEST = 255


class BadIdentity(WebError):
    """An identity that cannot be linked, and why."""

    def __init__(self, subject: str, why: str) -> None:
        super().__init__(f"The identity {subject[:80]!a} cannot be linked: {why}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One person at one provider, which names her by `subject`."""

    issuer: str
    subject: str
    linked_at: str


class Identities:
    """The identities of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def person(self, issuer: str, subject: str) -> Person | None:
        """Whom an identity is linked to, None if to nobody."""
        sql = "SELECT person_id FROM identities WHERE issuer = ? AND subject = ?"
        found = rows(self._db, sql, [issuer, subject])
        return person_by_id(self._db, found[0]["person_id"]) if found else None

    def of(self, person: Person) -> tuple[Identity, ...]:
        """The identities of a person, one a provider."""
        sql = """
            SELECT issuer, subject, linked_at FROM identities
            WHERE person_id = ? ORDER BY issuer
        """
        return tuple(Identity(**r) for r in rows(self._db, sql, [person.person_id]))

    def link(self, person: Person, issuer: str, subject: str) -> None:
        """Let an identity be the person. Raises `BadIdentity` if either is linked already."""
        if not (subject and subject.isprintable() and len(subject) <= LONGEST):
            raise BadIdentity(subject, "a subject has 1 to 255 printable characters")
        with write_transaction(self._db):
            other = self.person(issuer, subject)
            if other is not None:
                raise BadIdentity(subject, f"it is {other.name}'s already")
            if any(each.issuer == issuer for each in self.of(person)):
                why = (
                    f"{person.name} has another one at {issuer}; take it from her first"
                )
                raise BadIdentity(subject, why)
            row = {
                "issuer": issuer,
                "subject": subject,
                "person_id": person.person_id,
                "linked_at": text_of(self._clock()),
            }
            self._db.table("identities").insert(row)

    def unlink(self, person: Person) -> int:
        """Take all identities from a person; how many there were."""
        with write_transaction(self._db):
            count = len(self.of(person))
            table = self._db.table("identities")
            table.delete_where("person_id = ?", [person.person_id])
        return count
