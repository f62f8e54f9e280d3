"""Which words of a vocabulary a word typed may be: itself, one begun, misspelt or much the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ontologies.words.index import NameIndex

# How much a vocabulary word counts that is not the one typed; the benchmark term_search.py
# shows what these are worth.
_SAME_ROOT = 0.94
_ALIKE = 0.94
_BEGUN = 0.96
_ABBREVIATED = 0.8
_CONTINUED = 0.85
_PER_LETTER = 0.01
# Meanings this near to the best one decide together how rare a word is.
_AS_GOOD = 0.93

Near = Callable[[str], Iterable[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A word typed, the vocabulary words it may be with how much each counts, its weight.

    `covered` is how much each name has of it, times its weight.
    """

    word: str
    meanings: Mapping[str, float]
    weight: float
    covered: NDArray[np.float32]


class Meanings(dict[tuple[str, bool], Asked]):
    """What the words of one search may be, by word and whether it is the last; readings share
    most of them, so each is worked out once.
    """

    def __init__(
        self, index: NameIndex, alike: Mapping[str, Sequence[str]], near: Near
    ) -> None:
        super().__init__()
        self._index = index
        self._alike = alike
        self._near = near

    def __missing__(self, key: tuple[str, bool]) -> Asked:
        word, last = key
        self[key] = self._asked(word, self._meanings(word, last=last))
        return self[key]

    def _asked(self, word: str, meanings: Mapping[int, float]) -> Asked:
        index = self._index
        best = max(meanings.values(), default=0.0)
        names = sum(
            int(index.lengths[number])
            for number, value in meanings.items()
            if value >= _AS_GOOD * best
        )
        weight = float(np.log1p(len(index) / max(names, 1)))
        covered = np.zeros(len(index), dtype=np.float32)
        # Ascending, so that the best meaning of the word is the one that stays.
        for number, value in sorted(meanings.items(), key=itemgetter(1)):
            covered[index.names_with(number)] = value
        by_word = {index.vocabulary[n]: value for n, value in meanings.items()}
        return Asked(word, by_word, weight, weight * covered)

    def _meanings(self, word: str, *, last: bool) -> dict[int, float]:
        index = self._index
        exact = index.number_of(word)
        meanings: dict[int, float] = {}
        if last or len(word) >= 3:
            begun = _BEGUN if exact is None else _CONTINUED
            for number in index.beginning_with(word):
                letters = len(index.vocabulary[number]) - len(word)
                value = begun if last else _ABBREVIATED
                meanings[number] = value - _PER_LETTER * letters
        if exact is None and len(word) >= 4:
            for number, value in self._near(word):
                meanings[number] = max(value, meanings.get(number, 0.0))
        for other in self._alike.get(word, ()):
            if (number_of_other := index.number_of(other)) is not None:
                meanings[number_of_other] = _ALIKE
        for number in index.with_root_of(word):
            meanings[number] = _SAME_ROOT
        if exact is not None:
            meanings[exact] = 1.0
        return meanings
