"""Two kept answers to one query side by side, and the history of one pair through all of them."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from matcher.case import Case
from matcher.errors import UnknownCase
from matcher.kept.attribution import Attribution
from matcher.kept.errors import OtherQuery
from matcher.kept.reasons import (
    Cause,
    Reason,
    candidate_reasons,
    common_reasons,
    query_reason,
)
from matcher.kept.replay import Replayer
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import KeptMatch, KeptRanking, RankedCandidate
from matcher.storage.rows import Action, Revision

Seen = Callable[[Case], Case | None]

# What leaves a score as it is and moves only what it means.
_MEANING_ONLY = frozenset({Cause.SEARCHED, Cause.CALIBRATION, Cause.SETTINGS})
# What decides who is on a list and moves no score.
_PLACE_ONLY = frozenset({Cause.CONDITIONS, Cause.ASKER, Cause.SHARING})


class Outcome(enum.StrEnum):
    """What became of a candidate from one list to the next."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class PairChange:
    """One candidate in two lists; the side that does not name it is None."""

    case_id: str
    earlier: KeptRanking
    later: KeptRanking
    before: KeptMatch | None
    after: KeptMatch | None
    reasons: tuple[Reason, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Whether it came, went, or changed in any number."""
        if self.before is None:
            return Outcome.NEW
        if self.after is None:
            return Outcome.GONE
        same = _numbers(self.before) == _numbers(self.after)
        return Outcome.SAME if same else Outcome.CHANGED

    @property
    def is_moved(self) -> bool:
        """Whether the score itself changed, not only what it means."""
        if self.before is None or self.after is None:
            return True
        return (self.before.score, self.before.evidence) != (
            self.after.score,
            self.after.evidence,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two answers to one query: what changed for all, and each candidate that is not the same.

    `withheld` candidates were on a list and are shown to the asker no more.
    """

    earlier: KeptRanking
    later: KeptRanking
    reasons: tuple[Reason, ...]
    pairs: tuple[PairChange, ...]
    same: int
    withheld: int

    def of(self, outcome: Outcome) -> tuple[PairChange, ...]:
        """The candidates with this outcome, best first."""
        return tuple(pair for pair in self.pairs if pair.outcome is outcome)


def everything(case: Case) -> Case | None:
    """What an operator may see."""
    return case


class Comparer:
    """Compares the kept rankings of one database, as far as somebody may see their cases.

    `seen` gives a case as the asker may read it, None if not at all; of a candidate that she may
    not see now, or that is erased, nothing is told, whatever a list of before says. With a
    `replayer` each cause is told with the nats that it moved the score.
    """

    def __init__(
        self,
        kept: KeptRankings,
        seen: Seen = everything,
        replayer: Replayer | None = None,
    ) -> None:
        self._kept = kept
        self._seen = seen
        self._attribution = None if replayer is None else Attribution(kept, replayer)

    def compare(self, earlier: int, later: int) -> Comparison:
        """Two rankings of one case. Raises `OtherQuery`, or `UnknownCase` if she may not see it."""
        first, second = self._kept.get(earlier), self._kept.get(later)
        if first.query_id != second.query_id:
            raise OtherQuery(earlier, later)
        self._require(first.query_id)
        named = {
            match.case_id: None for each in (second, first) for match in each.matches
        }
        visible = [case_id for case_id in named if self._is_visible(case_id)]
        common = tuple(self._common(first, second))
        pairs = [self._pair(case_id, first, second, common) for case_id in visible]
        changed = tuple(each for each in pairs if each.outcome is not Outcome.SAME)
        return Comparison(
            earlier=first,
            later=second,
            reasons=common,
            pairs=changed,
            same=len(pairs) - len(changed),
            withheld=len(named) - len(visible),
        )

    def history(
        self, query_id: str, candidate_id: str, last: int | None = None
    ) -> tuple[PairChange, ...]:
        """Each time that a pair appeared, vanished or changed, oldest first.

        With `last` only from one to the next of so many lists, the latest ones.
        Raises `UnknownCase` for a case that the asker may not see now, like for a missing one.
        """
        for case_id in (query_id, candidate_id):
            self._require(case_id)
        return tuple(
            change
            for earlier, later in pairwise(self._lists(query_id, last))
            if candidate_id in _named(earlier, later)
            and (
                change := self._pair(
                    candidate_id, earlier, later, tuple(self._common(earlier, later))
                )
            ).outcome
            is not Outcome.SAME
        )

    def _lists(self, query_id: str, last: int | None) -> tuple[KeptRanking, ...]:
        if last is None:
            return self._kept.of_case(query_id)
        numbers = self._kept.numbers(query_id)
        return tuple(map(self._kept.get, numbers[-last:]))

    def _require(self, case_id: str) -> None:
        if not self._is_visible(case_id):
            raise UnknownCase(case_id)

    def _is_visible(self, case_id: str) -> bool:
        """Whether the asker may know of a case at all; of a deleted one its last word counts."""
        last = self._kept.last_saved(case_id)
        return last is not None and self._shown(last) is not None

    def _shown(self, revision: Revision) -> Case | None:
        return None if revision.case is None else self._seen(revision.case)

    def _readable(self, revision: Revision | None) -> Revision | None:
        """A state with as much of the case as the asker may read of that very state."""
        if revision is None or revision.case is None:
            return revision
        return dataclasses.replace(revision, case=self._shown(revision))

    def _common(self, earlier: KeptRanking, later: KeptRanking) -> Iterator[Reason]:
        before, after = (
            self._readable(self._kept.revision(each.query_revision))
            for each in (earlier, later)
        )
        if before and after:
            yield from query_reason(before, after)
        yield from common_reasons(earlier, later)

    def _pair(
        self,
        case_id: str,
        earlier: KeptRanking,
        later: KeptRanking,
        common: tuple[Reason, ...],
    ) -> PairChange:
        change = PairChange(
            case_id, earlier, later, earlier.match(case_id), later.match(case_id)
        )
        if change.outcome is Outcome.SAME:
            return change
        before = self._state(change.before, case_id, earlier)
        after = self._state(change.after, case_id, later)
        reasons = tuple(self._reasons(change, common, before, after))
        return dataclasses.replace(
            change, reasons=self._attributed(change, reasons, before, after)
        )

    def _reasons(
        self,
        change: PairChange,
        common: Iterable[Reason],
        before: Revision | None,
        after: Revision | None,
    ) -> Iterator[Reason]:
        """The candidate's own reasons first, as they say most, then those of all."""
        own = tuple(
            candidate_reasons(
                change.case_id, self._readable(before), self._readable(after)
            )
        )
        shared = tuple(each for each in common if _concerns(each, change))
        place = tuple(_crowded(change, before, after))
        unknown = Reason(Cause.UNKNOWN, "Nothing that is kept explains it.")
        yield from (*own, *shared, *place) or (unknown,)

    def _attributed(
        self,
        change: PairChange,
        reasons: tuple[Reason, ...],
        before: Revision | None,
        after: Revision | None,
    ) -> tuple[Reason, ...]:
        """The reasons with their nats, unless a state is missing or not the asker's to read."""
        if self._attribution is None or not change.is_moved:
            return reasons
        states = [each for each in (before, after) if each and self._shown(each)]
        cases = [each.case for each in states if each.case is not None]
        if len(cases) < 2:
            return reasons
        return self._attribution.told(change, reasons, *cases)

    def _state(
        self, match: KeptMatch | None, case_id: str, ranking: KeptRanking
    ) -> Revision | None:
        """The state of a candidate that a ranking knew, also where it does not name it."""
        if match is not None:
            return self._kept.revision(match.revision)
        return self._kept.state(case_id, ranking.as_of)


def _named(*rankings: KeptRanking) -> set[str]:
    return {match.case_id for ranking in rankings for match in ranking.matches}


def _numbers(match: KeptMatch) -> tuple[object, ...]:
    """Everything but the place on the list, which others decide."""
    names = (each.name for each in dataclasses.fields(RankedCandidate))
    return tuple(getattr(match, name) for name in names if name != "rank")


def _concerns(reason: Reason, change: PairChange) -> bool:
    """Whether a common reason can have done this to the pair."""
    if change.outcome is not Outcome.CHANGED:
        return reason.cause is not Cause.SEARCHED
    if reason.cause in _PLACE_ONLY:
        return False
    return change.is_moved or reason.cause in _MEANING_ONLY


def _crowded(
    change: PairChange, before: Revision | None, after: Revision | None
) -> Iterator[Reason]:
    """That a full list had no room for it."""
    if change.before is None and _is_saved(before) and _is_full(change.earlier):
        yield Reason(
            Cause.CROWDED,
            f"The list held the best {change.earlier.at_most} then, and others came closer.",
        )
    if change.after is None and _is_saved(after) and _is_full(change.later):
        yield Reason(
            Cause.CROWDED,
            f"The list holds the best {change.later.at_most}, and others come closer now.",
        )


def _is_saved(state: Revision | None) -> bool:
    return state is not None and state.action == Action.SAVED


def _is_full(ranking: KeptRanking) -> bool:
    return ranking.at_most is not None and len(ranking.matches) >= ranking.at_most
