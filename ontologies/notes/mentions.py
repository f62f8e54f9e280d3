"""Where a note names a finding: the longest run of words that is a label or a synonym."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from ontologies.lookup import TermLookup
from ontologies.ontology import Ontology
from ontologies.words.folding import Word, content, is_stop_word, singular

_MOST_WORDS = 8
_MOST_COMBINATIONS = 300
_MOST_JOINED = 3
# What a word costs that is not the one the name has.
_SAME_ROOT, _ALIKE, _SLIP = 1, 2, 3
_SHORTEST_WITH_SLIP = 7
# Where all is in capitals, two letters are a word rather than an abbreviation.
_SHORTEST_IN_CAPITALS = 3
# What alone stands for its noun: ataxic for ataxia, but not mouth for mouthing.
_ADJECTIVE = ("ic", "ous", "ive", "ed", "ese")
# These say something of a name and are no part of it by standing for another word.
_DENIALS = frozenset({"no", "without"})
# Words cut short that are recognised without capitals.
_CLIPPINGS = frozenset("dev bilat congen resp neuro rhabdo sz szs".split())
_CONNECTORS = frozenset({"and", "or", "nor"})
# Said between the words of a name: "ears are low-set", "corpus callosum appears thin".
_FILLERS = frozenset(
    "are were be been being very quite rather also both as or any appear appears appeared "
    "appearing seem seems seemed look looks looked remain remains remained became noted "
    "somewhat mild mildly marked markedly moderate moderately severe severely significant "
    "significantly slightly profound profoundly relatively extremely bilaterally still more "
    "this that these those him you we".split()
)

_BREAK = re.compile(r"[,;:()\[\]]|\.\s")
_JOINT = re.compile(r"[,/&]|\b(?:and|or|nor)\b")

# A name's badness, by which the best of several comes first, and its row.
Meant = tuple[float, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """Words that a word of the note may stand for; `alone` if they may be all of a name."""

    words: tuple[str, ...]
    cost: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Mention:
    """A term named by words of a sentence, at these positions; `cost` is 0 for its own words."""

    row: int
    positions: tuple[int, ...]
    cost: int

    @property
    def start(self) -> int:
        """The position of its first word."""
        return self.positions[0]

    @property
    def end(self) -> int:
        """The position behind its last word."""
        return self.positions[-1] + 1


@dataclass(frozen=True, slots=True)
class _Gap:
    """What stands before a word of a stream: a comma ends a run, and joins a list."""

    is_break: bool
    is_joint: bool


@dataclass(frozen=True, slots=True)
class _Stream:
    """The positions of the telling words of a sentence, and the gap before each."""

    positions: tuple[int, ...]
    gaps: tuple[_Gap, ...]

    def neighbours(self, mention: Mention) -> Iterator[tuple[int, ...]]:
        """Up to three words before a mention, then up to three joined on behind it."""
        first = self.positions.index(mention.start)
        behind = self.positions.index(mention.end - 1) + 1
        for length in range(_MOST_JOINED, 0, -1):
            if first >= length:
                yield self.positions[first - length : first]
            if self._is_item(behind, behind + length):
                yield self.positions[behind : behind + length]

    def _is_item(self, start: int, end: int) -> bool:
        """Whether these words are one whole item of a list."""
        if end > len(self.positions) or not self.gaps[start].is_joint:
            return False
        following = self.gaps[end] if end < len(self.gaps) else _Gap(True, False)
        return following.is_break or following.is_joint


class MentionFinder:
    """Finds the names of phenotypic abnormalities in sentences."""

    def __init__(self, ontology: Ontology, lookup: TermLookup) -> None:
        self._phenotype = ontology.arrays.phenotype
        self._lookup = lookup
        self._index = lookup.index

    @cached_property
    def _names(self) -> tuple[dict[str, Meant], dict[str, Meant]]:
        """What the sorted words of a name mean, and what an abbreviation that is a name means."""
        best: tuple[dict[str, Meant], dict[str, Meant]] = ({}, {})
        rows = self._index.entries.tolist()
        weights = self._index.weights.tolist()
        spellings = zip(rows, weights, self._index.spellings, self._index.texts)
        for row, weight, spelling, text in spellings:
            if self._phenotype[row]:
                short = is_abbreviation(text)
                key = text.upper() if short else " ".join(sorted(spelling.split(" ")))
                meant = (-weight - self._lookup.prior_of(row), row)
                best[short][key] = min(meant, best[short].get(key, meant))
        for said, phrases in self._lookup.words.phrases.items():
            key = " ".join(sorted(content(phrases[0])))
            if key in best[0]:
                best[0].setdefault(" ".join(sorted(said)), best[0][key])
        for everyday in self._lookup.words.everyday:
            best[0].pop(everyday, None)
        return best

    @cached_property
    def _of_phrases(self) -> frozenset[str]:
        return frozenset(w for said in self._lookup.words.phrases for w in said)

    def find(self, note: str, sentence: Sequence[Word]) -> list[Mention]:
        """The mentions in a sentence by position: longest first come, and what shares a head."""
        shouted = note[sentence[0].start : sentence[-1].end].isupper()
        least = _SHORTEST_IN_CAPITALS if shouted and len(sentence) > 1 else 0
        choices = [
            self._choices(word, note[word.start : word.end], least) for word in sentence
        ]
        plain, without_fillers = (
            _stream(note, sentence, skipped)
            for skipped in (_CONNECTORS, _CONNECTORS | _FILLERS)
        )
        runs = (*self._runs(plain, choices), *self._runs(without_fillers, choices))
        found = _without_overlap(runs)
        joined = self._joined(plain, choices, found)
        return sorted({*found, *joined}, key=lambda m: (m.positions, m.row))

    def _choices(self, said: Word, written: str, least: int) -> list[Choice]:
        """What a word may stand for in a name; abbreviations have at least so many letters."""
        word = singular(said.text)
        choices: dict[tuple[str, ...], Choice] = {}

        def add(*words: str, cost: int, alone: bool = True) -> None:
            choices.setdefault(words, Choice(words, cost, alone))

        short = written.rstrip("s").upper()
        is_short = is_abbreviation(written) and len(written) >= least
        if is_short and short in self._names[1]:
            add(short, cost=0)
        if is_short or word in _CLIPPINGS:
            meanings = self._lookup.words.abbreviations.get((word,), ())
            for meant in meanings:
                # What may mean two things has to be decided by the words beside it.
                add(*content(meant), cost=0, alone=len(meanings) == 1)
        if self._index.number_of(word) is not None or word in self._of_phrases:
            add(word, cost=0, alone=not choices)
        elif len(word) >= _SHORTEST_WITH_SLIP:
            for other in self._lookup.slips(word):
                add(other, cost=_SLIP)
        for number in self._index.with_root_of(word):
            other = self._index.vocabulary[number]
            add(other, cost=_SAME_ROOT, alone=word.endswith(_ADJECTIVE))
        for other in (
            self._lookup.words.alike.get(word, ()) if word not in _DENIALS else ()
        ):
            add(other, cost=_ALIKE, alone=False)
        return list(choices.values())

    def _runs(
        self, stream: _Stream, choices: Sequence[Sequence[Choice]]
    ) -> Iterator[Mention]:
        for first in range(len(stream.positions)):
            for last in range(first, min(first + _MOST_WORDS, len(stream.positions))):
                positions = stream.positions[first : last + 1]
                broken = last > first and stream.gaps[last].is_break
                if broken or not choices[positions[-1]]:
                    break
                if found := self._named([choices[p] for p in positions]):
                    yield Mention(found[0], positions, found[1])

    def _named(self, words: Sequence[Sequence[Choice]]) -> tuple[int, int] | None:
        """The row and cost of the cheapest name made of one choice for each word."""
        if len(words) == 1:
            words = [[choice for choice in words[0] if choice.alone]]
        if prod(map(len, words)) > _MOST_COMBINATIONS:
            words = [[c for c in choices if c.cost < _ALIKE][:3] for choices in words]
        named = [
            (sum(each.cost for each in chosen), meant)
            for chosen in product(*words)
            if (meant := self._meant([word for each in chosen for word in each.words]))
        ]
        if not named:
            return None
        cost, (_, row) = min(named)
        return row, cost

    def _meant(self, said: Sequence[str]) -> Meant | None:
        full, short = self._names
        if meant := full.get(" ".join(sorted(said))):
            return meant
        if len(said) == 1 and said[0].isupper():
            return short.get(said[0])
        return full.get("".join(said)) if len(said) == 2 else None

    def _joined(
        self,
        stream: _Stream,
        choices: Sequence[Sequence[Choice]],
        found: Sequence[Mention],
    ) -> Iterator[Mention]:
        """Names that share words with a mention: low-set, posteriorly rotated ears."""
        taken = {p for mention in found for p in mention.positions}
        for mention in found:
            if len(mention.positions) > 1 and mention.end - 1 in stream.positions:
                for group in stream.neighbours(mention):
                    if taken.isdisjoint(group):
                        if new := self._sharing(group, mention, choices):
                            yield new
                            taken.update(group)

    def _sharing(
        self,
        group: tuple[int, ...],
        mention: Mention,
        choices: Sequence[Sequence[Choice]],
    ) -> Mention | None:
        """What a group before a mention names with its end, or one behind it with its beginning."""
        whole = mention.positions
        for kept in range(len(whole) - 1, 0, -1):
            before = group < whole
            positions = (*group, *whole[-kept:]) if before else (*whole[:kept], *group)
            if found := self._named([choices[p] for p in positions]):
                if found[0] != mention.row:
                    return Mention(found[0], positions, found[1])
        return None


def _stream(note: str, sentence: Sequence[Word], skipped: frozenset[str]) -> _Stream:
    positions = tuple(
        i
        for i, word in enumerate(sentence)
        if not is_stop_word(word.text) and word.text not in skipped
    )
    before = (sentence[0].start, *(sentence[i].end for i in positions))
    between = [note[end : sentence[i].start] for end, i in zip(before, positions)]
    return _Stream(positions, tuple(map(_gap, between)))


def _gap(between: str) -> _Gap:
    return _Gap(
        _BREAK.search(between) is not None, _JOINT.search(between.lower()) is not None
    )


def is_abbreviation(text: str) -> bool:
    """Whether a word is written as an abbreviation, with more than one capital: CK, VSDs."""
    return " " not in text and len(text) <= 6 and sum(c.isupper() for c in text) > 1


def _without_overlap(mentions: Iterable[Mention]) -> list[Mention]:
    """The longest mentions, then the cheapest, the tightest, the first; no word in two."""
    taken: set[int] = set()
    kept = []
    for mention in sorted(mentions, key=_precedence):
        if taken.isdisjoint(range(mention.start, mention.end)):
            taken.update(range(mention.start, mention.end))
            kept.append(mention)
    return kept


def _precedence(mention: Mention) -> tuple[int, int, int, tuple[int, ...]]:
    spread = mention.end - mention.start
    return -len(mention.positions), mention.cost, spread, mention.positions
