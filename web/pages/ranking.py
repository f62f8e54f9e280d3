"""The matches of a case that a person may see.

Cases of the own site are compared on everything, those of other sites on what is shared: terms
and candidate genes. Both come from one index and are searched among as many, so that their
scores are on one scale.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from matcher import Case, Constraints, Match, Matcher
from matcher.evidence import EvidenceKind
from matcher.matches import Ranking
from web.people import Person
from web.pages.visibility import may_meet, may_open
from web.service import service

SHARED_EVIDENCE = frozenset({EvidenceKind.PHENOTYPE, EvidenceKind.GENE})
FIRST_LOOK = 64
GROWTH = 4
DEEPEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person may see of the answer to a query, and how much was searched for it."""

    matches: tuple[Match, ...]
    searched: int
    is_calibrated: bool


def answer(person: Person, case: Case, limit: int) -> Answer:
    """The best `limit` matches of the case among those the person may see."""
    matcher = service().matcher.current()
    own = Query(matcher, case, None, Constraints(site=person.site, test=case.test))
    others = Query(matcher, case, SHARED_EVIDENCE, Constraints(test=case.test))
    found = [
        *itertools.islice(own.admitted(lambda other: may_open(person, other)), limit),
        *itertools.islice(
            others.admitted(lambda other: _is_shared(person, other)), limit
        ),
    ]
    found.sort(key=lambda match: (-match.score, match.case_id))
    first = own.look(1)
    return Answer(
        matches=tuple(found[:limit]),
        searched=first.searched,
        is_calibrated=first.calibrated,
    )


def pair(person: Person, case: Case, other: Case) -> Match | None:
    """The match of two given cases; None where it lies too deep to be worth a page."""
    evidence = None if may_open(person, other) else SHARED_EVIDENCE
    constraints = Constraints(site=other.site, test=case.test)
    query = Query(service().matcher.current(), case, evidence, constraints)
    found = itertools.islice(
        query.admitted(lambda each: may_meet(person, each)), DEEPEST
    )
    return next((match for match in found if match.case_id == other.case_id), None)


def _is_shared(person: Person, other: Case) -> bool:
    return other.site != person.site and may_meet(person, other)


@dataclass(frozen=True, slots=True)
class Query:
    """One case asked of one matcher, on some evidence, within some constraints."""

    matcher: Matcher
    case: Case
    evidence: frozenset[EvidenceKind] | None
    constraints: Constraints

    def look(self, most: int) -> Ranking:
        """The best so many matches, whoever may see them."""
        return self.matcher.answer(
            self.case, limit=most, evidence=self.evidence, constraints=self.constraints
        )

    def admitted(self, admits: Callable[[Case], bool]) -> Iterator[Match]:
        """The admitted matches in order, looking deeper each time they are used up."""
        done = 0
        for most in (FIRST_LOOK * GROWTH**step for step in itertools.count()):
            matches = self.look(most).matches
            yield from (
                match for match in matches[done:] if admits(match.pair.candidate)
            )
            if len(matches) < most:
                return
            done = most
