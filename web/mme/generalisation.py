"""Rare features as peers are told them: by a broader term that enough cases of the store share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from matcher.case import Case, PhenotypicFeature
from matcher.storage.database import Database, rows
from ontologies import Release


class Generalisation:
    """Copies of cases in which no feature is rarer than `least` cases of the store.

    A case that has a term or one below it shares the term. 0 leaves everything as it is.
    """

    def __init__(self, db: Database, release: Release, least: int) -> None:
        self._db = db
        self._release = release
        self._least = least

    def of(self, case: Case) -> Case:
        """The case with each rare observed term replaced by its nearest ancestor not rare.

        What is said of a replaced term alone is left out. A rare excluded term is left out whole:
        that a broader one is absent as well was never found. So is one without such an ancestor,
        and one that the release does not know, since nobody can tell how rare it is.
        """
        if not self._least:
            return case
        told = tuple(dict.fromkeys(self._features(case)))
        return replace(case, features=told)

    def _features(self, case: Case) -> Iterator[PhenotypicFeature]:
        for feature in case.features:
            term_id = self._release.ontology.resolve(feature.term_id).term_id
            if term_id is None:
                continue
            if self._is_shared(term_id):
                yield feature
            elif not feature.excluded and (broader := self._broader(term_id)):
                yield PhenotypicFeature(term_id=broader)

    def _broader(self, term_id: str) -> str | None:
        """The nearest phenotype above that enough cases share: the most informative one."""
        ontology = self._release.ontology
        information = self._release.information_content
        above = (each for each in ontology.ancestors(term_id) if each != term_id)
        phenotypes = (each for each in above if ontology.is_phenotype(each))
        nearest = sorted(phenotypes, key=lambda each: (-information[each], each))
        return next((each for each in nearest if self._is_shared(each)), None)

    def _is_shared(self, term_id: str) -> bool:
        """Whether enough cases observed the term or one below it."""
        below = self._release.ontology.descendants(term_id)
        # No more rows are looked at than decide it.
        sql = """
            SELECT count(*) AS n FROM (
                SELECT DISTINCT case_id FROM case_features
                WHERE excluded = 0 AND term_id IN (SELECT value FROM json_each(?)) LIMIT ?
            )
        """
        values = [json.dumps(sorted(below)), self._least]
        return bool(rows(self._db, sql, values)[0]["n"] >= self._least)
