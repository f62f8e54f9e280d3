"""How many cases a query is held against: the N of its probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.case import Case
from matcher.engine.catalogue import Catalogue
from matcher.engine.index import Column, Snapshot
from matcher.engine.packed import Flags


@dataclass(frozen=True, slots=True)
class Population:
    """The cases of one snapshot, counted once for any number of queries.

    Test cases are a world of their own: they are no candidates of a real query, nor real cases
    of a test. Simulated cases count like the cases they stand among.
    """

    snapshot: Snapshot
    is_test: Flags
    tests: int

    @classmethod
    def of(cls, snapshot: Snapshot, catalogue: Catalogue) -> Population:
        """The population of a snapshot whose circumstances the catalogue numbered."""
        values = list(catalogue.circumstances.values)
        is_test = np.array([value.test for value in values])
        tests = 0
        for part in snapshot.parts:
            counts = part.circumstances
            tests += int(counts[is_test[: len(counts)]].sum())
        return cls(snapshot, is_test, tests)

    def searched(self, query: Case) -> int:
        """N: cases of the query's world other than itself; where it has none, all others."""
        tests, others = self.tests, len(self.snapshot)
        place = self.snapshot.find(query.case_id)
        if place is not None:
            number, position = place
            columns = self.snapshot.parts[number].segment.columns
            others -= 1
            tests -= int(self.is_test[columns[Column.CIRCUMSTANCES][position]])
        return (tests if query.test else others - tests) or others
