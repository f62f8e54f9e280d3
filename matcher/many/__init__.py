"""The best matches of many cases at once, with the scores of one at a time.

Queries go in blocks: a block is held against all cases by one kernel, and each of its queries is
then totalled and ordered by the code that answers a single one. Blocks run side by side, a few
ahead of whoever reads, so that memory does not grow with the number of queries.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from matcher.calibration import FEWEST_TERMS
from matcher.case import Case
from matcher.engine.constraints import Constraints
from matcher.evidence import EvidenceKind, EvidenceSettings
from matcher.engine.packed import Floats, Profiles, Terms
from matcher.panel import QueryScale
from matcher.engine.population import Population
from matcher.engine.question import Question
from matcher.many.resumption import Resumable, circumstances_of
from matcher.engine.search import Found
from matcher.many.side_by_side import in_processes, in_threads
from matcher.many.shortlist import Hit, Shortlist
from ontologies.progress import Progress, silent

if TYPE_CHECKING:
    from matcher.matching import Matcher

# More gain little, and their terms no longer fit a processor's cache.
_QUERIES = 64
# Similarities that one thread holds at a time: 64 MB.
_PAIRS = 1 << 23


def rank_many(
    matcher: Matcher,
    queries: Iterable[Case],
    *,
    limit: int | None = 20,
    evidence: frozenset[EvidenceKind] | None = None,
    constraints: Constraints = Constraints(),
    progress: Progress = silent,
    resume: Path | None = None,
    processes: int = 1,
) -> Iterator[Shortlist]:
    """The best matches of every query, in their order, as `Matcher.rank` finds them.

    All are asked of the cases as they are now. With `resume`, results are kept in that file as
    JSON lines while they are found, and what a run before this one left there is not computed
    again. Raises AnotherRun if the file was begun with other queries, cases or settings, and
    RunUnderWay if another process is writing it. More `processes` than one are forked from this
    one, which must have no other threads then; they share its memory, and use the processors
    better than threads do.
    """
    asked = list(queries)
    run = _Run.of(matcher, limit, evidence, constraints, processes)
    if resume is None:
        return _told(run.shortlists(asked), len(asked), progress)
    header = circumstances_of(matcher, asked, run.settings, constraints, limit)
    kept = Resumable.open(resume, header)
    found = _resumed(kept, run, asked)
    return _told(found, len(asked), progress)


def _resumed(
    kept: Resumable, run: _Run, queries: Sequence[Case]
) -> Iterator[Shortlist]:
    with closing(kept):
        yield from kept.found()
        for shortlist in run.shortlists(queries[kept.count :]):
            kept.add(shortlist)
            yield shortlist


def _told(
    shortlists: Iterator[Shortlist], total: int, progress: Progress
) -> Iterator[Shortlist]:
    progress("Ranking", 0, total)
    for done, shortlist in enumerate(shortlists, start=1):
        yield shortlist
        progress("Ranking", done, total)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The cases as they were when the run began, in the form in which blocks are held to them.

    `profiles` are those of each part, as positions in `terms`, the part of the ontology that
    matters to them.
    """

    matcher: Matcher
    limit: int | None
    settings: EvidenceSettings
    constraints: Constraints
    processes: int
    population: Population
    terms: Terms
    profiles: tuple[Profiles, ...]

    @classmethod
    def of(
        cls,
        matcher: Matcher,
        limit: int | None,
        evidence: frozenset[EvidenceKind] | None,
        constraints: Constraints,
        processes: int = 1,
    ) -> _Run:
        snapshot = matcher.index.snapshot()
        profiles = [part.segment.profiles for part in snapshot.parts]
        rows = np.concatenate([np.zeros(0, np.uint16), *[p.rows for p in profiles]])
        terms = matcher.calibration.terms.restricted_to(rows)
        return cls(
            matcher=matcher,
            limit=limit,
            settings=matcher.evidence_settings(evidence),
            constraints=constraints,
            processes=processes,
            population=Population.of(snapshot, matcher.catalogue),
            terms=terms,
            profiles=tuple(
                Profiles(terms.position[p.rows].astype(np.uint16), p.offsets)
                for p in profiles
            ),
        )

    def shortlists(self, queries: Sequence[Case]) -> Iterator[Shortlist]:
        """One for each query, in their order."""
        cases = sum(map(len, self.profiles))
        size = max(1, min(_QUERIES, _PAIRS // max(cases, 1)))
        blocks = [queries[at : at + size] for at in range(0, len(queries), size)]
        workers = self.matcher.settings.workers
        found = (
            in_processes(self._block, blocks, self.processes)
            if self.processes > 1
            else in_threads(self._block, blocks, workers)
        )
        with closing(found):
            for shortlists in found:
                yield from shortlists

    def _block(self, queries: Sequence[Case]) -> list[Shortlist]:
        read = self.matcher.read(queries, self.settings)
        rows = Profiles.of([profile.rows.tolist() for profile, _ in read])
        similarities = self._similarities(rows)
        scales = self.matcher.calibration.panel.scales(rows)
        return [
            self._shortlist(
                Question(
                    case=case,
                    profile=profile,
                    prepared=prepared,
                    scale=scale,
                    table=None,
                    settings=self.settings,
                    snapshot=self.population.snapshot,
                    searched=self.population.searched(case),
                ),
                [part[number] for part in similarities],
            )
            for number, (case, (profile, prepared), scale) in enumerate(
                zip(queries, read, scales)
            )
        ]

    def _similarities(self, queries: Profiles) -> list[Floats]:
        """X of the queries and the cases of each part: [query, case]."""
        found = [np.empty((len(queries), len(profiles))) for profiles in self.profiles]
        for profiles, out in zip(self.profiles, found):
            self.matcher.calibration.kernels.similarities(
                self.terms, queries, profiles, out
            )
        return found

    def _shortlist(
        self, question: Question, similarities: Sequence[Floats]
    ) -> Shortlist:
        search = replace(
            self.matcher.search(question, self.constraints),
            similarities=similarities,
            workers=1,
        )
        hits = (
            self._hit(question, rank, found, similarities[found.part])
            for rank, found in enumerate(search.best(self.limit), start=1)
        )
        return Shortlist(
            query_id=question.case.case_id,
            hits=tuple(hits),
            searched=question.searched,
            unresolved=question.profile.unresolved,
            calibrated=len(question.profile.rows) >= FEWEST_TERMS,
        )

    def _hit(
        self, question: Question, rank: int, found: Found, similarities: Floats
    ) -> Hit:
        calibration = self.matcher.calibration
        segment = self.population.snapshot.parts[found.part].segment
        closeness = _closeness(
            similarities.item(found.position),
            question.scale,
            segment.hubness.item(found.position),
        )
        efm = (
            None
            if closeness is None
            else calibration.false_matches(question.scale, closeness, question.searched)
        )
        probability = calibration.probability(found.total, question.searched)
        return Hit(
            rank=rank,
            case_id=found.case_id,
            score=found.total,
            probability=probability,
            efm=efm,
            band=calibration.bands.band(found.total, probability, efm),
            closeness=closeness,
        )


def _closeness(
    similarity: float, scale: QueryScale, candidate_hubness: float
) -> float | None:
    """Y; None where a side has no phenotype."""
    if math.isnan(similarity):
        return None
    return similarity - 0.5 * scale.hubness - 0.5 * candidate_hubness
