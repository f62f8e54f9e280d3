"""Which phrases of a sentence decide what is said of a finding, and who its subject may be."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ontologies.words.folding import Word, singular, words

_SHIPPED = Path(__file__).with_name("context.toml")
DETERMINERS = frozenset(
    "his her their the a an one two both maternal paternal older younger elder twin half full "
    "first second and affected".split()
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase at the words [start, end) and what it says: kinds such as `before.excluded`."""

    start: int
    end: int
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Named:
    """A finding named by the words [start, end) of a sentence."""

    start: int
    end: int


class ContextRules:
    """The phrases that decide, and what they decide for findings in a sentence."""

    def __init__(
        self,
        phrases: Mapping[tuple[str, ...], frozenset[str]],
        lists: Mapping[str, frozenset[str]],
    ) -> None:
        self._phrases = phrases
        self._lists = lists
        self._longest = max(map(len, phrases))

    def patient_sex(self, note: Iterable[Word]) -> str:
        """`female` or `male` by the first word of the note that tells, else empty."""
        for word in note:
            for sex in ("female", "male"):
                if word.text in self._lists[f"patient_{sex}"]:
                    return sex
        return ""

    def cues(self, sentence: Sequence[Word], named: Sequence[Named]) -> list[Cue]:
        """The phrases of a sentence that are no part of a finding, the longest at each place."""
        taken = {i for each in named for i in range(each.start, each.end)}
        found = []
        position = 0
        while position < len(sentence):
            for length in range(min(self._longest, len(sentence) - position), 0, -1):
                phrase = tuple(w.text for w in sentence[position : position + length])
                covered = range(position, position + length)
                if phrase in self._phrases and taken.isdisjoint(covered):
                    found.append(
                        Cue(position, position + length, self._phrases[phrase])
                    )
                    position += length - 1
                    break
            position += 1
        return found

    def is_finite(self, word: Word) -> bool:
        """Whether a word is a verb that makes a clause."""
        return word.text in self._lists["finite"]

    def is_patient(self, word: Word) -> bool:
        """Whether a word names the person the note is about."""
        return word.text in self._lists["patient"]

    def relatives(self, sentence: Sequence[Word], taken: frozenset[int]) -> list[int]:
        """Where relatives are the subject: not those who tell, nor through whom one knows."""
        return [
            i
            for i in range(len(sentence))
            if i not in taken and self._is_relative(sentence, i)
        ]

    def _is_relative(self, sentence: Sequence[Word], position: int) -> bool:
        word = singular(sentence[position].text)
        before = sentence[position - 1].text if position else ""
        after = [w.text for w in sentence[position + 1 : position + 3]]
        if word in self._lists["offspring"]:
            return before in ("his", "her") and after[:1] not in (["is"], ["was"])
        if word not in self._lists["relative"]:
            return False
        if after and after[0] in ("with", "has", "had"):
            return True
        if any(singular(w) in self._lists["telling"] for w in after):
            return False
        first = position
        while first and sentence[first - 1].text in DETERMINERS:
            first -= 1
        return not first or sentence[first - 1].text not in self._lists["through"]

    def sex_of(self, word: Word) -> str:
        """The sex of a relative or a pronoun, as far as the word tells."""
        text = singular(word.text)
        if text in self._lists["female"] or text == "she":
            return "female"
        return "male" if text in self._lists["male"] or text == "he" else ""


def load_context_rules() -> ContextRules:
    """The rules shipped with this package."""
    with _SHIPPED.open("rb") as file:
        shipped = tomllib.load(file)
    phrases: dict[tuple[str, ...], set[str]] = {}
    for kind, listed in _kinds(shipped):
        for phrase in listed:
            folded = tuple(word.text for word in words(phrase))
            phrases.setdefault(folded, set()).add(kind)
    lists = {**shipped["people"], **shipped["grammar"]}
    return ContextRules(
        {phrase: frozenset(kinds) for phrase, kinds in phrases.items()},
        {name: frozenset(listed) for name, listed in lists.items()},
    )


def _kinds(
    shipped: Mapping[str, Mapping[str, Sequence[str]]],
) -> Iterator[tuple[str, Sequence[str]]]:
    yield "pseudo", list(shipped["pseudo"])
    yield "stop", list(shipped["stop"])
    for side in ("before", "after"):
        for kind, listed in shipped[side].items():
            yield f"{side}.{kind}", listed
