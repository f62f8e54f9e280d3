"""A report for the tracker of the HPO project: what is missing, where it may belong, how usual.

It says nothing of a patient, a peer or a site: counts are told in ranges, and neither days nor
names are.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Sequence

from matcher.readers.fields import printable
from matcher.storage.database import Database
from ontologies import Release
from web.cli.cases.spreadsheet import harmless
from web.unrecognised.queue import Entry, Queue, State, Wanted
from web.unrecognised.suggesting import Search, suggestions

REPORTED = "unrecognised features written up"
COLUMNS = (
    "what was written",
    "id that stands for no term",
    "may be",
    "HPO id",
    "label",
    "independent sources",
    "patients",
    "HPO release",
)
SOURCES = ((5, "5 or more"), (3, "3 or 4"), (1, "1 or 2"))
MOST_REPORTED = 1_000
PATIENTS = ((50, "50 or more"), (10, "10 to 49"), (0, "fewer than 10"))


class Form(enum.StrEnum):
    """How a report is written."""

    MARKDOWN = "markdown"
    TSV = "tsv"

    @property
    def ending(self) -> str:
        """How the name of a file ends."""
        return "md" if self is Form.MARKDOWN else "tsv"

    @property
    def kind(self) -> str:
        """The media type of a file."""
        of = "markdown" if self is Form.MARKDOWN else "tab-separated-values"
        return f"text/{of}"


def reportable(db: Database, numbers: Sequence[int] = ()) -> list[Entry]:
    """The entries of these numbers or, without any, all that are to be reported.

    Ignored and erased ones are left out. Raises `UnknownEntry`.
    """
    queue = Queue(db)
    if numbers:
        chosen = [queue.get(number) for number in dict.fromkeys(numbers)]
        return [e for e in chosen if e.state not in (State.IGNORED, State.ERASED)]
    return queue.page(Wanted(state=State.UPSTREAM), limit=MOST_REPORTED)


def written(
    form: Form, entries: Iterable[Entry], release: Release, lookup: Search
) -> str:
    """The report of these entries. Where no term was chosen, the nearest close one is named."""
    rows = [_row(entry, release, lookup) for entry in entries]
    lines = _markdown(rows, release) if form is Form.MARKDOWN else _tsv(rows)
    return "".join(f"{line}\n" for line in lines)


def _row(entry: Entry, release: Release, lookup: Search) -> tuple[str, ...]:
    place, term_id = entry.place or "a new term", entry.term_id
    if not term_id:
        near = suggestions(entry.code, entry.words, release, lookup, 1)
        place, term_id = "not placed; nearest", "".join(each.term_id for each in near)
    label = release.ontology.label(term_id) if _is_known(term_id, release) else ""
    return (
        entry.words,
        entry.code,
        place if term_id else "not placed",
        term_id,
        label,
        _range(entry.sources, SOURCES),
        _range(entry.patients, PATIENTS),
        release.ontology.version,
    )


def _is_known(term_id: str, release: Release) -> bool:
    return term_id in release.ontology or term_id in release.ontology.obsolete_ids


def _range(count: int, ranges: tuple[tuple[int, str], ...]) -> str:
    return next((said for least, said in ranges if count >= least), ranges[-1][1])


def _tsv(rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield "\t".join(COLUMNS)
    yield from ("\t".join(map(harmless, row)) for row in rows)


def _markdown(rows: list[tuple[str, ...]], release: Release) -> Iterator[str]:
    yield "# Terms that were missed"
    yield ""
    yield (
        f"{len(rows):,} entries that stand for no term of HPO {release.ontology.version}, as "
        "clinicians and systems wrote them. Counts are ranges; nothing here is about a person."
    )
    for row in rows:
        words, code, place, term_id, label, sources, patients, _ = row
        yield ""
        yield f"## {words or code}"
        yield ""
        if words and code:
            yield f"- came with the id: {code}"
        where = f"{place}: {_escaped(label)} ({term_id})" if term_id else place
        yield f"- may be {where}"
        yield f"- independent sources: {sources}; patients: {patients}"


def _escaped(label: str) -> str:
    """A label as Markdown shows it; what was written has no sign of Markdown, a label may."""
    return re.sub(r"([\\`*_\[\]<>#@|])", r"\\\1", printable(label))
