"""The best matches of many cases at once, with the scores of one at a time.

Queries go in blocks: a block is held against all cases by one kernel, and each of its queries is
then totalled and ordered by the code that answers a single one. Blocks run side by side, a few
ahead of whoever reads, so that memory does not grow with the number of queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic

import numpy as np

from matcher.case import Case
from matcher.engine.constraints import Constraints
from matcher.engine.packed import Floats, Profiles, Terms
from matcher.engine.population import Population
from matcher.engine.question import Question
from matcher.evidence import EvidenceKind, EvidenceSettings
from matcher.many.outcomes import (
    Kept,
    Outcome,
    Shortlists,
    Writer,
    Written,
    WrittenRankings,
)
from matcher.many.resumption import Resumable, circumstances_of
from matcher.many.shortlist import Shortlist
from matcher.many.side_by_side import in_processes, in_threads
from ontologies.progress import Progress, silent

if TYPE_CHECKING:
    from matcher.matching import Matcher

__all__ = ["Writer", "Written", "rank_many", "write_many"]

# More gain little, and their terms no longer fit a processor's cache.
_QUERIES = 64
# Fewer are not worth a process of their own.
_FEWEST = 8
# Similarities that one thread holds at a time: 64 MB.
_PAIRS = 1 << 23
# Matches that one thread holds at a time: written out, some 10 MB.
_MATCHES = 1 << 13


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
    outcome = Shortlists(matcher.assessor)
    run = _Run.of(matcher, outcome, limit, evidence, constraints, processes)
    return run.results(queries, progress, resume)


def write_many(
    matcher: Matcher,
    queries: Iterable[Case],
    writer: Writer,
    *,
    limit: int | None = 20,
    evidence: frozenset[EvidenceKind] | None = None,
    constraints: Constraints = Constraints(),
    progress: Progress = silent,
    resume: Path | None = None,
    processes: int = 1,
) -> Iterator[Written]:
    """What `writer` makes of the ranking of every query, in their order.

    As `rank_many`, but every match is explained, and written by the process that found it. A
    file to resume from holds the texts, and so what they tell of the cases.
    """
    outcome = WrittenRankings(matcher.assessor, writer)
    run = _Run.of(matcher, outcome, limit, evidence, constraints, processes)
    return run.results(queries, progress, resume)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run(Generic[Kept]):
    """The cases as they were when the run began, in the form in which blocks are held to them.

    `profiles` are those of each part, as positions in `terms`, the part of the ontology that
    matters to them.
    """

    matcher: Matcher
    outcome: Outcome[Kept]
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
        outcome: Outcome[Kept],
        limit: int | None,
        evidence: frozenset[EvidenceKind] | None,
        constraints: Constraints,
        processes: int,
    ) -> _Run[Kept]:
        snapshot = matcher.index.snapshot()
        profiles = [part.segment.profiles for part in snapshot.parts]
        rows = np.concatenate([np.zeros(0, np.uint16), *[p.rows for p in profiles]])
        terms = matcher.calibration.terms.restricted_to(rows)
        return cls(
            matcher=matcher,
            outcome=outcome,
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

    def results(
        self, queries: Iterable[Case], progress: Progress, resume: Path | None
    ) -> Iterator[Kept]:
        """One for each query, in their order."""
        asked = list(queries)
        if resume is None:
            return _told(self._found(asked), len(asked), progress)
        header = circumstances_of(
            self.matcher,
            asked,
            self.settings,
            self.constraints,
            self.limit,
            self.outcome.name,
            self.outcome.told(self.population.snapshot.case_ids()),
        )
        kept = Resumable.open(resume, header, self.outcome.from_json)
        return _told(self._resumed(kept, asked), len(asked), progress)

    def _resumed(
        self, kept: Resumable[Kept], queries: Sequence[Case]
    ) -> Iterator[Kept]:
        with closing(kept):
            yield from kept.found()
            for result in self._found(queries[kept.count :], kept.fileno()):
                kept.add(result)
                yield result

    def _found(self, queries: Sequence[Case], *own: int) -> Iterator[Kept]:
        size = self._block_size(len(queries))
        blocks = [queries[at : at + size] for at in range(0, len(queries), size)]
        found = (
            in_processes(self._block, blocks, self.processes, own)
            if self.processes > 1 and len(blocks) > 1
            else in_threads(self._block, blocks, self.matcher.settings.workers)
        )
        with closing(found):
            for results in found:
                yield from results

    def _block_size(self, queries: int) -> int:
        cases = max(1, sum(map(len, self.profiles)))
        matches = cases if self.limit is None else max(1, min(self.limit, cases))
        share = max(_FEWEST, -(-queries // self.processes))
        return max(1, min(_QUERIES, share, _PAIRS // cases, _MATCHES // matches))

    def _block(self, queries: Sequence[Case]) -> list[Kept]:
        read = self.matcher.reader.read(queries, self.settings)
        rows = Profiles.of([profile.rows.tolist() for profile, _ in read])
        similarities = self._similarities(rows)
        scales = self.matcher.calibration.panel.scales(rows)
        return [
            self._result(
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

    def _result(self, question: Question, similarities: Sequence[Floats]) -> Kept:
        search = replace(
            self.matcher.search(question, self.constraints),
            similarities=similarities,
            workers=1,
        )
        return self.outcome.of(question, search.best(self.limit), similarities)


def _told(results: Iterator[Kept], total: int, progress: Progress) -> Iterator[Kept]:
    progress("Ranking", 0, total)
    for done, result in enumerate(results, start=1):
        yield result
        progress("Ranking", done, total)
