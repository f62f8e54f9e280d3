"""Which few features of a case, taken together, no other case that is shared has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import combinations

from matcher.storage.database import Database, rows
from ontologies import Release
from web.viewing.visibility import BEYOND_THE_SITE

# What somebody who knows a person by sight could name; more than that singles out nearly everybody.
MOST_TOGETHER = 3
# Combinations of the rarest are looked at; those of common features are rarely told apart.
MOST_LOOKED_AT = 24
# How far a case is shared for it to count.
COUNTED = json.dumps(sorted(BEYOND_THE_SITE))


class Singling:
    """Looks for the fewest features by which one case of a database is told from all others.

    Another case has a feature if it was observed there, or one below it. Only cases that are
    shared beyond their site count: what is said here must tell nothing of the others.
    """

    def __init__(self, db: Database, release: Release) -> None:
        self._db = db
        self._release = release
        self._known: dict[str, frozenset[str]] = {}

    def of(self, case_id: str, observed: Iterable[str], most: int) -> tuple[str, ...]:
        """At most `most` of the observed terms that no other case has all of, () if none do.

        The fewest that there are, and of as many the first by the number of cases that have each.
        """
        others = self._others(case_id, observed)
        rarest = sorted(others, key=lambda term: (len(others[term]), term))
        for together in range(1, min(most, MOST_TOGETHER) + 1):
            for terms in combinations(rarest[:MOST_LOOKED_AT], together):
                if not frozenset.intersection(*(others[term] for term in terms)):
                    return terms
        return ()

    def _others(
        self, case_id: str, observed: Iterable[str]
    ) -> Mapping[str, frozenset[str]]:
        """The other cases that have each term, by its current id."""
        resolve = self._release.ontology.resolve
        terms = {resolve(each).term_id for each in observed}
        return {term: self._having(term) - {case_id} for term in terms if term}

    def _having(self, term_id: str) -> frozenset[str]:
        if term_id not in self._known:
            below = self._release.ontology.descendants(term_id)
            sql = """
                SELECT DISTINCT case_id FROM case_features JOIN cases USING (case_id)
                WHERE excluded = 0 AND term_id IN (SELECT value FROM json_each(?))
                    AND sharing IN (SELECT value FROM json_each(?))
            """
            found = rows(self._db, sql, [json.dumps(sorted(below)), COUNTED])
            self._known[term_id] = frozenset(row["case_id"] for row in found)
        return self._known[term_id]
