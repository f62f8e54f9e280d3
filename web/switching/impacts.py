"""What a release would change, found out before it is active: work that is followed and kept.

A run notes how far it is, and looks whether it was cancelled, in one row. What it finds about a
case goes with the case.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from matcher.case import Case
from matcher.impact.ranks import CaseShift, Drift, shifts
from matcher.impact.terms import RESOLVES_OTHERWISE, TermChange, term_changes
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import DamagedCase
from matcher.storage.store import CaseStore
from ontologies import open_release
from ontologies.library import active_release_id, data_directory
from ontologies.progress import Progress, silent
from web.config import Settings
from web.errors import WebError
from web.switching.apart import run_apart, showing_life
from web.switching.preparing import Prepared, prepare
from web.work.outbox import text_of

# So many cases are ranked by both releases: the first are those whose lists somebody was shown.
SAMPLE = 2000
SEED = 1
RANKING = "Ranking by both"
# A run that has not shown for so long that it goes on is no more.
SILENT = timedelta(minutes=5)
BATCH = 64
NOTED_SECONDS = 0.5


class UnknownImpact(WebError):
    """A release whose impact nobody has asked for, or a number that no run has."""

    def __init__(self, named: object) -> None:
        super().__init__(
            f"No impact is known of {named}; 'secondcase ontology impact RELEASE' finds it out."
        )


class Cancelled(WebError):
    """A run that somebody cancelled."""

    def __init__(self) -> None:
        super().__init__("The run was cancelled, and what it had found was removed.")


class NothingToCompare(WebError):
    """A release that is active already, or no active one to set it beside."""

    def __init__(self, release_id: str) -> None:
        super().__init__(
            f"Release {release_id} is active, or none is, so there is nothing to set it beside; "
            "name a release that is not active."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """A run and what it came to.

    `before` is the release that was active. `result` holds counts and means, and names no case;
    it is None until the run has ended well. `why` says what ended it otherwise.
    """

    impact_id: int
    release_id: str
    calibration: str
    before: str
    sample: int
    actor: str
    begun_at: str
    seen_at: str
    ended_at: str | None
    task: str
    done: int
    total: int
    is_cancelled: int
    why: str
    result: dict[str, Any] | None

    def state(self, now: datetime | None = None) -> str:
        """One of running, done, cancelled, failed, and lost: killed without a word."""
        if self.result is not None:
            return "done"
        if self.ended_at is not None:
            return "cancelled" if self.is_cancelled else "failed"
        oldest = text_of((now or datetime.now(UTC)) - SILENT)
        return "lost" if self.seen_at < oldest else "running"


class Impacts:
    """The runs of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def begin(
        self,
        release_id: str,
        *,
        actor: str,
        sample: int = SAMPLE,
        calibration: str = "",
    ) -> Impact:
        """Note a run that is about to begin. Raises `NothingToCompare`, `UnknownRelease`."""
        release = open_release(release_id)
        before = active_release_id(data_directory())
        if before is None or before == release.release_id:
            raise NothingToCompare(release_id)
        now = text_of(self._clock())
        row = {
            "release_id": release.release_id,
            "calibration": calibration,
            "before": before,
            "sample": sample,
            "actor": actor,
            "begun_at": now,
            "seen_at": now,
        }
        with write_transaction(self._db):
            self._db.table("impacts").insert(row)
            (found,) = rows(self._db, "SELECT max(impact_id) AS n FROM impacts")
        return self.get(found["n"])

    def get(self, impact_id: int) -> Impact:
        """A run by its number. Raises `UnknownImpact`."""
        return self._one("impact_id = ?", [impact_id], f"run {impact_id}")

    def latest(self, release_id: str) -> Impact:
        """The last run about a release. Raises `UnknownImpact`."""
        return self._one("release_id = ?", [release_id], f"release {release_id}")

    def _one(self, where: str, values: Sequence[object], named: str) -> Impact:
        sql = f"SELECT * FROM impacts WHERE {where} ORDER BY impact_id DESC LIMIT 1"
        found = rows(self._db, sql, values)
        if not found:
            raise UnknownImpact(named)
        (row,) = found
        result = None if row["result"] is None else json.loads(row["result"])
        return Impact(**{**row, "result": result})

    def cancel(self, impact_id: int) -> None:
        """Let a run end at its next step."""
        with write_transaction(self._db):
            sql = "UPDATE impacts SET is_cancelled = 1 WHERE impact_id = ? AND ended_at IS NULL"
            self._db.execute(sql, [impact_id])

    def note(self, impact_id: int, task: str, done: int, total: int) -> None:
        """Note how far a run is. Raises `Cancelled`."""
        with write_transaction(self._db):
            found = rows(
                self._db,
                "SELECT is_cancelled FROM impacts WHERE impact_id = ?",
                [impact_id],
            )
            seen = {"task": task, "done": done, "total": total}
            row = {**seen, "seen_at": text_of(self._clock())}
            if found and not found[0]["is_cancelled"]:
                self._db.table("impacts").update(impact_id, row)
                return
        raise Cancelled

    def show_life(self, impact_id: int) -> None:
        """Note that a run goes on, though there is nothing new to tell."""
        with write_transaction(self._db):
            sql = "UPDATE impacts SET seen_at = ? WHERE impact_id = ? AND ended_at IS NULL"
            self._db.execute(sql, [text_of(self._clock()), impact_id])

    def add(self, impact_id: int, found: Sequence[CaseShift]) -> None:
        """Keep what was found about cases that are there still."""
        with write_transaction(self._db):
            self._db.conn.executemany(
                _ADD_CASE, [_case_row(impact_id, s) for s in found]
            )
            pairs = [row for shift in found for row in _pair_rows(impact_id, shift)]
            self._db.conn.executemany(_ADD_PAIR, pairs)

    def end(
        self, impact_id: int, *, result: dict[str, Any] | None = None, why: str = ""
    ) -> None:
        """Note how a run ended; of one without a result no case is kept."""
        row = {
            "ended_at": text_of(self._clock()),
            "why": why,
            "result": None if result is None else json.dumps(result),
        }
        with write_transaction(self._db):
            self._db.table("impacts").update(impact_id, row)
            if result is None:
                sql = "DELETE FROM impact_cases WHERE impact_id = ?"
                self._db.execute(sql, [impact_id])

    def forget(self, release_id: str) -> None:
        """Remove every run about a release, and what it found about cases."""
        with write_transaction(self._db):
            sql = "DELETE FROM impacts WHERE release_id = ?"
            self._db.execute(sql, [release_id])

    def cases(self, impact_id: int, limit: int = 50) -> list[dict[str, Any]]:
        """The cases whose best matches change most: lost first, then by the largest move."""
        sql = """
            SELECT case_id, kept, gained, lost, largest_move FROM impact_cases
            WHERE impact_id = ? ORDER BY lost DESC, largest_move DESC, case_id LIMIT ?
        """
        return rows(self._db, sql, [impact_id, limit])

    def losing(self, impact_id: int) -> dict[int, int]:
        """In how many cases so many of the ten best go; those where none goes are left out."""
        sql = """
            SELECT lost, count(*) AS n FROM impact_cases
            WHERE impact_id = ? AND lost > 0 GROUP BY lost ORDER BY lost
        """
        return {row["lost"]: row["n"] for row in rows(self._db, sql, [impact_id])}

    def pairs(self, impact_id: int, case_id: str) -> list[dict[str, Any]]:
        """The candidates of one case that are on another rank, by the rank of after."""
        sql = """
            SELECT other_id, rank_before, rank_after, score_before, score_after
            FROM impact_pairs WHERE impact_id = ? AND case_id = ?
            ORDER BY rank_after IS NULL, rank_after, rank_before
        """
        return rows(self._db, sql, [impact_id, case_id])


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
    }


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


