"""The queue of the curators: what stands for no term and came often enough, a page at a time."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from matcher.storage.database import Database, rows, write_transaction
from web.errors import WebError
from web.unrecognised.arriving import MOST_PATIENTS, Kind

PAGE_SIZE = 20
LONGEST_FIND = 80
# How long after it came last something undecided is kept: unreadable, and readable.
KEPT_UNREADABLE = timedelta(days=90)
KEPT_READABLE = timedelta(days=365)


class State(enum.StrEnum):
    """What was decided of an entry."""

    OPEN = "open"
    SYNONYM = "local word"
    TERM = "stands for a term"
    UPSTREAM = "to be reported"
    IGNORED = "ignored"
    ERASED = "erased"


class Order(enum.StrEnum):
    """What comes first."""

    OFTEN = "most patients"
    LATEST = "latest"
    OLDEST = "oldest"


class UnknownEntry(WebError):
    """A number that no entry has, or one that nobody may read yet."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"There is no entry {number} in the queue; it was decided that it be erased, or it "
            "has expired. 'secondcase ontology queue list' shows those there are."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that came in place of a term: an id, words, or both, as they came.

    `patients` different ones have it, counted up to `MOST_PATIENTS`, from so many independent
    `sources`: peers, and sites of this node. Days are ISO dates. `meaning` is what it was
    listed for among the local words. `version` grows with each decision.
    """

    number: int
    code: str
    words: str
    patients: int
    sources: int
    kinds: tuple[Kind, ...]
    first_day: str
    last_day: str
    state: State
    term_id: str
    place: str
    meaning: str
    reason: str
    decided_by: str
    decided_at: str
    version: int

    @property
    def said(self) -> str:
        """What came, in a line."""
        return " ".join(filter(None, (self.code, self.words))) or "(erased)"

    @property
    def times(self) -> str:
        """How many patients have it, in words."""
        more = " or more" if self.patients >= MOST_PATIENTS else ""
        return f"{self.patients:,}{more} patient{'' if self.patients == 1 else 's'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are wanted; "" for a kind or text is any."""

    state: State = State.OPEN
    kind: Kind | None = None
    find: str = ""
    order: Order = Order.OFTEN


class Queue:
    """The entries that may be read, over a connection of the calling thread."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._clock = clock

    def count(self, wanted: Wanted = Wanted()) -> int:
        """How many entries are wanted."""
        where, values = _where(wanted)
        sql = f"SELECT count(*) AS n FROM unrecognised AS u WHERE {where}"
        return int(rows(self._db, sql, values)[0]["n"])

    def counts(self) -> Mapping[State, int]:
        """How many entries there are of each state."""
        sql = "SELECT state, count(*) AS n FROM unrecognised WHERE is_readable GROUP BY state"
        found = {row["state"]: row["n"] for row in rows(self._db, sql)}
        return {state: found.get(str(state), 0) for state in State}

    def page(
        self, wanted: Wanted, *, limit: int = PAGE_SIZE, offset: int = 0
    ) -> list[Entry]:
        """So many of the entries that are wanted, in their order."""
        where, values = _where(wanted)
        order = _ORDERS[wanted.order]
        chosen = f"{where} ORDER BY {order} LIMIT ? OFFSET ?"
        sql = f"{_ENTRY.format(chosen)} ORDER BY {order}"
        return [_entry(row) for row in rows(self._db, sql, [*values, limit, offset])]

    def get(self, number: int) -> Entry:
        """One entry. Raises `UnknownEntry`."""
        sql = _ENTRY.format("u.number = ? AND u.is_readable = 1")
        found = rows(self._db, sql, [max(-1, min(number, 2**62))])
        if not found:
            raise UnknownEntry(number)
        return _entry(found[0])

    def following(self, number: int) -> Entry | None:
        """The open entry to be decided next but this one, None if none is left."""
        following = self.page(Wanted(), limit=2)
        return next((each for each in following if each.number != number), None)

    def waiting(self) -> int:
        """How many are counted that too few patients have for anybody to read them."""
        sql = """
            SELECT count(*) AS n FROM unrecognised WHERE state = 'open' AND NOT is_readable
        """
        return int(rows(self._db, sql)[0]["n"])

    def unfit(self) -> list[tuple[str, int, str]]:
        """Why things were not kept: the reason, how often, and the day of the last time."""
        sql = "SELECT why, times, last_day FROM unrecognised_unfit ORDER BY times DESC, why"
        return [(r["why"], r["times"], r["last_day"]) for r in rows(self._db, sql)]

    def expire(self) -> None:
        """Let go what nobody decided for long after it came last."""
        today = self._clock().date()
        values = [
            (today - KEPT_READABLE).isoformat(),
            (today - KEPT_UNREADABLE).isoformat(),
        ]
        if rows(
            self._db, f"SELECT 1 FROM unrecognised WHERE {_EXPIRED} LIMIT 1", values
        ):
            with write_transaction(self._db):
                self._db.execute(f"DELETE FROM unrecognised WHERE {_EXPIRED}", values)


def expire(db: Database) -> None:
    """Let go what nobody decided for long: a chore."""
    Queue(db).expire()


def _where(wanted: Wanted) -> tuple[str, Sequence[Any]]:
    where, values = ["u.state = ?", "u.is_readable = 1"], [str(wanted.state)]
    if wanted.kind is not None:
        where.append(
            "EXISTS (SELECT 1 FROM unrecognised_sources AS s "
            "WHERE s.number = u.number AND s.kind = ?)"
        )
        values.append(str(wanted.kind))
    if wanted.find:
        where.append("instr(lower(u.code || ' ' || u.words), lower(?))")
        values.append(wanted.find)
    return " AND ".join(where), values


def _entry(row: dict[str, Any]) -> Entry:
    kinds = filter(None, (row.pop("kinds") or "").split("\n"))
    return Entry(
        **{**row, "state": State(row["state"])}, kinds=tuple(map(Kind, sorted(kinds)))
    )


# Sources are counted of what is shown alone.
_ENTRY = """
    SELECT number, code, words, patients, first_day, last_day, state, term_id, place,
        meaning, reason,
        decided_by, decided_at, version,
        (SELECT count(DISTINCT origin) FROM unrecognised_sources AS s
            WHERE s.number = u.number) AS sources,
        (SELECT group_concat(kind, char(10)) FROM (SELECT DISTINCT kind
            FROM unrecognised_sources AS s WHERE s.number = u.number)) AS kinds
    FROM (SELECT * FROM unrecognised AS u WHERE {}) AS u
"""
_ORDERS = {
    Order.OFTEN: "u.patients DESC, u.number DESC",
    Order.LATEST: "u.last_day DESC, u.number DESC",
    Order.OLDEST: "u.first_day, u.number",
}
_EXPIRED = "state = 'open' AND (last_day < ? OR (last_day < ? AND NOT is_readable))"
