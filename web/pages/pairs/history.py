"""When and why a pair appeared, moved or vanished: by term, gene, release or version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

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
from web.mme.asking.earlier import Earlier, EarlierVersion
from web.mme.asking.kept import KeptMatch
from web.pages.cases.versions import compared
from web.pages.words import day
from web.service import service
from web.viewing import visibility

log = structlog.get_logger(__name__)

# Lists that the page of a pair looks back through, and changes of a list on a page.
MOST_LISTS = 40
MOST_TURNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change of a pair: when it was seen, what happened, and everything that did it."""

    when: str
    what: str
    reasons: tuple[str, ...] = ()
    other_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """From one list of a case to the next: what changed for all, and each pair that changed.

    `quiet` pairs changed too, and their frequency is said as it was.
    """

    when: str
    common: tuple[str, ...]
    steps: tuple[Step, ...]
    quiet: int = 0


@dataclass(frozen=True, slots=True)
class Turns:
    """Changes of a list, latest first, and the number of the list from which older ones go on."""

    turns: tuple[Turn, ...]
    older: int | None


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

    def of_case(self, case_id: str, until: int | None = None) -> Turns:
        """The changes of a case's list from each kept one to the next, latest first.

        With `until` those up to the list of that number, so that older ones are read a page at
        a time.
        """
        numbers = [
            number
            for number in self._kept.numbers(case_id)
            if until is None or number <= until
        ]
        shown = numbers[-MOST_TURNS - 1 :]
        turns = [
            turn for pair in pairwise(shown) if (turn := self._turn(case_id, *pair))
        ]
        older = shown[0] if len(numbers) > len(shown) else None
        return Turns(tuple(reversed(turns)), older)

    def _turn(self, case_id: str, earlier: int, later: int) -> Turn | None:
        try:
            found = self._comparer.compare(earlier, later)
        except MatcherError as error:
            log.error(
                "history not told", error=type(error).__name__, case_ids=[case_id]
            )
            return None
        return _turn(found) if found.pairs else None


def _turn(found: Comparison) -> Turn:
    changed = [
        pair
        for outcome in (Outcome.NEW, Outcome.GONE, Outcome.CHANGED)
        for pair in found.of(outcome)
    ]
    told = [pair for pair in changed if _words(pair.before) != _words(pair.after)]
    return Turn(
        when=day(found.later.kept_at),
        common=tuple(reason.sentence for reason in found.reasons),
        steps=tuple(_step(each, besides=found.reasons) for each in told),
        quiet=len(changed) - len(told),
    )


def _words(match: KeptCandidate | None) -> str:
    """What a reader learns of it; a match far down says no more than none at all."""
    found = frequency(match.probability) if match else None
    return found.words if found and found.count else ""


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
        return f"appeared, {_at(after)}"
    if after is None and before is not None:
        return f"left the list, was {_at(before)}"
    assert before is not None and after is not None
    if _words(before) == _words(after):
        return f"still {_at(after)}, its evidence changed"
    return f"{_odds(before)} before, {_odds(after)} since"


def _at(match: KeptCandidate) -> str:
    return f"at {_odds(match)}" if _words(match) else _odds(match)


def _odds(match: KeptCandidate) -> str:
    return frequency(match.probability).words


def of_patient(case_id: str, kept: KeptMatch) -> tuple[Step, ...]:
    """What is known of a peer's patient, latest first: when it was told of, changed, withdrawn.

    As long as the versions of what the peer told are kept, each change is said term by term.
    """
    return tuple(reversed(list(_told_of(case_id, kept))))


def _told_of(case_id: str, kept: KeptMatch) -> Iterator[Step]:
    name = kept.remote.case.case_id
    versions = Earlier(connection()).of(case_id, kept.node, name)
    versions.append(EarlierVersion(kept.changed_at, kept.remote.case))
    yield Step(
        when=day(kept.first_seen), what=f"{kept.node} told of it first", other_id=name
    )
    if len(versions) == 1 and kept.changed_at != kept.first_seen:
        yield _changed(kept, kept.changed_at)
    for before, after in pairwise(versions):
        yield _changed(kept, after.told_at, tuple(_rows(before.case, after.case)))
    if kept.gone_at:
        yield Step(
            when=day(kept.gone_at),
            what=f"withdrawn: {kept.node} answered and did not name it any more",
            other_id=name,
        )


def _changed(kept: KeptMatch, at: str, reasons: tuple[str, ...] = ()) -> Step:
    return Step(
        when=day(at),
        what=f"{kept.node} told something else of it",
        reasons=reasons,
        other_id=kept.remote.case.case_id,
    )


def _rows(before: Case, after: Case) -> Iterator[str]:
    """Each thing that the two versions say otherwise, in a line."""
    for group in compared(before, after, service().release):
        for row in group.changed:
            if row.kind == "added":
                yield f"{row.name} is added: {row.after}"
            elif row.kind == "removed":
                yield f"{row.name} is not told any more, was: {row.before}"
            else:
                yield f"{row.name} was {row.before}, is {row.after}"
