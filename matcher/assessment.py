"""What is said of the cases that a search found: how likely each is, and what speaks for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from matcher.calibration import FEWEST_TERMS, Calibration
from matcher.case import Case
from matcher.engine.packed import Profiles
from matcher.engine.question import Question
from matcher.engine.search import Found
from matcher.evidence import (
    Evidence,
    EvidenceKind,
    Missing,
    phenotype_evidence,
    weigh,
)
from matcher.many.shortlist import Hit, Shortlist
from matcher.matches import Match, Pair, Ranking
from matcher.preparation import CaseReader

if TYPE_CHECKING:
    from ontologies import Release


class Assessor:
    """Says what was found for a question, in short as hits or in full as matches.

    `fetch` gives the case of an id, None if it is gone.
    """

    def __init__(
        self,
        release: Release,
        calibration: Calibration,
        reader: CaseReader,
        fetch: Callable[[str], Case | None],
    ) -> None:
        self._release = release
        self._calibration = calibration
        self._reader = reader
        self.fetch = fetch

    def shortlist(
        self,
        question: Question,
        found: Sequence[Found],
        similarities: Sequence[float],
    ) -> Shortlist:
        """What was found, each with its X, without the account of each."""
        ranked = enumerate(zip(found, similarities), start=1)
        return Shortlist(
            query_id=question.case.case_id,
            hits=tuple(self._hit(question, rank, *each) for rank, each in ranked),
            searched=question.searched,
            unresolved=question.profile.unresolved,
            calibrated=len(question.profile.rows) >= FEWEST_TERMS,
        )

    def ranking(
        self,
        question: Question,
        found: Sequence[Found],
        fetch: Callable[[str], Case | None] | None = None,
    ) -> Ranking:
        """What was found in full, without the cases that are gone since.

        `fetch` gives the cases instead, to who has read them already.
        """
        matches = self._matches(question, found, fetch or self.fetch)
        return Ranking(
            query_id=question.case.case_id,
            matches=tuple(matches),
            searched=question.searched,
            unresolved=question.profile.unresolved,
            calibrated=len(question.profile.rows) >= FEWEST_TERMS,
        )

    def _hit(
        self, question: Question, rank: int, found: Found, similarity: float
    ) -> Hit:
        """The one place where a total becomes a probability and a band."""
        calibration = self._calibration
        closeness = _closeness(question, found, similarity)
        efm = (
            None
            if closeness is None
            else calibration.false_matches(question.scale, closeness, question.searched)
        )
        probability = calibration.probability(found.total, question.searched)
        unmeasured = self._unmeasured(question, found, closeness)
        return Hit(
            rank=rank,
            case_id=found.case_id,
            score=found.total,
            probability=probability,
            efm=efm,
            band=calibration.bands.band(found.total, probability, efm, unmeasured),
            closeness=closeness,
        )

    def _unmeasured(
        self, question: Question, found: Found, closeness: float | None
    ) -> float:
        """What a phenotype of too few terms to be calibrated adds to the total, in nats."""
        if closeness is None or EvidenceKind.PHENOTYPE not in question.settings.kinds:
            return 0.0
        segment = question.snapshot.parts[found.part].segment
        theirs = len(segment.profiles[found.position])
        if min(len(question.profile.rows), theirs) >= FEWEST_TERMS:
            return 0.0
        weight = question.settings.weight(EvidenceKind.PHENOTYPE)
        return weight * float(self._calibration.curve(np.array([closeness]))[0])

    def _matches(
        self,
        question: Question,
        found: Sequence[Found],
        fetch: Callable[[str], Case | None],
    ) -> Iterator[Match]:
        rank = 0
        for each, similarity in zip(found, self._similarities(question, found)):
            candidate = fetch(each.case_id)
            # Erased since the snapshot was taken: then it is not to be seen any more.
            if candidate is not None:
                rank += 1
                hit = self._hit(question, rank, each, similarity)
                yield self._match(question, hit, candidate, similarity)

    def _similarities(
        self, question: Question, found: Sequence[Found]
    ) -> Sequence[float]:
        """X of the cases found; nan where a side has no phenotype."""
        segments = [question.snapshot.parts[each.part].segment for each in found]
        profiles = Profiles.of(
            [s.profiles[f.position].tolist() for s, f in zip(segments, found)]
        )
        kernels = self._calibration.kernels
        table = question.table or kernels.table(
            self._calibration.terms, question.profile.rows
        )
        x = np.empty(len(found))
        kernels.similarity(table, profiles, 0, x)
        known: list[float] = x.tolist()
        return known

    def _match(
        self, question: Question, hit: Hit, candidate: Case, similarity: float
    ) -> Match:
        return Match(
            **hit._asdict(),
            evidence=self._evidence(question, candidate, similarity, hit.closeness),
            searched=question.searched,
            expected_partners=self._calibration.expected_partners,
            release_id=self._release.release_id,
            calibration_id=self._calibration.calibration_id,
            pair=Pair(self._release, question.case, candidate),
        )

    def _evidence(
        self, question: Question, candidate: Case, similarity: float, y: float | None
    ) -> tuple[Evidence, ...]:
        settings = question.settings
        ((profile, prepared),) = self._reader.read([candidate], settings)
        others = weigh(
            question.prepared, prepared, self._calibration.background, settings
        )
        if EvidenceKind.PHENOTYPE not in settings.kinds:
            return others
        ours, theirs = len(question.profile.rows), len(profile.rows)
        if y is None:
            missing: Missing = "you" if theirs else "they" if ours else "both"
            return phenotype_evidence(0.0, settings, missing=missing), *others
        phenotype = phenotype_evidence(
            float(self._calibration.curve(np.array([y]))[0]),
            settings,
            similarity=similarity,
            scaled=y,
            calibrated=min(ours, theirs) >= FEWEST_TERMS,
        )
        return phenotype, *others


def _closeness(question: Question, found: Found, similarity: float) -> float | None:
    """Y; None where a side has no phenotype."""
    if math.isnan(similarity):
        return None
    segment = question.snapshot.parts[found.part].segment
    hubness = float(segment.hubness[found.position])
    return similarity - 0.5 * question.scale.hubness - 0.5 * hubness
