"""Which terms were meant by what was typed: misspelt, incomplete, in lay words or abbreviated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from ontologies.annotations import DiseaseAnnotations
from ontologies.words.clinical import load_clinical_words
from ontologies.words.meanings import Asked, Meanings
from ontologies.words.index import NameIndex
from ontologies.ontology import Ontology
from ontologies.words.term_names import index_terms, term_prior
from ontologies.words.folding import content, singular, words

_NEAR = 0.97
# What makes the score of a name: its likeness as a whole, how much of what was typed it covers
# by rarity, and how faithful its words are.
_LIKENESS, _COVERAGE, _FIDELITY = 0.5, 0.35, 0.15
_SHORTEST_PART = 3
_CONTRARY = ("micro", "macro", "hypo", "hyper")
# Who pastes a whole note into the search gets an answer to its beginning.
_MOST_WORDS = 12
_COMPARED = 100
_GOOD = 0.6
# Below this score what was found is a guess, to be offered and not to be taken.
_CLOSE = 0.6
# What the most often annotated term gets for being so.
_MOST_PRIOR = 0.06
_PHENOTYPE = "HP:0000118"
_ID_BEGUN = re.compile(r"(?:https?://\S*/)?HPO?\s*[:_]?\s*(\d+)", re.IGNORECASE)
Prior = NDArray[np.float32]
Allowed = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, the number of the name it was found by, its score, and the words that matched.

    The score is 1 for a preferred name typed exactly, plus the prior of the entry.
    """

    entry: int
    name: int
    score: float
    matched: frozenset[str] = frozenset()


