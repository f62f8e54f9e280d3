"""What the answer to a query says about each candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcher import __version__
from matcher.calibration import Band
from matcher.case import Case
from matcher.evidence import Evidence
from matcher.explanation import Explanation, explain

if TYPE_CHECKING:
    from ontologies import Release


@dataclass(frozen=True, slots=True)
class Pair:
    """The two cases of a match, and what they were compared by."""

    release: Release
    query: Case
    candidate: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One candidate with its total in nats and everything that made it.

    `efm` is the number of unrelated cases among those searched that are expected to come at least
    as close by phenotype, None where a side has no phenotype; `closeness` is Y, likewise.
    `searched` and `expected_partners` are the N and E of the probability. Release, calibration
    and version are what is needed to compute the score again.
    """

    rank: int
    case_id: str
    score: float
    probability: float
    efm: float | None
    band: Band
    evidence: tuple[Evidence, ...]
    closeness: float | None
    searched: int
    expected_partners: float
    release_id: str
    calibration_id: str
    version: str = __version__
    pair: Pair = field(repr=False, compare=False)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What each kind of evidence says, in sentences."""
        return tuple(
            evidence.sentence for evidence in self.evidence if evidence.sentence
        )

    @property
    def unmeasured(self) -> float:
        """The nats of the total that come of a phenotype of too few terms to be calibrated."""
        return sum(
            evidence.log_likelihood_ratio
            for evidence in self.evidence
            if not evidence.details.get("calibrated", True)
        )

    @property
    def provenance(self) -> Mapping[str, str]:
        """Everything that must be the same for the score to be the same."""
        return {
            **self.pair.release.versions,
            "release": self.release_id,
            "calibration": self.calibration_id,
            "secondcase": self.version,
        }

    def explanation(self) -> Explanation:
        """The complete account, made when it is asked for."""
        return explain(
            self.pair.release,
            self.pair.query,
            self.pair.candidate,
            evidence=self.evidence,
            searched=self.searched,
            expected=self.expected_partners,
            probability=self.probability,
            efm=self.efm,
            scaled=self.closeness,
            releases=self.provenance,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The answer to one query.

    `searched` is the number of cases there were before constraints, test cases apart.
    `unresolved` are ids of the query that stand for no single term of the release, and were left
    out; `calibrated` tells that the query has the three terms below which Y has no known meaning.
    """

    query_id: str
    matches: tuple[Match, ...]
    searched: int
    unresolved: tuple[str, ...]
    calibrated: bool
