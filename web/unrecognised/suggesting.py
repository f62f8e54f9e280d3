"""Which terms may be meant by something that is none, each with its likeness and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ontologies import Release
from ontologies.lookup import TermHit

OFFERED = 5
CLOSE, SURE = 0.6, 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A term that may be meant.

    The score lies in [0, 1] and compares within one entry; None where the release itself offers
    the term in place of a retired id.
    """

    term_id: str
    label: str
    score: float | None
    why: str

    @property
    def is_close(self) -> bool:
        """Whether it is more than the nearest of all."""
        return self.score is None or self.score >= CLOSE

    @property
    def is_sure(self) -> bool:
        """Whether nobody would look twice: it may be chosen beforehand."""
        return self.score is None or self.score >= SURE

    @property
    def likeness(self) -> str:
        """The score as it is said, "" for none."""
        return "" if self.score is None else f"{self.score:.2f}"


class Search(Protocol):
    """What finds the terms that words may mean, best first."""

    def search(self, text: str, limit: int) -> list[TermHit]: ...


def suggestions(
    code: str, words: str, release: Release, lookup: Search, limit: int = OFFERED
) -> list[Suggestion]:
    """At most so many phenotypes: first what the release offers for the id, then by the words."""
    found: dict[str, Suggestion] = {}
    for each in (*_offered(code, release), *_by_words(words, lookup, limit)):
        if release.ontology.is_phenotype(each.term_id):
            found.setdefault(each.term_id, each)
    return list(found.values())[:limit]


def _offered(code: str, release: Release) -> Iterator[Suggestion]:
    ontology = release.ontology
    for term_id in ontology.resolve(code).candidates:
        yield Suggestion(
            term_id=term_id,
            label=ontology.label(term_id),
            score=None,
            why=f"HPO {ontology.version} offers it in place of the id",
        )


def _by_words(words: str, lookup: Search, limit: int) -> Iterator[Suggestion]:
    for hit in lookup.search(words, limit=limit) if words else ():
        yield Suggestion(
            term_id=hit.term_id, label=hit.label, score=hit.score, why=_why(hit)
        )


def _why(hit: TermHit) -> str:
    is_label = hit.matched == hit.label
    name = "like its name" if is_label else f"like its other name “{hit.matched}”"
    return name if hit.is_close else f"a guess: of all names nearest, {name}"
