"""Genes and variants of a case form as the genomic features of a case."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from matcher.case import Case, GenomicFeature
from web.pages.typed.variants import NotAVariant, TypedVariant


def bare_genes(
    genes: Iterable[str], base: Case, with_variant: set[str]
) -> Iterator[GenomicFeature]:
    """One line for each gene without a variant; what is ruled out in a gene stays with it."""
    bare = [g for g in base.genomic_features if g.variant is None]
    both = {g.gene for g in base.genomic_features if g.variant}
    for gene in genes:
        is_said = gene in with_variant and gene not in both
        known = [g for g in bare if g.gene == gene and (g.excluded or not is_said)]
        if known or gene not in with_variant:
            yield from known or [GenomicFeature(gene=gene)]
    yield from (g for g in bare if not g.gene)


def readable(variants: Iterable[TypedVariant]) -> Iterator[GenomicFeature]:
    """The features of the variants that can be read as they were typed."""
    for typed in variants:
        try:
            feature = typed.feature()
        except (NotAVariant, ValueError):
            continue
        # An empty line is the gene alone.
        is_blank = typed.is_blank and typed.known is None
        yield (dataclasses.replace(feature, variant=None) if is_blank else feature)


def in_order(
    features: Iterable[GenomicFeature], base: Case
) -> tuple[GenomicFeature, ...]:
    """Each once, what the case had before in its order and what is new after it."""
    order = {_place(g): n for n, g in reversed(list(enumerate(base.genomic_features)))}
    each = dict.fromkeys(features)
    return tuple(sorted(each, key=lambda g: order.get(_place(g), len(order))))


def _place(feature: GenomicFeature) -> tuple[str | None, str]:
    return feature.gene, TypedVariant.of(feature).written if feature.variant else ""
