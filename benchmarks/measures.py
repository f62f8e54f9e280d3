"""Every measure of `matcher.similarity` over all pairs of a collection at once, through numpy.

A group of measures is a function of query positions that gives scores[query, case] by name. This
is neither the oracle, which would take days, nor the product's kernels, which it checks.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matcher.similarity import IDENTICAL_TERM_BONUS, NEIGHBOURS
from ontologies import Release

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Positions = NDArray[np.int64]
MeasureGroup = Callable[[Positions], dict[str, Floats]]

TERM_MEASURES = ("resnik", "lin", "jiang_conrath", "relevance", "graph_ic")
AVERAGES = ("mean", "pooled", "geometric")
BLOCK = 256


@dataclass(frozen=True)
class Terms:
    """The distinct terms of some profiles, and how much each two of them share."""

    term_ids: tuple[str, ...]
    implied: sparse.csr_array
    ic: Floats
    ancestor_ic: Floats

    @classmethod
    def of(cls, profiles: Sequence[Sequence[str]], release: Release) -> Terms:
        """The terms by id, with ones in `implied` for each of their ancestors."""
        ontology, ic = release.ontology, release.information_content
        term_ids = tuple(sorted({term for profile in profiles for term in profile}))
        ancestors = [sorted(ontology.ancestors(term)) for term in term_ids]
        above = sorted({ancestor for row in ancestors for ancestor in row})
        columns = {ancestor: column for column, ancestor in enumerate(above)}
        indices = [columns[ancestor] for row in ancestors for ancestor in row]
        offsets = np.cumsum([0, *(len(row) for row in ancestors)])
        implied = sparse.csr_array(
            (np.ones(len(indices)), indices, offsets), (len(term_ids), len(above))
        )
        return cls(
            term_ids,
            implied,
            np.array([ic[term] for term in term_ids]),
            np.array([ic[ancestor] for ancestor in above]),
        )

    @cached_property
    def resnik(self) -> Singles:
        """IC of the most informative common ancestor; -1 where there is no common ancestor."""
        size = len(self.term_ids)
        shared = np.full((size, size), -1.0, dtype=np.float32)
        by_ancestor = self.implied.tocsc()
        # The rarest last, so that it stays.
        for column in np.argsort(self.ancestor_ic, kind="stable"):
            start, stop = by_ancestor.indptr[column : column + 2]
            below = by_ancestor.indices[start:stop]
            shared[np.ix_(below, below)] = self.ancestor_ic[column]
        return shared

    def similarity(self, name: str) -> Singles:
        """One of TERM_MEASURES of each two terms."""
        shared: Singles = np.maximum(self.resnik, 0)
        ic = self.ic.astype(np.float32)
        total = ic[:, np.newaxis] + ic
        if name == "resnik":
            return shared
        if name == "jiang_conrath":
            closeness: Singles = np.reciprocal(1 + total - 2 * shared)
            closeness[self.resnik < 0] = 0
            return closeness
        if name == "graph_ic":
            return self._graph_ic()
        lin: Singles = np.zeros_like(total)
        np.divide(2 * shared, total, out=lin, where=total > 0)
        if name == "relevance":
            lin *= -np.expm1(-shared)
        return lin

    def with_bonus(self) -> Singles:
        """S of the phenotype score: Resnik, and more for the identical term."""
        similarity: Singles = np.maximum(self.resnik, 0)
        np.fill_diagonal(similarity, IDENTICAL_TERM_BONUS * self.ic)
        return similarity

    def _graph_ic(self) -> Singles:
        weighted = self.implied.multiply(self.ancestor_ic).tocsr()
        common = (weighted @ self.implied.T).toarray()
        alone = weighted.sum(axis=1)
        total = alone[:, np.newaxis] + alone - common
        result: Floats = np.divide(
            common, total, out=np.zeros_like(total), where=total > 0
        )
        return result.astype(np.float32)


@dataclass(frozen=True)
class Profiles:
    """Non-empty profiles as rows of their terms."""

    terms: Terms
    rows: Positions
    offsets: Positions

    @classmethod
    def of(cls, profiles: Sequence[Sequence[str]], terms: Terms) -> Profiles:
        """The profiles, all of whose terms are among the terms."""
        rows = {term: row for row, term in enumerate(terms.term_ids)}
        return cls(
            terms,
            np.array([rows[term] for profile in profiles for term in profile]),
            np.cumsum([0, *(len(profile) for profile in profiles)]),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def lengths(self) -> Positions:
        return np.diff(self.offsets)

    @cached_property
    def _shares(self) -> sparse.csr_array:
        shares = np.repeat(1 / self.lengths, self.lengths)
        shape = (len(self), len(self.terms.term_ids))
        return sparse.csr_array((shares, self.rows, self.offsets), shape)

    def best_of_each(self, similarity: Singles) -> Floats:
        """Each term's similarity to the best term of each profile: [term, profile]."""
        best = np.empty((len(similarity), len(self)))
        for start in range(0, len(similarity), BLOCK):
            part = similarity[start : start + BLOCK, self.rows]
            best[start : start + BLOCK] = np.maximum.reduceat(
                part, self.offsets[:-1], axis=1
            )
        return best

    def coverage(self, best: Floats) -> Floats:
        """Mean over each profile's terms of their best matches: [profile, column of best]."""
        result: Floats = self._shares @ best
        return result

    def take(self, chosen: Positions) -> Profiles:
        """Some of the profiles."""
        pieces = [self.rows[self.offsets[i] : self.offsets[i + 1]] for i in chosen]
        offsets = np.cumsum([0, *(len(piece) for piece in pieces)])
        return Profiles(self.terms, np.concatenate(pieces), offsets)

    @cached_property
    def implied(self) -> sparse.csr_array:
        """Ones for every term or ancestor of a term of each profile."""
        implied: sparse.csr_array = (self._shares @ self.terms.implied).sign().tocsr()
        return implied


