"""Which findings are worth asking about: those whose answer would separate the best candidates."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from matcher.case import Case
from matcher.matches import Match

if TYPE_CHECKING:
    from ontologies import Ontology, Release

# How often a person has a sign that another with the same disorder has; see docs/entering.md.
SHOWN_AGAIN = 0.6
_RULED_OUT = 0.02
# A sign of many diseases is not asked as if half of all people had it, nor a rare one as never.
_LEAST_USUAL, _MOST_USUAL = 0.005, 0.3
_LEAST_BITS = 0.005
# Nothing is ever said to be surer than 9 in 10; nor is it here, or nothing would be asked.
_SUREST = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A term to ask about. `bits` is how much its answer is expected to tell.

    `shown_by` are the candidates that show it, `ruled_out_by` those that looked for it and did
    not find it, each most probable first.
    """

    term_id: str
    bits: float
    shown_by: tuple[str, ...]
    ruled_out_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a case says: its observed terms with all broader ones, and its excluded terms."""

    observed: frozenset[str]
    implied: frozenset[str]
    excluded: frozenset[str]

    @classmethod
    def by(cls, case: Case, ontology: Ontology) -> _Told:
        observed = frozenset(_live(case.observed, ontology))
        implied = frozenset(a for t in observed for a in ontology.ancestors(t))
        return cls(observed, implied, frozenset(_live(case.excluded, ontology)))

    def is_answered(self, term_id: str, ontology: Ontology) -> bool:
        """Whether the case says already that the term is there, or that it is not."""
        return term_id in self.implied or self.is_ruled_out(term_id, ontology)

    def is_ruled_out(self, term_id: str, ontology: Ontology) -> bool:
        return bool(self.excluded & ontology.ancestors(term_id))


def worth_asking(
    case: Case, matches: Sequence[Match], release: Release, limit: int = 3
) -> list[Ask]:
    """The terms whose answers are expected to tell most, none a kind of another.

    What an answer tells is the mutual information between it and which of the candidates, or
    none of them, has the disorder of the case: H(answer) - sum of w H(answer | candidate), with
    the probabilities of the matches as w (Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x).
    """
    ontology = release.ontology
    asking = _Told.by(case, ontology)
    told = {m.case_id: _Told.by(m.pair.candidate, ontology) for m in matches}
    weights = _weights(matches)
    candidates = {t for each in told.values() for t in each.observed}
    rated = [
        _rated(term_id, told, weights, release)
        for term_id in sorted(candidates)
        if not asking.is_answered(term_id, ontology)
    ]
    rated.sort(key=lambda ask: (-ask.bits, ask.term_id))
    return _apart([ask for ask in rated if ask.bits >= _LEAST_BITS], ontology, limit)


def _weights(matches: Iterable[Match]) -> Mapping[str, float]:
    """How probable each candidate is to be the one, and "" for none of them."""
    odds = {m.case_id: _odds(m.probability) for m in matches}
    total = 1.0 + sum(odds.values())
    return {"": 1.0 / total} | {case_id: o / total for case_id, o in odds.items()}


def _odds(probability: float) -> float:
    capped = min(probability, _SUREST)
    return capped / (1.0 - capped)


def _rated(
    term_id: str,
    told: Mapping[str, _Told],
    weights: Mapping[str, float],
    release: Release,
) -> Ask:
    usual = 1.0 / release.information_content.rarity(term_id)
    usual = min(max(usual, _LEAST_USUAL), _MOST_USUAL)
    shown = [i for i, each in told.items() if term_id in each.implied]
    ruled_out = [
        i
        for i, each in told.items()
        if i not in shown and each.is_ruled_out(term_id, release.ontology)
    ]
    chance = partial(_chance, shown=shown, ruled_out=ruled_out, usual=usual)
    overall = sum(w * chance(i) for i, w in weights.items())
    left = sum(w * _entropy(chance(i)) for i, w in weights.items())
    return Ask(
        term_id=term_id,
        bits=max(0.0, _entropy(overall) - left),
        shown_by=tuple(shown),
        ruled_out_by=tuple(ruled_out),
    )


def _chance(
    case_id: str, shown: Collection[str], ruled_out: Collection[str], usual: float
) -> float:
    """How probable a yes is if that candidate has the same disorder."""
    if case_id in shown:
        return max(SHOWN_AGAIN, usual)
    return min(_RULED_OUT, usual) if case_id in ruled_out else usual


def _entropy(p: float) -> float:
    """Of a yes with this probability, in bits."""
    if p <= 0 or p >= 1:
        return 0.0
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def _apart(asks: Iterable[Ask], ontology: Ontology, limit: int) -> list[Ask]:
    chosen: list[Ask] = []
    for ask in asks:
        broader = ontology.ancestors(ask.term_id)
        if all(
            c.term_id not in broader
            and ask.term_id not in ontology.ancestors(c.term_id)
            for c in chosen
        ):
            chosen.append(ask)
        if len(chosen) == limit:
            break
    return chosen


def _live(entered: Iterable[str], ontology: Ontology) -> Iterable[str]:
    """The live phenotype terms that ids stand for."""
    for term_id in (ontology.resolve(i).term_id for i in entered):
        if term_id is not None and ontology.is_phenotype(term_id):
            yield term_id
