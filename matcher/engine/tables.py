"""What the values in every column are worth to one query, in nats, for all cases at once.

The formulas are those of `likelihoods.py`; `evidence.weigh` is the readable form of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.engine.catalogue import Catalogue
from matcher.evidence import (
    Background,
    EvidenceKind,
    EvidenceSettings,
    PreparedEvidence,
    diagnosis_evidence,
    inheritance_evidence,
)
from matcher.engine.index import Column, Segment
from matcher.evidence.likelihoods import allele_log_ratio, mean_ratio
from matcher.engine.packed import Floats, Longs, Numbers
from matcher.evidence.variants import compare_variants

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Adjustments:
    """What to add to single cases: positions, ascending and distinct, with their nats."""

    positions: Longs
    values: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTables:
    """One query's worth of every value that was numbered when it began.

    `gene_shares` maps gene numbers to p_g; `by_column` holds the nats of each number of a
    column, weights applied, 0 for what is missing.
    """

    query: PreparedEvidence
    settings: EvidenceSettings
    catalogue: Catalogue
    gene_shares: Mapping[int, float]
    by_column: Mapping[Column, Floats]

    def unshared_genes(self) -> float:
        """What listing other genes counts, however many they are."""
        if not self.query.genes:
            return 0.0
        pi = self.settings.pi
        return _weight(EvidenceKind.GENE, self.settings) * math.log(1 - pi * pi)

    def lookups(self, segment: Segment) -> Iterator[tuple[Floats, Numbers]]:
        """Tables with the numbers of the cases of a segment that look up in them."""
        for column, table in self.by_column.items():
            yield table, segment.columns[column]
        if self.unshared_genes():
            table = np.full(
                int(segment.gene_counts.max(initial=0)) + 1, self.unshared_genes()
            )
            table[0] = 0.0
            yield table, segment.gene_counts

    def adjustments(self, segment: Segment) -> Adjustments:
        """What sharing genes or variants adds to having nothing in common."""
        positions, counts, agreement = self._sharing_genes(segment)
        genes = Adjustments(positions, self._gene_values(agreement))
        if not self.query.alleles or not _weight(EvidenceKind.VARIANT, self.settings):
            return genes
        variants = self._variant_values(segment, positions, counts)
        runs = (genes.positions, variants.positions)
        both = np.concatenate([genes.values, variants.values])
        return Adjustments(*_summed(runs, both)[:2])

    def _sharing_genes(self, segment: Segment) -> tuple[Longs, Longs, Floats]:
        """Positions of cases with genes of the query, how many, and the sum of p_g / (b_q b_c)."""
        runs, terms = [], [np.zeros(0)]
        for gene, p in self.gene_shares.items():
            run = segment.postings.of_gene(gene)
            theirs = np.minimum(1.0, segment.gene_counts[run] * p)
            runs.append(run)
            terms.append(p / (min(1.0, len(self.query.genes) * p) * theirs))
        positions, sums, counts = _summed(runs, np.concatenate(terms))
        return positions, counts, sums

    def _gene_values(self, agreement: Floats) -> Floats:
        weight = _weight(EvidenceKind.GENE, self.settings)
        if not weight:
            return np.zeros(len(agreement))
        trust = self.settings.pi * self.settings.pi
        values: Floats = weight * np.log(1 - trust + trust * agreement)
        return values - self.unshared_genes()

    def _variant_values(
        self, segment: Segment, sharing: Longs, counts: Longs
    ) -> Adjustments:
        """The likelihood ratio of alleles, once for each set of alleles and number of genes."""
        numbers = segment.columns[Column.ALLELES]
        has_alleles = numbers[sharing] > 0
        positions, shared = sharing[has_alleles], counts[has_alleles]
        near = self._near_without_gene(numbers, positions)
        positions = np.concatenate([positions, near])
        shared = np.concatenate([shared, np.zeros_like(near)])
        order = np.argsort(positions, kind="stable")
        positions, shared = positions[order], shared[order]
        most = int(shared.max(initial=0)) + 1
        keys = numbers[positions].astype(np.int64) * most + shared
        values = np.zeros(int(keys.max(initial=0)) + 1)
        is_asked = np.zeros(len(values), dtype=np.bool_)
        is_asked[keys] = True
        asked = [divmod(key, most) for key in np.flatnonzero(is_asked).tolist()]
        if len(keys):
            values[is_asked] = self._worth(asked)
        return Adjustments(positions, values[keys])

    def _worth(self, asked: Iterable[tuple[int, int]]) -> list[float]:
        """The value of each set of alleles with a number of genes, worked out once if it can be.

        Of sets that share no allele with the query those of one shape are worth the same.
        """
        like = self.catalogue.like(self.query.alleles, self.settings.position_tolerance)
        known: dict[tuple[Hashable, int], float] = {}
        values = []
        for alleles, shared in asked:
            key = (
                alleles if alleles in like else self.catalogue.shape(alleles),
                shared,
            )
            value = known.get(key)
            if value is None:
                value = known[key] = self._variant_value(alleles, shared)
            values.append(value)
        return values

    def _near_without_gene(self, numbers: Numbers, known: Longs) -> Longs:
        """Further positions with an allele that may be the query's, though no gene is shared."""
        near = self.catalogue.near(self.query.alleles, self.settings.position_tolerance)
        if not near:
            return np.zeros(0, np.int64)
        is_near = np.zeros(int(numbers.max(initial=0)) + 1, dtype=np.bool_)
        is_near[[number for number in near if number < len(is_near)]] = True
        found = is_near[numbers]
        found[known] = False
        return np.flatnonzero(found)

    def _variant_value(self, alleles: int, shared_genes: int) -> float:
        settings = self.settings
        compared = compare_variants(
            self.query.alleles,
            self.catalogue.alleles.values[alleles],
            tolerance=settings.position_tolerance,
            overlap=settings.reciprocal_overlap,
        )
        if not compared:
            return 0.0
        ratios = [
            allele_log_ratio(
                found.share, settings.same_variant, settings.chance_variant
            )
            for found in compared
        ]
        silent = shared_genes - sum(bool(found.gene) for found in compared)
        value = mean_ratio([*ratios, *[0.0] * silent])
        return _weight(EvidenceKind.VARIANT, settings) * value


