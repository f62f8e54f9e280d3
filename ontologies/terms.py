"""What an ontology says of one term, and which live terms stand in for one that is retired."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Synonym:
    """Another name of a term. `scope` is EXACT, NARROW, BROAD or RELATED.

    `kind` is the file's own word for it, such as layperson, abbreviation or uk_spelling.
    """

    text: str
    scope: str
    layperson: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A term as the ontology file has it, live or obsolete."""

    term_id: str
    label: str
    definition: str = ""
    comment: str = ""
    synonyms: tuple[Synonym, ...] = ()
    alternative_ids: tuple[str, ...] = ()
    obsolete: bool = False
    replaced_by: tuple[str, ...] = ()
    consider: tuple[str, ...] = ()


class ResolutionStatus(enum.StrEnum):
    """How an id relates to the live terms of a release."""

    CURRENT = "current"
    ALTERNATIVE = "alternative"
    REPLACED = "replaced"
    AMBIGUOUS = "ambiguous"
    OBSOLETE = "obsolete"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Succession:
    """What became of a retired id: its status and the live terms it leads to, in order."""

    status: ResolutionStatus
    term_ids: tuple[str, ...]


def successions(terms: Sequence[Term]) -> dict[str, Succession]:
    """The succession of every obsolete or alternative id, in the order of the ids.

    HPO keeps an obsolete id as a stanza and also makes it an alternative id of its replacement,
    often with no `replaced_by`; a replacement may itself be obsolete. So both ways are followed
    until they end in live terms.
    """
    live = {term.term_id for term in terms if not term.obsolete}
    described = {term.term_id: term for term in terms}
    owners: dict[str, list[str]] = {}
    for term in terms:
        for alternative in term.alternative_ids:
            owners.setdefault(alternative, []).append(term.term_id)
    retired = (described.keys() | owners.keys()) - live
    return {
        term_id: _succession(term_id, live, described, owners)
        for term_id in sorted(retired)
    }


def _succession(
    term_id: str,
    live: set[str],
    described: Mapping[str, Term],
    owners: Mapping[str, Sequence[str]],
) -> Succession:
    heirs = _live_heirs([term_id], live, described, owners)
    if len(heirs) > 1:
        return Succession(ResolutionStatus.AMBIGUOUS, heirs)
    if heirs:
        was_term = term_id in described
        status = ResolutionStatus.REPLACED if was_term else ResolutionStatus.ALTERNATIVE
        return Succession(status, heirs)
    term = described.get(term_id)
    considered = term.consider if term else ()
    return Succession(
        ResolutionStatus.OBSOLETE, _live_heirs(considered, live, described, owners)
    )


def _live_heirs(
    start: Sequence[str],
    live: set[str],
    described: Mapping[str, Term],
    owners: Mapping[str, Sequence[str]],
) -> tuple[str, ...]:
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(start)
    while waiting:
        term_id = waiting.pop()
        if term_id in seen:
            continue
        seen.add(term_id)
        if term_id in live:
            found.add(term_id)
            continue
        term = described.get(term_id)
        waiting += term.replaced_by if term else ()
        waiting += owners.get(term_id, ())
    return tuple(sorted(found))
