"""What a release would change, found out before it is active, and noted as it is found.

Both releases rank the same cases at the same moment, so that nothing but the release makes the
difference. The lists that people were shown are looked at besides, each for whom it was kept for.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from matcher.case import Case
from matcher.impact.ranks import Drift, shifts
from matcher.impact.terms import RESOLVES_OTHERWISE, TermChange, term_changes
from matcher.storage.database import Database, rows
from matcher.storage.errors import DamagedCase
from matcher.storage.store import CaseStore
from ontologies import open_release
from ontologies.progress import Progress, silent
from web.config import Settings
from web.switching.apart import run_apart, showing_life
from web.switching.impacts import Cancelled, Impact, Impacts
from web.switching.kept_lists import ListShifts, Shown, list_shifts
from web.switching.preparing import Prepared, prepare

SEED = 1
RANKING = "Ranking by both"
LISTS = "Looking at lists that were shown"
BATCH = 64
NOTED_SECONDS = 0.5


def changed_terms(db: Database, impact: Impact) -> list[tuple[TermChange, int]]:
    """The terms of the stored cases that the two releases read otherwise, and their cases.

    Computed from the cases as they are now, so that nothing is kept of one that is gone.
    """
    before, after = open_release(impact.before), open_release(impact.release_id)
    counts = CaseStore(db).term_counts()
    found = term_changes(before, after, counts)
    return [(change, counts[change.term_id]) for change in found]


def run(
    db: Database, settings: Settings, impact_id: int, progress: Progress = silent
) -> Impact:
    """Find out what a run was begun for. Raises `Cancelled`, and what `prepare` raises.

    Both releases are prepared first; of the one that is not active that is no loss, since it has
    to be before it is activated.
    """
    impacts = Impacts(db)
    begun = impacts.get(impact_id)

    noted = ("", 0.0)

    def told(task: str, done: int, total: int) -> None:
        nonlocal noted
        progress(task, done, total)
        now = time.monotonic()
        # Each note waits for the disk.
        if task != noted[0] or now - noted[1] > NOTED_SECONDS:
            noted = (task, now)
            impacts.note(impact_id, task, done, total)

    try:
        with showing_life(
            settings.database, lambda db: Impacts(db).show_life(impact_id)
        ):
            result = _found_out(db, settings, begun, told)
    except Cancelled as error:
        impacts.end(impact_id, why=str(error))
        raise
    except BaseException as error:
        impacts.end(impact_id, why=type(error).__name__)
        raise
    impacts.end(impact_id, result=result)
    return impacts.get(impact_id)


def _found_out(
    db: Database, settings: Settings, begun: Impact, told: Progress
) -> dict[str, Any]:
    told("Beginning", 0, 0)
    before = prepare(db, settings, begun.before, progress=told)
    after = prepare(
        db,
        settings,
        begun.release_id,
        calibration=begun.calibration or None,
        progress=told,
    )
    return _result(db, begun, before, after, told)


def start(impact: Impact, settings: Settings) -> None:
    """Let a process of its own find it out, at low priority, whatever becomes of this one."""
    arguments = ("ontology", "impact", "--run", str(impact.impact_id))
    run_apart(settings.directory, *arguments)


def _result(
    db: Database, begun: Impact, before: Prepared, after: Prepared, told: Progress
) -> dict[str, Any]:
    store, impacts = CaseStore(db), Impacts(db)
    queries = chosen_queries(db, begun.sample)
    drift = Drift()
    cases = _cases(store, queries.case_ids)
    total = len(queries.case_ids)
    found = shifts(
        before.matcher.current(),
        after.matcher.current(),
        cases,
        drift,
        lambda done: told(RANKING, done, total),
    )
    while batch := list(islice(found, BATCH)):
        impacts.add(begun.impact_id, [shift for shift in batch if shift.pairs])
    lists = _kept_lists(db, begun, before, after, queries, told)
    changes = changed_terms(db, begun)
    otherwise = [c.term_id for c, _ in changes if c.change in RESOLVES_OTHERWISE]
    counts: dict[str, int] = {}
    for change, _ in changes:
        counts[change.change] = counts.get(change.change, 0) + 1
    return {
        "cases": store.count(),
        "calibrations": {
            "before": before.calibration.calibration_id,
            "after": after.calibration.calibration_id,
        },
        "changed_terms": counts,
        "cases_with_changed_terms": store.count_with_terms(
            c.term_id for c, _ in changes
        ),
        "cases_that_resolve_otherwise": store.count_with_terms(otherwise),
        "ranked": {
            "cases": drift.cases,
            "with_kept_lists": queries.with_lists,
            "drawn": drift.cases - min(queries.with_lists, drift.cases),
            "is_all": drift.cases >= queries.of,
        },
        "matches": drift.to_json(),
        "kept_lists": lists.to_json(),
    }


def _kept_lists(
    db: Database,
    begun: Impact,
    before: Prepared,
    after: Prepared,
    queries: Queries,
    told: Progress,
) -> Shown:
    """The lists that people were shown, each looked at and noted."""
    listed, shown = queries.case_ids[: queries.with_lists], Shown()
    found = list_shifts(
        db,
        before.matcher.current(),
        after.matcher.current(),
        listed,
        shown,
        lambda done: told(LISTS, done, len(listed)),
    )
    while batch := list(islice(found, BATCH)):
        ListShifts(db).add(begun.impact_id, batch)
    return shown


@dataclass(frozen=True, slots=True)
class Queries:
    """Whose matches are compared: of `of` cases those with kept lists first, then drawn ones."""

    case_ids: tuple[str, ...]
    with_lists: int
    of: int


def chosen_queries(db: Database, sample: int) -> Queries:
    """At most `sample` cases, always the same of the same store."""
    sql = """
        SELECT DISTINCT cases.case_id FROM kept_rankings
        JOIN revisions ON revisions.revision = query
        JOIN cases ON cases.case_id = revisions.case_id ORDER BY 1
    """
    listed = [row["case_id"] for row in rows(db, sql)]
    everyone = [r["case_id"] for r in rows(db, "SELECT case_id FROM cases ORDER BY 1")]
    # A fixed draw, so that two runs can be set side by side.
    draw = random.Random(SEED)
    if len(listed) > sample:
        listed = draw.sample(listed, sample)
    others = sorted(set(everyone) - set(listed))
    drawn = draw.sample(others, min(sample - len(listed), len(others)))
    return Queries((*listed, *sorted(drawn)), len(listed), len(everyone))


def _cases(store: CaseStore, case_ids: Sequence[str]) -> Iterator[Case]:
    """The cases that are there still and whole, read a batch at a time."""

    def passed_over(error: DamagedCase) -> None:
        """The check of the database tells of it."""

    for at in range(0, len(case_ids), BATCH):
        found = store.get_many(case_ids[at : at + BATCH], on_damage=passed_over)
        yield from (found[each].case for each in sorted(found))
