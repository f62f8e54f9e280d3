"""Jobs of curators: what was wanted, how far it is, and what came of it.

Each is done by a process of its own, which notes its progress, and that it lives, in one row.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from web.errors import WebError
from web.work.outbox import text_of

# A job that has not shown for so long that it goes on is no more.
SILENT = timedelta(minutes=5)
KEPT = 50


class Kind(enum.StrEnum):
    """What is to be done."""

    STAGE = "stage"
    ACTIVATE = "activate"
    ROLL_BACK = "roll back"
    DISCARD = "discard"


class State(enum.StrEnum):
    """How a job stands; lost is one whose process was killed without a word."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"


class UnknownJob(WebError):
    """A number that no job has."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"There is no job {job_id}; it may be long over.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job. `release_id` is the release it is about or led to; `problems` are sentences."""

    job_id: int
    kind: Kind
    wanted: Mapping[str, Any]
    actor: str
    begun_at: str
    seen_at: str
    ended_at: str | None
    task: str
    done: int
    total: int
    release_id: str
    problems: tuple[str, ...]

    def state(self, now: datetime | None = None) -> State:
        """How it stands."""
        if self.ended_at is not None:
            return State.FAILED if self.problems else State.DONE
        oldest = text_of((now or datetime.now(UTC)) - SILENT)
        return State.LOST if self.seen_at < oldest else State.RUNNING


class Jobs:
    """The jobs of one database, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def begin(
        self,
        kind: Kind,
        *,
        actor: str,
        wanted: Mapping[str, Any],
        release_id: str = "",
    ) -> Job:
        """Note a job that is about to begin; of many that are over the oldest go."""
        now = text_of(self._clock())
        row = {
            "kind": kind.value,
            "wanted": json.dumps(dict(wanted)),
            "actor": actor,
            "begun_at": now,
            "seen_at": now,
            "release_id": release_id,
        }
        with write_transaction(self._db):
            self._db.table("curation_jobs").insert(row)
            self._db.execute(_TOO_MANY, [KEPT])
            (found,) = rows(self._db, "SELECT max(job_id) AS n FROM curation_jobs")
        return self.get(found["n"])

    def get(self, job_id: int) -> Job:
        """A job by its number. Raises `UnknownJob`."""
        found = self._where("job_id = ?", [job_id], 1)
        if not found:
            raise UnknownJob(job_id)
        return found[0]

    def latest(self, limit: int) -> list[Job]:
        """The last jobs of everybody, latest first."""
        return self._where("1", [], limit)

    def note(self, job_id: int, task: str, done: int, total: int) -> None:
        """Note how far a job is."""
        seen = text_of(self._clock())
        row = {"task": task, "done": done, "total": total, "seen_at": seen}
        with write_transaction(self._db):
            self._db.table("curation_jobs").update(job_id, row)

    def show_life(self, job_id: int) -> None:
        """Note that a job goes on, though there is nothing new to tell."""
        with write_transaction(self._db):
            sql = "UPDATE curation_jobs SET seen_at = ? WHERE job_id = ? AND ended_at IS NULL"
            self._db.execute(sql, [text_of(self._clock()), job_id])

    def end(
        self, job_id: int, *, release_id: str = "", problems: Sequence[str] = ()
    ) -> None:
        """Note how a job ended."""
        row = {
            "ended_at": text_of(self._clock()),
            "problems": json.dumps(list(problems), ensure_ascii=False),
        }
        if release_id:
            row["release_id"] = release_id
        with write_transaction(self._db):
            self._db.table("curation_jobs").update(job_id, row)

    def _where(self, where: str, values: Sequence[object], limit: int) -> list[Job]:
        sql = f"SELECT * FROM curation_jobs WHERE {where} ORDER BY job_id DESC LIMIT ?"
        return [_job(row) for row in rows(self._db, sql, [*values, limit])]


def _job(row: dict[str, Any]) -> Job:
    return Job(
        **{
            **row,
            "kind": Kind(row["kind"]),
            "wanted": json.loads(row["wanted"]),
            "problems": tuple(json.loads(row["problems"])),
        }
    )


_TOO_MANY = """
    DELETE FROM curation_jobs WHERE ended_at IS NOT NULL AND job_id NOT IN (
        SELECT job_id FROM curation_jobs ORDER BY job_id DESC LIMIT ?
    )
"""
