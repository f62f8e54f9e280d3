"""A staged release goes from the disk, unless it was active or a kept list of matches needs it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher.matching import Matcher
from matcher.calibration import Calibration
from matcher.kept.keeping import Asked, keep
from matcher.storage.database import Database
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.store import CaseStore
from ontologies.curation.records import Staging, note_staging, read_record
from ontologies.errors import ReleaseWasActive, UnknownRelease
from ontologies.library import held
from ontologies.release import MANIFEST
from web import matching
from web.audit import Audit, AuditFailed
from web.cli import main
from web.switching import activating, discarding
from web.switching.discarding import DISCARDED, ImpactUnderWay, NeededByKeptLists
from web.switching.impacts import Impacts, UnknownImpact
from web.switching.preparing import prepare

from .conftest import Place

Files = dict[str, Path]


@pytest.fixture
def files(place: Place, small_releases: object) -> Files:
    """The files of both releases, which lie in this directory alone, by what they are."""
    folder = place.directory / "releases" / place.newer.release_id
    content = folder.resolve()
    folder.unlink()
    shutil.copytree(content, folder)
    shutil.copytree(content.parents[1] / "sources", place.directory / "sources")
    found = {}
    for name, release in (("older", place.older), ("newer", place.newer)):
        for each in release.manifest.ingredients:
            found[f"{name} {each.kind}"] = each.path(place.directory)
    return found


@pytest.fixture
def discard(place: Place, db: Database) -> Callable[[str], None]:
    return lambda release_id: discarding.discard(
        db, place.settings, release_id, actor="dana"
    )


def keep_a_list(place: Place, db: Database) -> None:
    """A list of matches that was ranked by the newer release."""
    name = place.calibrations[place.newer.release_id]
    calibration = Calibration.open(place.directory / "calibrations" / name, place.newer)
    store = CaseStore(db)
    matcher = Matcher(place.newer, [s.case for s in store.cases()], calibration)
    asked = Asked(
        query_id="P000", as_of=store.revision(), actor="alice", place="", at_most=5
    )
    answer = matcher.answer(store.get("P000").case, limit=5)
    assert keep(
        KeptRankings(db),
        asked,
        answer.matches,
        answer.searched,
        matcher=matcher,
        directory=place.directory,
    )


def test_release_goes_with_all_that_was_only_its_own(
    place: Place,
    db: Database,
    files: Files,
    discard: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matching, "WORTH_KEEPING", 2)
    gone, kept = place.edition(place.newer), place.older.release_id
    for edition in (gone, place.edition(place.older)):
        prepare(db, place.settings, edition.release_id, calibration=edition.calibration)
    with held(place.directory):
        staging = Staging("dana", "2026-11-30T08:00:00+00:00", {})
        note_staging(gone.release_id, staging, place.directory)
    begun = Impacts(db).begin(gone.release_id, actor="dana")
    Impacts(db).end(begun.impact_id, result={})

    discard(gone.release_id)

    assert [p.name for p in (place.directory / "releases").glob("[!.]*/")] == [kept]
    assert read_record(gone.release_id, place.directory).stagings == ()
    own = files["newer annotations"]
    assert own != files["older annotations"]
    assert {path for path in files.values() if not path.exists()} == {own}
    assert {p.name.split(".")[-2] for p in place.directory.glob("*.index")} == {kept}
    with pytest.raises(UnknownImpact):
        Impacts(db).latest(gone.release_id)
    (entry,) = Audit(db).entries()
    assert (entry.actor, entry.action) == ("dana", DISCARDED)
    assert entry.facts == {"release": gone.release_id}
    with pytest.raises(UnknownRelease):
        discard(gone.release_id)


def test_what_is_or_was_active_stays(
    place: Place, db: Database, files: Files, discard: Callable[[str], None]
) -> None:
    newer = place.edition(place.newer)
    with pytest.raises(ReleaseWasActive, match="is active, and"):
        discard(place.older.release_id)
    place.curator(db).activate(
        newer.release_id, expected=place.active, calibration=newer.calibration
    )
    with pytest.raises(ReleaseWasActive, match="is archived, and"):
        discard(place.older.release_id)
    place.curator(db).roll_back(expected=newer)
    with pytest.raises(ReleaseWasActive, match="is archived, and"):
        discard(newer.release_id)
    with pytest.raises(UnknownRelease):
        discard("../releases")

    assert all(path.exists() for path in files.values())


def test_what_a_kept_list_names_stays(
    place: Place, db: Database, files: Files, discard: Callable[[str], None]
) -> None:
    keep_a_list(place, db)

    with pytest.raises(NeededByKeptLists, match="1 kept list of matches names it"):
        discard(place.newer.release_id)

    assert list(Audit(db).entries()) == []
    CaseStore(db).erase("P000", "alice")
    discard(place.newer.release_id)


def test_what_is_looked_at_or_cannot_be_recorded_stays(
    place: Place,
    db: Database,
    files: Files,
    discard: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer = place.newer.release_id
    begun = Impacts(db).begin(newer, actor="dana")
    with pytest.raises(ImpactUnderWay, match=f"impact {newer} --cancel"):
        discard(newer)
    Impacts(db).end(begun.impact_id, why="cancelled")

    def full(*arguments: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Audit, "_insert", full)
        with pytest.raises(AuditFailed):
            discard(newer)

    assert (place.directory / "releases" / newer).is_dir()
    assert all(path.exists() for path in files.values())


def test_one_of_no_use_goes_too_and_leaves_the_files_that_it_may_share(
    place: Place, files: Files, discard: Callable[[str], None]
) -> None:
    (place.directory / "releases" / place.newer.release_id / MANIFEST).write_text("?")

    discard(place.newer.release_id)

    assert not (place.directory / "releases" / place.newer.release_id).exists()
    assert all(path.exists() for path in files.values())


def test_what_goes_while_it_is_prepared_is_not_activated(
    place: Place,
    db: Database,
    files: Files,
    discard: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, newer = place.active, place.edition(place.newer)

    def prepared(*arguments: object, **named: object) -> object:
        made = prepare(*arguments, **named)  # type: ignore[arg-type]
        discard(newer.release_id)
        return made

    monkeypatch.setattr(activating, "prepare", prepared)
    with pytest.raises(UnknownRelease):
        place.curator(db).activate(
            newer.release_id, expected=before, calibration=newer.calibration
        )

    assert place.active == before


def test_command_discards_and_refuses_in_a_sentence(place: Place, files: Files) -> None:
    def call(release_id: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["ontology", "discard", release_id])
        return done.exit_code, done.output

    assert call(place.older.release_id)[0] == 1
    assert "only a staged release can be" in call(place.older.release_id)[1]
    said = f"release {place.newer.release_id} is discarded\n"
    assert call(place.newer.release_id[:6]) == (0, said)