class NameSearch:
    """Finds the entries of a name index that a few words may mean."""

    def __init__(
        self,
        index: NameIndex,
        alike: Mapping[str, Sequence[str]],
        prior: Prior | None = None,
    ) -> None:
        self.index = index
        self._alike = alike
        self.prior = np.zeros(1 + index.entries.max(initial=0), np.float32)
        if prior is not None:
            self.prior = prior

    def search(
        self, readings: Iterable[Sequence[str]], allowed: Allowed, limit: int
    ) -> list[Found]:
        """The best of the `allowed` entries for any of the readings, each once, best first."""
        allowed = allowed[self.index.entries]
        told = [typed for typed in readings if typed]
        told += [other for typed in told[:1] for other in self._respaced(typed)]
        asked = Meanings(self.index, self._alike, self._near)
        found = _best(
            f for typed in told for f in self._by_words(typed, asked, allowed)
        )
        if told and (len(found) < limit or found[0].score < _GOOD):
            found = _best((*found, *self._as_a_whole(told[0], allowed)))
        return found[:limit]

    def spans(self, found: Found) -> tuple[tuple[int, int], ...]:
        """The [start, end) of the words in the name found that answer to what was typed."""
        return tuple(
            (word.start, word.end)
            for word in words(self.index.texts[found.name])
            if singular(word.text) in found.matched
        )

    def _respaced(self, typed: Sequence[str]) -> Iterator[Sequence[str]]:
        """Two words written as one where that is a word, and one as two: lowset -> low set."""
        for i, (word, following) in enumerate(zip(typed, typed[1:])):
            joined = word + following
            if self.index.with_root_of(joined):
                yield [*typed[:i], joined, *typed[i + 2 :]]
        for i, word in enumerate(typed):
            if self.index.number_of(word) is None:
                if parts := max(self._parts(word), default=None):
                    yield [*typed[:i], *parts[1:], *typed[i + 1 :]]

    def _parts(self, word: str) -> Iterator[tuple[int, str, str]]:
        for end in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            numbers = [self.index.number_of(part) for part in (word[:end], word[end:])]
            if None not in numbers:
                common = min(
                    int(self.index.lengths[n]) for n in numbers if n is not None
                )
                yield common, word[:end], word[end:]

    def _by_words(
        self, typed: Sequence[str], asked: Meanings, allowed: Allowed
    ) -> Iterator[Found]:
        *before, last = typed
        whole = [*(asked[word, False] for word in before), asked[last, True]]
        for name in self._shortlist(whole, allowed).tolist():
            yield self._compare(whole, name)

    def _near(self, word: str) -> Iterator[tuple[int, float]]:
        slips = 1 if len(word) < 6 else 2 if len(word) < 10 else 3
        near = process.extract(
            word,
            self.index.vocabulary,
            scorer=OSA.distance,
            score_cutoff=slips,
            limit=50,
        )
        for other, distance, number in near:
            yield number, _NEAR - distance / max(len(word), len(other))

    def slips(self, word: str) -> list[str]:
        """The words of the vocabulary that are one slip away from `word`."""
        near = process.extract(
            word, self.index.vocabulary, scorer=OSA.distance, score_cutoff=1, limit=3
        )
        return [other for other, _, _ in near if not _are_opposites(word, other)]

    def _shortlist(self, asked: Sequence[Asked], allowed: Allowed) -> NDArray[np.intp]:
        """The names whose words cover most of what was typed and say least besides."""
        covered = np.sum([each.covered for each in asked], axis=0)
        wanted = sum(each.weight for each in asked)
        rank = covered * (0.7 / wanted) + 0.3 * np.minimum(
            covered / self.index.totals, 1
        )
        rank = rank * self.index.weights + self._name_priors
        rank[(covered == 0) | ~allowed] = 0
        most = min(_COMPARED, len(rank) - 1)
        best = np.argpartition(-rank, most)[:_COMPARED]
        shortlist: NDArray[np.intp] = best[rank[best] > 0]
        return shortlist

    def _compare(self, asked: Sequence[Asked], name: int) -> Found:
        spelling = self._spellings[name].split(" ")
        said, values = [], []
        for each in asked:
            value, best = max((each.meanings.get(word, 0.0), word) for word in spelling)
            values.append(value)
            said.append(best if value else each.word)
        weights = [each.weight for each in asked]
        coverage = sum(v * w for v, w in zip(values, weights)) / sum(weights)
        likeness = _likeness([each.word for each in asked], said, spelling)
        fidelity = sum(values) / len(values)
        score = _LIKENESS * likeness + _COVERAGE * coverage + _FIDELITY * fidelity
        matched = frozenset(word for word, value in zip(said, values) if value)
        return self._found(name, score, matched)

    def _as_a_whole(self, typed: Sequence[str], allowed: Allowed) -> Iterator[Found]:
        near = process.extract(
            " ".join(typed),
            self._spellings,
            scorer=fuzz.ratio,
            score_cutoff=50,
            limit=50,
        )
        for _, ratio, name in near:
            if allowed[name]:
                yield self._found(name, 0.9 * ratio / 100, frozenset())

    @cached_property
    def _name_priors(self) -> Prior:
        return self.prior[self.index.entries]

    @cached_property
    def _spellings(self) -> list[str]:
        return list(self.index.spellings)

    def _found(self, name: int, score: float, matched: frozenset[str]) -> Found:
        entry = int(self.index.entries[name])
        weighted = score * float(self.index.weights[name]) + float(self.prior[entry])
        return Found(entry, name, weighted, matched)


def _likeness(
    typed: Sequence[str], said: Sequence[str], spelling: Sequence[str]
) -> float:
    """How alike the words are as a whole, in [0, 1]: in any order, slips made good or not."""
    name = " ".join(spelling)
    in_order = fuzz.ratio(" ".join(said), name)
    in_any_order = fuzz.ratio(" ".join(sorted(said)), " ".join(sorted(spelling)))
    return max(in_order, in_any_order - 1, fuzz.ratio(" ".join(typed), name)) / 100


def _are_opposites(word: str, other: str) -> bool:
    """Whether a slip would turn a word into its contrary: micro- and macro-."""
    sides = [next(filter(each.startswith, _CONTRARY), "") for each in (word, other)]
    return all(sides) and sides[0] != sides[1]


