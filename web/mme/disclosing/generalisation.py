"""Rare features as peers are told them: by a broader term that enough shared cases have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from matcher.case import Case, PhenotypicFeature, Sharing
from matcher.storage.database import Database, rows
from ontologies import Release
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.singling import COUNTED, Singling


class Generalisation:
    """Copies of cases in which no feature is rarer than `least` cases, the case among them.

    A case that has a term or one below it shares the term. Others count if they are shared beyond
    their site, so that a copy tells nothing of the rest. 0 leaves everything as it is. Nor is
    a case at level 1 told from all others by `singled_out_by` of its features together, unless
    somebody agreed to level 2.
    """

    def __init__(
        self, db: Database, release: Release, least: int, singled_out_by: int = 0
    ) -> None:
        self._db = db
        self._release = release
        self._least = least
        self._singled_out_by = singled_out_by

    def of(self, case: Case) -> Case:
        """The case with each rare observed term replaced by its nearest ancestor not rare.

        What is said of a replaced term alone is left out. A rare excluded term is left out whole:
        that a broader one is absent as well was never found. So is one without such an ancestor,
        and one that the release does not know, since nobody can tell how rare it is.
        """
        if self._least:
            told = tuple(dict.fromkeys(self._features(case)))
            case = replace(case, features=told)
        return self._blended(case) if self._is_to_be_blended(case) else case

    def _is_to_be_blended(self, case: Case) -> bool:
        """Whether the case goes to peers so far that nobody has agreed to what tells it apart."""
        if case.sharing is not Sharing.EXCHANGE_1 or not self._singled_out_by:
            return False
        is_somebodys = not (case.test or case.simulated)
        return is_somebodys and not Consents(self._db).reaches_level_2(case.case_id)

    def _blended(self, case: Case) -> Case:
        """The case with broader terms, until none of it are told from all other cases.

        Of those that are, the most informative one gives way to its nearest ancestor, each time.
        """
        information = self._release.information_content
        # What is known of one feature is looked up once.
        singling = Singling(self._db, self._release)
        while terms := singling.of(case.case_id, case.observed, self._singled_out_by):
            widest = max(terms, key=lambda each: (information[each], each))
            case = self._broadened(case, widest)
        return case

    def _broadened(self, case: Case, term_id: str) -> Case:
        """The case with one term a step broader, or without it where there is no such step."""
        resolve = self._release.ontology.resolve
        known = {resolve(each).term_id for each in case.observed}
        broader = next(iter(self._above(term_id)), None)
        found = [PhenotypicFeature(term_id=broader)] if broader else []
        if broader in known:
            found = []
        told: list[PhenotypicFeature] = []
        for feature in case.features:
            is_it = resolve(feature.term_id).term_id == term_id and not feature.excluded
            told += found if is_it else [feature]
        return replace(case, features=tuple(dict.fromkeys(told)))

    def _features(self, case: Case) -> Iterator[PhenotypicFeature]:
        for feature in case.features:
            term_id = self._release.ontology.resolve(feature.term_id).term_id
            if term_id is None:
                continue
            if self._is_shared(term_id, case):
                yield feature
            elif not feature.excluded and (broader := self._broader(term_id, case)):
                yield PhenotypicFeature(term_id=broader)

    def _broader(self, term_id: str, case: Case) -> str | None:
        """The nearest phenotype above that enough cases share: the most informative one."""
        above = self._above(term_id)
        return next((each for each in above if self._is_shared(each, case)), None)

    def _above(self, term_id: str) -> list[str]:
        """The phenotypes above a term, the nearest first."""
        ontology = self._release.ontology
        information = self._release.information_content
        above = (each for each in ontology.ancestors(term_id) if each != term_id)
        phenotypes = (each for each in above if ontology.is_phenotype(each))
        return sorted(phenotypes, key=lambda each: (-information[each], each))

    def _is_shared(self, term_id: str, case: Case) -> bool:
        """Whether enough cases observed the term or one below it."""
        below = self._release.ontology.descendants(term_id)
        # No more rows are looked at than decide it.
        sql = """
            SELECT count(*) AS n FROM (
                SELECT DISTINCT case_id FROM case_features JOIN cases USING (case_id)
                WHERE excluded = 0 AND term_id IN (SELECT value FROM json_each(?))
                    AND (case_id = ? OR sharing IN (SELECT value FROM json_each(?))) LIMIT ?
            )
        """
        values = [json.dumps(sorted(below)), case.case_id, COUNTED, self._least]
        return bool(rows(self._db, sql, values)[0]["n"] >= self._least)
