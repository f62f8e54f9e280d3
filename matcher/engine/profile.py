"""Which terms of a case count when its phenotype is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matcher.case import Case
from matcher.engine.kernels import Kernels, fastest_kernels
from matcher.engine.packed import Profiles, Rows, Terms, offsets_of, terms
from ontologies.remembering import remembered

if TYPE_CHECKING:
    from ontologies import Ontology, Release


_ELSEWHERE = -1


@dataclass(frozen=True, slots=True)
class Profile:
    """The observed phenotype of one case: rows of the ontology, ascending, none implied.

    `unresolved` are ids that stand for no single term of the release, `set_aside` observed terms
    of other branches, such as modes of inheritance. Both as entered.
    """

    rows: Rows
    unresolved: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()


class ProfileReader:
    """Reads profiles by one ontology."""

    def __init__(
        self, ontology: Ontology, kernel_terms: Terms, kernels: Kernels
    ) -> None:
        self._ontology = ontology
        self._terms = kernel_terms
        self._kernels = kernels
        self._place = remembered(self._looked_up)

    @classmethod
    def of_release(
        cls, release: Release, kernels: Kernels | None = None
    ) -> ProfileReader:
        """A reader for the ontology of a release."""
        return cls(release.ontology, terms_of(release), kernels or fastest_kernels())

    def read(self, case: Case) -> Profile:
        """The profile of one case."""
        return self.read_all([case])[0]

    def read_all(self, cases: Sequence[Case]) -> list[Profile]:
        """The profiles of many cases, much faster than one by one."""
        observed = [tuple(dict.fromkeys(case.observed)) for case in cases]
        places = [[self._place(term_id) for term_id in terms] for terms in observed]
        packed = self._packed(places)
        return [
            Profile(
                rows=packed[number],
                unresolved=tuple(t for t, p in zip(terms, found) if p is None),
                set_aside=tuple(t for t, p in zip(terms, found) if p == _ELSEWHERE),
            )
            for number, (terms, found) in enumerate(zip(observed, places))
        ]

    def pack(self, cases: Sequence[Case]) -> Profiles:
        """The rows of many cases, one case after another."""
        return self._packed(
            [[self._place(term_id) for term_id in case.observed] for case in cases]
        )

    def _packed(self, cases: Sequence[Sequence[int | None]]) -> Profiles:
        """Profiles without repeated and implied terms and without places that are no row."""
        profiles = Profiles.of(
            [
                sorted({p for p in places if p is not None and p >= 0})
                for places in cases
            ]
        )
        kept = ~self._kernels.implied(self._terms, profiles)
        before = offsets_of(kept.astype(np.int64))
        return Profiles(profiles.rows[kept], before[profiles.offsets].astype(np.uint32))

    def _looked_up(self, term_id: str) -> int | None:
        """Row of a phenotype term, _ELSEWHERE in another branch, None if unresolved."""
        resolved = self._ontology.resolve(term_id).term_id
        if resolved is None:
            return None
        if self._ontology.is_phenotype(resolved):
            return self._ontology.row(resolved)
        return _ELSEWHERE


def terms_of(release: Release) -> Terms:
    """The ontology of a release in the form that the kernels read."""
    arrays = release.ontology.arrays
    return terms(
        arrays.parent_offsets,
        arrays.parent_rows,
        arrays.ancestor_offsets,
        arrays.ancestor_rows,
        release.information_content.values,
    )
