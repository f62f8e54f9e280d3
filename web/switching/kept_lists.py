"""What becomes of the lists of matches that people were shown, each for whom it was kept for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from matcher.calibration import Band
from matcher.case import Case
from matcher.errors import MatcherError
from matcher.impact.ranks import TOP, CaseShift, Drift, compared
from matcher.many.shortlist import Hit, Shortlist
from matcher.matching import Matcher
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import KeptRanking
from matcher.storage.store import CaseStore
from web.accounts.person import PEOPLE, Person, person_of
from web.viewing.ranking import answer_by
from web.viewing.visibility import may_open

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListShift:
    """The ten best of one kept list beside those of the same person by another release."""

    ranking: int
    shift: CaseShift


@dataclass(slots=True, kw_only=True)
class Shown:
    """Lists as they were shown, counted up beside two others.

    `then` is beside what would be shown by the other release, `today` beside what is shown now by
    the active one: so much has changed already, by whatever was saved since. `not_compared` are
    lists of people who have no account or no such case any more, and those that cannot be read.
    """

    then: Drift = field(default_factory=Drift)
    today: Drift = field(default_factory=Drift)
    not_compared: int = 0

    def to_json(self) -> dict[str, Any]:
        """The counts and means as JSON values."""
        return {
            "lists": self.then.cases,
            "not_compared": self.not_compared,
            "then": self.then.to_json(),
            "today": self.today.to_json(),
        }


def last_lists(db: Database, case_ids: Sequence[str]) -> dict[str, int]:
    """The number of the last kept list of each of these cases that has one."""
    sql = """
        SELECT case_id, max(ranking) AS last FROM kept_rankings
        JOIN revisions ON revisions.revision = query GROUP BY case_id
    """
    last = {row["case_id"]: row["last"] for row in rows(db, sql)}
    return {case_id: last[case_id] for case_id in case_ids if case_id in last}


def list_shifts(
    db: Database,
    before: Matcher,
    after: Matcher,
    case_ids: Sequence[str],
    shown: Shown,
    told: Told,
) -> Iterator[ListShift]:
    """What becomes of the last kept list of each case, and everything counted into `shown`.

    `before` and `after` are over all cases, by the active release and by the other one.
    """
    people = {each.name: each for each in map(person_of, rows(db, PEOPLE))}
    for done, (case_id, number) in enumerate(last_lists(db, case_ids).items(), 1):
        try:
            kept = KeptRankings(db).get(number)
            case = CaseStore(db).get(case_id).case
        except MatcherError:
            # Gone since, or damaged, which the check of the database tells.
            shown.not_compared += 1
            continue
        person = people.get(kept.actor)
        if person is None or not person.is_active or not may_open(person, case):
            shown.not_compared += 1
            continue
        was = _as_kept(kept)
        then, today = (_shortlist(matcher, person, case) for matcher in (after, before))
        shift = compared(was, then)
        shown.then.add(was, then, shift)
        shown.today.add(was, today, compared(was, today))
        told(done)
        yield ListShift(ranking=number, shift=shift)


def _as_kept(kept: KeptRanking) -> Shortlist:
    hits = tuple(
        Hit(
            rank=match.rank,
            case_id=match.case_id,
            score=match.score,
            probability=match.probability,
            efm=match.efm,
            band=Band(match.band),
            closeness=None,
        )
        for match in kept.matches[:TOP]
    )
    return Shortlist(query_id=kept.query_id, hits=hits, searched=kept.searched)


def _shortlist(matcher: Matcher, person: Person, case: Case) -> Shortlist:
    """What a person would be shown now by a matcher."""
    found = answer_by(matcher, person, case, TOP)
    hits = tuple(
        Hit(
            rank=rank,
            case_id=match.case_id,
            score=match.score,
            probability=match.probability,
            efm=match.efm,
            band=match.band,
            closeness=match.closeness,
        )
        for rank, match in enumerate(found.matches, 1)
    )
    return Shortlist(query_id=case.case_id, hits=hits, searched=found.searched)


class ListShifts:
    """What runs found out about kept lists, over a connection of the calling thread."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, impact_id: int, found: Sequence[ListShift]) -> None:
        """Keep what was found about lists that are there still."""
        with write_transaction(self._db):
            values = [_row(impact_id, each) for each in found]
            self._db.conn.executemany(_ADD, values)

    def of(self, impact_id: int, limit: int = 50) -> list[dict[str, Any]]:
        """The lists that change most: lost first, then by the largest move."""
        sql = """
            SELECT case_id, ranking, kept_at, actor, kept, gained, lost, largest_move,
                mover, rank_before, rank_after
            FROM impact_lists JOIN kept_rankings USING (ranking)
            WHERE impact_id = ? AND largest_move > 0
            ORDER BY lost DESC, largest_move DESC, case_id LIMIT ?
        """
        return rows(self._db, sql, [impact_id, limit])

    def losing(self, impact_id: int) -> dict[int, int]:
        """In how many lists so many of the ten best go."""
        sql = """
            SELECT lost, count(*) AS n FROM impact_lists
            WHERE impact_id = ? GROUP BY lost ORDER BY lost
        """
        return {row["lost"]: row["n"] for row in rows(self._db, sql, [impact_id])}


_ADD = """
    INSERT OR REPLACE INTO impact_lists
    SELECT :impact_id, :ranking, case_id, :kept, :gained, :lost, :largest_move,
        (SELECT case_id FROM cases WHERE case_id = :mover), :rank_before, :rank_after
    FROM cases WHERE case_id = :case_id
    AND EXISTS (SELECT 1 FROM kept_rankings WHERE ranking = :ranking)
"""


def _row(impact_id: int, found: ListShift) -> dict[str, Any]:
    shift = found.shift
    mover = max(shift.pairs, key=lambda pair: pair.moved, default=None)
    return {
        "impact_id": impact_id,
        "ranking": found.ranking,
        "case_id": shift.case_id,
        "kept": shift.kept,
        "gained": shift.gained,
        "lost": shift.lost,
        "largest_move": shift.largest_move,
        "mover": mover.case_id if mover else None,
        "rank_before": mover.before.rank if mover and mover.before else None,
        "rank_after": mover.after.rank if mover and mover.after else None,
    }
