"""Runs that find out what a release would change: how far each is, and what it came to.

A run notes how far it is, and looks whether it was cancelled, in one row. What it finds about a
case goes with the case.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.impact.ranks import CaseShift
from matcher.storage.database import Database, rows, write_transaction
from ontologies import open_release
from ontologies.library import active_release_id, data_directory
from web.errors import WebError
from web.work.outbox import text_of

# So many cases are ranked by both releases: the first are those whose lists somebody was shown.
SAMPLE = 2000
# A run that has not shown for so long that it goes on is no more.
SILENT = timedelta(minutes=5)


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
                for table in ("impact_cases", "impact_lists"):
                    sql = f"DELETE FROM {table} WHERE impact_id = ?"
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
