"""How many cases a query is held against: the N of its probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.engine.catalogue import Catalogue
from matcher.engine.index import Column, Snapshot
from matcher.engine.packed import Flags


@dataclass(frozen=True, slots=True)
class Population:
    """The cases of one snapshot, counted once for any number of queries."""

    snapshot: Snapshot
    is_real: Flags
    real: int

    @classmethod
    def of(cls, snapshot: Snapshot, catalogue: Catalogue) -> Population:
        """The population of a snapshot whose circumstances the catalogue numbered."""
        values = list(catalogue.circumstances.values)
        is_real = np.array([not (value.test or value.simulated) for value in values])
        real = 0
        for part in snapshot.parts:
            counts = part.circumstances
            real += int(counts[is_real[: len(counts)]].sum())
        return cls(snapshot, is_real, real)

    def searched(self, query_id: str) -> int:
        """N: real cases other than the query; where none is real, all others."""
        real, others = self.real, len(self.snapshot)
        place = self.snapshot.find(query_id)
        if place is not None:
            number, position = place
            columns = self.snapshot.parts[number].segment.columns
            others -= 1
            real -= int(self.is_real[columns[Column.CIRCUMSTANCES][position]])
        return real or others
