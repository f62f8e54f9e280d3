"""How the best matches of cases change from one matcher to another over the same cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from matcher.case import Case
from matcher.engine.constraints import Constraints
from matcher.many.shortlist import Hit, Shortlist

if TYPE_CHECKING:
    from matcher.matching import Matcher

TOP = 10
# So many queries are held against all cases at a time, by one matcher and then by the other.
BLOCK = 64

Told = Callable[[int], None]


def silent(done: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShift:
    """A candidate among the best of a case before or after; None on the side where it is not."""

    case_id: str
    before: Hit | None
    after: Hit | None

    @property
    def moved(self) -> int:
        """How many ranks it moved; to or from beyond the list counts as to its end."""
        ranks = [each.rank if each else TOP + 1 for each in (self.before, self.after)]
        return abs(ranks[0] - ranks[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseShift:
    """The best matches of one case before and after, as far as any is on another rank."""

    case_id: str
    kept: int
    pairs: tuple[PairShift, ...]

    @property
    def gained(self) -> int:
        """How many are among the best that were not."""
        return sum(pair.before is None for pair in self.pairs)

    @property
    def lost(self) -> int:
        """How many are among the best no more."""
        return sum(pair.after is None for pair in self.pairs)

    @property
    def largest_move(self) -> int:
        """The ranks of the one that moved most."""
        return max((pair.moved for pair in self.pairs), default=0)


@dataclass(slots=True, kw_only=True)
class Drift:
    """How the numbers of the same pairs change, and what is above the bands; all counted up."""

    cases: int = 0
    same_lists: int = 0
    same_best: int = 0
    kept: int = 0
    of: int = 0
    gained: int = 0
    lost: int = 0
    pairs: int = 0
    score_shifts: float = 0.0
    largest_score_shift: float = 0.0
    probability_shifts: float = 0.0
    bands: dict[str, int] = field(default_factory=dict)

    def add(self, before: Shortlist, after: Shortlist, shift: CaseShift) -> None:
        """Count one case."""
        self.cases += 1
        self.same_lists += not shift.pairs
        best = [[hit.case_id for hit in each.hits[:1]] for each in (before, after)]
        self.same_best += best[0] == best[1]
        self.kept += shift.kept
        self.of += max(len(before.hits), len(after.hits))
        self.gained += shift.gained
        self.lost += shift.lost
        later = {hit.case_id: hit for hit in after.hits}
        for hit in before.hits:
            if other := later.get(hit.case_id):
                self._add_pair(hit, other)

    def _add_pair(self, old: Hit, new: Hit) -> None:
        self.pairs += 1
        moved = abs(new.score - old.score)
        self.score_shifts += moved
        self.largest_score_shift = max(self.largest_score_shift, moved)
        self.probability_shifts += abs(new.probability - old.probability)
        if old.band is not new.band:
            name = f"{old.band} to {new.band}"
            self.bands[name] = self.bands.get(name, 0) + 1

    def to_json(self) -> dict[str, Any]:
        """The counts and means as JSON values; a mean of nothing is null."""
        return {
            "cases": self.cases,
            "same_lists": self.same_lists,
            "same_best": self.same_best,
            "top_overlap": _mean(self.kept, self.of),
            "gained": self.gained,
            "lost": self.lost,
            "pairs": self.pairs,
            "mean_score_shift": _mean(self.score_shifts, self.pairs),
            "largest_score_shift": round(self.largest_score_shift, 4),
            "mean_probability_shift": _mean(self.probability_shifts, self.pairs),
            "bands": dict(sorted(self.bands.items())),
        }


def shifts(
    before: Matcher,
    after: Matcher,
    queries: Iterable[Case],
    drift: Drift,
    told: Told = silent,
) -> Iterator[CaseShift]:
    """What becomes of the best matches of each query, and everything counted into `drift`.

    Both matchers must hold the same cases, so that nothing but the release makes the difference.
    """
    remaining, done = iter(queries), 0
    while block := list(islice(remaining, BLOCK)):
        for test in (False, True):
            # Tests and other cases are two worlds, which never match each other.
            world = [case for case in block if case.test is test]
            found = zip(_best(before, world, test), _best(after, world, test))
            for old, new in found:
                shift = compared(old, new)
                drift.add(old, new, shift)
                yield shift
        done += len(block)
        told(done)


def compared(before: Shortlist, after: Shortlist) -> CaseShift:
    """The candidates whose rank is not the same."""
    old = {hit.case_id: hit for hit in before.hits}
    new = {hit.case_id: hit for hit in after.hits}
    pairs = (
        PairShift(case_id=case_id, before=old.get(case_id), after=new.get(case_id))
        for case_id in dict.fromkeys((*old, *new))
    )
    return CaseShift(
        case_id=before.query_id,
        kept=len(old.keys() & new.keys()),
        pairs=tuple(pair for pair in pairs if pair.moved),
    )


def _best(matcher: Matcher, queries: Sequence[Case], test: bool) -> list[Shortlist]:
    if not queries:
        return []
    found = matcher.rank_many(queries, limit=TOP, constraints=Constraints(test=test))
    return list(found)


def _mean(total: float, count: int) -> float | None:
    mean = total / count if count else math.nan
    return None if math.isnan(mean) else round(mean, 4)
