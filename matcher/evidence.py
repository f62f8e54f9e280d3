"""What phenotype, genes, variants, onset, inheritance and diagnosis say about two cases.

This is the readable form, one pair at a time, for the cases that are shown and as the oracle
of the engine's arrays, which take their constants from the same `EvidenceSettings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from matcher.evidence_settings import (
    ALL_KINDS,
    DEFAULT_KINDS,
    Background,
    EvidenceKind,
    EvidenceSettings,
)
from matcher.likelihoods import (
    allele_log_ratio,
    category_log_ratio,
    gene_log_ratio,
    mean_ratio,
    onset_log_ratio,
)
from matcher.prepared import Mode, PreparedEvidence, prepare
from matcher.variants import SharedVariants, compare_variants
from matcher.wording import age, listing

__all__ = [
    "ALL_KINDS",
    "DEFAULT_KINDS",
    "Background",
    "Evidence",
    "EvidenceKind",
    "EvidenceSettings",
    "PreparedEvidence",
    "prepare",
    "weigh",
]

Missing = Literal["", "you", "they", "both"]

_LACKING: Mapping[EvidenceKind, tuple[str, str, str]] = MappingProxyType(
    {
        EvidenceKind.PHENOTYPE: (
            "No usable feature on your side.",
            "No usable feature on their side.",
            "Neither side gives a usable feature.",
        ),
        EvidenceKind.GENE: (
            "No candidate gene on your side. Enter one: it would decide.",
            "No candidate gene on their side. Ask for one: it would decide.",
            "Neither side names a candidate gene.",
        ),
        EvidenceKind.VARIANT: (
            "No variant given by you.",
            "No variant given by them.",
            "Neither side gives a variant.",
        ),
        EvidenceKind.ONSET: (
            "Age of onset not given by you.",
            "Age of onset not given by them.",
            "Neither side gives the age of onset.",
        ),
        EvidenceKind.INHERITANCE: (
            "Mode of inheritance not given by you.",
            "Mode of inheritance not given by them.",
            "Neither side gives the mode of inheritance.",
        ),
        EvidenceKind.DIAGNOSIS: (
            "No diagnosis on your side.",
            "No diagnosis on their side.",
            "Neither side has a diagnosis.",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one kind of evidence adds to the total, in nats, its weight applied.

    `missing` names the side that gave nothing; the ratio is then exactly 0. `sentence` says it
    to a clinician; `details` holds what the sentence was made from, JSON values only.
    """

    kind: EvidenceKind
    log_likelihood_ratio: float = 0.0
    missing: Missing = ""
    sentence: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.missing and self.log_likelihood_ratio:
            raise ValueError(
                f"{self.kind.value} evidence is missing ({self.missing}) and must count 0, "
                f"not {self.log_likelihood_ratio}."
            )

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "kind": self.kind.value,
            "log_likelihood_ratio": self.log_likelihood_ratio,
            "missing": self.missing,
            "sentence": self.sentence,
            "details": dict(self.details),
        }


def weigh(
    query: PreparedEvidence,
    candidate: PreparedEvidence,
    background: Background,
    settings: EvidenceSettings,
) -> tuple[Evidence, ...]:
    """The evidence of every kind that `settings` uses, without the phenotype, in fixed order."""
    found = (
        gene_evidence(query, candidate, background, settings),
        variant_evidence(query, candidate, settings),
        onset_evidence(query, candidate, settings),
        inheritance_evidence(query, candidate, settings),
        diagnosis_evidence(query, candidate, background, settings),
    )
    return tuple(evidence for evidence in found if evidence.kind in settings.kinds)


