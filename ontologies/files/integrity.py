"""What is wrong with an ontology file, all at once, before anything else reads it."""

from __future__ import annotations

import enum
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import networkx

from ontologies.arrays import MOST_TERMS
from ontologies.files.extent import ancestor_pairs, deepest

_TERM_ID = re.compile(r"HP:[0-9]{7}")
_SHOWN = 10
# HPO has 20,000 terms, 24,000 is_a lines, 16 levels, 222,000 pairs with an ancestor, and at most
# 28 synonyms of one term.
_MOST_STANZAS = 2 * MOST_TERMS
_MOST_PARENTS = 4 * MOST_TERMS
_MOST_LEVELS = 100
_MOST_PAIRS = 3_000_000
_MOST_SYNONYMS = 1_000


class FindingKind(enum.StrEnum):
    """A rule that the file breaks."""

    NO_TERMS = "no terms"
    TOO_MANY_TERMS = "too many terms"
    TOO_MANY_STANZAS = "too many stanzas"
    TOO_MANY_PARENTS = "too many parents"
    TOO_DEEP = "too deep"
    TOO_MANY_ANCESTORS = "too many ancestors"
    MALFORMED_ID = "malformed id"
    DUPLICATE_ID = "duplicate id"
    MISSING_NAME = "missing name"
    DANGLING_PARENT = "dangling parent"
    CYCLE = "cycle"
    NO_ROOT = "no root"
    SECOND_ROOT = "second root"
    TOO_MANY_SYNONYMS = "too many synonyms"
    IMPORT = "import"
    UNKNOWN_PREFIX = "unknown prefix"
    LOST_SUCCESSOR = "lost successor"
    LIVE_ALTERNATIVE = "live alternative"


