"""One kind of evidence about two cases: what it counts, or whose side lacks it, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from matcher.evidence.settings import EvidenceKind, EvidenceSettings

Missing = Literal["", "you", "they", "both"]

_LACKING: Mapping[EvidenceKind, tuple[str, str, str]] = MappingProxyType(
    {
        EvidenceKind.PHENOTYPE: (
            "No usable feature on your side.",
            "No usable feature on their side.",
            "Neither side gives a usable feature.",
        ),
        EvidenceKind.GENE: (
            "No candidate gene on your side; one would tell more than any feature.",
            "No candidate gene on their side; one would tell more than any feature.",
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


def lacking_side(yours: object, theirs: object) -> Missing:
    """Which side has nothing."""
    if yours:
        return "" if theirs else "they"
    return "you" if theirs else "both"


def missing_evidence(
    kind: EvidenceKind, missing: Missing, details: Mapping[str, Any], remarks: str = ""
) -> Evidence:
    """Evidence that counts nothing, with the sentence that names the side."""
    position = {"you": 0, "they": 1, "both": 2}[missing]
    sentence = _LACKING[kind][position] + remarks
    return Evidence(kind=kind, missing=missing, sentence=sentence, details=details)


def weighted_evidence(
    kind: EvidenceKind,
    log_ratio: float,
    sentence: str,
    details: Mapping[str, Any],
    settings: EvidenceSettings,
) -> Evidence:
    """Evidence that counts by its weight; the details keep both numbers."""
    weight = settings.weight(kind)
    return Evidence(
        kind=kind,
        log_likelihood_ratio=weight * log_ratio,
        sentence=sentence,
        details={**details, "weight": weight, "unweighted": log_ratio},
    )