def evidence_tables(
    query: PreparedEvidence,
    catalogue: Catalogue,
    background: Background,
    settings: EvidenceSettings,
) -> EvidenceTables:
    """The tables of one query."""
    shares = {}
    for gene in query.genes:
        number = catalogue.genes.find(gene)
        if number is not None:
            shares[number] = background.gene_share(gene, settings)
    columns = {
        Column.ONSET: _onsets(query, catalogue, settings),
        Column.CIRCUMSTANCES: _inheritance(query, catalogue, settings),
        Column.DIAGNOSES: _diagnoses(query, catalogue, background, settings),
    }
    return EvidenceTables(
        query=query,
        settings=settings,
        catalogue=catalogue,
        gene_shares=shares,
        by_column={
            column: table for column, table in columns.items() if table is not None
        },
    )


def _weight(kind: EvidenceKind, settings: EvidenceSettings) -> float:
    return settings.weight(kind) if kind in settings.kinds else 0.0


def _onsets(
    query: PreparedEvidence, catalogue: Catalogue, settings: EvidenceSettings
) -> Floats | None:
    weight = _weight(EvidenceKind.ONSET, settings)
    if query.onset_years is None or not weight:
        return None
    years = np.array(catalogue.onsets.values, dtype=np.float64)
    ours = math.log(max(query.onset_years, 0.0) + settings.onset_shift)
    theirs = np.log(np.maximum(years, 0.0) + settings.onset_shift)
    values = -settings.onset_slope * (np.abs(ours - theirs) - settings.onset_offset)
    result: Floats = np.where(np.isnan(years), 0.0, weight * values)
    return result


def _inheritance(
    query: PreparedEvidence, catalogue: Catalogue, settings: EvidenceSettings
) -> Floats | None:
    if not query.modes or not _weight(EvidenceKind.INHERITANCE, settings):
        return None
    modes = [
        circumstances.modes for circumstances in list(catalogue.circumstances.values)
    ]
    worth = {
        value: inheritance_evidence(
            query, PreparedEvidence(modes=value), settings
        ).log_likelihood_ratio
        for value in set(modes)
    }
    return np.array([worth[value] for value in modes])


def _diagnoses(
    query: PreparedEvidence,
    catalogue: Catalogue,
    background: Background,
    settings: EvidenceSettings,
) -> Floats | None:
    if not query.diagnoses or not _weight(EvidenceKind.DIAGNOSIS, settings):
        return None
    return np.array(
        [
            diagnosis_evidence(
                query, PreparedEvidence(diagnoses=value), background, settings
            ).log_likelihood_ratio
            for value in list(catalogue.diagnoses.values)
        ]
    )


def _summed(
    runs: Sequence[NDArray[np.integer]], values: Floats
) -> tuple[Longs, Floats, Longs]:
    """Each distinct position with the sum of its values, and how many it had."""
    positions = np.concatenate([np.zeros(0, np.int64), *runs]).astype(np.int64)
    # Stable sorting is quick on what consists of a few ascending runs.
    order = np.argsort(positions, kind="stable")
    positions, values = positions[order], values[order]
    starts = np.flatnonzero(np.diff(positions, prepend=-1))
    sums = np.add.reduceat(values, starts) if len(starts) else np.zeros(0)
    return positions[starts], sums, np.diff(starts, append=len(positions))