def _best(found: Iterable[Found]) -> list[Found]:
    best: dict[int, Found] = {}
    for each in found:
        known = best.get(each.entry)
        if known is None or (each.score, -each.name) > (known.score, -known.name):
            best[each.entry] = each
    return sorted(best.values(), key=lambda f: (-f.score, f.entry))


@dataclass(frozen=True, slots=True)
class TermHit:
    """A term that may be meant.

    `matched` is the label or synonym by which it was found; `spans` are the [start, end) of
    the words in it that answer to what was typed. The score lies in [0, 1]; those of one search
    compare.
    """

    term_id: str
    label: str
    matched: str
    score: float
    spans: tuple[tuple[int, int], ...]

    @property
    def is_close(self) -> bool:
        """Whether what was typed is like a name of the term, and not merely nearest to it."""
        return self.score >= _CLOSE


class TermLookup:
    """Finds the terms of an ontology by what a clinician types."""

    def __init__(
        self,
        ontology: Ontology,
        annotations: DiseaseAnnotations | None = None,
        abbreviations: Mapping[str, Sequence[str]] | None = None,
        index: NameIndex | None = None,
    ) -> None:
        """Terms that annotate many diseases are preferred a little where `annotations` are given.

        A site's `abbreviations` are added to our own. `index` is what `index_terms` made of
        the ontology, if that is at hand.
        """
        self.words = load_clinical_words(abbreviations)
        self.index = index_terms(ontology) if index is None else index
        self._ontology = ontology
        prior = (
            None
            if annotations is None
            else term_prior(ontology, annotations, most=_MOST_PRIOR)
        )
        self._search = NameSearch(self.index, self.words.alike, prior)

    def search(
        self, text: str, limit: int = 10, *, below: str = _PHENOTYPE
    ) -> list[TermHit]:
        """The terms at or below the term `below` that `text` may mean, best first.

        The last word or the id may be incomplete. An id in any spelling, also a retired one,
        finds the live terms it leads to. Empty where nothing was typed.
        """
        if begun := _ID_BEGUN.fullmatch(text.strip()):
            ids = self._ids(text, begun[1], below)[:limit]
            labels = [(i, self._ontology.label(i)) for i in ids]
            return [TermHit(i, label, label, 1.0, ()) for i, label in labels]
        readings = self.words.readings(content(text)[:_MOST_WORDS])
        found = self._search.search(readings, self._allowed(below), limit)
        return [self._hit(each) for each in found]

    def prior_of(self, row: int) -> float:
        """What the term of that row gets for annotating many diseases."""
        return float(self._search.prior[row])

    def slips(self, word: str) -> list[str]:
        """The words of names that differ from a misspelt one by a single slip."""
        return self._search.slips(word)

    def _ids(self, text: str, digits: str, below: str) -> Sequence[str]:
        resolution = self._ontology.resolve(text)
        if resolution.candidates or len(digits) > 6:
            return resolution.candidates
        branch = self._ontology.descendants(below)
        return sorted(i for i in branch if i.startswith(f"HP:{digits}"))

    def _allowed(self, below: str) -> Allowed:
        arrays = self._ontology.arrays
        if below == _PHENOTYPE:
            return arrays.phenotype
        row = self._ontology.row(below)
        start, end = arrays.descendant_offsets[row : row + 2]
        allowed = np.zeros(len(self._ontology), dtype=np.bool_)
        allowed[arrays.descendant_rows[start:end]] = True
        return allowed

    def _hit(self, found: Found) -> TermHit:
        term_id = self._ontology.term_ids[found.entry]
        matched = self.index.texts[found.name]
        spans = self._search.spans(found)
        label = self._ontology.label(term_id)
        score = round(found.score / (1 + _MOST_PRIOR), 4)
        return TermHit(term_id, label, matched, score, spans)
