"""Which findings a clinical note tells of, where, and whether they are the patient's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ontologies.notes.context import SentenceContext, Status, Subject
from ontologies.notes.cues import Named, load_context_rules
from ontologies.lookup import TermLookup
from ontologies.notes.measurements import measured
from ontologies.notes.mentions import MentionFinder
from ontologies.ontology import Ontology
from ontologies.notes.sections import Sentence, sentences
from ontologies.words.folding import Word, words

Span = tuple[int, int]
_MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class NoteTerm:
    """A term suggested by a note. `spans` are [start, end) in code points, in their order."""

    term_id: str
    label: str
    status: Status
    spans: tuple[Span, ...]


class NoteReader:
    """Reads clinical notes in English. What it finds are suggestions, for a person to confirm."""

    def __init__(self, ontology: Ontology, lookup: TermLookup) -> None:
        self._ontology = ontology
        self._finder = MentionFinder(ontology, lookup)
        self._rules = load_context_rules()

    def read(self, note: str) -> list[NoteTerm]:
        """The terms of a note with their status, by where each is first named.

        A term that is named with several statuses comes once for each.
        """
        spans: dict[tuple[str, Status], list[Span]] = {}
        for term_id, status, where in self._found(note):
            spans.setdefault((term_id, status), []).extend(where)
        terms = [
            NoteTerm(term_id, self._ontology.label(term_id), status, _in_order(where))
            for (term_id, status), where in spans.items()
        ]
        return sorted(terms, key=lambda t: (t.spans, t.term_id, t.status))

    def _found(self, note: str) -> Iterator[tuple[str, Status, list[Span]]]:
        told = words(note)
        sex = self._rules.patient_sex(told)
        previous = Subject()
        for sentence, said in _said(note, told):
            findings = list(self._findings(note, said))
            context = SentenceContext(
                self._rules,
                note,
                said,
                [named for _, named, _ in findings],
                family=sentence.family,
                previous=previous,
                sex=sex,
            )
            for term_id, named, where in findings:
                status = context.status(named)
                if status is not None:
                    yield term_id, status, where
            previous = context.subject

    def _findings(
        self, note: str, said: Sequence[Word]
    ) -> Iterator[tuple[str, Named, list[Span]]]:
        for mention in self._finder.find(note, said):
            where = list(_spans(said, mention.positions))
            named = Named(mention.start, mention.end)
            yield self._ontology.term_ids[mention.row], named, where
        first = said[0].start
        for each in measured(note[first : said[-1].end]):
            start, end = first + each.start, first + each.end
            inside = [i for i, w in enumerate(said) if start <= w.start < end]
            if each.term_id in self._ontology:
                yield each.term_id, Named(inside[0], inside[-1] + 1), [(start, end)]


def _said(note: str, told: Sequence[Word]) -> Iterator[tuple[Sentence, Sequence[Word]]]:
    """The sentences with their words; a sentence without an end is taken in pieces."""
    position = 0
    for sentence in sentences(note):
        while position < len(told) and told[position].start < sentence.start:
            position += 1
        first = position
        while position < len(told) and told[position].start < sentence.end:
            position += 1
        for start in range(first, position, _MOST_WORDS):
            yield sentence, told[start : min(start + _MOST_WORDS, position)]


def _spans(said: Sequence[Word], positions: Iterable[int]) -> Iterator[Span]:
    """The code points of words; those next to each other make one span."""
    run: list[int] = []
    for position in positions:
        if run and position > run[-1] + 1:
            yield said[run[0]].start, said[run[-1]].end
            run = []
        run.append(position)
    yield said[run[0]].start, said[run[-1]].end


def _in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(sorted(set(spans)))
