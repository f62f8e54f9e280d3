"""Which features of two cases belong together, which found nothing, and which conflict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from matcher.case import Case
from matcher.similarity import IDENTICAL_TERM_BONUS

if TYPE_CHECKING:
    from ontologies import Release

# What two features have in common counts for little if more than one disease in seven has it.
TOO_USUAL = 7.0
# What more than one disease in three has makes no relatives of features that are not siblings.
NO_RELATION = 3.0
# exp() of an information content may end a hair below the whole number it stands for.
_ROUNDING = 1e-9

PHENOTYPE = "HP:0000118"

Side = Literal["you", "they"]


@dataclass(frozen=True, slots=True, order=True)
class TermName:
    """A term by its id and its label in the release that was used."""

    term_id: str
    label: str

    def to_json(self) -> dict[str, str]:
        """The same as JSON values."""
        return {"id": self.term_id, "label": self.label}


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPair:
    """A feature of yours, the one of theirs nearest to it, and what both are a case of.

    `one_in`: one in so many diseases has the common ancestor (exp of its information content).
    `best_for` says whose best partner the other is.
    """

    yours: TermName
    theirs: TermName
    ancestor: TermName
    one_in: float
    best_for: Literal["both", "you", "they"]

    @property
    def is_identical(self) -> bool:
        """Whether both have the very same term."""
        return self.yours.term_id == self.theirs.term_id

    @property
    def is_too_usual(self) -> bool:
        """Whether more than one disease in seven has what they have in common."""
        return self.one_in < TOO_USUAL - _ROUNDING

    @property
    def relation(self) -> str:
        """How the two terms stand to each other, in words."""
        if self.is_identical:
            return "same term"
        if self.ancestor == self.yours:
            return "yours is the broader"
        if self.ancestor == self.theirs:
            return "theirs is the broader"
        return self.ancestor.label

    def to_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "yours": self.yours.to_json(),
            "theirs": self.theirs.to_json(),
            "ancestor": self.ancestor.to_json(),
            "one_in": self.one_in,
            "best_for": self.best_for,
            "identical": self.is_identical,
            "relation": self.relation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A feature one side observed and the other looked for and did not find.

    The observed term is the excluded one or more special: who excludes a term excludes
    everything below it.
    """

    yours: TermName
    theirs: TermName
    excluded_by: Side
    one_in: float

    def to_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "yours": self.yours.to_json(),
            "theirs": self.theirs.to_json(),
            "excluded_by": self.excluded_by,
            "one_in": self.one_in,
        }


