"""The cases of other sites that are shared with a person's own, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matcher import Constraints, Match
from matcher.case import Case
from matcher.storage.database import Database, rows
from matcher.storage.errors import DamagedCase
from matcher.storage.store import CaseStore, StoredCase
from web.service import service
from web.viewing.ranking import SHARED_EVIDENCE
from web.viewing.visibility import BEYOND_THE_SITE, Viewer, disclosed, may_meet

_LEVELS = ", ".join(f"'{level}'" for level in sorted(BEYOND_THE_SITE))
_SHARED = f"""
    FROM cases WHERE site IS NOT NULL AND site <> ? AND NOT test AND sharing IN ({_LEVELS})
"""


def count(db: Database, person: Viewer) -> int:
    """How many cases of other sites are shared with the person's."""
    return int(rows(db, f"SELECT count(*) AS n {_SHARED}", [person.site])[0]["n"])


def cases(
    db: Database, person: Viewer, *, limit: int, offset: int
) -> Sequence[StoredCase]:
    """Some of them, each with as little as other sites are told; damaged ones are left out."""
    sql = f"SELECT case_id {_SHARED} ORDER BY revision DESC LIMIT ? OFFSET ?"
    found = rows(db, sql, [person.site, limit, offset])
    case_ids = [row["case_id"] for row in found]
    damaged: list[DamagedCase] = []
    stored = CaseStore(db).get_many(case_ids, on_damage=damaged.append)
    return [
        replace(each, case=disclosed(person, each.case))
        for case_id in case_ids
        # Read a moment later: it may have been withdrawn meanwhile.
        if (each := stored.get(case_id)) and may_meet(person, each.case)
    ]


def closest_of_mine(person: Viewer, case: Case) -> Match | None:
    """The person's own case that is most like a shared one, as far as that is told."""
    own = Constraints(
        test=case.test,
        admits=lambda mine: mine.site == person.site and mine.submitter == person.name,
    )
    found = (
        service()
        .matcher.current()
        .answer(case, limit=1, constraints=own, evidence=SHARED_EVIDENCE)
    )
    return next(iter(found.matches), None)
