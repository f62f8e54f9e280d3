"""Why two cases match: the same complete account for page, programming interface and export."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from matcher.case import Case
from matcher.evidence import (
    Background,
    Evidence,
    EvidenceKind,
    EvidenceSettings,
    prepare,
    weigh,
)
from matcher.explanation.ladder import DECISIVE, Ladder, banded, ladder
from matcher.explanation.reasons import Reason, describe_conflict, reasons
from matcher.explanation.term_pairs import TermComparison, compare_terms
from matcher.labels import lowered
from matcher.wording import listing, look_alikes

if TYPE_CHECKING:
    from ontologies import Release

# Of the details of evidence, what the disclosed case itself says; never a frequency of this site.
_TOLD = ("shared", "yours", "theirs", "unresolved", "compared", "weight", "calibrated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that made a score, in words and in numbers. "You" are the asking side.

    `efm` is the number of false matches at least this alike that the search is expected to
    bring, `scaled` is Y of docs/scoring.md; both and `probability` are None where they are
    not known or not told. `releases` names what the numbers came from.
    """

    query_id: str
    candidate_id: str
    headline: str
    summary: str
    reasons: tuple[Reason, ...]
    ladder: Ladder
    features: TermComparison
    coverage: str
    closeness: str
    look_alikes: str
    evidence: tuple[Evidence, ...]
    missing_yours: tuple[EvidenceKind, ...] = ()
    missing_theirs: tuple[EvidenceKind, ...] = ()
    probability: float | None = None
    efm: float | None = None
    scaled: float | None = None
    releases: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "query_id": self.query_id,
            "candidate_id": self.candidate_id,
            "headline": self.headline,
            "summary": self.summary,
            "reasons": [reason.to_json() for reason in self.reasons],
            "ladder": self.ladder.to_json(),
            "features": _features_json(self.features),
            "coverage": self.coverage,
            "closeness": self.closeness,
            "look_alikes": self.look_alikes,
            "evidence": [item.to_json() for item in self.evidence],
            "missing": {
                "yours": [kind.value for kind in self.missing_yours],
                "theirs": [kind.value for kind in self.missing_theirs],
            },
            "probability": self.probability,
            "efm": self.efm,
            "scaled": self.scaled,
            "releases": dict(self.releases),
        }


def explain(
    release: Release,
    query: Case,
    candidate: Case,
    *,
    evidence: Sequence[Evidence],
    searched: int,
    expected: float = 1.0,
    probability: float | None = None,
    efm: float | None = None,
    scaled: float | None = None,
    releases: Mapping[str, str] | None = None,
) -> Explanation:
    """The account of one match, from the evidence of its score and the two cases.

    `searched` is the number of real cases the candidate was found among, `expected` how many
    partners are expected in them.
    """
    comparison = compare_terms(release, query, candidate)
    rungs = ladder(evidence, searched, expected)
    return Explanation(
        query_id=query.case_id,
        candidate_id=candidate.case_id,
        headline=_headline(rungs),
        summary=_summary(comparison, evidence),
        reasons=reasons(comparison, evidence),
        ladder=rungs,
        features=comparison,
        coverage=_coverage(comparison.coverage_of_yours, comparison.coverage_of_theirs),
        closeness=_closeness(scaled),
        look_alikes=_look_alikes(efm, rungs),
        evidence=tuple(evidence),
        missing_yours=tuple(e.kind for e in evidence if e.missing in ("you", "both")),
        missing_theirs=tuple(e.kind for e in evidence if e.missing in ("they", "both")),
        probability=probability,
        efm=efm,
        scaled=scaled,
        releases=dict(releases or {}),
    )


def explain_outside(
    release: Release,
    query: Case,
    disclosed: Case,
    *,
    phenotype: Evidence | None,
    background: Background,
    settings: EvidenceSettings,
    searched: int,
    expected: float = 1.0,
) -> Explanation:
    """The account for somebody at another site, who gets `disclosed` and no more of the case.

    Everything but the phenotype's part is weighed again on what is disclosed, so that nothing
    else can show through; that part and all other numbers are banded.
    """
    weighed = weigh(
        prepare(query, release, settings),
        prepare(disclosed, release, settings),
        background,
        settings,
    )
    evidence = (phenotype, *weighed) if phenotype is not None else weighed
    full = explain(
        release,
        query,
        disclosed,
        evidence=evidence,
        searched=searched,
        expected=expected,
    )
    return in_bands(full)


