"""Which terms of a case count when its phenotype is compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matcher.case import Case
from matcher.kernels import Kernels, fastest_kernels
from matcher.packed import Profiles, Rows, Terms, offsets_of, terms

if TYPE_CHECKING:
    from ontologies import Ontology, Release


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
    """Reads profiles by one ontology. Each spelling of an id is resolved once."""

    def __init__(
        self, ontology: Ontology, kernel_terms: Terms, kernels: Kernels
    ) -> None:
        self._ontology = ontology
        self._terms = kernel_terms
        self._kernels = kernels
        self._places: dict[str, int | None] = {}

    @classmethod
    def of_release(
        cls, release: Release, kernels: Kernels | None = None
    ) -> ProfileReader:
        """A reader for the ontology of a release."""
        return cls(release.ontology, terms_of(release), kernels or fastest_kernels())

    def read(self, case: Case) -> Profile:
        """The profile of one case."""
        observed = tuple(dict.fromkeys(case.observed))
        places = [self._place(term_id) for term_id in observed]
        return Profile(
            rows=self.pack([places]).rows,
            unresolved=tuple(t for t, place in zip(observed, places) if place is None),
            set_aside=tuple(t for t, place in zip(observed, places) if place == -1),
        )

    def read_all(self, cases: Iterable[Case]) -> Profiles:
        """The profiles of many cases, one after another."""
        return self.pack([[self._place(t) for t in case.observed] for case in cases])

    def pack(self, cases: Sequence[Sequence[int | None]]) -> Profiles:
        """Profiles without repeated and implied terms and without places that are no row."""
        rows = [
            sorted({p for p in places if p is not None and p >= 0}) for places in cases
        ]
        profiles = Profiles.of(rows)
        kept = ~self._kernels.implied(self._terms, profiles)
        before = offsets_of(kept.astype(np.int64))
        return Profiles(profiles.rows[kept], before[profiles.offsets].astype(np.uint32))

    def _place(self, term_id: str) -> int | None:
        """Row of a phenotype term, -1 for a term of another branch, None if unresolved."""
        if term_id not in self._places:
            resolved = self._ontology.resolve(term_id).term_id
            if resolved is None:
                self._places[term_id] = None
            elif self._ontology.is_phenotype(resolved):
                self._places[term_id] = self._ontology.row(resolved)
            else:
                self._places[term_id] = -1
        return self._places[term_id]


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
