"""What to write, drafted from what two cases share and from what either side does not say.

Both cases are given as the other side sees them, so that a draft tells nothing that its reader
may not see; who sends it has read it before.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matcher.case import Case
from matcher.explanation.term_pairs import TermComparison, TermName, compare_terms
from matcher.labels import lowered
from matcher.wording import listing
from ontologies import Release

MOST_SHARED = 4
MOST_LOOKED_FOR = 3
MOST_QUESTIONS = 5


class Reply(enum.StrEnum):
    """What an answer can begin from."""

    QUESTIONS = "questions"
    VARIANT = "variant"
    ACCEPT = "accept"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two cases, ours as they see it and theirs as we see it, and how they stand to each other."""

    ours: Case
    theirs: Case
    features: TermComparison
    our_genes: tuple[str, ...]
    their_genes: tuple[str, ...]

    @property
    def shared_genes(self) -> tuple[str, ...]:
        """Symbols of the candidate genes of both."""
        return tuple(gene for gene in self.our_genes if gene in self.their_genes)

    @property
    def shared_features(self) -> tuple[str, ...]:
        """What both have and few diseases do, rarest first."""
        labels = (lowered(pair.ancestor.label) for pair in self.features.pairs)
        return tuple(dict.fromkeys(labels))[:MOST_SHARED]


def compared(release: Release, ours: Case, theirs: Case) -> Compared:
    """What a draft is made from."""
    return Compared(
        ours=ours,
        theirs=theirs,
        features=compare_terms(release, ours, theirs),
        our_genes=_symbols(ours, release),
        their_genes=_symbols(theirs, release),
    )


def first_message(pair: Compared, their_name: str = "") -> str:
    """A letter to begin with: what both share, and what is worth asking.

    `their_name` is what to call the other case, if not by its id.
    """
    ours, theirs = pair.ours.case_id, their_name or pair.theirs.case_id
    said = (
        "Dear colleague,",
        f"our case {ours} and your case {theirs} {_in_common(pair)}.",
        _asked(questions(pair)),
        "We would be glad to compare notes.",
    )
    return "\n\n".join(filter(None, said))


def reply(pair: Compared, kind: Reply) -> str:
    """What an answer can begin from."""
    match kind:
        case Reply.QUESTIONS:
            return _asked(questions(pair))
        case Reply.VARIANT:
            genes = listing(pair.shared_genes or pair.their_genes or ("the gene",))
            return (
                f"Which variant in {genes} does yours carry, on which build, and was it "
                "inherited?\n\nIf it cannot be told here: is it truncating, missense, or a "
                "copy number change?"
            )
        case Reply.ACCEPT:
            return (
                "Thank you for writing. The two look alike to us as well, and we would be glad "
                "to talk directly."
            )
        case Reply.DECLINE:
            return (
                "Thank you for writing. We have compared the two and do not think that they "
                "have the same disorder."
            )


def questions(pair: Compared) -> list[str]:
    """What would tell whether the two are the same disorder, the most telling first."""
    found = [*_of_conflicts(pair), *_of_genes(pair), *_of_features(pair)]
    if not pair.theirs.inheritance:
        found.append("Is anybody else in the family affected?")
    return found[:MOST_QUESTIONS]


def _asked(asked: Sequence[str]) -> str:
    lines = [f"- {question}" for question in asked]
    return "\n".join(["May we ask:", *lines]) if lines else ""


def _in_common(pair: Compared) -> str:
    said = [f"both list {listing(pair.shared_genes)}"] if pair.shared_genes else []
    if pair.shared_features:
        said.append(f"share {listing(pair.shared_features)}")
    return " and ".join(said) or "came up beside each other"


def _of_conflicts(pair: Compared) -> Iterator[str]:
    for conflict in pair.features.conflicts[:1]:
        if conflict.excluded_by == "you":
            yield (
                f"We looked for {lowered(conflict.yours.label)} and did not find it. "
                f"How was {lowered(conflict.theirs.label)} found in yours?"
            )
        else:
            yield (
                f"Ours has {lowered(conflict.yours.label)}. At which age was "
                f"{lowered(conflict.theirs.label)} ruled out in yours?"
            )


def _of_genes(pair: Compared) -> Iterator[str]:
    shared = pair.shared_genes
    if shared and not _has_variant(pair.theirs):
        yield f"Which variant in {listing(shared)} does yours carry, and was it inherited?"
    elif shared:
        yield f"Were the parents of yours tested for the variant in {listing(shared)}?"
    elif pair.our_genes and not pair.their_genes:
        yield f"Was {listing(pair.our_genes[:MOST_LOOKED_FOR], 'or')} looked at in yours?"
    elif pair.their_genes and not pair.our_genes:
        yield f"What speaks for {listing(pair.their_genes[:MOST_LOOKED_FOR])} in yours?"


def _of_features(pair: Compared) -> Iterator[str]:
    if ours := _labels(pair.features.unmatched_yours, MOST_LOOKED_FOR):
        verb = "Was" if len(ours) == 1 else "Were"
        yield f"{verb} {listing(ours)} looked for in yours?"
    for label in _labels(pair.features.unmatched_theirs, 1):
        yield f"How was {label} found in yours, and when?"


def _labels(terms: Iterable[TermName], most: int) -> list[str]:
    return [lowered(term.label) for term in terms][:most]


def _has_variant(case: Case) -> bool:
    return any(feature.variant for feature in case.genomic_features)


def _symbols(case: Case, release: Release) -> tuple[str, ...]:
    """The candidate genes by symbol, as they were entered where unknown, each once."""
    found = {entered: release.genes.resolve(entered).gene for entered in case.genes}
    named = (gene.symbol if gene else entered for entered, gene in found.items())
    return tuple(dict.fromkeys(named))
