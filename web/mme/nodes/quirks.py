"""How a peer differs from the text of the protocol, as its operator or a probe found."""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass
from typing import Any

from matcher.readers.mme import CoordinateBase


class Coordinates(enum.StrEnum):
    """Where a peer begins to count the bases of a chromosome."""

    ZERO = "zero"
    ONE = "one"
    STATED = "stated"

    @property
    def read(self) -> CoordinateBase:
        """How its positions are read; `stated` reads it off each variant."""
        return CoordinateBase[self.name]

    @property
    def written(self) -> CoordinateBase:
        """How positions are written to it: from 0, as the protocol says, unless it is known."""
        return CoordinateBase.ONE if self is Coordinates.ONE else CoordinateBase.ZERO


class GeneIds(enum.StrEnum):
    """What a peer wants as the id of a gene."""

    ENSEMBL = "ensembl"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """What a message to a peer must be like. The defaults suit the most peers.

    `minor` is the minor version of the protocol that it is asked in. `trailing_slash` asks at
    `/match/`. `plain_labels` keeps % and + out of what is sent: matchbox decodes them as in a
    web address. `query_keys` are the keys of `_query` that its heartbeat says it understands.
    """

    minor: int = 0
    coordinates: Coordinates = Coordinates.STATED
    gene_ids: GeneIds = GeneIds.ENSEMBL
    trailing_slash: bool = False
    plain_labels: bool = False
    query_keys: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As the database keeps it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Quirks:
        """What `to_json` wrote; keys of a later version are passed over."""
        kept: dict[str, Any] = json.loads(text)
        default = cls()
        return cls(
            minor=int(kept.get("minor", default.minor)),
            coordinates=Coordinates(kept.get("coordinates", default.coordinates)),
            gene_ids=GeneIds(kept.get("gene_ids", default.gene_ids)),
            trailing_slash=bool(kept.get("trailing_slash", default.trailing_slash)),
            plain_labels=bool(kept.get("plain_labels", default.plain_labels)),
            query_keys=tuple(kept.get("query_keys", default.query_keys)),
        )