class Directions:
    """A and B, the means of best matches both ways, of some profiles against others."""

    def __init__(self, ours: Profiles, theirs: Profiles, similarity: Singles) -> None:
        self._ours, self._theirs = ours, theirs
        self._best_of_theirs = theirs.best_of_each(similarity)
        self._best_of_ours = (
            self._best_of_theirs
            if ours is theirs
            else ours.best_of_each(np.ascontiguousarray(similarity.T))
        )

    def __call__(self, queries: Positions) -> tuple[Floats, Floats]:
        """A[query, case] and B[query, case] for these of our profiles."""
        there = self._ours.take(queries).coverage(self._best_of_theirs)
        back = self._theirs.coverage(self._best_of_ours[:, queries])
        return there, np.ascontiguousarray(back.T)


def measure_groups(
    profiles: Profiles, panel: Profiles, names: Container[str]
) -> Iterator[MeasureGroup]:
    """Groups of measures that hold the named ones, one after the other to spare memory."""
    if "jaccard" in names or "sim_gic" in names:
        yield implied_terms(profiles)
    for term_measure in TERM_MEASURES:
        if any(f"{term_measure} {average}" in names for average in AVERAGES):
            yield best_matches(profiles, term_measure)
    if "X" in names or "Y" in names:
        yield phenotype_scores(profiles, panel)


def measure_names() -> tuple[str, ...]:
    """Every measure, the recommended one last."""
    pairs = (f"{term} {average}" for term in TERM_MEASURES for average in AVERAGES)
    return ("jaccard", "sim_gic", *pairs, "X", "Y")


def implied_terms(profiles: Profiles) -> MeasureGroup:
    """Jaccard and simGIC over the implied terms."""
    implied = profiles.implied
    weighted = implied.multiply(profiles.terms.ancestor_ic).tocsr()
    everyone = implied.T.toarray()
    counts = np.asarray(implied.sum(axis=1), dtype=np.float64)
    sums = np.asarray(weighted.sum(axis=1), dtype=np.float64)

    def scores(queries: Positions) -> dict[str, Floats]:
        return {
            "jaccard": _ratio(implied[queries] @ everyone, counts[queries], counts),
            "sim_gic": _ratio(weighted[queries] @ everyone, sums[queries], sums),
        }

    return scores


def best_matches(profiles: Profiles, term_measure: str) -> MeasureGroup:
    """The three averages of one measure of terms."""
    similarity = profiles.terms.similarity(term_measure)
    directions = Directions(profiles, profiles, similarity)

    def scores(queries: Positions) -> dict[str, Floats]:
        there, back = directions(queries)
        n, m = profiles.lengths[queries, np.newaxis], profiles.lengths
        return {
            f"{term_measure} mean": (there + back) / 2,
            f"{term_measure} pooled": (n * there + m * back) / (n + m),
            f"{term_measure} geometric": np.sqrt(there * back),
        }

    return scores


def phenotype_scores(profiles: Profiles, panel: Profiles) -> MeasureGroup:
    """X and Y, the recommended score before and after local scaling by the panel."""
    similarity = profiles.terms.with_bonus()
    directions = Directions(profiles, profiles, similarity)
    levels = _neighbourhoods(Directions(profiles, panel, similarity), len(profiles))

    def scores(queries: Positions) -> dict[str, Floats]:
        there, back = directions(queries)
        shared = np.sqrt(there * back)
        scaled = shared - levels[queries, np.newaxis] / 2 - levels / 2
        return {"X": shared, "Y": scaled}

    return scores


def _neighbourhoods(to_panel: Directions, count: int) -> Floats:
    """The mean X of each profile to the ten of the panel that are nearest to it."""
    levels = np.empty(count)
    for start in range(0, count, BLOCK):
        block = np.arange(start, min(start + BLOCK, count))
        there, back = to_panel(block)
        shared = np.sqrt(there * back)
        nearest = min(NEIGHBOURS, shared.shape[1])
        levels[block] = -np.partition(-shared, nearest - 1)[:, :nearest].mean(axis=1)
    return levels


def _ratio(common: Floats, ours: Floats, theirs: Floats) -> Floats:
    """Common over all of both; 0 where there is nothing at all."""
    total = ours[:, np.newaxis] + theirs - common
    result: Floats = np.divide(common, total, out=np.zeros_like(total), where=total > 0)
    return result
