"""A match as a card: the frequency, the reasons, the evidence, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matcher import Match
from matcher.calibration import Band
from matcher.case import Case
from matcher.evidence import Evidence, EvidenceKind
from matcher.explanation import Explanation
from matcher.explanation.ladder import Step
from matcher.explanation.reasons import Reason
from web.pages.words import proband
from web.viewing.ranking import explained
from web.viewing.visibility import Viewer, disclosed, may_open

BANDS = {Band.CONTACT: "contact", Band.LOOK: "look", Band.BACKGROUND: "none"}
SIGNS = {
    "same": ("same", "ok", "Same:"),
    "near": ("near", "ok", "Near:"),
    "conflict": ("differ", "bad", "Against:"),
    "missing": ("gap", "muted", "Missing:"),
}
LABELS = {
    EvidenceKind.PHENOTYPE: "Phenotype",
    EvidenceKind.GENE: "Gene",
    EvidenceKind.VARIANT: "Variant",
    EvidenceKind.ONSET: "Onset",
    EvidenceKind.INHERITANCE: "Inheritance",
    EvidenceKind.DIAGNOSIS: "Diagnosis",
}
ALWAYS_SHOWN = (EvidenceKind.PHENOTYPE, EvidenceKind.GENE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One kind of evidence: a bar with its factor, or why there is none."""

    label: str
    value: float = 0.0
    factor: str = ""
    gap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonRow:
    """One reason: an icon, its tone, what it says to a screen reader, and runs of text."""

    sign: str
    tone: str
    said: str
    parts: tuple[tuple[str, bool], ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A match as the pages show it."""

    rank: int
    case_id: str
    band: str
    odds: str
    count: int
    of: int
    origin: str
    is_own: bool
    tags: tuple[str, ...]
    reasons: tuple[ReasonRow, ...]
    evidence: tuple[EvidenceRow, ...]
    by_chance: str

    @property
    def shares_gene(self) -> bool:
        """Whether both sides list the same gene."""
        return any(row.label == "Gene" and row.value > 0 for row in self.evidence)


def card(person: Viewer, match: Match, rank: int) -> Card:
    """The match as `person` may read it."""
    explanation = explained(person, match)
    frequency = explanation.ladder.frequency
    candidate = match.pair.candidate
    return Card(
        rank=rank,
        case_id=match.case_id,
        band=BANDS[match.band],
        odds=explanation.ladder.result,
        count=frequency.count if frequency else 0,
        of=frequency.of if frequency else 0,
        origin=origin(person, candidate),
        is_own=may_open(person, candidate),
        tags=tuple(_tags(candidate)),
        reasons=tuple(reason_row(each) for each in _told(explanation, rank)),
        evidence=tuple(evidence_rows(explanation)),
        by_chance=explanation.look_alikes,
    )


def _told(explanation: Explanation, rank: int) -> Iterator[Reason]:
    """The reasons; what the asking side itself lacks is told on the first card only."""
    lacking = {
        e.sentence.rstrip(".") for e in explanation.evidence if e.missing == "you"
    }
    for reason in explanation.reasons:
        if rank == 1 or reason.text not in lacking:
            yield reason


def origin(person: Viewer, candidate: Case) -> str:
    """`Clinical genetics, Harbour · network · 11 features`; the proband only of the own site."""
    seen = disclosed(person, candidate)
    own = may_open(person, candidate)
    institution = seen.contact.institution if seen.contact else ""
    place = institution or seen.site or "site not given"
    if seen.site and seen.site.casefold() not in place.casefold():
        place = f"{place}, {seen.site}"
    who = [proband(seen)] if own and (seen.age_years is not None) else []
    level = "own site" if own else "network"
    return " · ".join([place, level, *who, _features(len(seen.observed))])


def _features(count: int) -> str:
    return f"{count} feature{'' if count == 1 else 's'}"


def _tags(candidate: Case) -> Iterator[str]:
    if candidate.simulated:
        yield "simulated"
    if candidate.test:
        yield "test case"


def reason_row(reason: Reason) -> ReasonRow:
    """A reason with the icon that goes before it."""
    sign, tone, said = SIGNS[reason.sign]
    return ReasonRow(
        sign=sign, tone=tone, said=said, parts=reason.parts, text=reason.text
    )


def evidence_rows(explanation: Explanation) -> Iterator[EvidenceRow]:
    """Phenotype and gene always; the rest where one side at least gave something."""
    steps = {step.kind: step for step in explanation.ladder.steps}
    for evidence in explanation.evidence:
        if evidence.missing != "both" or evidence.kind in ALWAYS_SHOWN:
            yield _evidence_row(evidence, steps[evidence.kind])


def _evidence_row(evidence: Evidence, step: Step) -> EvidenceRow:
    label = LABELS[evidence.kind]
    if evidence.missing:
        return EvidenceRow(label=label, gap=step.note)
    if step.note:
        return EvidenceRow(label=label, gap=step.note)
    return EvidenceRow(
        label=label, value=evidence.log_likelihood_ratio, factor=step.text
    )
