"""Why a case was found, as far as a peer may know: sub-scores, probability and reasons in bands."""

from __future__ import annotations

from typing import Any

from matcher import Match
from matcher.explanation import in_bands


def account(found: Match) -> dict[str, Any]:
    """The `_`-prefixed fields of a result; "you" and "yours" are the asking side.

    Both cases must be as the peer knows them: then nothing that is withheld can show through.
    Factors are powers of ten, coverages quarters, the probability is one of three ranges. How
    usual a gene is here, expected false matches and Y are left out, and so is the number of
    cases searched.
    """
    told = in_bands(found.explanation())
    features = told.features
    coverage = {
        "yours": features.coverage_of_yours,
        "theirs": features.coverage_of_theirs,
    }
    return {
        "_probability": told.ladder.result,
        "_factors": {
            step.kind.value: step.factor
            for step in told.ladder.steps
            # A note says that it is missing, or shown without being counted.
            if not step.note
        },
        "_missing": {
            "yours": [kind.value for kind in told.missing_yours],
            "theirs": [kind.value for kind in told.missing_theirs],
        },
        "_coverage": {k: share for k, share in coverage.items() if share is not None},
        "_explanation": {
            "headline": told.headline,
            "summary": told.summary,
            "reasons": [reason.text for reason in told.reasons],
        },
    }
