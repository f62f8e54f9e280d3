"""Rolling back further than indexes are kept is right all the same, and says what it waits for."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from matcher.matching import Matcher
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies.compiling import compile_release
from ontologies.files.sources import Kind
from ontologies.pointer import Edition
from ontologies.release import Release
from web import matching
from web.matching import READING
from web.switching.following import follower_of
from web.switching.preparing import is_prepared

from ...conftest import ANNOTATIONS, HpoSlice
from ...matcher.conftest import CAUSES, HGNC
from ...matcher.kept.conftest import a_case, small_calibration
from ...ontologies.conftest import ORPHANET, make_library
from .conftest import Place


@pytest.fixture
def third(place: Place, hpo_slice: HpoSlice) -> Edition:
    """One more release, later than both."""
    more = "OMIM:100011|Eleventh||HP:0004322|PMID:9|PCS|||||P|HPO:hand\n"
    contents = {
        Kind.HPO: hpo_slice.ontology_path.read_bytes(),
        Kind.ANNOTATIONS: f"{ANNOTATIONS}{more.replace('|', chr(9))}".encode(),
        Kind.GENES: gzip.compress(HGNC.encode(), mtime=0),
        Kind.DISEASE_GENES: CAUSES.encode(),
        Kind.DISEASES: ORPHANET.encode(),
    }
    library = make_library(place.directory, contents)
    made = compile_release(library.bundle, library.catalogue, place.directory)
    calibration = small_calibration(made)
    name = calibration.calibration_id
    calibration.save(place.directory / "calibrations" / name)
    return Edition(made.release_id, name)


def indexed(directory: Path) -> set[str]:
    """The releases by which an index of all cases is kept."""
    return {path.name.split(".")[-2] for path in directory.glob("*.index")}


def test_going_back_beyond_the_kept_indexes_reads_every_case_anew(
    place: Place, db: Database, third: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "WORTH_KEEPING", 2)
    older, newer = place.edition(place.older), place.edition(place.newer)
    curator, app = place.curator(db), place.app()
    for to in (newer, third):
        curator.activate(
            to.release_id, expected=place.active, calibration=to.calibration
        )
    assert indexed(place.directory) == {newer.release_id, third.release_id}
    store = CaseStore(db)
    store.put(a_case(3, features=a_case(4).features), actor="alice")
    store.put(a_case(12), actor="alice")

    told: list[str] = []
    follower_of(app).follow()
    curator.roll_back(expected=third, progress=lambda task, *_: told.append(task))
    assert READING not in told
    assert not is_prepared(place.settings, older.release_id)
    curator.roll_back(expected=newer, progress=lambda task, *_: told.append(task))

    assert READING in told
    assert is_prepared(place.settings, older.release_id)
    follower = follower_of(app)
    assert follower.follow() and place.active == older
    cases = [stored.case for stored in store.cases()]
    anew = Matcher(
        Release.open(place.older.folder), cases, follower.current.calibration
    )
    with app.app_context():
        found = follower.current.matcher.current()
        for case in cases:
            here, there = found.rank(case), anew.rank(case)
            assert [(m.case_id, m.score, m.probability) for m in here] == [
                (m.case_id, m.score, m.probability) for m in there
            ]
