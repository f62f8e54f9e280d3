"""What is to be said of a release beside another, worked out once and remembered by the process.

Both are immutable, so what was found stays true.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import abort, current_app

from ontologies import open_release
from ontologies.curation.admission import Verdict
from ontologies.curation.differences import Difference, Part, What, compare
from ontologies.curation.findings import Finding
from ontologies.curation.records import read_record
from ontologies.curation.validation import validate
from ontologies.errors import OntologyError
from ontologies.library import data_directory
from ontologies.pointer import Edition, pointed
from ontologies.release import Release

EXTENSION = "secondcase-studies"
REMEMBERED = 4
SHIFTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One change as the pages show it: what was before and after is in words."""

    part: str
    what: str
    entry: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """All findings about a release, and all changes beside the other one, if there is one."""

    findings: tuple[Finding, ...]
    rows: tuple[Row, ...]
    shifts: tuple[Row, ...]
    terms: tuple[int, int]

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many changes there are of each part and kind."""
        return Counter((row.part, row.what) for row in self.rows)

    def of(self, part: Part, *kinds: What) -> list[Row]:
        """The changes of a part that are of one of these kinds."""
        return [row for row in self.rows if row.part == part and row.what in kinds]


class Studies:
    """The last few that were asked for. Who comes while one is made waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Study] = {}

    def of(self, release: Release, beside: Release | None) -> Study:
        """What is to be said of a release beside another."""
        key = (release.release_id, beside.release_id if beside else "")
        with self._lock:
            if key not in self._made:
                while len(self._made) >= REMEMBERED:
                    self._made.pop(next(iter(self._made)))
                self._made[key] = studied(release, beside)
            return self._made[key]


def studied(release: Release, beside: Release | None) -> Study:
    """The same, worked out now."""
    release.verify()
    findings = validate(release, beside, directory=data_directory())
    if beside is None or beside.release_id == release.release_id:
        terms = (len(release.ontology), len(release.ontology))
        return Study(findings=findings, rows=(), shifts=(), terms=terms)
    difference = compare(beside, release)
    rows = [Row(**_named(row)) for row in difference.rows()]
    return Study(
        findings=findings,
        rows=tuple(rows),
        shifts=tuple(_shifts(difference)),
        terms=(len(beside.ontology), len(release.ontology)),
    )


def _named(row: Sequence[str]) -> dict[str, str]:
    part, what, entry, label, before, after = row
    return {
        "part": part,
        "what": what,
        "entry": entry,
        "label": label,
        "before": before,
        "after": after,
    }


def _shifts(difference: Difference) -> list[Row]:
    every = list(difference.rows(Part.TERMS, shifts=SHIFTS))
    count = len(difference.of(Part.TERMS))
    return [Row(**_named(row)) for row in every[count:]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """A release on this disk, what it is set beside, and what is to be said of it.

    It stands beside the active release; the active one beside the one before it. `active` is
    what the pointer said when it was read.
    """

    release: Release
    beside: Release | None
    active: Edition | None
    study: Study

    @property
    def is_active(self) -> bool:
        """Whether it is the one in use."""
        return (
            self.active is not None
            and self.active.release_id == self.release.release_id
        )

    @property
    def version(self) -> str:
        """Its HPO version."""
        return self.release.versions["hpo"]

    def verdict(self) -> Verdict:
        """Whether it may be activated, by what people said to the findings so far."""
        record = read_record(self.release.release_id, data_directory())
        return Verdict(self.release, self.beside, self.study.findings, record)


def studied_release(release_id: str) -> Studied:
    """The release of an address; for one that is not there or of no use there is no page."""
    state = pointed(data_directory())
    try:
        release = open_release(release_id)
    except OntologyError:
        abort(404)
    named = state.active.release_id if state.active else None
    if named == release.release_id:
        named = state.before[0].release_id if state.before else None
    beside = _opened(named)
    made: Studies = current_app.extensions.setdefault(EXTENSION, Studies())
    return Studied(
        release=release,
        beside=beside,
        active=state.active,
        study=made.of(release, beside),
    )


def _opened(release_id: str | None) -> Release | None:
    """A release that others are set beside; none where it cannot be read any more."""
    try:
        return open_release(release_id) if release_id else None
    except OntologyError:
        return None