@dataclass(frozen=True, slots=True)
class UnusedTerm:
    """A feature that took no part, as it was entered, and why."""

    entered: str
    label: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """The same as JSON values."""
        return {"entered": self.entered, "label": self.label, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableFeatures:
    """The features of a case as they are scored: live phenotype terms, implied ones dropped."""

    observed: tuple[str, ...]
    excluded: tuple[str, ...]
    unused: tuple[UnusedTerm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermComparison:
    """All features of both sides, each in its place; pairs and conflicts rarest first.

    `coverage_of_yours` is how much of the information in your features theirs repeat, 0 to 1,
    1 if every term is there; None without any informative feature on that side or none at all on
    the other.
    """

    pairs: tuple[TermPair, ...] = ()
    too_usual: tuple[TermPair, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unmatched_yours: tuple[TermName, ...] = ()
    unmatched_theirs: tuple[TermName, ...] = ()
    unused_yours: tuple[UnusedTerm, ...] = ()
    unused_theirs: tuple[UnusedTerm, ...] = ()
    coverage_of_yours: float | None = None
    coverage_of_theirs: float | None = None


def usable_features(case: Case, release: Release) -> UsableFeatures:
    """The features of `case` that take part, by id, and the others with the reason."""
    ontology = release.ontology
    observed: set[str] = set()
    excluded: set[str] = set()
    unused = []
    for feature in case.features:
        resolution = ontology.resolve(feature.term_id)
        term_id = resolution.term_id
        if term_id is not None and ontology.is_phenotype(term_id):
            (excluded if feature.excluded else observed).add(term_id)
            continue
        if term_id is None:
            label, reason = feature.label, f"{resolution.status.value} id"
        else:
            label, reason = ontology.label(term_id), "not a phenotypic abnormality"
        unused.append(UnusedTerm(feature.term_id, label, reason))
    implied = {
        a for term_id in observed for a in ontology.ancestors(term_id) if a != term_id
    }
    return UsableFeatures(
        observed=tuple(sorted(observed - implied)),
        excluded=tuple(sorted(excluded)),
        unused=tuple(unused),
    )


def compare_terms(release: Release, query: Case, candidate: Case) -> TermComparison:
    """Every feature of both cases with its partner, or among those that found none."""
    comparer = _Comparer(release)
    yours, theirs = usable_features(query, release), usable_features(candidate, release)
    of_yours = comparer.partners(yours.observed, theirs.observed)
    of_theirs = comparer.partners(theirs.observed, yours.observed)
    every_pair = comparer.best_pairs(of_yours, of_theirs)
    pairs = [pair for pair in every_pair if not pair.is_too_usual]
    too_usual = [
        pair for pair in every_pair if pair.is_too_usual and comparer.is_near(pair)
    ]
    conflicts = comparer.conflicts(yours, theirs)
    shown_yours = {pair.yours.term_id for pair in (*pairs, *too_usual)}
    shown_theirs = {pair.theirs.term_id for pair in (*pairs, *too_usual)}
    shown_yours |= {c.yours.term_id for c in conflicts if c.excluded_by == "they"}
    shown_theirs |= {c.theirs.term_id for c in conflicts if c.excluded_by == "you"}
    return TermComparison(
        pairs=tuple(pairs),
        too_usual=tuple(too_usual),
        conflicts=conflicts,
        unmatched_yours=comparer.rarest_first(set(yours.observed) - shown_yours),
        unmatched_theirs=comparer.rarest_first(set(theirs.observed) - shown_theirs),
        unused_yours=yours.unused,
        unused_theirs=theirs.unused,
        coverage_of_yours=comparer.coverage(yours.observed, of_yours),
        coverage_of_theirs=comparer.coverage(theirs.observed, of_theirs),
    )


class _Comparer:
    """Terms of one release held against each other; remembers what it looked up."""

    def __init__(self, release: Release) -> None:
        self._ontology = release.ontology
        self._ic = cache(release.information_content.__getitem__)
        self._rarity = release.information_content.rarity
        self._ancestors = cache(release.ontology.ancestors)
        self._rank = cache(
            lambda term_id: (self._ic(term_id), release.ontology.row(term_id))
        )
        self.mica = cache(self._mica)

    def _rarest_ancestors(self, term_id: str) -> list[str]:
        return sorted(self._ancestors(term_id), key=self._ic, reverse=True)

    def name(self, term_id: str) -> TermName:
        return TermName(term_id, self._ontology.label(term_id))

    def rarest_first(self, term_ids: Iterable[str]) -> tuple[TermName, ...]:
        order = sorted(term_ids, key=lambda term_id: (-self._ic(term_id), term_id))
        return tuple(self.name(term_id) for term_id in order)

    def _mica(self, yours: str, theirs: str) -> str:
        """The most informative common ancestor; of equals the most special, then the last id."""
        return max(self._ancestors(yours) & self._ancestors(theirs), key=self._rank)

    def similarity(self, yours: str, theirs: str) -> float:
        """S of docs/scoring.md, in nats."""
        if yours == theirs:
            return IDENTICAL_TERM_BONUS * self._ic(yours)
        return self._ic(self.mica(yours, theirs))

    def partners(self, terms: Sequence[str], others: Sequence[str]) -> dict[str, str]:
        """The best partner of each term, of equals the first id; nothing without others."""
        having: dict[str, list[str]] = {}
        for other in others:
            for ancestor in self._ancestors(other):
                having.setdefault(ancestor, []).append(other)
        if not having:
            return {}
        present = set(others)
        return {term: self._partner(term, present, having) for term in terms}

    def _partner(
        self, term_id: str, others: Set[str], having: Mapping[str, Sequence[str]]
    ) -> str:
        """The one that shares the most informative ancestor, found from the rarest on."""
        if term_id in others and self._ic(term_id) > 0:
            return term_id
        found: list[str] = []
        least = -math.inf
        for ancestor in self._rarest_ancestors(term_id):
            if self._ic(ancestor) < least:
                break
            if ancestor in having:
                least = self._ic(ancestor)
                found.extend(having[ancestor])
        return min(found)

    def best_pairs(
        self,
        partners_of_yours: Mapping[str, str],
        partners_of_theirs: Mapping[str, str],
    ) -> list[TermPair]:
        """Each term of either side with its best partner; mutual choices once; rarest first."""
        mine = set(partners_of_yours.items())
        other = {(yours, theirs) for theirs, yours in partners_of_theirs.items()}
        pairs = [self._pair(*ids, ids in mine, ids in other) for ids in mine | other]
        return sorted(
            pairs,
            key=lambda p: (-p.one_in, p.yours, p.theirs),
        )

    def _pair(self, yours: str, theirs: str, for_you: bool, for_them: bool) -> TermPair:
        ancestor = self.mica(yours, theirs)
        return TermPair(
            yours=self.name(yours),
            theirs=self.name(theirs),
            ancestor=self.name(ancestor),
            one_in=self._rarity(ancestor),
            best_for="both" if for_you and for_them else "you" if for_you else "they",
        )

    def is_near(self, pair: TermPair) -> bool:
        """Whether one term is or implies the other, or both are kinds of an informative one.

        A body system, and what is seen in most diseases, relates only the terms right below it.
        """
        yours, theirs, ancestor = (
            t.term_id for t in (pair.yours, pair.theirs, pair.ancestor)
        )
        if ancestor in (yours, theirs):
            return True
        parents = self._ontology.parents
        siblings = ancestor in parents(yours) and ancestor in parents(theirs)
        if siblings:
            return self._ic(ancestor) > 0
        return PHENOTYPE not in parents(ancestor) and pair.one_in >= NO_RELATION

    def conflicts(
        self, yours: UsableFeatures, theirs: UsableFeatures
    ) -> tuple[Conflict, ...]:
        found = []
        for observed, excluded in self._contradictions(theirs.observed, yours.excluded):
            found.append(self._conflict(excluded, observed, observed, "you"))
        for observed, excluded in self._contradictions(yours.observed, theirs.excluded):
            found.append(self._conflict(observed, excluded, observed, "they"))
        return tuple(sorted(found, key=lambda c: (-c.one_in, c.yours, c.theirs)))

    def _contradictions(
        self, observed: Sequence[str], excluded: Sequence[str]
    ) -> Iterable[tuple[str, str]]:
        """Each observed term that is ruled out, with the most special term that does so."""
        for term_id in observed:
            above = self._ancestors(term_id) & set(excluded)
            if above:
                yield term_id, max(above, key=self._rank)

    def _conflict(
        self, yours: str, theirs: str, observed: str, excluded_by: Side
    ) -> Conflict:
        return Conflict(
            yours=self.name(yours),
            theirs=self.name(theirs),
            excluded_by=excluded_by,
            one_in=self._rarity(observed),
        )

    def coverage(
        self, covered: Sequence[str], partners: Mapping[str, str]
    ) -> float | None:
        """One direction of the score as a share of what the terms would get from themselves."""
        most = math.fsum(self.similarity(term, term) for term in covered)
        if not partners or most <= 0:
            return None
        found = math.fsum(self.similarity(term, partners[term]) for term in covered)
        return found / most
