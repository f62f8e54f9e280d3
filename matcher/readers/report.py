"""What a reader made of each value: mapped as it stood, guessed, or dropped."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass

_SHOWN = 12
_VALUE_LENGTH = 200
_MESSAGE_LENGTH = 400
_MOST_UNCODED = 10_000


class Kind(enum.StrEnum):
    """What became of a value."""

    MAPPED = "mapped"
    GUESSED = "guessed"
    DROPPED = "dropped"


class Wrong(enum.StrEnum):
    """What may be wrong with a value, in words that tell nothing of the value itself."""

    TYPE = "not what belongs there"
    FORM = "not understood"
    MISSING = "missing"
    MANY = "more than are read"
    ASSUMED = "read by a guess"
    TERM_ID = "not an HPO id"
    UNKNOWN = "not known here"
    LITTLE = "too little to search with"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One place of a message that was not taken as it stood; never what stood there.

    The place is a path such as `features[3].id`; `right` says what would be right there, ""
    where the place says it.
    """

    place: str
    wrong: Wrong
    right: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.wrong}" + (f"; {self.right}" if self.right else "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that did not go over exactly as it stood, and the sentence about it."""

    kind: Kind
    case_id: str
    source: str
    field: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Uncoded:
    """The words of a feature that has no id and is no name of a term, and the case they are of."""

    case_id: str
    words: str


class Report:
    """Collects entries while cases are read.

    Counts are complete. Entries name values that were changed, guessed or dropped; past
    `limit` they are counted in `omitted` only, so that a large import fits in memory. Troubles
    say where something was guessed or dropped, and hold no value; past `limit` they are left out.
    `uncoded` are features in words alone, whatever the `limit`; at most ten thousand.
    `made_up` are ids of cases that the file does not name: they count its rows or persons.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self.limit = limit
        self.cases = 0
        self.omitted = 0
        self.entries: list[Entry] = []
        self.troubles: list[Trouble] = []
        self.uncoded: list[Uncoded] = []
        self.made_up: set[str] = set()
        self.counts: dict[Kind, Counter[str]] = {kind: Counter() for kind in Kind}

    def count(self, kind: Kind, field: str, number: int = 1) -> None:
        """Counts values without an entry of their own."""
        self.counts[kind][field] += number

    def add(self, entry: Entry) -> None:
        """Counts one value and keeps its entry."""
        self.count(entry.kind, entry.field)
        if len(self.entries) < self.limit:
            self.entries.append(entry)
        else:
            self.omitted += 1

    def trouble(self, place: str, wrong: Wrong, right: str = "") -> None:
        """Keeps where something is wrong, and what would be right."""
        if len(self.troubles) < self.limit:
            self.troubles.append(Trouble(place, wrong, right))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The sentence of each value guessed or dropped, each once, in their order."""
        told = (e.message for e in self.entries if e.kind is not Kind.MAPPED)
        return tuple(dict.fromkeys(told))

    def lines(self) -> Iterator[str]:
        """Summary for people: one line for the cases and one for each kind."""
        yield f"{self.cases:,} case{'' if self.cases == 1 else 's'} read"
        for kind, counts in self.counts.items():
            if counts:
                fields = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
                shown = [f"{field} {number:,}" for field, number in fields[:_SHOWN]]
                if len(fields) > _SHOWN:
                    shown.append(f"and {len(fields) - _SHOWN:,} fields more")
                yield f"{kind}: {', '.join(shown)}"

    def to_json(self) -> dict[str, object]:
        """Everything as JSON: cases, counts by kind and field, entries, entries left out."""
        return {
            "cases": self.cases,
            "counts": {
                str(kind): dict(sorted(counts.items()))
                for kind, counts in self.counts.items()
            },
            "entries": [asdict(entry) for entry in self.entries],
            "omitted": self.omitted,
        }


class CaseRecord:
    """The part of a report about one case, so that its id and source are said once."""

    __slots__ = ("report", "source", "case_id")

    def __init__(self, report: Report, source: str, case_id: str = "") -> None:
        self.report = report
        self.source = source
        self.case_id = case_id

    def mapped(self, field: str, number: int = 1) -> None:
        """Counts values carried over."""
        if number:
            self.report.count(Kind.MAPPED, field, number)

    def ignored(self, field: str, number: int = 1) -> None:
        """Counts values that a case has no room for."""
        if number:
            self.report.count(Kind.DROPPED, field, number)

    def changed(self, field: str, value: object, message: str) -> None:
        """Tells of a value whose form was changed, not its meaning."""
        self._add(Kind.MAPPED, field, value, message)

    def guessed(
        self,
        field: str,
        value: object,
        message: str,
        *,
        place: str = "",
        right: str = "",
    ) -> None:
        """Tells of a meaning that was assumed. `place` is the field with numbers of items."""
        self._add(Kind.GUESSED, field, value, message)
        self.report.trouble(place or field, Wrong.ASSUMED, right)

    def dropped(
        self,
        field: str,
        value: object,
        message: str,
        *,
        place: str = "",
        wrong: Wrong = Wrong.FORM,
        right: str = "",
    ) -> None:
        """Tells of a value that was left out, and why."""
        self._add(Kind.DROPPED, field, value, message)
        self.report.trouble(place or field, wrong, right)

    def uncoded(self, words: str) -> None:
        """Keeps the words of a feature that has no id and is no name of a term."""
        kept = self.report.uncoded
        if words and len(kept) < _MOST_UNCODED:
            kept.append(Uncoded(self.case_id, words[:_VALUE_LENGTH]))

    def _add(self, kind: Kind, field: str, value: object, message: str) -> None:
        shown = "" if value is None else str(value)[:_VALUE_LENGTH]
        message = message[:_MESSAGE_LENGTH]
        self.report.add(Entry(kind, self.case_id, self.source, field, shown, message))
