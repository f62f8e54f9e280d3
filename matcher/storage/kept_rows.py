"""A kept ranking as rows of the store's tables and back, with a fingerprint of all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from matcher.storage.errors import DamagedRanking
from matcher.storage.rows import Row

# In this order they make the fingerprint, so that no column can change unnoticed.
COLUMNS = (
    "ranking",
    "query",
    "basis",
    "as_of",
    "kept_at",
    "actor",
    "place",
    "searched",
    "at_most",
    "content",
)
# What may be the same in two rankings of one case, and then only the first is kept.
CONTENT = ("query", "basis", "searched", "at_most")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Everything that a score follows from, besides the two cases.

    `releases` names the edition of each source file and `sources` its SHA-256; `term_rows` stands
    for the order of the terms. `arithmetic` is what computed the sums.
    `settings` are the constants of the evidence, `conditions` the constraints of the search
    that were not the default, `kinds` the kinds of evidence there were; `bands` are rules.
    """

    release_id: str
    calibration_id: str
    version: str
    arithmetic: str
    releases: Mapping[str, str]
    sources: Mapping[str, str]
    term_rows: str
    expected_partners: float
    bands: Mapping[str, float]
    settings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    kinds: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCandidate:
    """What a ranking says about one candidate.

    `evidence` has each kind that was used: its log likelihood ratio, or who gave nothing ("you",
    "they" or "both").
    """

    case_id: str
    rank: int
    score: float
    probability: float
    efm: float | None
    band: str
    evidence: Mapping[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMatch(RankedCandidate):
    """A candidate of a kept ranking, with the state of its case that was ranked."""

    revision: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingToKeep:
    """An answer, before it is kept.

    `as_of` is the revision of the store that was read before anything was ranked. `actor` is who
    asked and `place` where, such as a page or a standing query; `at_most` how many matches were
    asked for, None for all.
    """

    query_id: str
    as_of: int
    actor: str
    place: str
    searched: int
    at_most: int | None
    basis: Basis
    matches: tuple[RankedCandidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRanking:
    """An answer that was kept: `number` names it, `kept_at` is UTC in ISO 8601."""

    number: int
    query_id: str
    query_revision: int
    query_version: int
    as_of: int
    kept_at: str
    actor: str
    place: str
    searched: int
    at_most: int | None
    basis: Basis
    matches: tuple[KeptMatch, ...]

    def match(self, case_id: str) -> KeptMatch | None:
        """What it says about a candidate; None if it does not name it."""
        found = (match for match in self.matches if match.case_id == case_id)
        return next(found, None)


def basis_text(basis: Basis) -> str:
    """A basis as JSON, the same text for equal ones."""
    return _text(asdict(basis))


def basis_of(row: Row, ranking: int) -> Basis:
    """The basis that a row of `kept_bases` holds. Raises `DamagedRanking`."""
    if sha256(row["body"]) != row["sha256"]:
        raise DamagedRanking(ranking, "what it was computed with is not what was kept")
    document = json.loads(row["body"])
    return Basis(**{field.name: document[field.name] for field in fields(Basis)})


def said_text(match: RankedCandidate, kinds: Sequence[str]) -> str:
    """The numbers of a match; evidence stands in the order of `kinds`, null if not used."""
    evidence = [match.evidence.get(kind) for kind in kinds]
    values = [match.score, match.probability, match.efm, match.band, evidence]
    return _text(values)


def match_of(row: Row, kinds: Sequence[str]) -> KeptMatch:
    """The match of a row of `kept_matches` joined with the revision that it names."""
    score, probability, efm, band, evidence = json.loads(row["said"])
    return KeptMatch(
        case_id=row["case_id"],
        revision=row["candidate"],
        version=row["version"],
        rank=row["rank"],
        score=score,
        probability=probability,
        efm=efm,
        band=band,
        evidence={
            kind: value for kind, value in zip(kinds, evidence) if value is not None
        },
    )


def content_of(row: Row, matches: Sequence[Row]) -> str:
    """SHA-256 of what a ranking says, whoever asked and whenever."""
    said = [[match["rank"], match["candidate"], match["said"]] for match in matches]
    return sha256(_text([[row[name] for name in CONTENT], said]))


def sealed_ranking(row: Row, matches: Sequence[Row]) -> dict[str, Any]:
    """The row of a ranking with the fingerprints of it and of its matches."""
    filled = {**row, "content": content_of(row, matches)}
    return {**filled, "sha256": _seal(filled)}


def refuse_damaged(row: Row, matches: Sequence[Row]) -> None:
    """Raise `DamagedRanking` unless the row and its matches are those that were kept."""
    whole = row["content"] == content_of(row, matches) and row["sha256"] == _seal(row)
    if not whole:
        raise DamagedRanking(row["ranking"], "its content is not what was kept")


def sha256(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _seal(row: Row) -> str:
    return sha256(json.dumps([row[name] for name in COLUMNS], default=repr))


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
