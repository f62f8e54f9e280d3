"""Whether a finding named in a note was found, excluded or doubted, or is that of a relative.

The method is that of NegEx (Chapman et al. 2001, doi:10.1006/jbin.2001.1029) and ConText
(Harkema et al. 2009, doi:10.1016/j.jbi.2009.05.002): phrases before or after a finding decide,
as far as their clause reaches. Added is where a clause ends, and who is its subject.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ontologies.notes.cues import DETERMINERS, ContextRules, Cue, Named
from ontologies.words.folding import Word

_SOFT_ENDS = frozenset({"and"})
_SUBJECTS = frozenset({"he", "she", "they", "there", "it", "patient"})
_HARD_GAP = re.compile(r"[;!]|\.\s")
_DASH = re.compile(r"\s[–—-]\s")
# "Seizures - none" and "Mother - asthma" are one clause each.
_MOST_BEFORE_DASH = 3
_QUERIED = re.compile(r"\s*\(?\?")
_MINUS = re.compile(r"\s*:?\s*[(\[][-–−][)\]]|\s*:\s*[-–−](?=\s|$)")


class Status(enum.StrEnum):
    """What a note says of a finding."""

    OBSERVED = "observed"
    EXCLUDED = "excluded"
    UNCERTAIN = "uncertain"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the sentence before was about, for the pronouns of the next."""

    is_family: bool = False


