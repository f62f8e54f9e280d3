"""A release becomes the active one as a whole, by one of those who try, and on the record."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies.curation import admission
from ontologies.curation.findings import Finding, Kind, Severity
from ontologies.errors import (
    ActiveReleaseChanged,
    BlockedRelease,
    DamagedRelease,
    NoReason,
    NothingBefore,
    UnacceptedWarnings,
    UnknownRelease,
)
from ontologies.library import State, activate, state_of
from ontologies.pointer import Edition, pointed
from web import matching
from web.audit import Audit, AuditFailed
from web.db import open_database
from web.errors import BadSettings
from web.switching import activating
from web.switching.activating import (
    AlreadyActive,
    Curator,
    OtherCalibrationSet,
    TooLongReason,
)

from .conftest import Place, verdict_of


def switches(db: Database) -> list[tuple[str, str, str, str]]:
    return [
        (e.actor, e.action, e.facts.get("before", ""), e.facts["release"])
        for e in Audit(db).entries()
        if e.action in activating.SWITCHES
    ]


def to_newer(place: Place, db: Database, **arguments: object) -> activating.Switched:
    newer = place.edition(place.newer)
    return place.curator(db).activate(
        newer.release_id,
        expected=place.active,
        calibration=newer.calibration,
        **arguments,  # type: ignore[arg-type]
    )


def test_release_and_calibration_are_switched_together(
    place: Place, db: Database
) -> None:
    before = place.active

    switched = to_newer(place, db, reasons=["Approved by the board"])

    assert switched == activating.Switched(before, place.edition(place.newer))
    assert place.active == place.edition(place.newer)
    (entry,) = Audit(db).entries()
    assert (entry.actor, entry.action) == ("dana", "ontology activated")
    assert entry.facts == {
        "before": place.older.release_id,
        "release": place.newer.release_id,
        "calibration": place.calibrations[place.newer.release_id],
        "reasons": ["Approved by the board"],
        "warnings": 0,
    }


def test_roll_back_returns_to_release_and_calibration(
    place: Place, db: Database
) -> None:
    older = place.edition(place.older)
    to_newer(place, db)

    switched = place.curator(db).roll_back(expected=place.active)

    assert switched.after == place.active == older
    assert state_of(place.newer.release_id, place.directory) is State.ARCHIVED
    assert [each[1:] for each in switches(db)] == [
        ("ontology activated", older.release_id, place.newer.release_id),
        ("ontology rolled back", place.newer.release_id, older.release_id),
    ]
    with pytest.raises(NothingBefore, match="nothing to go back to"):
        place.curator(db).roll_back(expected=place.active)


def test_who_looked_at_another_state_is_told(place: Place, db: Database) -> None:
    looked_at = place.active
    to_newer(place, db)

    with pytest.raises(
        ActiveReleaseChanged, match=f"Active is {place.newer.release_id}"
    ):
        place.curator(db, "erin").activate(place.newer.release_id, expected=looked_at)
    with pytest.raises(ActiveReleaseChanged, match="somebody switched meanwhile"):
        place.curator(db, "erin").roll_back(expected=looked_at)

    assert [who for who, *_ in switches(db)] == ["dana"]


def test_of_curators_at_once_one_wins(place: Place) -> None:
    looked_at, newer = place.active, place.edition(place.newer)
    barrier = threading.Barrier(4)
    told: list[str] = []

    def switch(name: str) -> None:
        db = open_database(place.settings.database)
        barrier.wait()
        try:
            place.curator(db, name).activate(
                newer.release_id, expected=looked_at, calibration=newer.calibration
            )
            told.append(f"{name} won")
        except ActiveReleaseChanged:
            told.append("told")
        finally:
            db.close()

    names = ("dana", "erin", "frank", "grace")
    threads = [threading.Thread(target=switch, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winner = next(each for each in told if each != "told").removesuffix(" won")
    assert sorted(told) == sorted([f"{winner} won", "told", "told", "told"])
    db = open_database(place.settings.database)
    assert [who for who, *_ in switches(db)] == [winner]
    db.close()
    assert len(pointed(place.directory).before) == 1


def finding(severity: Severity, sentence: str) -> Finding:
    return Finding(next(iter(Kind)), severity, sentence)


def test_errors_keep_a_release_out_and_are_all_named(
    place: Place, db: Database
) -> None:
    judge = verdict_of(
        finding(Severity.ERROR, "There is a cycle."),
        finding(Severity.ERROR, "The root is gone."),
        finding(Severity.WARNING, "Two names were swapped."),
    )
    before = place.active

    with pytest.raises(BlockedRelease, match="cannot be activated") as caught:
        replace(place.curator(db), judge=judge).activate(
            place.newer.release_id, expected=before, reasons=["It is fine all the same"]
        )

    assert "There is a cycle." in str(caught.value)
    assert "The root is gone." in str(caught.value)
    assert place.active == before
    assert switches(db) == []


def test_warnings_want_a_reason(
    place: Place, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = verdict_of(finding(Severity.WARNING, "Two names were swapped."))
    monkeypatch.setattr(
        "ontologies.curation.admission.judge", lambda release_id, **_: judge(release_id)
    )
    curator = replace(place.curator(db), judge=judge)
    newer = place.edition(place.newer)

    def attempt(*reasons: str) -> None:
        curator.activate(
            newer.release_id,
            expected=place.active,
            calibration=newer.calibration,
            reasons=reasons,
        )

    with pytest.raises(UnacceptedWarnings, match="Two names were swapped"):
        attempt()
    with pytest.raises(TooLongReason, match="501 characters"):
        attempt("x" * 501)
    with pytest.raises(NoReason):
        attempt("ok")
    assert switches(db) == []
    attempt("The publisher confirmed it")

    (entry,) = Audit(db).entries()
    assert entry.facts["warnings"] == 1
    assert entry.facts["reasons"] == ["The publisher confirmed it"]


def test_the_findings_of_curation_decide(
    place: Place, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def judge(release_id: str, **_: object) -> object:
        asked.append(release_id)
        return verdict_of(finding(Severity.ERROR, "There is a cycle."))(release_id)

    curator = Curator(db, place.settings, "dana", judge=admission.judge)
    assert Curator(db, place.settings, "dana").judge == curator.judge
    with pytest.raises(BlockedRelease):
        replace(curator, judge=judge).activate(
            place.newer.release_id, expected=place.active
        )
    assert asked == [place.newer.release_id]


def test_what_cannot_be_recorded_does_not_happen(
    place: Place, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Audit, "_insert", full)
    before = place.active

    with pytest.raises(AuditFailed):
        to_newer(place, db)

    assert place.active == before


def test_a_switch_that_was_cut_off_is_named_by_the_next(
    place: Place, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the process was killed after the entry and before the file."""

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ontologies.pointer.Switching.point", killed)
        with pytest.raises(KeyboardInterrupt):
            to_newer(place, db)
    assert place.active == place.edition(place.older)

    to_newer(place, db)

    assert [(action, release) for _, action, _, release in switches(db)] == [
        ("ontology activated", place.newer.release_id),
        ("ontology found active", place.older.release_id),
        ("ontology activated", place.newer.release_id),
    ]


