"""What is asked for beside our patient: sent as `_query` where a peer knows it, held to here."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from matcher import Constraints
from ontologies import Release
from web.errors import WebError
from web.mme.asking.answers import RemoteCase

MOST = 200
UNWANTED = "not as asked for"


class BadWish(WebError):
    """Something that cannot be asked for as it is said."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"{name} is {value!r}, but it must be {wanted}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Which patients are wanted; by default any.

    `max_results` is at most how many of a peer, `min_score` the least score as the peer gives it.
    `gene` is the symbol of a gene that must be listed, `term` an HPO id of which a patient must
    have it or a narrower one.
    """

    max_results: int | None = None
    min_score: float | None = None
    share_gene: bool = False
    gene: str = ""
    term: str = ""
    exclude_solved: bool = False

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self != Wishes()

    def query(self) -> dict[str, Any]:
        """All of it by the keys of `_query`, in the words of docs/federation.md."""
        said = {
            "maxResults": self.max_results,
            "minScore": self.min_score,
            "mustShareGene": self.gene or self.share_gene or None,
            "mustHaveTerm": self.term or None,
            "excludeSolved": self.exclude_solved or None,
        }
        return {key: value for key, value in said.items() if value is not None}

    def query_for(self, known: Collection[str]) -> dict[str, Any]:
        """What of it is sent to a peer that knows these keys."""
        return {key: value for key, value in self.query().items() if key in known}

    def unknown_to(self, known: Collection[str]) -> tuple[str, ...]:
        """The keys that such a peer would not understand, so that we alone hold to them."""
        return tuple(key for key in self.query() if key not in known)

    def has_score(self, remote: RemoteCase) -> bool:
        """Whether the peer's own score is high enough; a missing or odd one never is."""
        score = remote.score_in_range
        return not self.min_score or (score is not None and score >= self.min_score)

    def constraints(self, release: Release) -> Constraints:
        """What a patient must have, beside its score."""
        gene = release.genes.resolve(self.gene).gene if self.gene else None
        return Constraints(
            must_share_gene=self.share_gene,
            must_list=(gene.hgnc_id if gene else self.gene) or None,
            must_have=self.term or None,
            exclude_solved=self.exclude_solved,
        )

    def words(self, release: Release) -> Iterator[str]:
        """Each wish as a person reads it."""
        if self.max_results is not None:
            yield f"at most {self.max_results} of each site"
        if self.min_score is not None:
            yield f"scored {self.min_score:g} or more by their site"
        if self.share_gene:
            yield "with a candidate gene in common"
        if self.gene:
            yield f"with the gene {self.gene}"
        if self.term:
            yield f"with {release.ontology.label(self.term)} or something narrower"
        if self.exclude_solved:
            yield "without a diagnosis"

    def to_json(self) -> str:
        """As the database keeps it; empty if nothing is asked for."""
        return json.dumps(asdict(self), sort_keys=True) if self else ""

    @classmethod
    def from_json(cls, text: str) -> Wishes:
        """What `to_json` wrote."""
        return cls(**json.loads(text)) if text else cls()


def wishes_of(said: Mapping[str, str], release: Release) -> Wishes:
    """The wishes that somebody entered, by the names of the fields. Raises `BadWish`."""
    entered = {name: said.get(name, "").strip() for name in _NAMES}
    return Wishes(
        max_results=_most(entered["max_results"]),
        min_score=_least(entered["min_score"]),
        share_gene=bool(entered["share_gene"]),
        gene=_gene(entered["gene"], release),
        term=_term(entered["term"], release),
        exclude_solved=bool(entered["exclude_solved"]),
    )


_NAMES = tuple(Wishes.__dataclass_fields__)


def _most(entered: str) -> int | None:
    if not entered:
        return None
    is_number = entered.isascii() and entered.isdigit() and len(entered) <= 6
    if not is_number or not 1 <= int(entered) <= MOST:
        wanted = f"a whole number from 1 to {MOST}"
        raise BadWish("The number of results", entered[:20], wanted)
    return int(entered)


def _least(entered: str) -> float | None:
    if not entered:
        return None
    try:
        number = float(entered)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise BadWish("The lowest score", entered[:20], "a number from 0 to 1")
    return number or None


def _gene(entered: str, release: Release) -> str:
    if not entered:
        return ""
    gene = release.genes.resolve(entered).gene
    if gene is None:
        raise BadWish(
            "The gene", entered[:40], "the symbol or id of a gene that is known here"
        )
    return gene.symbol


def _term(entered: str, release: Release) -> str:
    if not entered:
        return ""
    term_id = release.ontology.resolve(entered).term_id
    if term_id is None:
        raise BadWish("The feature", entered[:40], "the id of an HPO term")
    return term_id
