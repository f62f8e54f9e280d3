"""What phenotype, genes, variants, onset, inheritance and diagnosis say about two cases.

This is the readable form, one pair at a time, for the cases that are shown and as the oracle
of the engine's arrays, which take their constants from the same `EvidenceSettings`.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcher.evidence.settings import (
    ALL_KINDS,
    DEFAULT_KINDS,
    Background,
    EvidenceKind,
    EvidenceSettings,
)
from matcher.evidence.values import (
    Evidence,
    Missing,
    lacking_side,
    missing_evidence,
    weighted_evidence,
)
from matcher.evidence.genetic import gene_evidence, variant_evidence
from matcher.evidence.likelihoods import category_log_ratio, onset_log_ratio
from matcher.evidence.prepared import Mode, PreparedEvidence, prepare
from matcher.wording import age, listing

__all__ = [
    "ALL_KINDS",
    "DEFAULT_KINDS",
    "Background",
    "Evidence",
    "EvidenceKind",
    "EvidenceSettings",
    "Missing",
    "PreparedEvidence",
    "diagnosis_evidence",
    "gene_evidence",
    "inheritance_evidence",
    "onset_evidence",
    "phenotype_evidence",
    "prepare",
    "variant_evidence",
    "weigh",
]


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
        return missing_evidence(EvidenceKind.PHENOTYPE, missing, details)
    sentence = (
        "Features alike" if log_ratio > 0 else "Features no more alike than by chance"
    )
    if not calibrated:
        sentence = "Fewer than three features on one side: too few to say how likely"
    return weighted_evidence(
        EvidenceKind.PHENOTYPE, log_ratio, f"{sentence}.", details, settings
    )


def onset_evidence(
    query: PreparedEvidence, candidate: PreparedEvidence, settings: EvidenceSettings
) -> Evidence:
    """How close the ages of onset are, on a scale of proportions."""
    yours, theirs = query.onset_years, candidate.onset_years
    details = {"yours": yours, "theirs": theirs}
    if yours is None or theirs is None:
        missing = lacking_side(yours is not None, theirs is not None)
        return missing_evidence(EvidenceKind.ONSET, missing, details)
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
    return weighted_evidence(EvidenceKind.ONSET, value, sentence, details, settings)


def inheritance_evidence(
    query: PreparedEvidence, candidate: PreparedEvidence, settings: EvidenceSettings
) -> Evidence:
    """Whether the modes of inheritance agree: the same, or one a case of the other."""
    details = {
        "yours": [mode.label for mode in query.modes],
        "theirs": [mode.label for mode in candidate.modes],
    }
    if missing := lacking_side(query.modes, candidate.modes):
        return missing_evidence(EvidenceKind.INHERITANCE, missing, details)

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
    return weighted_evidence(
        EvidenceKind.INHERITANCE, value, sentence, details, settings
    )


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
    if missing := lacking_side(yours, theirs):
        return missing_evidence(EvidenceKind.DIAGNOSIS, missing, details)
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
    return weighted_evidence(EvidenceKind.DIAGNOSIS, value, sentence, details, settings)
