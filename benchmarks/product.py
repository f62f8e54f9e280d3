"""What `Matcher` itself answers, as one more measure of the evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matcher import Case, Matcher
from matcher.evidence import EvidenceKind

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

NAME = "Matcher"
PHENOTYPE_ONLY = frozenset({EvidenceKind.PHENOTYPE})


class ProductScores:
    """Totals of the product for queries of a collection against all of it, by some evidence.

    What the product does not return, the query itself among them, scores minus infinity.
    """

    def __init__(
        self,
        matcher: Matcher,
        cases: Sequence[Case],
        kinds: frozenset[EvidenceKind] = PHENOTYPE_ONLY,
    ) -> None:
        self._matcher, self._cases, self._kinds = matcher, cases, kinds
        self._positions = {case.case_id: n for n, case in enumerate(cases)}

    def __call__(self, queries: Positions) -> dict[str, Floats]:
        scores = np.full((len(queries), len(self._cases)), -np.inf)
        for row, query in zip(scores, queries, strict=True):
            question = self._matcher.question(self._cases[query], self._kinds)
            found = self._matcher.search(question).best(None)
            row[[self._positions[each.case_id] for each in found]] = [
                each.total for each in found
            ]
        return {NAME: scores}
