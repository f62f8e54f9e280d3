"""Which cases are most likely the same disorder as this one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from matcher.assessment import Assessor
from matcher.calibration import Calibration, default_calibration
from matcher.case import Case
from matcher.engine.catalogue import Catalogue
from matcher.engine.constraints import Admission, Constraints
from matcher.engine.index import CaseIndex, Segment
from matcher.engine.packed import Flags, Profiles, TermTable
from matcher.engine.population import Population
from matcher.engine.profile import Profile
from matcher.engine.question import Question
from matcher.engine.search import Found, Search
from matcher.engine.tables import evidence_tables
from matcher.errors import UnknownCase
from matcher.evidence import EvidenceKind, EvidenceSettings
from matcher.many import rank_many
from matcher.many.shortlist import Shortlist
from matcher.matches import Match, Ranking
from matcher.preparation import CaseReader
from ontologies.progress import Progress, silent

if TYPE_CHECKING:
    from ontologies import Release

_BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchSettings:
    """How a site weighs evidence, and how many threads one query may use."""

    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)


class Matcher:
    """Ranks all cases it was given for any query. Safe to use from threads.

    `fetch` finds a case by id, so that a large store need not be kept in memory; without it the
    cases are. `kept` are cases that were indexed before, with what their numbers mean; they need
    `fetch`. Unknown terms never raise: they are named in the answer.
    """

    def __init__(
        self,
        release: Release,
        cases: Iterable[Case] = (),
        calibration: Calibration | None = None,
        settings: MatchSettings | None = None,
        *,
        fetch: Callable[[str], Case | None] | None = None,
        kept: tuple[Segment, Catalogue] | None = None,
    ) -> None:
        self.release = release
        self.calibration = calibration or default_calibration(release)
        self.settings = settings or MatchSettings()
        segment, catalogue = kept or (None, Catalogue())
        self.index = CaseIndex(() if segment is None else (segment,))
        self.catalogue = catalogue
        self._kernels = self.calibration.kernels
        self.reader = CaseReader(release, self.calibration)
        self._cases: dict[str, Case] = {}
        self._keeps_cases = fetch is None
        self.assessor = Assessor(
            release, self.calibration, self.reader, fetch or self._cases.get
        )
        self._lock = Lock()
        self.add_all(cases)

    def __len__(self) -> int:
        return len(self.index)

    def __contains__(self, case_id: str) -> bool:
        return self.index.snapshot().find(case_id) is not None

    def add(self, case: Case, *, revision: int = 0) -> None:
        """Let a case be found from now on, in place of one with its id if there is one."""
        self.add_all([case], revision=revision)

    def add_all(self, cases: Iterable[Case], *, revision: int = 0) -> None:
        """Let many cases be found, much faster than one by one. Of equal ids the last counts."""
        remaining = iter(cases)
        while batch := list(islice(remaining, _BATCH)):
            self._add_batch(batch, revision)

    def replace(self, case: Case, *, revision: int = 0) -> None:
        """Put a case in place of the one with its id. Raises UnknownCase if there is none."""
        if case.case_id not in self:
            raise UnknownCase(case.case_id)
        self.add(case, revision=revision)

    def remove(self, case_id: str) -> None:
        """Never find a case again. Raises UnknownCase if there is none."""
        with self._lock:
            if not self.index.remove(case_id):
                raise UnknownCase(case_id)
            self._cases.pop(case_id, None)

    def rank(
        self,
        case: Case,
        *,
        limit: int | None = 20,
        evidence: frozenset[EvidenceKind] | None = None,
        constraints: Constraints = Constraints(),
    ) -> list[Match]:
        """The best matches, highest total first, ties by case id; never the query's own id.

        `limit` is how many, None for all; below zero raises `NegativeLimit`.
        """
        answer = self.answer(
            case, limit=limit, evidence=evidence, constraints=constraints
        )
        return list(answer.matches)

    def answer(
        self,
        case: Case,
        *,
        limit: int | None = 20,
        evidence: frozenset[EvidenceKind] | None = None,
        constraints: Constraints = Constraints(),
    ) -> Ranking:
        """The matches together with what is to be known about the query and the search."""
        question = self.question(case, evidence)
        found = self.search(question, constraints).best(limit)
        return self.assessor.ranking(question, found)

    def rank_many(
        self,
        queries: Iterable[Case],
        *,
        limit: int | None = 20,
        evidence: frozenset[EvidenceKind] | None = None,
        constraints: Constraints = Constraints(),
        progress: Progress = silent,
        resume: Path | None = None,
        processes: int = 1,
    ) -> Iterator[Shortlist]:
        """What `rank` finds for each of many queries, in their order; see many.py."""
        return rank_many(
            self,
            queries,
            limit=limit,
            evidence=evidence,
            constraints=constraints,
            progress=progress,
            resume=resume,
            processes=processes,
        )

    def explained(
        self,
        case: Case,
        shortlist: Shortlist,
        evidence: frozenset[EvidenceKind] | None = None,
    ) -> Ranking:
        """The matches of a shortlist in full; without those whose case is gone since."""
        question = self.question(case, evidence)
        places = [(hit, question.snapshot.find(hit.case_id)) for hit in shortlist.hits]
        found = [
            Found(hit.score, hit.case_id, *place) for hit, place in places if place
        ]
        return self.assessor.ranking(question, found)

    def question(
        self, case: Case, evidence: frozenset[EvidenceKind] | None = None
    ) -> Question:
        """The query made ready, and the snapshot that it is asked of."""
        settings = self.evidence_settings(evidence)
        snapshot = self.index.snapshot()
        population = Population.of(snapshot, self.catalogue)
        ((profile, prepared),) = self.reader.read([case], settings)
        return Question(
            case=case,
            profile=profile,
            prepared=prepared,
            scale=self.calibration.panel.scale(profile.rows),
            table=self._table(profile),
            settings=settings,
            snapshot=snapshot,
            searched=population.searched(case),
        )

    def evidence_settings(
        self, kinds: frozenset[EvidenceKind] | None
    ) -> EvidenceSettings:
        """The settings of this matcher, with these kinds of evidence instead if any are named."""
        settings = self.settings.evidence
        return settings if kinds is None else replace(settings, kinds=kinds)

    def search(
        self, question: Question, constraints: Constraints = Constraints()
    ) -> Search:
        """The search for the totals of all cases, not begun."""
        evidence = evidence_tables(
            question.prepared,
            self.catalogue,
            self.calibration.background,
            question.settings,
        )
        weight = question.settings.weight(EvidenceKind.PHENOTYPE)
        is_used = EvidenceKind.PHENOTYPE in question.settings.kinds and weight
        return Search(
            snapshot=question.snapshot,
            table=question.table,
            curve=self.calibration.curve.scaled(weight) if is_used else None,
            query_hubness=question.scale.hubness,
            evidence=evidence,
            admission=Admission(
                query=question.case,
                constraints=constraints,
                catalogue=self.catalogue,
                gene_numbers=tuple(evidence.gene_shares),
                wanted=self._wanted(constraints.must_have),
                kernels=self._kernels,
            ),
            kernels=self._kernels,
            workers=self.settings.workers,
        )

    def _add_batch(self, cases: Sequence[Case], revision: int) -> None:
        settings = self.settings.evidence
        read = self.reader.read(cases, settings)
        profiles = Profiles.of([profile.rows.tolist() for profile, _ in read])
        hubness = self.calibration.panel.hubness_of(profiles, self.settings.workers)
        entries = zip(cases, read, hubness.tolist())
        with self._lock:
            # Before they can be found, so that whatever is found can be shown.
            if self._keeps_cases:
                self._cases.update((case.case_id, case) for case in cases)
            self.index.put(
                self.catalogue.entry(case, evidence, profile.rows.tolist(), r, revision)
                for case, (profile, evidence), r in entries
            )

    def _wanted(self, term_id: str | None) -> Flags | None:
        """Rows of a term and its descendants; none at all if the id stands for no term."""
        if term_id is None:
            return None
        ontology = self.release.ontology
        wanted = np.zeros(len(ontology.term_ids), dtype=np.bool_)
        resolved = ontology.resolve(term_id).term_id
        if resolved is not None:
            wanted[[ontology.row(term) for term in ontology.descendants(resolved)]] = (
                True
            )
        return wanted

    def _table(self, profile: Profile) -> TermTable:
        return self._kernels.table(self.calibration.terms, profile.rows)
