"""Features that stand for no single term of the active release, and what people decide.

The queue is not kept: it is read from the stored cases and the release, so that it is right after
every switch and every roll back. A decision is a new version of the case, like any other edit;
only that a feature is to stay as it was entered is kept beside the case, until the release
offers other terms for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from matcher.case import Case
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import DamagedCase, UnknownCase
from matcher.storage.store import CaseStore, StoredCase
from ontologies import Release
from ontologies.errors import OntologyError
from ontologies.ontology import Resolution
from ontologies.terms import ResolutionStatus
from web.errors import WebError
from web.viewing.visibility import Viewer, may_open
from web.work.outbox import text_of

# What a reader could not make an id of is another queue.
TOLD = frozenset(
    {
        ResolutionStatus.AMBIGUOUS,
        ResolutionStatus.OBSOLETE,
        ResolutionStatus.UNKNOWN,
    }
)


class NotACandidate(WebError):
    """A choice that the release does not offer for a term."""

    def __init__(self, term_id: str, chosen: str, candidates: Sequence[str]) -> None:
        offered = (
            f"choose one of {', '.join(candidates)}"
            if candidates
            else ("choose a phenotype of the release")
        )
        super().__init__(f"{chosen!r} cannot stand for {term_id!r}; {offered}.")


class NothingToSettle(WebError):
    """A feature that the case does not have, or that the release reads well."""

    def __init__(self, case_id: str, term_id: str) -> None:
        super().__init__(
            f"Case {case_id!r} has no feature {term_id!r} that is to be decided; it may have "
            "been decided meanwhile."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """A feature of a case that counts for nothing until somebody decides what it is.

    `candidates` are what the release offers in its place, with their names; without any the
    release does not know the term, or knows nothing for it. `known_to` are HPO versions on this
    disk that do: it is not lost, and counts again when one of them is active.
    """

    case_id: str
    version: int
    term_id: str
    label: str
    excluded: bool
    status: ResolutionStatus
    candidates: tuple[tuple[str, str], ...]
    known_to: tuple[str, ...]


class UnsettledFeatures:
    """The queue of one database by one release, over a connection of the calling thread."""

    def __init__(self, db: Database, release: Release) -> None:
        self._db = db
        self._store = CaseStore(db)
        self._release = release

    def of_everybody(self) -> Iterator[Unsettled]:
        """All of them, in order of term and case: for the command line."""
        return self._all(None)

    def of(self, person: Viewer) -> Iterator[Unsettled]:
        """Those of the cases that a person may open."""
        return self._all(person)

    def count(self) -> int:
        """How many cases have any, those left as they are among them."""
        return self._store.count_with_terms(self._open_terms())

    def count_beyond(self, other: UnsettledFeatures) -> int:
        """How many cases have a feature that is open here and is not by another release."""
        return self._store.count_with_terms(
            self._open_terms().keys() - other._open_terms().keys()
        )

    def settle(
        self,
        case_id: str,
        term_id: str,
        chosen: str,
        *,
        actor: str,
        expected_version: int | None = None,
        person: Viewer | None = None,
    ) -> StoredCase:
        """Let another term stand in a new version of the case; the old versions stay.

        Raises `UnknownCase`, also where `person` may not open the case; `NothingToSettle`;
        `NotACandidate`; and `CaseChanged` for a version that is not the current one.
        """
        stored = self._opened(case_id, person)
        found = self._resolution(stored.case, term_id)
        self._require(term_id, chosen, found)
        changed = _with_term(
            stored.case, term_id, chosen, self._release.ontology.label(chosen)
        )
        return self._store.put(
            changed,
            actor=actor,
            expected_version=(
                stored.version if expected_version is None else expected_version
            ),
        )

    def leave(
        self, case_id: str, term_id: str, *, actor: str, person: Viewer | None = None
    ) -> None:
        """Take a feature off the queue as it was entered, until other terms are offered for it.

        Raises `UnknownCase` and `NothingToSettle`.
        """
        stored = self._opened(case_id, person)
        found = self._resolution(stored.case, term_id)
        row = {
            "case_id": case_id,
            "term_id": term_id,
            "candidates": offered(found),
            "actor": actor,
            "left_at": text_of(datetime.now(UTC)),
        }
        with write_transaction(self._db):
            self._db.table("features_left").insert(row, replace=True)

    def _open_terms(self) -> dict[str, Resolution]:
        resolve = self._release.ontology.resolve
        found = {term: resolve(term) for term in sorted(self._store.term_counts())}
        return {
            term: each
            for term, each in found.items()
            if each.term_id is None and each.status in TOLD
        }

    def _all(self, person: Viewer | None) -> Iterator[Unsettled]:
        terms = self._open_terms()
        known = known_to(terms, self._release.folder.parent)
        for term_id, found in terms.items():
            yield from self._of_term(term_id, found, known[term_id], person)

    def _of_term(
        self,
        term_id: str,
        found: Resolution,
        known: tuple[str, ...],
        person: Viewer | None,
    ) -> Iterator[Unsettled]:
        case_ids = self._store.cases_with_term(term_id)
        left = self._left(term_id, offered(found))
        stored = self._store.get_many(case_ids, on_damage=_passed_over)
        for case_id in sorted(stored.keys() - left):
            each = stored[case_id]
            if person is None or may_open(person, each.case):
                yield from self._features(each, term_id, found, known)

    def _features(
        self,
        stored: StoredCase,
        term_id: str,
        found: Resolution,
        known: tuple[str, ...],
    ) -> Iterator[Unsettled]:
        label = self._release.ontology.label
        for feature in stored.case.features:
            if feature.term_id == term_id:
                yield Unsettled(
                    case_id=stored.case.case_id,
                    version=stored.version,
                    term_id=term_id,
                    label=feature.label,
                    excluded=feature.excluded,
                    status=found.status,
                    candidates=tuple((each, label(each)) for each in found.candidates),
                    known_to=known,
                )

    def _left(self, term_id: str, offered: str) -> set[str]:
        sql = "SELECT case_id FROM features_left WHERE term_id = ? AND candidates = ?"
        return {row["case_id"] for row in rows(self._db, sql, [term_id, offered])}

    def _opened(self, case_id: str, person: Viewer | None) -> StoredCase:
        stored = self._store.get(case_id)
        if person is not None and not may_open(person, stored.case):
            raise UnknownCase(case_id)
        return stored

    def _resolution(self, case: Case, term_id: str) -> Resolution:
        found = self._release.ontology.resolve(term_id)
        has_it = any(feature.term_id == term_id for feature in case.features)
        if not has_it or found.term_id is not None:
            raise NothingToSettle(case.case_id, term_id)
        return found

    def _require(self, term_id: str, chosen: str, found: Resolution) -> None:
        ontology = self._release.ontology
        is_offered = chosen in found.candidates
        if not found.candidates:
            is_offered = chosen in ontology and ontology.is_phenotype(chosen)
        if not is_offered:
            raise NotACandidate(term_id, chosen, found.candidates)


def known_to(term_ids: Iterable[str], releases: Path) -> dict[str, tuple[str, ...]]:
    """The HPO versions on this disk by which each id stands for one term, oldest first."""
    term_ids = tuple(term_ids)
    if not term_ids:
        return {}
    ontologies = []
    for folder in sorted(releases.glob("[!.]*/")):
        try:
            ontologies.append(Release.open(folder).ontology)
        except OntologyError:
            continue
    return {
        term_id: tuple(
            sorted({o.version for o in ontologies if o.resolve(term_id).is_resolved})
        )
        for term_id in term_ids
    }


def _with_term(case: Case, term_id: str, chosen: str, label: str) -> Case:
    """The case with the chosen term; once, where it was there beside the other."""
    features = [
        replace(each, term_id=chosen, label=label) if each.term_id == term_id else each
        for each in case.features
    ]
    seen: set[tuple[str, bool]] = set()
    kept = []
    for each in features:
        key = (each.term_id, each.excluded)
        if each.term_id != chosen or key not in seen:
            kept.append(each)
        seen.add(key)
    return replace(case, features=tuple(kept))


def offered(found: Resolution) -> str:
    """What a release says of an id that is no single term: left features wait for another."""
    return f"{found.status} {' '.join(found.candidates)}".strip()


def _passed_over(error: DamagedCase) -> None:
    """The check of the database tells of it."""