class SentenceContext:
    """The status of the findings named in one sentence."""

    def __init__(
        self,
        rules: ContextRules,
        note: str,
        sentence: Sequence[Word],
        named: Sequence[Named],
        *,
        family: bool = False,
        previous: Subject = Subject(),
        sex: str = "",
    ) -> None:
        self._rules = rules
        self._note = note
        self._words = sentence
        self._named = sorted(named, key=lambda n: n.start)
        self._cues = rules.cues(sentence, named)
        taken = frozenset(i for n in named for i in range(n.start, n.end))
        self._relatives = rules.relatives(sentence, taken)
        self._section = family
        self._previous = previous
        self._sex = sex
        self._clauses = list(self._split())

    @property
    def subject(self) -> Subject:
        """Whether the sentence is about relatives."""
        continued = self._refers_back(0) and self._previous.is_family
        return Subject(bool(self._relatives) or continued)

    def status(self, named: Named) -> Status | None:
        """What the sentence says of a finding; None where it is not one of the patient or kin."""
        if self._is_normal(named):
            return None
        excluded = self._is_said(named, "excluded") or self._marked(named, _MINUS)
        if self._is_family(named):
            return None if excluded else Status.FAMILY
        queried = self._marked(named, _QUERIED) or self._is_asked(named)
        if queried or self._is_said(named, "uncertain") or self._is_open(named):
            return Status.UNCERTAIN
        return Status.EXCLUDED if excluded else Status.OBSERVED

    def _gap(self, position: int) -> str:
        """What stands between the word before a position and the word at it."""
        start = self._words[position - 1].end if position else self._words[0].start
        end = self._words[position].start if position < len(self._words) else start + 12
        return self._note[start:end]

    def _split(self) -> Iterator[range]:
        """The clauses, as ranges of words."""
        start = 0
        for end in range(1, len(self._words)):
            if self._is_hard(end) or (
                self._is_soft(end) and self._is_clause_of_its_own(start, end)
            ):
                yield range(start, end)
                start = end
        yield range(start, len(self._words))

    def _is_hard(self, position: int) -> bool:
        stops = any(c.start == position and "stop" in c.kinds for c in self._cues)
        gap = self._gap(position)
        dash = position > _MOST_BEFORE_DASH and _DASH.search(gap)
        return bool(stops or dash or _HARD_GAP.search(gap))

    def _is_soft(self, position: int) -> bool:
        return "," in self._gap(position) or self._words[position].text in _SOFT_ENDS

    def _is_clause_of_its_own(self, start: int, position: int) -> bool:
        """Whether what follows has a verb, and what went before is complete without it."""
        first = position
        while first < len(self._words) and self._words[first].text in _SOFT_ENDS:
            first += 1
        end = first + 1
        while end < len(self._words) and not (self._is_soft(end) or self._is_hard(end)):
            end += 1
        following = self._words[first:end]
        has_verb = any(map(self._rules.is_finite, following))
        if has_verb and any(w.text in _SUBJECTS for w in following[:2]):
            return True
        return has_verb and any(map(self._rules.is_finite, self._words[start:position]))

    def _clause(self, position: int) -> range:
        return next(clause for clause in self._clauses if position in clause)

    def _is_said(self, named: Named, what: str) -> bool:
        clause = self._clause(named.start)
        for cue in self._cues:
            if cue.start in clause and self._reaches(cue, named, clause, what):
                return True
        return False

    def _reaches(self, cue: Cue, named: Named, clause: range, what: str) -> bool:
        before, after = f"before.{what}", f"after.{what}"
        looks_on = before in cue.kinds
        if looks_on and after in cue.kinds:
            closed = cue.end < len(self._words) and "," in self._gap(cue.end)
            following = (n.start for n in self._named if n.start >= cue.end)
            looks_on = not closed and any(start in clause for start in following)
        if looks_on:
            return cue.end <= named.start < self._reach(cue, clause, what)
        looks_back = after in cue.kinds and cue.start >= named.end
        return looks_back and named.end > self._reach_back(cue, clause)

    def _reach(self, cue: Cue, clause: range, what: str) -> int:
        """Where the scope of a cue that looks forward ends."""
        first = self._words[cue.start].text
        near = what == "uncertain" or first in ("absent", "without", "non")
        for position in range(cue.end + 1, clause.stop):
            comma = "," in self._gap(position)
            word = self._words[position].text
            if word == "with" and (comma or first == "without"):
                return position
            if word == "positive":
                return position
            if (
                near
                and (comma or word == "and")
                and not self._goes_on(position, clause)
            ):
                return position
        return clause.stop

    def _goes_on(self, position: int, clause: range) -> bool:
        """Whether a list goes on to an "or": all of it is then under what began it."""
        rest = self._words[position : clause.stop]
        return any(word.text in ("or", "nor") for word in rest)

    def _reach_back(self, cue: Cue, clause: range) -> int:
        """Where the scope of a cue that looks back begins: a list joined by "and" or its item."""
        joined = False
        for position in range(cue.start - 1, clause.start, -1):
            joined = joined or self._words[position].text in ("and", "or")
            if "," in self._gap(position) and not joined:
                return position
        return clause.start

    def _is_open(self, named: Named) -> bool:
        """Whether the finding is looked for, feared or supposed, rather than named."""
        clause = self._clause(named.start)
        return any(
            "before.open" in cue.kinds
            and cue.start in clause
            and cue.end <= named.start
            for cue in self._cues
        )

    def _is_asked(self, named: Named) -> bool:
        """Whether a question mark stands before the finding or before the list it ends."""
        clause = self._clause(named.start)
        for position in range(named.start, clause.start - 1, -1):
            gap = self._note[
                max(self._words[position].start - 3, 0) : self._words[position].start
            ]
            if re.search(r"(?:^|[\s(,;])\?\s?$", gap):
                return True
            if position and (
                "," in self._gap(position) or self._words[position].text == "and"
            ):
                return False
        return False

    def _marked(self, named: Named, mark: re.Pattern[str]) -> bool:
        return mark.match(self._note, self._words[named.end - 1].end) is not None

    def _is_normal(self, named: Named) -> bool:
        return any(
            ("before.normal" in cue.kinds and cue.end == named.start)
            or ("after.normal" in cue.kinds and cue.start == named.end)
            for cue in self._cues
        )

    def _is_family(self, named: Named) -> bool:
        clause = self._clause(named.start)
        for cue in self._cues:
            if (
                "before.family" in cue.kinds
                and cue.end <= named.start
                and cue.start in clause
            ):
                return True
            if (
                "after.family" in cue.kinds
                and cue.start >= named.end
                and cue.start in clause
            ):
                return True
        if any(
            self._is_in(r, clause)
            for r in self._relatives
            if r >= named.end and r in clause
        ):
            return True
        return self._subject_is_family(named, clause)

    def _is_in(self, relative: int, clause: range) -> bool:
        """Whether the relative is named as the one in whom something is: "in his mother"."""
        first = relative
        while first > clause.start and self._words[first - 1].text in DETERMINERS:
            first -= 1
        return first > clause.start and self._words[first - 1].text in (
            "in",
            "affecting",
        )

    def _subject_is_family(self, named: Named, clause: range) -> bool:
        for position in range(named.start - 1, -1, -1):
            if position in self._relatives:
                return position in clause or self._continues(clause)
            if self._rules.is_patient(self._words[position]):
                if self._refers_back(position):
                    return self._previous.is_family or any(
                        r < position for r in self._relatives
                    )
                return False
        return self._section

    def _continues(self, clause: range) -> bool:
        """Whether a clause has no subject of its own."""
        first = clause.start
        while first < clause.stop - 1 and self._words[first].text in (
            "and",
            "also",
            "who",
        ):
            first += 1
        return (
            self._rules.is_finite(self._words[first])
            or self._words[first].text == "with"
        )

    def _refers_back(self, position: int) -> bool:
        """Whether a pronoun cannot mean the patient, being of the other sex."""
        if position >= len(self._words) or self._words[position].text not in (
            "he",
            "she",
        ):
            return False
        return (
            bool(self._sex) and self._rules.sex_of(self._words[position]) != self._sex
        )