_ADD_CASE = """
    INSERT OR REPLACE INTO impact_cases
    SELECT :impact_id, case_id, :kept, :gained, :lost, :largest_move
    FROM cases WHERE case_id = :case_id
"""
_ADD_PAIR = """
    INSERT OR REPLACE INTO impact_pairs
    SELECT :impact_id, :case_id, case_id, :rank_before, :rank_after, :score_before, :score_after
    FROM cases WHERE case_id = :other_id
    AND EXISTS (SELECT 1 FROM impact_cases WHERE impact_id = :impact_id AND case_id = :case_id)
"""


def _case_row(impact_id: int, shift: CaseShift) -> dict[str, Any]:
    return {
        "impact_id": impact_id,
        "case_id": shift.case_id,
        "kept": shift.kept,
        "gained": shift.gained,
        "lost": shift.lost,
        "largest_move": shift.largest_move,
    }


def _pair_rows(impact_id: int, shift: CaseShift) -> Iterator[dict[str, Any]]:
    for pair in shift.pairs:
        before, after = pair.before, pair.after
        yield {
            "impact_id": impact_id,
            "case_id": shift.case_id,
            "other_id": pair.case_id,
            "rank_before": before.rank if before else None,
            "rank_after": after.rank if after else None,
            "score_before": before.score if before else None,
            "score_after": after.score if after else None,
        }
