"""What clinicians write short, and which everyday words may stand for each other."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ontologies.words.folding import content, fold, singular

_SHIPPED = Path(__file__).with_name("clinical.toml")
_MOST_READINGS = 8

Expansions = Mapping[tuple[str, ...], Sequence[str]]


@dataclass(frozen=True, slots=True)
class ClinicalWords:
    """What stands for what; all keys are folded and singular.

    `abbreviations` and `phrases` lead to what is meant by them, `alike` to the words that may
    be said for a word. The `everyday` words name a term only where terms are asked for.
    """

    abbreviations: Expansions
    phrases: Expansions
    alike: Mapping[str, Sequence[str]]
    everyday: frozenset[str]

    def readings(self, typed: Sequence[str]) -> list[list[str]]:
        """What may be meant: the words as typed, and with each shorthand in them written out."""
        readings = {tuple(typed): list(typed)}
        for reading in self._written_out(typed):
            readings.setdefault(tuple(reading), reading)
            for again in self._written_out(reading):
                readings.setdefault(tuple(again), again)
        return list(readings.values())[:_MOST_READINGS]

    def _written_out(self, typed: Sequence[str]) -> Iterator[list[str]]:
        for start in range(len(typed)):
            for end in range(start + 1, len(typed) + 1):
                for meant in self.meant_by(tuple(typed[start:end])):
                    yield [*typed[:start], *content(meant), *typed[end:]]

    def meant_by(self, said: tuple[str, ...]) -> Sequence[str]:
        """What these folded words are shorthand for; empty where they are none."""
        return (*self.abbreviations.get(said, ()), *self.phrases.get(said, ()))


def load_clinical_words(
    abbreviations: Mapping[str, Sequence[str]] | None = None,
) -> ClinicalWords:
    """Our own list; a site's `abbreviations` are added to it and win over ours."""
    with _SHIPPED.open("rb") as file:
        shipped = tomllib.load(file)
    own = abbreviations or {}
    return ClinicalWords(
        _folded(shipped["abbreviations"] | dict(own)),
        _folded(shipped["phrases"]),
        _alike(shipped["alike"]),
        frozenset(singular(fold(word)) for word in shipped["everyday"]),
    )


def _folded(expansions: Mapping[str, Sequence[str]]) -> Expansions:
    return {tuple(content(short)): tuple(meant) for short, meant in expansions.items()}


def _alike(groups: Iterable[Sequence[str]]) -> Mapping[str, Sequence[str]]:
    alike: dict[str, list[str]] = {}
    for group in groups:
        folded = list(dict.fromkeys(singular(fold(word)) for word in group))
        for word in folded:
            alike.setdefault(word, []).extend(
                other for other in folded if other != word
            )
    return alike