def phenotype_evidence(
    log_ratio: float,
    settings: EvidenceSettings,
    *,
    missing: Missing = "",
    similarity: float = 0.0,
    scaled: float | None = None,
    calibrated: bool = True,
) -> Evidence:
    """The phenotype's part of the total from lnLR(Y), X = `similarity` and Y = `scaled`.

    Not `calibrated` says that a side has fewer than three terms.
    """
    details = {"similarity": similarity, "scaled": scaled, "calibrated": calibrated}
    if missing:
        return _lacking(EvidenceKind.PHENOTYPE, missing, details)
    sentence = (
        "Features alike" if log_ratio > 0 else "Features no more alike than by chance"
    )
    if not calibrated:
        sentence += "; fewer than three on a side, so not calibrated"
    return _weighted(
        EvidenceKind.PHENOTYPE, log_ratio, f"{sentence}.", details, settings
    )


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
    if missing := _lacks(query.genes, candidate.genes):
        return _lacking(EvidenceKind.GENE, missing, details, remarks)
    value = gene_log_ratio(query.genes, candidate.genes, share, settings.pi)
    if shared:
        sentence = f"Both list {listing([query.genes[gene] for gene in shared])}."
    else:
        sentence = (
            f"Their gene list ({_some(details['theirs'])}) and yours share nothing."
        )
    return _weighted(EvidenceKind.GENE, value, sentence + remarks, details, settings)


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
    if missing := _lacks(query.alleles, candidate.alleles):
        return _lacking(EvidenceKind.VARIANT, missing, {"compared": []})
    compared = compare_variants(
        query.alleles,
        candidate.alleles,
        tolerance=settings.position_tolerance,
        overlap=settings.reciprocal_overlap,
    )
    details = {"compared": [_comparison(found, query.genes) for found in compared]}
    if not compared:
        return _incomparable(query, candidate, details)
    ratios = [
        allele_log_ratio(found.share, settings.same_variant, settings.chance_variant)
        for found in compared
    ]
    named = sum(bool(found.gene) for found in compared)
    silent = len(query.genes.keys() & candidate.genes.keys()) - named
    value = mean_ratio([*ratios, *[0.0] * silent])
    sentence = " ".join(_variant_sentence(found, query.genes) for found in compared)
    return _weighted(EvidenceKind.VARIANT, value, sentence, details, settings)


def _incomparable(
    query: PreparedEvidence, candidate: PreparedEvidence, details: Mapping[str, Any]
) -> Evidence:
    """Both gave variants, and yet none can be held against another."""
    shared = query.genes.keys() & candidate.genes.keys()
    if not shared:
        sentence = "No gene in common, so no variants to compare."
        return Evidence(kind=EvidenceKind.VARIANT, sentence=sentence, details=details)
    missing = _lacks(
        [a for a in query.alleles if a.gene in shared],
        [a for a in candidate.alleles if a.gene in shared],
    )
    if missing:
        return _lacking(EvidenceKind.VARIANT, missing, details)
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
    where = f" in {symbols[found.gene]}" if found.gene else ""
    if not found.same:
        return f"Different variants{where}."
    names = listing([ours.name for ours, _ in found.same])
    if found.share < 1:
        return f"One of two alleles{where} is the same: {names}."
    return f"Same variant{'s' if len(found.same) > 1 else ''}{where}: {names}."


def onset_evidence(
    query: PreparedEvidence, candidate: PreparedEvidence, settings: EvidenceSettings
) -> Evidence:
    """How close the ages of onset are, on a scale of proportions."""
    yours, theirs = query.onset_years, candidate.onset_years
    details = {"yours": yours, "theirs": theirs}
    if yours is None or theirs is None:
        missing = _lacks(yours is not None, theirs is not None)
        return _lacking(EvidenceKind.ONSET, missing, details)
    value = onset_log_ratio(
        yours,
        theirs,
        slope=settings.onset_slope,
        offset=settings.onset_offset,
        shift=settings.onset_shift,
    )
    if age(yours) == age(theirs):
        sentence = f"Onset at {age(yours)} in both."
    else:
        sentence = f"Onset at {age(yours)} in yours and {age(theirs)} in theirs."
    return _weighted(EvidenceKind.ONSET, value, sentence, details, settings)


