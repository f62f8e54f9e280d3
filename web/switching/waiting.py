"""Features that wait for a decision: how many a person has, and her notices of them, each once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from matcher.case import Sharing
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.store import CaseStore
from ontologies import Release
from ontologies.ontology import Ontology
from web.notices.matters import Matter, waiting_feature
from web.notices.telling import Telling
from web.switching.unsettled import TOLD, offered
from web.viewing.visibility import Viewer

# The revision of the cases, and what was left as it was entered: how many, and when last.
Mark = tuple[int, int, str]


def open_terms(ontology: Ontology, entered: Iterable[str]) -> dict[str, str]:
    """The ids among these that stand for no single term, with what is offered for each."""
    found = {each: ontology.resolve(each) for each in entered}
    return {
        each: offered(resolution)
        for each, resolution in found.items()
        if resolution.term_id is None and resolution.status in TOLD
    }


class OpenTerms:
    """What stored cases name that one release has no single term for.

    Only what changed since the last look is read. What no case names any more does no harm.
    """

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._lock = threading.Lock()
        self._revision = 0
        self._terms: dict[str, str] = {}
        self._counts: dict[tuple[str, str], tuple[Mark, int]] = {}

    def count(self, db: Database, person: Viewer) -> int:
        """How many cases that the person may open have a feature to be decided."""
        terms = self.refresh(db)
        if not terms or not person.site:
            return 0
        left = rows(db, _LEFT)[0]
        mark = self._revision, left["n"], left["last"]
        key = person.site, person.name
        known = self._counts.get(key)
        if known is None or known[0] != mark:
            values = [json.dumps(terms), key[0], str(Sharing.PRIVATE), key[1]]
            known = mark, int(rows(db, _COUNT, values)[0]["n"])
            self._counts[key] = known
        return known[1]

    def refresh(self, db: Database) -> Mapping[str, str]:
        """Read what was saved since the last look; the open ids, with what is offered."""
        revision = CaseStore(db).revision()
        with self._lock:
            # A restored copy begins its numbers anew.
            since = self._revision if revision >= self._revision else 0
            if revision != self._revision:
                changed = named_since(db, since)
                found = open_terms(self._ontology, changed - self._terms.keys())
                self._terms = {**self._terms, **found}
                self._revision = revision
            return self._terms


def named_since(db: Database, revision: int) -> set[str]:
    """The ids that cases name which were saved after a revision."""
    if not revision:
        found = rows(db, "SELECT DISTINCT term_id FROM case_features")
    else:
        found = rows(db, _NAMED_SINCE, [revision])
    return {row["term_id"] for row in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFeatures:
    """A chore: whoever entered a case is told that a feature of it waits, once.

    After an activation all cases are looked at, and else those that were saved since.
    """

    release: Callable[[], Release | None]
    by_mail: bool = False

    def tell_due(self, db: Database) -> None:
        """Tell of what waits by the active release and was not told."""
        release = self.release()
        if release is None:
            return
        last = CaseStore(db).revision()
        done = self._done(db, release)
        if done == last:
            return
        since = done if done < last else 0
        terms = open_terms(release.ontology, named_since(db, since))
        with write_transaction(db):
            telling = Telling(db, by_mail=self.by_mail)
            telling.tell(_matters(db, terms, since, release))
            row = {"one": 1, "release_id": release.release_id, "revision": last}
            db.table("features_told").upsert(row, pk="one")

    def _done(self, db: Database, release: Release) -> int:
        """Up to which revision was told by this release, 0 for none."""
        sql = "SELECT revision FROM features_told WHERE release_id = ?"
        found = rows(db, sql, [release.release_id])
        return int(found[0]["revision"]) if found else 0


def _matters(
    db: Database, terms: Mapping[str, str], since: int, release: Release
) -> list[Matter]:
    found = rows(db, _WAITING_SINCE, [json.dumps(terms), since]) if terms else []
    return [
        waiting_feature(
            row["case_id"],
            content=f"{row['term_id']} {terms[row['term_id']]}",
            version=release.ontology.version,
        )
        for row in found
    ]


# CROSS JOIN keeps the order: few terms are open and few cases were saved, whatever SQLite guesses.
_OPEN = """
    FROM json_each(?) AS open
    CROSS JOIN case_features ON case_features.term_id = open.key
    CROSS JOIN cases USING (case_id)
    WHERE NOT EXISTS (
        SELECT 1 FROM features_left AS kept WHERE kept.case_id = cases.case_id
            AND kept.term_id = open.key AND kept.candidates = open.value
    )
"""
_COUNT = f"""
    SELECT count(DISTINCT cases.case_id) AS n {_OPEN}
        AND site = ? AND (sharing <> ? OR submitter = ?)
"""
_LEFT = "SELECT count(*) AS n, coalesce(max(left_at), '') AS last FROM features_left"
_WAITING_SINCE = f"""
    SELECT DISTINCT cases.case_id, case_features.term_id {_OPEN} AND revision > ?
    ORDER BY 1, 2
"""
_NAMED_SINCE = """
    SELECT DISTINCT term_id FROM cases CROSS JOIN case_features USING (case_id)
    WHERE revision > ?
"""
