"""How a probability comes about: one in so many to begin with, times each kind of evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matcher.evidence import Evidence, EvidenceKind
from matcher.wording import Frequency, frequency, number, printed_factor

_LABELS = {
    EvidenceKind.PHENOTYPE: ("phenotype", "phenotype"),
    EvidenceKind.GENE: ("gene in common", "no gene in common"),
    EvidenceKind.VARIANT: ("variant in common", "variant"),
    EvidenceKind.ONSET: ("age of onset", "age of onset"),
    EvidenceKind.INHERITANCE: ("inheritance", "inheritance"),
    EvidenceKind.DIAGNOSIS: ("diagnosis in common", "different diagnoses"),
}
_SUBJECTS = {
    EvidenceKind.PHENOTYPE: "the phenotype",
    EvidenceKind.GENE: "the gene",
    EvidenceKind.VARIANT: "the variant",
    EvidenceKind.ONSET: "the age of onset",
    EvidenceKind.INHERITANCE: "the inheritance",
    EvidenceKind.DIAGNOSIS: "the diagnosis",
}
_MISSING = {
    "you": "not given by you",
    "they": "not given by them",
    "both": "not given by either",
}
# Below this factor a kind of evidence does not decide a pair by itself.
DECISIVE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung: the factor as it is printed, or, for missing evidence, whose side lacks it."""

    kind: EvidenceKind
    label: str
    factor: float = 1.0
    text: str = ""
    missing: str = ""
    note: str = ""

    def to_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "kind": self.kind.value,
            "label": self.label,
            "factor": self.factor,
            "text": self.text,
            "missing": self.missing,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """From the chance of any case to that of this one, in numbers that multiply as printed.

    `one_in` is the number of cases searched for each partner expected. `verdict` is
    "probably" from an even chance on, "possibly" down to 1 in 50, else "hardly". `result` is
    the frequency in words, `frequency` its dots; None where only a range may be told.
    """

    one_in: int
    steps: tuple[Step, ...]
    verdict: str
    frequency: Frequency | None
    result: str
    decisive: str = ""

    def to_json(self) -> dict[str, object]:
        """The same as JSON values."""
        dots = None
        if self.frequency is not None:
            dots = {"count": self.frequency.count, "of": self.frequency.of}
        return {
            "one_in": self.one_in,
            "steps": [step.to_json() for step in self.steps],
            "frequency": dots,
            "verdict": self.verdict,
            "result": self.result,
            "decisive": self.decisive,
        }


def ladder(
    evidence: Sequence[Evidence], searched: int, expected: float = 1.0
) -> Ladder:
    """The rungs for a pair found among `searched` cases where `expected` partners are expected."""
    one_in = max(1, round(searched / expected))
    steps = tuple(_step(item) for item in evidence)
    probability = _probability(one_in, steps)
    found = frequency(probability)
    return Ladder(
        one_in=one_in,
        steps=steps,
        verdict=_verdict(probability),
        frequency=found,
        result=found.words,
        decisive=_decisive(one_in, steps),
    )


def _step(evidence: Evidence) -> Step:
    speaks_for, otherwise = _LABELS[evidence.kind]
    if evidence.missing:
        note = _MISSING[evidence.missing]
        return Step(
            kind=evidence.kind, label=otherwise, missing=evidence.missing, note=note
        )
    value = evidence.details.get("unweighted", evidence.log_likelihood_ratio)
    factor = printed_factor(evidence.log_likelihood_ratio)
    note = "" if evidence.details.get("weight", 1.0) else "shown, but not counted"
    return Step(
        kind=evidence.kind,
        label=speaks_for if value > 0 else otherwise,
        factor=factor,
        text=f"× {number(factor)}",
        note=note,
    )


def _probability(one_in: int, steps: Sequence[Step]) -> float:
    """From the odds of the printed numbers."""
    odds = math.prod(step.factor for step in steps) / one_in
    # Rounded, since odds of 1 to 49 come out just below 1 in 50.
    return round(odds / (1 + odds), 12)


def _verdict(probability: float) -> str:
    if probability >= 1 / 2:
        return "probably"
    return "possibly" if probability >= 1 / 50 else "hardly"


def _decisive(one_in: int, steps: Sequence[Step]) -> str:
    """What one kind changes, if without it the pair would be at less than half; else ""."""
    others = [
        s
        for s in steps
        if s.kind is not EvidenceKind.PHENOTYPE and s.factor >= DECISIVE
    ]
    if not others:
        return ""
    strongest = max(others, key=lambda step: step.factor)
    rest = [step for step in steps if step is not strongest]
    without = _probability(one_in, rest)
    before, after = frequency(_probability(one_in, steps)), frequency(without)
    if 2 * without > _probability(one_in, steps) or before == after:
        return ""
    subject = _SUBJECTS[strongest.kind]
    return f"Without {subject} this pair would be {_at(after)}: {subject} decides."


def _at(found: Frequency) -> str:
    return f"at {found.words}" if found.count else found.words


def banded(full: Ladder) -> Ladder:
    """The same for somebody outside: factors as powers of ten, the result as a range."""
    probability = _probability(full.one_in, full.steps)
    if probability >= 1 / 4:
        verdict, result = "possibly", "at least 1 in 4"
    elif probability >= 1 / 50:
        verdict, result = "possibly", "1 in 50 to 1 in 4"
    else:
        verdict, result = "hardly", "less likely than 1 in 50"
    return Ladder(
        one_in=full.one_in,
        steps=tuple(_banded_step(step) for step in full.steps),
        verdict=verdict,
        frequency=None,
        result=result,
    )


def _banded_step(step: Step) -> Step:
    if step.missing:
        return step
    factor = 10.0 ** round(math.log10(step.factor))
    return Step(
        kind=step.kind,
        label=step.label,
        factor=factor,
        text=f"about × {number(factor)}",
        note=step.note,
    )
