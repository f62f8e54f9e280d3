"""Which names contain a word: the names of terms or diseases, indexed by their words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ontologies.packing import PackedTexts, open_array, save_arrays
from ontologies.words.folding import Spellings, content, root

_NAME = "names"
_PARTS = ("entries", "weights", "starts", "postings", "totals")


@dataclass(frozen=True, slots=True)
class Name:
    """One name of the entry of that number; `weight` in (0, 1] says how good a name it is.

    `spelling` are the words to find it by, where they are not all of `text`.
    """

    entry: int
    text: str
    weight: float
    spelling: tuple[str, ...] = ()


class NameIndex:
    """Posting lists: for every word of the vocabulary the names that have it."""

    def __init__(
        self,
        texts: PackedTexts,
        spellings: PackedTexts,
        vocabulary: PackedTexts,
        arrays: Mapping[str, NDArray[Any]],
    ) -> None:
        self.texts = texts
        self.spellings = spellings
        self._vocabulary = vocabulary
        self._arrays = arrays

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def entries(self) -> NDArray[np.int32]:
        """The entry of each name."""
        return self._arrays["entries"]

    @property
    def weights(self) -> NDArray[np.float32]:
        """How good each name is."""
        return self._arrays["weights"]

    @property
    def totals(self) -> NDArray[np.float32]:
        """The summed rarity of the different words of each name."""
        return self._arrays["totals"]

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every word once, folded and singular, sorted."""
        return list(self._vocabulary)

    @cached_property
    def lengths(self) -> NDArray[np.int32]:
        """How many names have each word."""
        counted: NDArray[np.int32] = np.diff(self._arrays["starts"])
        return counted

    @cached_property
    def rarities(self) -> NDArray[np.float32]:
        """ln(1 + names / names with the word), for each word."""
        rarities: NDArray[np.float32] = _rarity(self.lengths, len(self))
        return rarities

    @cached_property
    def _roots(self) -> dict[str, list[int]]:
        roots: dict[str, list[int]] = {}
        for number, word in enumerate(self.vocabulary):
            roots.setdefault(root(word), []).append(number)
        return roots

    def names_with(self, word: int) -> NDArray[np.int32]:
        """The names that have the word of that number, ascending."""
        start, end = self._arrays["starts"][word : word + 2]
        found: NDArray[np.int32] = self._arrays["postings"][start:end]
        return found

    def number_of(self, word: str) -> int | None:
        """The number of a word in the vocabulary; None where no name has it."""
        number = bisect_left(self.vocabulary, word)
        found = number < len(self.vocabulary) and self.vocabulary[number] == word
        return number if found else None

    def beginning_with(self, prefix: str) -> range:
        """Numbers of the words that begin with `prefix`."""
        first = bisect_left(self.vocabulary, prefix)
        return range(first, bisect_left(self.vocabulary, prefix + "\U0010ffff", first))

    def with_root_of(self, word: str) -> Sequence[int]:
        """Numbers of the words that share their root with `word`."""
        return self._roots.get(root(word), ())

    def save(self, folder: Path) -> None:
        """Write the index below `folder`."""
        self.texts.save(folder, "name_texts")
        self.spellings.save(folder, "name_spellings")
        self._vocabulary.save(folder, "name_vocabulary")
        save_arrays(folder, _NAME, **self._arrays)

    @classmethod
    def open(cls, folder: Path) -> NameIndex:
        """The index that `save` wrote."""
        return cls(
            PackedTexts.open(folder, "name_texts"),
            PackedTexts.open(folder, "name_spellings"),
            PackedTexts.open(folder, "name_vocabulary"),
            {part: open_array(folder, _NAME, part) for part in _PARTS},
        )


def build_name_index(names: Iterable[Name]) -> NameIndex:
    """The index of `names`; its spellings are their words folded, singular and telling."""
    listed = list(names)
    spellings = Spellings()
    spelt = [list(name.spelling) or content(name.text, spellings) for name in listed]
    filed: dict[str, list[int]] = {}
    for number, spelling in enumerate(spelt):
        for word in dict.fromkeys(spelling):
            filed.setdefault(word, []).append(number)
    vocabulary = sorted(filed)
    lengths = np.array([len(filed[word]) for word in vocabulary], dtype=np.int32)
    rarity = dict(zip(vocabulary, _rarity(lengths, len(listed)).tolist()))
    postings = [number for word in vocabulary for number in filed[word]]
    totals = [sum(rarity[word] for word in dict.fromkeys(s)) for s in spelt]
    arrays = {
        "entries": np.array([name.entry for name in listed], dtype=np.int32),
        "weights": np.array([name.weight for name in listed], dtype=np.float32),
        "starts": np.concatenate(([0], np.cumsum(lengths))).astype(np.int32),
        "postings": np.array(postings, dtype=np.int32),
        "totals": np.array(totals, dtype=np.float32),
    }
    return NameIndex(
        PackedTexts.of(name.text for name in listed),
        PackedTexts.of(" ".join(spelling) for spelling in spelt),
        PackedTexts.of(vocabulary),
        arrays,
    )


def _rarity(lengths: NDArray[np.int32], names: int) -> NDArray[np.float32]:
    return np.log1p(names / np.maximum(lengths, 1)).astype(np.float32)
