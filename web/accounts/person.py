"""Somebody with an account, and what she may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matcher.storage.database import Database, rows


class Role(enum.StrEnum):
    """What a person may do."""

    CLINICIAN = "clinician"
    CURATOR = "curator"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account. `name` is what she logs in with and what cases name."""

    person_id: int
    name: str
    email: str | None
    site: str | None
    roles: frozenset[Role]
    is_active: bool
    theme: str
    created_at: str
    last_log_in: str | None = None

    def has(self, *roles: Role) -> bool:
        """Whether she has one of the roles."""
        return not self.roles.isdisjoint(roles)


PEOPLE = """
    SELECT people.*, (
        SELECT group_concat(role, ' ') FROM person_roles AS r
        WHERE r.person_id = people.person_id
    ) AS roles FROM people
"""


def person_by_id(db: Database, person_id: int) -> Person | None:
    """The person with this number, None if there is none."""
    found = rows(db, f"{PEOPLE} WHERE person_id = ?", [person_id])
    return person_of(found[0]) if found else None


def person_of(row: dict[str, Any]) -> Person:
    """The person of a row of `PEOPLE`."""
    return Person(
        person_id=row["person_id"],
        name=row["name"],
        email=row["email"],
        site=row["site"],
        roles=frozenset(map(Role, (row["roles"] or "").split())),
        is_active=bool(row["is_active"]),
        theme=row["theme"],
        created_at=row["created_at"],
        last_log_in=row["last_log_in"],
    )


def text_of(moment: datetime) -> str:
    """UTC in ISO 8601, always as long, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
