"""What candidate genes and variants in common say about two cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matcher.evidence.settings import Background, EvidenceKind, EvidenceSettings
from matcher.evidence.values import (
    Evidence,
    lacking_side,
    missing_evidence,
    weighted_evidence,
)
from matcher.evidence.likelihoods import allele_log_ratio, gene_log_ratio, mean_ratio
from matcher.evidence.prepared import PreparedEvidence
from matcher.evidence.variants import SharedVariants, compare_variants
from matcher.wording import alleles_in_common, listing


def gene_evidence(
    query: PreparedEvidence,
    candidate: PreparedEvidence,
    background: Background,
    settings: EvidenceSettings,
) -> Evidence:
    """Candidate genes in common, the more the rarer the gene and the shorter the lists."""
    shared = [gene for gene in query.genes if gene in candidate.genes]

    def share(gene_id: str) -> float:
        return background.gene_share(gene_id, settings)

    details: dict[str, Any] = {
        "shared": [
            {"id": gene, "symbol": query.genes[gene], "one_in": 1 / share(gene)}
            for gene in shared
        ],
        "yours": list(query.genes.values()),
        "theirs": list(candidate.genes.values()),
        "unresolved": {
            "yours": [[name, list(choices)] for name, choices in query.unresolved],
            "theirs": [[name, list(choices)] for name, choices in candidate.unresolved],
        },
    }
    remarks = _unresolved_genes(query, candidate)
    if missing := lacking_side(query.genes, candidate.genes):
        return missing_evidence(EvidenceKind.GENE, missing, details, remarks)
    value = gene_log_ratio(query.genes, candidate.genes, share, settings.pi)
    if shared:
        sentence = f"Both list {listing([query.genes[gene] for gene in shared])}."
    else:
        sentence = (
            f"Their gene list ({_some(details['theirs'])}) and yours share nothing."
        )
    return weighted_evidence(
        EvidenceKind.GENE, value, sentence + remarks, details, settings
    )


def _unresolved_genes(query: PreparedEvidence, candidate: PreparedEvidence) -> str:
    """What to know about gene names that could not be used; "" if there are none."""
    remarks = ""
    for whose, unresolved in (
        ("Your", query.unresolved),
        ("Their", candidate.unresolved),
    ):
        for entered, choices in unresolved:
            meaning = (
                f"can mean {listing(choices, 'or')}"
                if choices
                else "stands for no known gene"
            )
            remarks += f" {whose} gene {entered!r} {meaning} and was not used."
    return remarks


def _some(names: Sequence[str], most: int = 5) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def variant_evidence(
    query: PreparedEvidence, candidate: PreparedEvidence, settings: EvidenceSettings
) -> Evidence:
    """The same variant in a gene of both, on top of sharing the gene.

    With several genes in common any one may be the cause, so the ratios are averaged; a shared
    gene whose variants cannot be compared has the ratio 1.
    """
    if missing := lacking_side(query.alleles, candidate.alleles):
        return missing_evidence(EvidenceKind.VARIANT, missing, {"compared": []})
    compared = compare_variants(
        query.alleles,
        candidate.alleles,
        tolerance=settings.position_tolerance,
        overlap=settings.reciprocal_overlap,
    )
    details = {"compared": [_comparison(found, query.genes) for found in compared]}
    if not compared:
        return _incomparable(query, candidate, details)
    shared_genes = len(query.genes.keys() & candidate.genes.keys())
    value = variant_log_ratio(compared, shared_genes, settings)
    sentence = " ".join(_variant_sentence(found, query.genes) for found in compared)
    return weighted_evidence(EvidenceKind.VARIANT, value, sentence, details, settings)


def variant_log_ratio(
    compared: Sequence[SharedVariants], shared_genes: int, settings: EvidenceSettings
) -> float:
    """ln of the mean of the ratios of the shared genes; 1 for one that was not compared."""
    ratios = [
        allele_log_ratio(found.share, settings.same_variant, settings.chance_variant)
        for found in compared
    ]
    silent = shared_genes - sum(bool(found.gene) for found in compared)
    return mean_ratio([*ratios, *[0.0] * silent])


def _incomparable(
    query: PreparedEvidence, candidate: PreparedEvidence, details: Mapping[str, Any]
) -> Evidence:
    """Both gave variants, and yet none can be held against another."""
    shared = query.genes.keys() & candidate.genes.keys()
    if not shared:
        sentence = "No gene in common, so no variants to compare."
        return Evidence(kind=EvidenceKind.VARIANT, sentence=sentence, details=details)
    missing = lacking_side(
        [a for a in query.alleles if a.gene in shared],
        [a for a in candidate.alleles if a.gene in shared],
    )
    if missing:
        return missing_evidence(EvidenceKind.VARIANT, missing, details)
    sentence = (
        "The variants are written on different assemblies or without positions, "
        "so they cannot be compared."
    )
    return Evidence(
        kind=EvidenceKind.VARIANT, missing="both", sentence=sentence, details=details
    )


def _comparison(found: SharedVariants, symbols: Mapping[str, str]) -> dict[str, Any]:
    return {
        "gene": found.gene,
        "symbol": symbols.get(found.gene, ""),
        "share": found.share,
        "same": [[ours.name, theirs.name] for ours, theirs in found.same],
    }


def _variant_sentence(found: SharedVariants, symbols: Mapping[str, str]) -> str:
    symbol = symbols.get(found.gene, "")
    if not found.same:
        return f"Different variants in {symbol}."
    names = listing([ours.name for ours, _ in found.same])
    return f"{alleles_in_common(found.share, len(found.same), symbol)}: {names}."