def in_bands(full: Explanation) -> Explanation:
    """The same account without a number that could be climbed or subtracted.

    Factors become powers of ten, coverages quarters, the probability a range of the bands;
    expected false matches, Y and how usual a gene is here are left out. Which features and
    fields it speaks of stays as it is: `explain_outside` sees to that.
    """
    rungs = banded(full.ladder)
    features = dataclasses.replace(
        full.features,
        coverage_of_yours=_quarters(full.features.coverage_of_yours),
        coverage_of_theirs=_quarters(full.features.coverage_of_theirs),
    )
    return dataclasses.replace(
        full,
        headline=_headline(rungs),
        ladder=rungs,
        features=features,
        coverage=_coverage(features.coverage_of_yours, features.coverage_of_theirs),
        closeness="",
        look_alikes="",
        evidence=tuple(_banded(item, rungs) for item in full.evidence),
        probability=None,
        efm=None,
        scaled=None,
    )


def _banded(evidence: Evidence, rungs: Ladder) -> Evidence:
    told = {key: evidence.details[key] for key in _TOLD if key in evidence.details}
    if "shared" in told:
        told["shared"] = [
            {"id": g["id"], "symbol": g["symbol"]} for g in told["shared"]
        ]
    factor = next(step.factor for step in rungs.steps if step.kind is evidence.kind)
    return dataclasses.replace(
        evidence, log_likelihood_ratio=math.log(factor), details=told
    )


def _quarters(share: float | None) -> float | None:
    return None if share is None else round(share * 4) / 4


def _headline(rungs: Ladder) -> str:
    about = "about " if rungs.frequency is not None and rungs.frequency.count else ""
    return f"{rungs.verdict.capitalize()} the same disorder: {about}{rungs.result}"


def _summary(comparison: TermComparison, evidence: Sequence[Evidence]) -> str:
    """What both have, rarest first, and the rarest conflict."""
    genes = [
        item["symbol"]
        for found in evidence
        if found.kind is EvidenceKind.GENE
        for item in found.details.get("shared", ())
    ]
    if not any(found.kind is EvidenceKind.PHENOTYPE for found in evidence):
        comparison = TermComparison()
    common = (lowered(pair.ancestor.label) for pair in comparison.pairs)
    labels = tuple(dict.fromkeys(common))[:3]
    said = [f"list {listing(genes)}"] if genes else []
    said += [f"have {listing(labels)}"] if labels else []
    sentence = (
        f"Both {' and '.join(said)}." if said else "They have nothing rare in common."
    )
    if comparison.conflicts:
        sentence += f" {describe_conflict(comparison.conflicts[0]).text}."
    return sentence


def _coverage(of_yours: float | None, of_theirs: float | None) -> str:
    if of_yours is None or of_theirs is None:
        return ""
    return (
        f"Theirs cover {of_yours:.0%} of what is rare in yours; "
        f"yours cover {of_theirs:.0%} of theirs."
    )


def _closeness(scaled: float | None) -> str:
    """Y in words: the nearness of the two against that of each to its ten nearest others."""
    if scaled is None:
        return ""
    if abs(scaled) < 0.05:
        return "As close to each other as these two are to their ten nearest others."
    much = "Much " if abs(scaled) >= 0.5 else ""
    word = "closer" if scaled > 0 else "less close"
    sentence = (
        f"{much}{word} to each other than these two are to their ten nearest others."
    )
    return sentence[0].upper() + sentence[1:]


def _look_alikes(efm: float | None, rungs: Ladder) -> str:
    """Of features alone, so not said of a pair that a shared gene decides."""
    decided = any(
        step.kind is EvidenceKind.GENE and step.factor >= DECISIVE
        for step in rungs.steps
    )
    return "" if efm is None or decided else look_alikes(efm)


def _features_json(features: TermComparison) -> dict[str, Any]:
    """Every part of the comparison under its own name."""
    return {
        part.name: _json(getattr(features, part.name))
        for part in dataclasses.fields(features)
    }


def _json(value: Any) -> Any:
    return [item.to_json() for item in value] if isinstance(value, tuple) else value
