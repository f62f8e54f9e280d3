"""Which cases a search leaves out before anything is ranked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.case import Case
from matcher.engine.catalogue import Catalogue, Circumstances
from matcher.engine.index import Column, Part, Segment
from matcher.engine.kernels import Kernels
from matcher.engine.packed import Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What every match must fulfil; by default anything goes.

    `must_list` is the HGNC id of a gene that a candidate must list, whether the query does or
    not. `must_have` is an HPO term: a candidate must have it or a descendant. `test` keeps only
    test cases (True) or only others (False). `new_since` keeps cases of a later revision, `among`
    those with one of these ids. `admits` is a further condition on a candidate, such as who may
    see it; it is asked once for each distinct value. A query without family, submitter or genes
    has none of its own to exclude or to share.
    """

    must_share_gene: bool = False
    must_list: str | None = None
    must_have: str | None = None
    exclude_solved: bool = False
    exclude_own_family: bool = False
    exclude_own_submitter: bool = False
    site: str | None = None
    test: bool | None = None
    new_since: int | None = None
    among: Collection[str] | None = None
    admits: Callable[[Circumstances], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The constraints of one query, ready to be asked of every segment.

    `gene_numbers` are the query's genes, `wanted` flags the ontology rows of which one is needed.
    """

    query: Case
    constraints: Constraints
    catalogue: Catalogue
    gene_numbers: Sequence[int]
    wanted: Flags | None
    kernels: Kernels

    def admitted(self, part: Part) -> Flags | None:
        """Which positions may be ranked; None for all."""
        segment = part.segment
        tests = (
            self._circumstances,
            self._genes,
            self._listed,
            self._family,
            self._age,
            self._among,
            self._terms,
        )
        found = [part.alive, *(test(segment) for test in tests)]
        flags = [each for each in found if each is not None]
        position = segment.find(self.query.case_id)
        if position is not None:
            itself = np.ones(len(segment), dtype=np.bool_)
            itself[position] = False
            flags.append(itself)
        return np.logical_and.reduce(flags) if flags else None

    def _circumstances(self, segment: Segment) -> Flags | None:
        conditions = _conditions(self.constraints, self.query)
        if not conditions:
            return None
        values = list(self.catalogue.circumstances.values)
        kept = np.array([all(holds(value) for holds in conditions) for value in values])
        result: Flags = kept[segment.columns[Column.CIRCUMSTANCES]]
        return result

    def _genes(self, segment: Segment) -> Flags | None:
        if not self.constraints.must_share_gene:
            return None
        result = np.zeros(len(segment), dtype=np.bool_)
        for gene in self.gene_numbers:
            result[segment.postings.of_gene(gene)] = True
        return result

    def _listed(self, segment: Segment) -> Flags | None:
        if self.constraints.must_list is None:
            return None
        result = np.zeros(len(segment), dtype=np.bool_)
        gene = self.catalogue.genes.find(self.constraints.must_list)
        if gene is not None:
            result[segment.postings.of_gene(gene)] = True
        return result

    def _family(self, segment: Segment) -> Flags | None:
        if not self.constraints.exclude_own_family or not self.query.family:
            return None
        own = self.catalogue.families.find(self.query.family)
        return None if own is None else _differs(segment.columns[Column.FAMILY], own)

    def _age(self, segment: Segment) -> Flags | None:
        if self.constraints.new_since is None:
            return None
        result: Flags = segment.columns[Column.REVISION] > self.constraints.new_since
        return result

    def _among(self, segment: Segment) -> Flags | None:
        if self.constraints.among is None:
            return None
        result = np.zeros(len(segment), dtype=np.bool_)
        for position in map(segment.find, self.constraints.among):
            if position is not None:
                result[position] = True
        return result

    def _terms(self, segment: Segment) -> Flags | None:
        if self.wanted is None:
            return None
        return self.kernels.having_any(segment.profiles, self.wanted)


def _differs(codes: NDArray[np.uint32], code: int) -> Flags:
    result: Flags = codes != code
    return result


def _conditions(
    constraints: Constraints, query: Case
) -> list[Callable[[Circumstances], bool]]:
    conditions: list[Callable[[Circumstances], bool]] = []
    if constraints.exclude_solved:
        conditions.append(lambda value: not value.solved)
    if constraints.exclude_own_submitter and query.submitter:
        conditions.append(lambda value: value.submitter != query.submitter)
    if constraints.site is not None:
        conditions.append(lambda value: value.site == constraints.site)
    if constraints.test is not None:
        conditions.append(lambda value: value.test == constraints.test)
    if constraints.admits is not None:
        conditions.append(constraints.admits)
    return conditions
