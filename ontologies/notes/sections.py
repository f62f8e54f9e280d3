"""Where the sentences of a note are, and which of them tell of the family."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NEW_LINE = re.compile(r"\n(?:\s*\n)*")
# A line that is shorter was ended by its writer, not for want of room.
_SHORTEST_FULL_LINE = 40
_END = re.compile(r"[.!?](?=\s+[^a-z\s])|[.!?](?=\s*$)")
_UNFINISHED = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|No|Fig|approx|ca|vs|e\.g|i\.e|cf|yrs?|mos?|wks?)|\b[A-Z])$"
)
_HEADING = re.compile(r"\s*(?:[-*•#]+\s*)?([A-Za-z][A-Za-z /&()-]{1,45}?)\s*:")
_FAMILY = re.compile(
    r"(?:family|fam|familial|fh|fhx|pedigree|relatives)\b(?:\s+(?:history|hx|medical history))?",
    re.IGNORECASE,
)
_OF_PATIENT = re.compile(
    r"\s*(?:he|she|the (?:patient|child|boy|girl|infant|baby|proband)|o/e|on review|mri|eeg|"
    r"echo|(?:on )?(?:physical |clinical )?exam(?:ination)?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """The code points [start, end) of a note; `family` where its section is the family's."""

    start: int
    end: int
    family: bool


def sentences(note: str) -> Iterator[Sentence]:
    """The sentences of a note in their order; headings and lines end sentences too."""
    family = False
    for start, end in _lines(note):
        line = note[start:end]
        if not line.strip():
            family = False
            continue
        heading = _HEADING.match(line)
        if _FAMILY.fullmatch(line.strip()):
            family = True
            continue
        # A heading on a line of its own governs what follows it, any other only its line.
        alone = heading is not None and not line[heading.end() :].strip()
        section = family
        for first, last in _within(line):
            text = line[first:last]
            if found := _HEADING.match(text):
                section = _FAMILY.fullmatch(found[1]) is not None
            elif section and not family and _OF_PATIENT.match(text):
                section = False
            yield Sentence(start + first, start + last, section)
        if heading is not None:
            family = section if alone else False


def _lines(note: str) -> Iterator[tuple[int, int]]:
    """Where the lines are, wrapped ones as one; between paragraphs there is an empty one."""
    start = last = 0
    for found in _NEW_LINE.finditer(note):
        gap = found[0].count("\n") > 1
        full = found.start() - last >= _SHORTEST_FULL_LINE
        last = found.end()
        if gap or not (full and note[found.end() : found.end() + 1].islower()):
            yield start, found.start()
            start = found.end()
            if gap:
                yield start, start
    yield start, len(note)


def _within(line: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _END.finditer(line):
        if found[0] == "." and _UNFINISHED.search(line, start, found.start()):
            continue
        yield start, found.end()
        start = found.end()
    if line[start:].strip():
        yield start, len(line)
