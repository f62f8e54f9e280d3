"""The best candidates of a query as plain values, without the account of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from matcher.calibration import Band


class Hit(NamedTuple):
    """One candidate; every value is that of the `Match` it stands for."""

    rank: int
    case_id: str
    score: float
    probability: float
    efm: float | None
    band: Band
    closeness: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist:
    """The answer to one of many queries; `Matcher.explained` makes a `Ranking` of it."""

    query_id: str
    hits: tuple[Hit, ...]
    searched: int
    unresolved: tuple[str, ...] = ()
    calibrated: bool = True

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "query_id": self.query_id,
            "searched": self.searched,
            "unresolved": list(self.unresolved),
            "calibrated": self.calibrated,
            "hits": [hit._asdict() for hit in self.hits],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Shortlist:
        """What `to_json` gave."""
        return cls(
            query_id=values["query_id"],
            searched=values["searched"],
            unresolved=tuple(values["unresolved"]),
            calibrated=values["calibrated"],
            hits=tuple(
                Hit(**{**hit, "band": Band(hit["band"])}) for hit in values["hits"]
            ),
        )