def inheritance_evidence(
    query: PreparedEvidence, candidate: PreparedEvidence, settings: EvidenceSettings
) -> Evidence:
    """Whether the modes of inheritance agree: the same, or one a case of the other."""
    details = {
        "yours": [mode.label for mode in query.modes],
        "theirs": [mode.label for mode in candidate.modes],
    }
    if missing := _lacks(query.modes, candidate.modes):
        return _lacking(EvidenceKind.INHERITANCE, missing, details)

    def one_way(asking: Sequence[Mode], answering: Sequence[Mode]) -> float:
        shares = [_agreement(mode, answering, settings) for mode in asking]
        return category_log_ratio(
            [(settings.inheritance_trust, share) for share in shares]
        )

    value = (
        one_way(query.modes, candidate.modes) + one_way(candidate.modes, query.modes)
    ) / 2
    verb = "agree" if value > 0 else "differ"
    sentence = (
        f"Modes of inheritance {verb}: {listing(details['yours'], 'or')} in yours, "
        f"{listing(details['theirs'], 'or')} in theirs."
    )
    return _weighted(EvidenceKind.INHERITANCE, value, sentence, details, settings)


def _agreement(
    mode: Mode, others: Sequence[Mode], settings: EvidenceSettings
) -> float | None:
    """How usual the broader of two agreeing modes is, the rarest if several; None for none."""
    broader = [
        mode.term_id if mode.term_id in other.ancestors else other.term_id
        for other in others
        if mode.term_id in other.ancestors or other.term_id in mode.ancestors
    ]
    shares = [
        settings.mode_shares.get(term, settings.rare_mode_share) for term in broader
    ]
    return min(shares, default=None)


def diagnosis_evidence(
    query: PreparedEvidence,
    candidate: PreparedEvidence,
    background: Background,
    settings: EvidenceSettings,
) -> Evidence:
    """Whether both have the same disease, under any of its equivalent ids."""
    yours, theirs = query.diagnoses, candidate.diagnoses
    details = {
        "yours": [[d.disease_id, d.label] for d in yours],
        "theirs": [[d.disease_id, d.label] for d in theirs],
    }
    if missing := _lacks(yours, theirs):
        return _lacking(EvidenceKind.DIAGNOSIS, missing, details)
    share = 1 / background.diseases
    same = [d for d in yours if any(d.ids & other.ids for other in theirs)]
    reverse = [d for d in theirs if any(d.ids & other.ids for other in yours)]
    value = (
        category_log_ratio([(d.trust, share if d in same else None) for d in yours])
        + category_log_ratio(
            [(d.trust, share if d in reverse else None) for d in theirs]
        )
    ) / 2
    if same:
        sentence = (
            f"Same diagnosis: {listing([d.label or d.disease_id for d in same])}."
        )
    else:
        sentence = "Different diagnoses."
    return _weighted(EvidenceKind.DIAGNOSIS, value, sentence, details, settings)


def _lacks(yours: object, theirs: object) -> Missing:
    """Which side has nothing."""
    if yours:
        return "" if theirs else "they"
    return "you" if theirs else "both"


def _lacking(
    kind: EvidenceKind, missing: Missing, details: Mapping[str, Any], remarks: str = ""
) -> Evidence:
    position = {"you": 0, "they": 1, "both": 2}[missing]
    sentence = _LACKING[kind][position] + remarks
    return Evidence(kind=kind, missing=missing, sentence=sentence, details=details)


def _weighted(
    kind: EvidenceKind,
    log_ratio: float,
    sentence: str,
    details: Mapping[str, Any],
    settings: EvidenceSettings,
) -> Evidence:
    weight = settings.weight(kind)
    return Evidence(
        kind=kind,
        log_likelihood_ratio=weight * log_ratio,
        sentence=sentence,
        details={**details, "weight": weight, "unweighted": log_ratio},
    )
