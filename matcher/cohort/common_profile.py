"""What cases of a group have in common, and what sets them apart from all others.

Over-representation by the hypergeometric distribution, that is Fisher's exact test with one side
(Rivals 2007, doi:10.1093/bioinformatics/btl633), and the false discovery rate of Benjamini 1995
(doi:10.1111/j.2517-6161.1995.tb02031.x) over all terms that two or more cases have. A case has a
term if it has the term itself or a descendant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from matcher.case import Case
from matcher.engine.packed import expand, offsets_of
from matcher.engine.profile import ProfileReader
from matcher.explanation.term_pairs import TOO_USUAL, TermName

if TYPE_CHECKING:
    from ontologies import Release

Counts = NDArray[np.int64]

PHENOTYPIC_ABNORMALITY = "HP:0000118"
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTerm:
    """A term that many cases of a group have; `exactly` of them have just it.

    `one_in`: one in so many diseases has it (exp of its information content).
    """

    term: TermName
    cases: int
    of: int
    exactly: int
    one_in: float

    def to_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {**asdict(self), "term": self.term.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctiveTerm:
    """A term that a group has more often than cases elsewhere; `q_value` is its p corrected.

    Groups are made of cases that look alike, so that p-values put the terms of a group in order
    and do not prove that there is a group.
    """

    term: TermName
    cases: int
    of: int
    elsewhere: int
    of_elsewhere: int
    one_in: float
    p_value: float
    q_value: float

    def to_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {**asdict(self), "term": self.term.to_json()}


class TermMatrix:
    """Which case has which term of a release, everything implied included."""

    def __init__(self, release: Release, cases: Sequence[Case]) -> None:
        self._release = release
        profiles = ProfileReader.of_release(release).pack(cases)
        arrays = release.ontology.arrays
        rows = profiles.rows.astype(np.int64)
        starts = np.asarray(arrays.ancestor_offsets, dtype=np.int64)
        lengths = np.diff(starts)[rows]
        above = np.asarray(arrays.ancestor_rows)[expand(starts[:-1][rows], lengths)]
        ends = offsets_of(lengths)[profiles.offsets.astype(np.int64)]
        self._exact = _matrix(rows, profiles.offsets, len(starts) - 1)
        self._implied = _matrix(above, ends, len(starts) - 1)
        self._has_profile = np.diff(profiles.offsets.astype(np.int64)) > 0

    def shared(self, members: Counts) -> tuple[SharedTerm, ...]:
        """What at least half of the members, and two of them, have; commonest first.

        Of a line of ancestors with the same cases only the most special is told, and what more
        than one disease in seven has only where two members have the very term.
        """
        having, exactly, of = self._count(members)
        enough = max(2, -(-of // 2))
        usual = (self._one_in < TOO_USUAL) & (exactly < 2)
        kept = np.flatnonzero((having >= enough) & self._told & ~usual)
        rows = [row for row in kept.tolist() if not self._is_repeated(row, having)]
        found = (
            SharedTerm(
                term=self._name(row),
                cases=int(having[row]),
                of=of,
                exactly=int(exactly[row]),
                one_in=float(self._one_in[row]),
            )
            for row in rows
        )
        return tuple(
            sorted(found, key=lambda each: (-each.cases, -each.one_in, each.term))
        )

    def distinctive(
        self, members: Counts, significant: float = SIGNIFICANT
    ) -> tuple[DistinctiveTerm, ...]:
        """What members have more often than cases elsewhere, surest first.

        Of a term, its ancestors and its descendants only the surest is told. Nothing if there is
        no case elsewhere.
        """
        having, _, of = self._count(members)
        everyone = int(self._has_profile.sum())
        tested = np.flatnonzero((self._everywhere >= 2) & self._told)
        if of == everyone or not len(tested):
            return ()
        p = np.ones(len(tested))
        # Whatever one member alone has is no feature of the group, and is left at 1.
        asked = np.flatnonzero(having[tested] >= 2)
        rows = tested[asked]
        p[asked] = stats.hypergeom.sf(
            having[rows] - 1, everyone, self._everywhere[rows], of
        )
        q = stats.false_discovery_control(p)
        chosen = [at for at in asked.tolist() if q[at] <= significant]
        chosen.sort(key=lambda at: (p[at], -self._one_in[tested[at]], int(tested[at])))
        return tuple(
            DistinctiveTerm(
                term=self._name(row),
                cases=int(having[row]),
                of=of,
                elsewhere=int(self._everywhere[row] - having[row]),
                of_elsewhere=everyone - of,
                one_in=float(self._one_in[row]),
                p_value=float(p[at]),
                q_value=float(q[at]),
            )
            for at, row in self._without_lines(chosen, tested)
        )

    def _count(self, members: Counts) -> tuple[Counts, Counts, int]:
        """How many members have each term, have just it, and have any."""
        having = np.asarray(self._implied[members].sum(axis=0), dtype=np.int64)
        exactly = np.asarray(self._exact[members].sum(axis=0), dtype=np.int64)
        return having, exactly, int(self._has_profile[members].sum())

    def _is_repeated(self, row: int, having: Counts) -> bool:
        """Whether a child says the same of as many members."""
        ontology = self._release.ontology
        children = ontology.children(ontology.term_ids[row])
        return any(having[ontology.row(child)] == having[row] for child in children)

    def _without_lines(
        self, chosen: Sequence[int], tested: Counts
    ) -> Iterator[tuple[int, int]]:
        ontology = self._release.ontology
        told: dict[str, frozenset[str]] = {}
        for at in chosen:
            row = int(tested[at])
            term_id = ontology.term_ids[row]
            ancestors = ontology.ancestors(term_id)
            if ancestors.isdisjoint(told) and not any(
                term_id in above for above in told.values()
            ):
                told[term_id] = ancestors
                yield at, row

    def _name(self, row: int) -> TermName:
        term_id = self._release.ontology.term_ids[row]
        return TermName(term_id, self._release.ontology.label(term_id))

    @cached_property
    def _everywhere(self) -> Counts:
        return np.asarray(self._implied.sum(axis=0), dtype=np.int64)

    @cached_property
    def _one_in(self) -> NDArray[np.float64]:
        result: NDArray[np.float64] = np.exp(self._release.information_content.values)
        return result

    @cached_property
    def _told(self) -> NDArray[np.bool_]:
        """Terms below the root of phenotypes."""
        ontology = self._release.ontology
        told: NDArray[np.bool_] = np.array(ontology.arrays.phenotype, dtype=np.bool_)
        told[ontology.row(PHENOTYPIC_ABNORMALITY)] = False
        return told


def _matrix(
    columns: NDArray[np.integer], offsets: NDArray[np.integer], width: int
) -> sparse.csr_array:
    """Ones at the columns of each row, however often a column is named."""
    shape = (len(offsets) - 1, width)
    ones = np.ones(len(columns), dtype=np.int32)
    matrix = sparse.csr_array((ones, columns, np.asarray(offsets, np.int64)), shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix
