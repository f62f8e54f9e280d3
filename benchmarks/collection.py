"""Which published cases can be asked for their like, and which answers would be right.

A case takes part with at least three observed terms of the phenotype branch and a diagnosis. Its
gallery is every case from other publications, and right is whoever has the same disease. Only
observed terms are read: in such collections the excluded terms are the curator's template, and
give the disease away.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matcher.case import Case, DiseaseStatus
from matcher.similarity import most_specific
from ontologies import Ontology

FEWEST_TERMS = 3

Flags = NDArray[np.bool_]
Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EvaluationCase:
    """A published case with its terms as they are scored and its confirmed diseases."""

    case: Case
    terms: tuple[str, ...]
    diseases: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """Cases that are queries and gallery at once."""

    cases: tuple[EvaluationCase, ...]

    @classmethod
    def of(cls, cases: Iterable[Case], ontology: Ontology) -> Collection:
        """The cases that take part, in their order."""
        taking_part = (_evaluation_case(case, ontology) for case in cases)
        return cls(
            tuple(
                case
                for case in taking_part
                if len(case.terms) >= FEWEST_TERMS and case.diseases
            )
        )

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def source(self) -> list[Case]:
        """The cases as they were read."""
        return [each.case for each in self.cases]

    @cached_property
    def _diseases(self) -> sparse.csr_array:
        return membership([case.diseases for case in self.cases])

    @cached_property
    def _publications(self) -> sparse.csr_array:
        # Whoever names no publication comes from one of her own.
        return membership(
            [case.publications or (case.case_id,) for case in self.source]
        )

    def right_and_wrong(self, queries: Positions) -> tuple[Flags, Flags]:
        """Which cases are right and which are wrong answers: two flags[query, case].

        Cases from the query's own publications are neither.
        """
        is_alike = (self._diseases[queries] @ self._diseases.T).toarray() > 0
        is_near = (self._publications[queries] @ self._publications.T).toarray() > 0
        return is_alike & ~is_near, ~is_alike & ~is_near

    def queries(self, per_disease: int | None, seed: int) -> Positions:
        """The cases that have something to find, at most so many of each disease by chance."""
        taken: dict[str, int] = {}
        chosen = []
        for position in np.random.default_rng(seed).permutation(len(self.cases)):
            disease = self.cases[position].diseases[0]
            is_wanted = per_disease is None or taken.get(disease, 0) < per_disease
            if is_wanted and self._has_partner[position]:
                taken[disease] = taken.get(disease, 0) + 1
                chosen.append(position)
        return np.array(sorted(chosen), dtype=np.int64)

    def disease_numbers(self, queries: Positions) -> Positions:
        """The disease of each of these cases, as a number from 0 on."""
        diseases = [self.cases[query].diseases[0] for query in queries]
        numbers: Positions = np.unique(diseases, return_inverse=True)[1]
        return numbers

    @cached_property
    def _has_partner(self) -> Flags:
        blocks = np.array_split(np.arange(len(self)), len(self) // 512 + 1)
        return np.concatenate([self.right_and_wrong(b)[0].any(axis=1) for b in blocks])


def profile(terms: Iterable[str], ontology: Ontology) -> tuple[str, ...]:
    """The terms as they are scored: current, of the phenotype branch, none implied, by id."""
    resolved = (ontology.resolve(term).term_id for term in terms)
    phenotypes = {term for term in resolved if term and ontology.is_phenotype(term)}
    return tuple(sorted(most_specific(ontology.graph, phenotypes)))


def _evaluation_case(case: Case, ontology: Ontology) -> EvaluationCase:
    confirmed = (
        disease.disease_id
        for disease in case.diseases
        if disease.status is DiseaseStatus.CONFIRMED
    )
    return EvaluationCase(
        case,
        profile(case.observed, ontology),
        tuple(dict.fromkeys(confirmed)),
    )


def membership(labels: Sequence[Sequence[str]]) -> sparse.csr_array:
    """Which row has which label, as ones of a sparse matrix."""
    columns = {
        label: column
        for column, label in enumerate(dict.fromkeys(itertools.chain(*labels)))
    }
    indices = [columns[label] for row in labels for label in row]
    offsets = np.cumsum([0, *(len(row) for row in labels)])
    ones = np.ones(len(indices), dtype=np.int32)
    return sparse.csr_array((ones, indices, offsets), (len(labels), len(columns)))
