"""By how much each cause moved the score of a pair: the score is computed along the way.

From the earlier score, the query is put in its later state, then the candidate, then the release
with its calibration and settings. Each step's difference belongs to its cause; they add up to
the whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from matcher.case import Case
from matcher.kept.reasons import Cause, Reason
from matcher.kept.replay import Replayer
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import KeptMatch, KeptRanking

if TYPE_CHECKING:
    from matcher.kept.comparison import PairChange

# Told together: a calibration belongs to one release, so that neither moves a score alone.
_GROUND = (Cause.RELEASE, Cause.CALIBRATION, Cause.SETTINGS, Cause.VERSION)


class Attribution:
    """Asks a replayer what the score would have been had less changed."""

    def __init__(self, kept: KeptRankings, replayer: Replayer) -> None:
        self._kept = kept
        self._replayer = replayer

    def told(
        self,
        change: PairChange,
        reasons: tuple[Reason, ...],
        before: Case,
        after: Case,
    ) -> tuple[Reason, ...]:
        """The reasons with their nats; `before` and `after` are the candidate's two states."""
        moved = self._moved(change, before, after)
        ground = next((r.cause for r in reasons if r.cause in _GROUND), None)
        parts = {
            Cause.QUERY: moved["query"],
            Cause.CANDIDATE: moved["candidate"],
        }
        if ground is not None:
            parts[ground] = moved["ground"]
        return tuple(
            dataclasses.replace(reason, nats=parts.get(reason.cause))
            for reason in reasons
        )

    def _moved(
        self, change: PairChange, before: Case, after: Case
    ) -> Mapping[str, float]:
        match = change.after or change.before
        assert match is not None
        old, new = (
            self._kept.revision(each.query_revision).case
            for each in (change.earlier, change.later)
        )
        assert old is not None and new is not None
        earlier, later = change.earlier, change.later
        scores = [
            self._score(earlier, match, old, before),
            self._score(earlier, match, new, before),
            self._score(earlier, match, new, after),
            self._score(later, match, new, after),
        ]
        steps = ("query", "candidate", "ground")
        return {
            step: second - first
            for step, first, second in zip(steps, scores, scores[1:])
        }

    def _score(
        self, ranking: KeptRanking, match: KeptMatch, query: Case, candidate: Case
    ) -> float:
        (found,) = self._replayer.scored(ranking, query, [(match, candidate)])
        return found.match.score
