"""Who speaks for a case: whoever entered it, or when she has left, who may open it."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.case import Case
from matcher.storage.database import Database, rows
from web.accounts.people import Person
from web.viewing.visibility import Owned, may_meet, may_open


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Anybody of a site who did not enter the case that she looks at."""

    site: str | None
    name: str = ""


def is_there(db: Database, name: str | None, site: str | None) -> bool:
    """Whether somebody of this name still works as a clinician of the site."""
    sql = """
        SELECT 1 FROM people JOIN person_roles USING (person_id)
        WHERE name = ? AND site = ? AND is_active AND role = 'clinician'
    """
    return bool(rows(db, sql, [name, site]))


def speaks_for(db: Database, person: Person, case: Owned) -> bool:
    """Whether the person writes and reads what is written about the case."""
    if not may_open(person, case):
        return False
    return case.submitter == person.name or not is_there(db, case.submitter, case.site)


def why_not(db: Database, person: Person, case: Case, other: Case) -> str:
    """Why the person cannot write about a case of hers to who speaks for the other; "" if she can.

    The other case is one that she may meet.
    """
    if not speaks_for(db, person, case):
        return f"{case.submitter}, who entered {case.case_id}, writes for it."
    if speaks_for(db, person, other):
        return "You speak for both cases, so there is nobody to write to."
    if not may_meet(Reader(site=other.site), case):
        whom = "your site" if other.site == case.site else "the network"
        return (
            f"Who entered {other.case_id} does not see {case.case_id} yet. "
            f"Share it with {whom} to write about the two."
        )
    return ""
