"""The few lines that say why two cases match, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matcher.evidence import Evidence, EvidenceKind
from matcher.explanation.term_pairs import Conflict, TermComparison, TermPair
from matcher.labels import lowered
from matcher.wording import listing

Sign = Literal["same", "near", "conflict", "missing"]
Parts = tuple[tuple[str, bool], ...]

MOST = 4
# Factors nearer to 1 than this (0.8) are no reason against anything.
_SPEAKS_AGAINST = -0.223
# Conflicts are not scored (docs/scoring.md); among reasons against they stand after a gene
# list that shares nothing and before anything weaker.
_CONFLICT = -0.5


@dataclass(frozen=True, slots=True)
class Reason:
    """One line: its sign, and its text in parts of which some are emphasised."""

    sign: Sign
    parts: Parts

    @property
    def text(self) -> str:
        """The line without emphasis."""
        return "".join(text for text, _ in self.parts)

    @property
    def plain(self) -> str:
        """The line for a terminal, what is emphasised between asterisks."""
        return "".join(f"*{text}*" if strong else text for text, strong in self.parts)

    def to_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {"sign": self.sign, "text": self.text, "plain": self.plain}


def reasons(
    comparison: TermComparison, evidence: Sequence[Evidence]
) -> tuple[Reason, ...]:
    """At most four: what speaks for it rarest first, then against it, then what is missing.

    Only from the kinds of evidence that were used. What is too usual to count for much is only
    named where there is nothing rarer. If anything speaks against, at least one line says so.
    """
    by_kind = {item.kind: item for item in evidence}
    if EvidenceKind.PHENOTYPE not in by_kind:
        comparison = TermComparison()
    in_favour = [*_shared(by_kind), *_alike(comparison.pairs)]
    in_favour = in_favour or list(_alike(comparison.too_usual))
    against = _against(comparison.conflicts, evidence)
    lacking = _lacking(by_kind)
    reserved = len(against[:1]) + len(lacking[:1])
    chosen = in_favour[: MOST - reserved]
    chosen += against[: MOST - len(chosen) - len(lacking[:1])]
    return tuple([*chosen, *lacking][:MOST])


def describe(pair: TermPair) -> Reason:
    """One line of a pair of terms, such as `Your *a* ~ their *b*, both under *c*, ...`."""
    seen = f"seen in 1 of {max(1, round(pair.one_in)):,} diseases"
    if pair.is_identical:
        return Reason("same", ((pair.yours.label, True), (f" in both, {seen}", False)))
    return Reason(
        "near",
        (
            ("Your ", False),
            (lowered(pair.yours.label), True),
            (" ~ their ", False),
            (lowered(pair.theirs.label), True),
            (", both under ", False),
            (lowered(pair.ancestor.label), True),
            (f", {seen}", False),
        ),
    )


def describe_conflict(conflict: Conflict) -> Reason:
    """One line of a finding on one side that the other ruled out."""
    report, other = (
        ("They report ", "you")
        if conflict.excluded_by == "you"
        else (
            "You report ",
            "they",
        )
    )
    observed, excluded = conflict.theirs, conflict.yours
    if conflict.excluded_by == "they":
        observed, excluded = excluded, observed
    parts: Parts = ((report, False), (lowered(observed.label), True))
    if observed == excluded:
        return Reason("conflict", (*parts, (f", which {other} ruled out", False)))
    return Reason(
        "conflict",
        (*parts, (f"; {other} ruled out ", False), (lowered(excluded.label), True)),
    )


def _shared(evidence: dict[EvidenceKind, Evidence]) -> Iterable[Reason]:
    """Variant, gene and diagnosis in common: rarer than any feature."""
    variant, gene = evidence.get(EvidenceKind.VARIANT), evidence.get(EvidenceKind.GENE)
    compared = variant.details.get("compared", ()) if variant else ()
    same = [found for found in compared if found["same"]]
    yield from map(_carried, same)
    told = {found["symbol"] for found in same}
    differing = {found["symbol"] for found in compared} - told
    listed = [
        item["symbol"] for item in (gene.details.get("shared", ()) if gene else ())
    ]
    if both := [symbol for symbol in listed if symbol not in told]:
        other = (", with different variants", False)
        differ = bool(differing) and differing >= set(both)
        parts: Parts = (("Both list ", False), (listing(both), True))
        yield Reason("same", (*parts, other) if differ else parts)
    diagnosis = evidence.get(EvidenceKind.DIAGNOSIS)
    if diagnosis and diagnosis.log_likelihood_ratio > 0:
        yield Reason("same", ((diagnosis.sentence.rstrip("."), False),))


def _carried(found: Mapping[str, Any]) -> Reason:
    """One line of a gene and the alleles of it that both have."""
    names = listing([pair[0] for pair in found["same"]])
    parts: Parts = (("Both carry ", False), (names, True))
    if found["symbol"]:
        parts = (*parts, (" in ", False), (found["symbol"], True))
    if found["share"] < 1:
        parts = (*parts, (", and differ in another allele", False))
    return Reason("same", parts)


def _alike(pairs: Iterable[TermPair]) -> Iterable[Reason]:
    """Pairs of terms in their order, each term of either side once."""
    told: set[tuple[str, str]] = set()
    for pair in pairs:
        terms = {("you", pair.yours.term_id), ("they", pair.theirs.term_id)}
        if not terms & told:
            told |= terms
            yield describe(pair)


def _against(
    conflicts: Iterable[Conflict], evidence: Sequence[Evidence]
) -> list[Reason]:
    found = [(_CONFLICT, describe_conflict(conflict)) for conflict in conflicts]
    for item in evidence:
        value = item.details.get("unweighted", item.log_likelihood_ratio)
        if item.kind is not EvidenceKind.PHENOTYPE and value < _SPEAKS_AGAINST:
            found.append(
                (value, Reason("conflict", ((item.sentence.rstrip("."), False),)))
            )
    return [reason for _, reason in sorted(found, key=lambda each: each[0])]


def _lacking(evidence: dict[EvidenceKind, Evidence]) -> list[Reason]:
    """What it would help most to ask for."""
    phenotype, gene = evidence.get(EvidenceKind.PHENOTYPE), evidence.get(
        EvidenceKind.GENE
    )
    found = []
    if phenotype and (
        phenotype.missing or not phenotype.details.get("calibrated", True)
    ):
        found.append(_told_missing(phenotype))
    if gene and gene.missing in ("you", "they"):
        found.append(_told_missing(gene))
    return found


def _told_missing(evidence: Evidence) -> Reason:
    return Reason("missing", ((evidence.sentence.rstrip("."), False),))