_TOLERABLE = (
    FindingKind.UNKNOWN_PREFIX,
    FindingKind.LOST_SUCCESSOR,
    FindingKind.LIVE_ALTERNATIVE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong. `line` is where its stanza begins, 0 for the whole file.

    A fatal finding keeps the file from being used; the others are told to the curator. Where a
    file has no lines to speak of, `place` says what is counted instead.
    """

    kind: FindingKind
    term_id: str
    message: str
    line: int = 0
    place: str = "line"

    def to_row(self) -> tuple[str, str, str, int, str]:
        """Its fields in order, of plain types."""
        return str(self.kind), self.term_id, self.message, self.line, self.place

    @property
    def is_fatal(self) -> bool:
        """Whether the file must not be used."""
        return self.kind not in _TOLERABLE

    def __str__(self) -> str:
        place = f"{self.place} {self.line}: " if self.line else ""
        return f"{place}{self.kind}: {self.message}"


@dataclass(slots=True)
class Stanza:
    """The lines of one term that the rules are about."""

    line: int
    term_id: str = ""
    name: str = ""
    obsolete: bool = False
    parents: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    replaced_by: list[str] = field(default_factory=list)
    consider: list[str] = field(default_factory=list)
    synonyms: int = 0


def read_stanzas(lines: Iterable[str]) -> Iterator[Stanza]:
    """The term stanzas of an OBO file, as they stand there, repeated ones included.

    Reading ends at the first one too many, which `check` then refuses.
    """
    found = _stanzas(lines)
    return itertools.islice(found, _MOST_STANZAS + 1)


def _stanzas(lines: Iterable[str]) -> Iterator[Stanza]:
    stanza: Stanza | None = None
    for number, line in enumerate(lines, start=1):
        if line.startswith("["):
            if stanza is not None:
                yield stanza
            stanza = Stanza(number) if line.strip() == "[Term]" else None
        elif stanza is not None:
            _note(stanza, line)
    if stanza is not None:
        yield stanza


def _note(stanza: Stanza, line: str) -> None:
    tag, _, rest = line.partition(":")
    value = rest.strip()
    first = value.split(maxsplit=1)[0] if value else ""
    match tag:
        case "id":
            stanza.term_id = first
        case "name":
            stanza.name = value
        case "is_obsolete":
            stanza.obsolete = first == "true"
        case "is_a":
            stanza.parents.append(first)
        case "alt_id":
            stanza.alternatives.append(first)
        case "replaced_by":
            stanza.replaced_by.append(first)
        case "consider":
            stanza.consider.append(first)
        case "synonym":
            stanza.synonyms += 1


def check(stanzas: Sequence[Stanza], place: str = "line") -> tuple[Finding, ...]:
    """Every finding about a file's stanzas, in their order; `place` is what counts them."""
    found = _checked(stanzas, place)
    if place != "line":
        found = [replace(finding, place=place) for finding in found]
    return tuple(sorted(found, key=lambda finding: finding.line))


def _checked(stanzas: Sequence[Stanza], place: str) -> list[Finding]:
    live = {stanza.term_id: stanza for stanza in stanzas if not stanza.obsolete}
    if len(stanzas) > _MOST_STANZAS:
        # Reading ended there, so that nothing can be said of what the rest refers to.
        return list(_size(stanzas, live))
    described = {stanza.term_id for stanza in stanzas}
    known = described | {i for stanza in stanzas for i in stanza.alternatives}
    findings = [*_size(stanzas, live), *_repeated(stanzas, place)]
    for stanza in stanzas:
        findings += _stanza(stanza, live, described)
        findings += _succession(stanza, live, known)
    return [*findings, *_shape(live), *_roots(live)]


def _size(stanzas: Sequence[Stanza], live: Mapping[str, Stanza]) -> Iterator[Finding]:
    if not live:
        yield Finding(FindingKind.NO_TERMS, "", "there is no live [Term] stanza")
    if len(live) > MOST_TERMS:
        yield Finding(
            FindingKind.TOO_MANY_TERMS,
            "",
            f"{len(live)} live terms are more than the {MOST_TERMS} that can be scored",
        )
    if len(stanzas) > _MOST_STANZAS:
        message = f"there are more than {_MOST_STANZAS} [Term] stanzas"
        yield Finding(FindingKind.TOO_MANY_STANZAS, "", message)


def _shape(live: Mapping[str, Stanza]) -> Iterator[Finding]:
    """What is wrong with the graph; one too large to look at is only said to be so."""
    parents = sum(len(stanza.parents) for stanza in live.values())
    if parents > _MOST_PARENTS:
        message = f"{parents} is_a lines are more than {_MOST_PARENTS}"
        yield Finding(FindingKind.TOO_MANY_PARENTS, "", message)
    if parents > _MOST_PARENTS or len(live) > MOST_TERMS:
        return
    cycles = list(_cycles(live))
    yield from cycles or _extent(live)


def _extent(live: Mapping[str, Stanza]) -> Iterator[Finding]:
    """Ancestors are kept for each term, so what is small as a file may be large here."""
    graph = {
        term_id: [parent for parent in stanza.parents if parent in live]
        for term_id, stanza in live.items()
    }
    if not graph:
        return
    term_id, levels = deepest(graph)
    if levels > _MOST_LEVELS:
        message = f"{term_id} has {levels} levels above it, more than {_MOST_LEVELS}"
        yield Finding(FindingKind.TOO_DEEP, term_id, message, live[term_id].line)
    if ancestor_pairs(graph, _MOST_PAIRS) > _MOST_PAIRS:
        message = f"its terms have more than {_MOST_PAIRS} ancestors together"
        yield Finding(FindingKind.TOO_MANY_ANCESTORS, "", message)


def _repeated(stanzas: Sequence[Stanza], place: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for stanza in stanzas:
        line = first.setdefault(stanza.term_id, stanza.line)
        if line != stanza.line:
            yield Finding(
                FindingKind.DUPLICATE_ID,
                stanza.term_id,
                f"{stanza.term_id} is already described in {place} {line}",
                stanza.line,
            )


def _stanza(
    stanza: Stanza, live: Mapping[str, Stanza], described: set[str]
) -> Iterator[Finding]:
    term_id = stanza.term_id
    if not _TERM_ID.fullmatch(term_id):
        message = f"{term_id!r} is no id of the form HP:0001250"
        yield Finding(FindingKind.MALFORMED_ID, term_id, message, stanza.line)
    if not stanza.name:
        message = f"{term_id} has no name"
        yield Finding(FindingKind.MISSING_NAME, term_id, message, stanza.line)
    if stanza.synonyms > _MOST_SYNONYMS:
        message = (
            f"{term_id} has {stanza.synonyms} synonyms, more than {_MOST_SYNONYMS}"
        )
        yield Finding(FindingKind.TOO_MANY_SYNONYMS, term_id, message, stanza.line)
    if stanza.obsolete:
        return
    for parent in stanza.parents:
        if parent not in live:
            why = "obsolete" if parent in described else "not in the file"
            message = f"{term_id} is placed under {parent}, which is {why}"
            yield Finding(FindingKind.DANGLING_PARENT, term_id, message, stanza.line)


def _succession(
    stanza: Stanza, live: Mapping[str, Stanza], known: set[str]
) -> Iterator[Finding]:
    for successor in (*stanza.replaced_by, *stanza.consider):
        if successor not in known:
            message = f"{stanza.term_id} is succeeded by the unknown {successor}"
            yield Finding(
                FindingKind.LOST_SUCCESSOR, stanza.term_id, message, stanza.line
            )
    for alternative in stanza.alternatives:
        if alternative in live:
            message = (
                f"{alternative} is a live term and also another id of {stanza.term_id}"
            )
            yield Finding(
                FindingKind.LIVE_ALTERNATIVE, alternative, message, stanza.line
            )


def _cycles(live: Mapping[str, Stanza]) -> Iterator[Finding]:
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for term_id, stanza in live.items():
        graph.add_edges_from((parent, term_id) for parent in stanza.parents)
    for component in networkx.strongly_connected_components(graph):
        first = min(component)
        if len(component) > 1 or graph.has_edge(first, first):
            members = sorted(component)
            more = f" and {len(members) - _SHOWN} more" if len(members) > _SHOWN else ""
            message = f"{', '.join(members[:_SHOWN])}{more} are above themselves"
            yield Finding(FindingKind.CYCLE, first, message, live[first].line)


def _roots(live: Mapping[str, Stanza]) -> Iterator[Finding]:
    roots = [stanza for stanza in live.values() if not stanza.parents]
    if live and not roots:
        yield Finding(FindingKind.NO_ROOT, "", "every term has a parent")
    for root in roots[1:]:
        message = f"{root.term_id} has no parent, as {roots[0].term_id} has none"
        yield Finding(FindingKind.SECOND_ROOT, root.term_id, message, root.line)