def test_what_cannot_be_used_changes_nothing(place: Place, db: Database) -> None:
    before, curator = place.active, place.curator(db)

    with pytest.raises(UnknownRelease, match="no release 'ffff'"):
        curator.activate("ffff", expected=before)
    with pytest.raises(UnknownRelease):
        curator.activate("../../etc", expected=before)
    with pytest.raises(BadSettings, match="belongs to release"):
        older = place.calibrations[place.older.release_id]
        curator.activate(place.newer.release_id, expected=before, calibration=older)
    with pytest.raises(BadSettings, match="'nothing-here'"):
        curator.activate(
            place.newer.release_id, expected=before, calibration="nothing-here"
        )
    with pytest.raises(AlreadyActive, match="active already"):
        curator.activate(place.older.release_id, expected=before)

    assert (place.active, switches(db)) == (before, [])


def test_a_damaged_release_is_not_activated(
    place: Place, db: Database, small_releases: object
) -> None:
    folder = place.directory / "releases" / place.newer.release_id
    contents = {
        p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }
    folder.unlink()
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    part = next(folder.glob("genes/*"))
    part.write_bytes(part.read_bytes() + b"x")
    before = place.active

    with pytest.raises(DamagedRelease, match="has been changed"):
        to_newer(place, db)

    assert place.active == before


def test_indexes_of_both_are_kept_and_older_ones_go(
    place: Place, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "WORTH_KEEPING", 2)
    stale = place.settings.database.with_name("secondcase.db.0123456789abcdef.index")
    stale.write_bytes(b"")

    to_newer(place, db)
    place.curator(db).roll_back(expected=place.active)

    kept = {path.name.split(".")[-2] for path in place.directory.glob("*.index")}
    assert kept == {place.older.release_id, place.newer.release_id}
    with CaseStore(open_database(place.settings.database)) as store:
        store.delete("P001", "alice")
    assert list(place.directory.glob("*.index")) == []


def test_fetching_the_active_release_again_keeps_its_calibration(place: Place) -> None:
    before = pointed(place.directory)

    activate(place.older, directory=place.directory)
    assert pointed(place.directory) == before

    activate(place.newer, directory=place.directory)
    activate(place.older, directory=place.directory)
    assert pointed(place.directory).active == before.active
    assert pointed(place.directory).before[0] == Edition(place.newer.release_id)


def test_a_setting_that_was_made_with_the_release_goes_before(
    place: Place, db: Database
) -> None:
    newer = place.edition(place.newer)
    settings = replace(place.settings, calibration=newer.calibration)
    curator = replace(place.curator(db), settings=settings)

    with pytest.raises(OtherCalibrationSet, match=f"names {newer.calibration}"):
        curator.activate(newer.release_id, expected=place.active, calibration="default")
    curator.activate(newer.release_id, expected=place.active)
    assert place.active == newer
    # The setting says nothing of the older one, which goes on with what it had.
    curator.roll_back(expected=newer)
    assert place.active == place.edition(place.older)
