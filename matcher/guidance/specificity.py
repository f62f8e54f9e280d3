"""How specific a profile is: how many unrelated cases come as close as a second case would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matcher.engine.packed import Profiles
from matcher.engine.question import Question

if TYPE_CHECKING:
    from matcher.matching import Matcher

# A site with a few cases asks a network of many: no fewer are counted than these.
LEAST_CASES = 10_000
_CARRIERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Specificity:
    """How far a profile stands out among the cases that are searched.

    `expected` is how many of `among` unrelated cases are expected to come at least as close as a
    case that shows half of the profile. `carriers` are the rarest observed terms, rarest first.
    """

    expected: float
    among: int
    carriers: tuple[str, ...]


def specificity(matcher: Matcher, question: Question) -> Specificity | None:
    """How specific the observed profile of the question is; None where there is none.

    Nobody knows how much of a profile a second case will show, so a half is taken: every other
    term by rarity, once from the first and once from the second on. The answer is the mean of
    the two; a profile of one term is compared with itself.
    """
    rows = question.profile.rows
    if not len(rows) or question.table is None:
        return None
    content = matcher.release.information_content.values
    by_rarity = rows[np.argsort(-content[rows], kind="stable")]
    halves = [half for half in (by_rarity[::2], by_rarity[1::2]) if len(half)]
    profiles = Profiles.of([sorted(half.tolist()) for half in halves])
    calibration = matcher.calibration
    x = np.empty(len(halves))
    calibration.kernels.similarity(question.table, profiles, 0, x)
    hubness = calibration.panel.hubness_of(profiles).astype(np.float64)
    closeness = x - 0.5 * question.scale.hubness - 0.5 * hubness
    among = max(question.searched, LEAST_CASES)
    expected = [
        calibration.false_matches(question.scale, float(y), among) for y in closeness
    ]
    terms = matcher.release.ontology.term_ids
    return Specificity(
        expected=sum(expected) / len(expected),
        among=among,
        carriers=tuple(terms[row] for row in by_rarity[:_CARRIERS].tolist()),
    )
