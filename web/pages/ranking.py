"""The matches of a case that a person may see.

Cases of the own site are compared on everything, those of other sites on what is shared: terms
and candidate genes. Both come from one index and are searched among as many, so that their
scores are on one scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matcher import Case, Constraints, Match, Matcher
from matcher.evidence import EvidenceKind
from matcher.matches import Ranking
from web.people import Person
from web.pages.visibility import may_meet, may_open
from web.service import service

SHARED_EVIDENCE = frozenset({EvidenceKind.PHENOTYPE, EvidenceKind.GENE})
FIRST_LOOK = 2
GROWTH = 4
# Who has so many closer cases is not worth a page, nor the seconds it would take.
DEEPEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person may see of the answer to a query, and how much was searched for it."""

    matches: tuple[Match, ...]
    searched: int
    is_calibrated: bool


def answer(person: Person, case: Case, limit: int) -> Answer:
    """The best `limit` matches of the case among those the person may see."""
    own, others = _queries(person, case)
    summary = own.look(0)
    return Answer(
        matches=tuple(_best(person, own, others, limit)),
        searched=summary.searched,
        is_calibrated=summary.calibrated,
    )


def best(person: Person, case: Case) -> Match | None:
    """The most probable match that the person may see."""
    found = _best(person, *_queries(person, case), 1)
    return found[0] if found else None


def _queries(person: Person, case: Case) -> tuple[Query, Query]:
    """The case asked of its own site on everything, and of all on what is shared."""
    matcher = service().matcher.current()
    return (
        Query(matcher, case, None, Constraints(site=person.site, test=case.test)),
        Query(matcher, case, SHARED_EVIDENCE, Constraints(test=case.test)),
    )


def _best(person: Person, own: Query, others: Query, limit: int) -> list[Match]:
    found = [
        *own.admitted(lambda other: may_open(person, other), limit),
        *others.admitted(lambda other: _is_shared(person, other), limit),
    ]
    return sorted(found, key=lambda match: (-match.score, match.case_id))[:limit]


def pair(person: Person, case: Case, other: Case) -> Match | None:
    """The match of two given cases; None where it lies too deep to be worth a page."""
    evidence = None if may_open(person, other) else SHARED_EVIDENCE
    constraints = Constraints(site=other.site, test=case.test)
    query = Query(service().matcher.current(), case, evidence, constraints)
    found = query.admitted(lambda each: each.case_id == other.case_id, 1)
    return next(iter(found), None)


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

    def admitted(self, admits: Callable[[Case], bool], limit: int) -> list[Match]:
        """The first `limit` admitted matches, looking deeper while there are too few."""
        most = FIRST_LOOK * limit
        while True:
            matches = self.look(most).matches
            admitted = [match for match in matches if admits(match.pair.candidate)]
            if len(admitted) >= limit or len(matches) < most or most >= DEEPEST:
                return admitted[:limit]
            most *= GROWTH
