"""When and why a pair appeared, moved or vanished: by term, gene, release or version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from matcher.case import Case
from matcher.errors import MatcherError
from matcher.kept.comparison import Comparer, Comparison, Outcome, PairChange
from matcher.kept.reasons import Reason
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import KeptMatch as KeptCandidate
from matcher.wording import frequency
from web.accounts.people import Person
from web.db import connection
from web.mme.asking.kept import KeptMatch
from web.pages.words import day
from web.viewing import visibility

log = structlog.get_logger(__name__)

# Lists of matches that a page looks back through.
MOST_LISTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of a pair: when it was seen, what happened, and everything that did it."""

    when: str
    what: str
    reasons: tuple[str, ...] = ()
    other_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """From one list of a case to the next: what changed for all, and each pair that changed."""

    when: str
    common: tuple[str, ...]
    steps: tuple[Step, ...]


class History:
    """The changes of a case's matches, as far as a person may see the cases."""

    def __init__(self, person: Person) -> None:
        self._kept = KeptRankings(connection())
        self._person = person
        self._comparer = Comparer(self._kept, seen=self._seen)

    def _seen(self, case: Case) -> Case | None:
        return visibility.seen(self._person, case)

    def of_pair(self, case_id: str, other_id: str) -> tuple[Step, ...]:
        """The changes of one pair, latest first; none if what was kept cannot be read."""
        try:
            changes = self._comparer.history(case_id, other_id, last=MOST_LISTS)
        except MatcherError as error:
            log.error(
                "history not told", error=type(error).__name__, case_ids=[case_id]
            )
            return ()
        return tuple(_step(change) for change in reversed(changes))

    def of_case(self, case_id: str) -> tuple[Turn, ...]:
        """The changes of a case's list from each kept one to the next, latest first."""
        numbers = self._kept.numbers(case_id)[-MOST_LISTS:]
        turns = []
        for earlier, later in zip(numbers, numbers[1:]):
            try:
                found = self._comparer.compare(earlier, later)
            except MatcherError as error:
                log.error(
                    "history not told", error=type(error).__name__, case_ids=[case_id]
                )
                continue
            if found.pairs:
                turns.append(_turn(found))
        return tuple(reversed(turns))


def _turn(found: Comparison) -> Turn:
    changed = [
        pair
        for outcome in (Outcome.NEW, Outcome.GONE, Outcome.CHANGED)
        for pair in found.of(outcome)
    ]
    return Turn(
        when=day(found.later.kept_at),
        common=tuple(reason.sentence for reason in found.reasons),
        steps=tuple(_step(each, besides=found.reasons) for each in changed),
    )


def _step(change: PairChange, besides: Sequence[Reason] = ()) -> Step:
    """One change; reasons that stand above it already are not said again."""
    return Step(
        when=day(change.later.kept_at),
        what=_what(change),
        reasons=tuple(r.sentence for r in change.reasons if r not in besides),
        other_id=change.case_id,
    )


def _what(change: PairChange) -> str:
    before, after = change.before, change.after
    if before is None and after is not None:
        return f"appeared, at {_odds(after)}"
    if after is None and before is not None:
        return f"left the list, was at {_odds(before)}"
    assert before is not None and after is not None
    if _odds(before) == _odds(after):
        return f"still at {_odds(after)}, its evidence changed"
    return f"{_odds(before)} before, {_odds(after)} since"


def _odds(match: KeptCandidate) -> str:
    return frequency(match.probability).words


def of_patient(kept: KeptMatch) -> tuple[Step, ...]:
    """What is known of a peer's patient: when it was told of, changed and withdrawn."""
    return tuple(reversed(list(_told_of(kept))))


def _told_of(kept: KeptMatch) -> Iterator[Step]:
    yield Step(when=day(kept.first_seen), what=f"{kept.node} told of it first")
    if kept.changed_at != kept.first_seen:
        yield Step(
            when=day(kept.changed_at), what=f"{kept.node} told something else of it"
        )
    if kept.gone_at:
        yield Step(
            when=day(kept.gone_at),
            what=f"withdrawn: {kept.node} answered and did not name it any more",
        )
