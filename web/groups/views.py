"""Which cases the groups of a site are made of, and what of each case may enter them.

A site sees its own cases that are shared with it, and those of other sites that are shared with
the network. Groups are made of these alone, and of other sites' cases only of what their
clinicians disclose, so that nothing that a site may not see can change what its groups say. What
is private to one person is in nobody's groups, so they are the same for everybody of a site.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from matcher.case import Case, Sharing
from matcher.cohort import is_diagnosed
from matcher.storage.database import Database, rows
from web.viewing.visibility import disclosed, may_meet

# The same as `Colleague.meets`, for SQL; values: the site.
VISIBLE = f"""
    NOT test AND (
        sharing IN ('{Sharing.NETWORK}', '{Sharing.EXCHANGE_1}', '{Sharing.EXCHANGE_2}')
        OR (sharing = '{Sharing.SITE}' AND site = ?)
    )
"""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of a site who entered no case herself: she sees what all of the site see."""

    site: str
    name: str = ""

    def meets(self, case: Case) -> bool:
        """Whether the case is one of those that groups of the site are made of."""
        return not case.test and may_meet(self, case)

    def reads(self, case: Case) -> Case:
        """What groups of the site are made from; of other sites' cases what they disclose.

        Whether there is a diagnosis is told, and never which.
        """
        seen = disclosed(self, case)
        return case if seen is case else replace(seen, solved=is_diagnosed(case))


def sites(db: Database) -> tuple[str, ...]:
    """The sites whose clinicians look at groups, in order."""
    sql = """
        SELECT DISTINCT site FROM people JOIN person_roles USING (person_id)
        WHERE is_active AND role = 'clinician' AND coalesce(site, '') <> '' ORDER BY site
    """
    return tuple(row["site"] for row in rows(db, sql))


def revisions(db: Database, site: str) -> dict[str, int]:
    """The cases that groups of the site are made of, each with its revision, in order."""
    sql = f"SELECT case_id, revision FROM cases WHERE {VISIBLE} ORDER BY case_id"
    return {row["case_id"]: row["revision"] for row in rows(db, sql, [site])}


def fingerprint(found: Iterable[tuple[str, int]]) -> str:
    """What differs whenever one of these cases does."""
    digest = hashlib.sha256()
    for line in _lines(found):
        digest.update(line.encode())
    return digest.hexdigest()


def _lines(found: Iterable[tuple[str, int]]) -> Iterator[str]:
    return (f"{revision} {case_id}\0" for case_id, revision in found)
