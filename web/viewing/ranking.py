"""The matches of a case that a person may see.

Cases of the own site are compared on everything, those of other sites on what is shared: terms
and candidate genes. Both come from one index and are searched among as many, so that their
scores are on one scale.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from matcher import Case, Constraints, Match, Matcher
from matcher.evidence import EvidenceKind
from matcher.explanation import Explanation
from matcher.matches import Ranking
from web.service import service
from web.viewing.visibility import Viewer, disclosed, may_meet, may_open

Ask = Callable[[int], Ranking]

SHARED_EVIDENCE = frozenset({EvidenceKind.PHENOTYPE, EvidenceKind.GENE})
# Looked at in turn for one case; who has so many closer ones is not worth a page.
DEPTHS = (64, 512, 4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person may see of the answer to a query, and how much was searched for it."""

    matches: tuple[Match, ...]
    searched: int
    is_calibrated: bool


def answer(person: Viewer, case: Case, limit: int) -> Answer:
    """The best `limit` matches of the case among those the person may see."""
    return answer_by(service().matcher.current(), person, case, limit)


def answer_by(matcher: Matcher, person: Viewer, case: Case, limit: int) -> Answer:
    """The same by a matcher over all cases, whatever the service answers by."""
    own, others = (ask(limit) for ask in _questions(matcher, person, case))
    return Answer(
        matches=tuple(_merged(own, others)[:limit]),
        searched=own.searched,
        is_calibrated=own.calibrated,
    )


def best(person: Viewer, case: Case) -> Match | None:
    """The most probable match that the person may see."""
    matcher = service().matcher.current()
    own, others = (ask(1) for ask in _questions(matcher, person, case))
    return next(iter(_merged(own, others)), None)


def pair(person: Viewer, case: Case, other: Case) -> Match | None:
    """The match of two given cases; None where it lies too deep to be worth a page."""
    own, others = _questions(service().matcher.current(), person, case)
    ask = own if may_open(person, other) else others
    looks = (ask(depth).matches for depth in DEPTHS)
    return next(
        (match for look in looks for match in look if match.case_id == other.case_id),
        None,
    )


def explained(person: Viewer, match: Match) -> Explanation:
    """The account of a match from what the person may see of the candidate."""
    seen = disclosed(person, match.pair.candidate)
    pair = dataclasses.replace(match.pair, candidate=seen)
    return dataclasses.replace(match, pair=pair).explanation()


def _questions(matcher: Matcher, person: Viewer, case: Case) -> tuple[Ask, Ask]:
    """The case asked of its own site on everything, and of the others on what is shared."""
    own = Constraints(test=case.test, admits=lambda other: may_open(person, other))
    others = Constraints(
        test=case.test,
        admits=lambda other: other.site != person.site and may_meet(person, other),
    )
    return (
        lambda limit: matcher.answer(case, limit=limit, constraints=own),
        lambda limit: matcher.answer(
            case, limit=limit, constraints=others, evidence=SHARED_EVIDENCE
        ),
    )


def _merged(own: Ranking, others: Ranking) -> list[Match]:
    found = [*own.matches, *others.matches]
    return sorted(found, key=lambda match: (-match.score, match.case_id))
