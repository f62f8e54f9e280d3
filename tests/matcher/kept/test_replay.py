"""An old match comes out the same whatever was changed since, or the missing thing is named."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from matcher.calibration import BandRules, Calibration, calibrate
from matcher.case import PhenotypicFeature
from matcher.evidence import EvidenceSettings
from matcher.kept.errors import (
    DamagedCalibration,
    MissingCalibration,
    MissingChainFile,
    NotInRanking,
)
from matcher.kept.keeping import basis
from matcher.matching import Matcher, MatchSettings
from matcher.simulation import simulate_cases
from matcher.storage.database import connect
from matcher.storage.errors import ErasedCase, UnknownRanking
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.store import CaseStore
from ontologies import Release
from ontologies.errors import UnknownRelease
from ontologies.library import data_directory, fetch_release

from .conftest import Site, SmallReleases, a_case, small_calibration

CATARACT = PhenotypicFeature(term_id="HP:0007359", label="Focal-onset seizure")


def change_everything(site: Site, releases: SmallReleases) -> None:
    """Every case edited, some removed, the calibration rebuilt, the release switched."""
    for number in range(12):
        site.edit(f"P{number:03}", features=(CATARACT,), onset=None, inheritance=())
    site.store.delete("P003", "bob")
    site.store.put_many([a_case(n) for n in range(100, 120)], actor="bob")
    site.release = releases.newer
    site.calibration = small_calibration(releases.newer, first=700)


def test_fifty_matches_replay_to_the_last_bit_after_every_change(
    site: Site, small_releases: SmallReleases
) -> None:
    numbers = [site.kept_number(f"P{n:03}") for n in range(5)]
    change_everything(site, small_releases)

    replays = [site.replayer().ranking(number) for number in numbers]

    matches = [match for replay in replays for match in replay.matches]
    assert len(matches) == 50
    assert len({match.kept.score for match in matches}) > 25
    assert [m.kept for m in matches if not m.is_same] == []
    assert [replay.remarks for replay in replays] == [()] * 5
    assert all(match.match.explanation().reasons for match in matches)


def test_replay_notices_another_score(site: Site) -> None:
    first, *_ = site.replayer().ranking(site.kept_number("P000")).matches

    changed = replace(first, kept=replace(first.kept, score=first.kept.score + 1e-15))

    assert first.is_same
    assert not changed.is_same


def test_each_kind_of_ranking_replays_with_its_own_settings(site: Site) -> None:
    settings = EvidenceSettings(pi=0.5, onset_slope=0.9)
    cases = [stored.case for stored in site.store.cases()]
    matcher = Matcher(
        site.release, cases, site.calibration, MatchSettings(evidence=settings)
    )
    number = site.kept_number("P003", matcher=matcher)

    replay = site.replayer().ranking(number)

    assert replay.is_same
    assert replay.ranking.basis.settings["pi"] == 0.5
    usual, *_ = site.matcher().rank(site.store.get("P003").case)
    assert replay.ranking.matches[0].score != usual.score


def test_a_list_replays_with_the_bands_of_its_day(site: Site) -> None:
    usual = site.kept_number("P000")
    bands = BandRules(contact=1e-9, look=1e-9)
    site.calibration = replace(site.calibration, bands=bands)
    generous = site.kept_number("P000")

    replays = [site.replayer().ranking(number) for number in (usual, generous)]

    assert [replay.is_same for replay in replays] == [True, True]
    first, second = ([m.match.band for m in replay.matches] for replay in replays)
    assert first != second


def test_one_match_is_replayed_alone(site: Site) -> None:
    number = site.kept_number("P000")
    third = site.kept.get(number).matches[2]

    replay = site.replayer().match(number, third.case_id)

    assert [each.kept for each in replay.matches] == [third]
    assert replay.is_same


def test_another_code_version_is_told_and_computed_with_anyway(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = site.kept_number("P000")
    monkeypatch.setattr("matcher.kept.replay.__version__", "9.9")

    replay = site.replayer().ranking(number)

    assert replay.is_same
    assert replay.remarks == (
        "It was ranked by Secondcase 0.1.0 and is computed again by 9.9, which may count "
        "otherwise.",
    )


def test_other_arithmetic_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    number = site.kept_number("P000")
    monkeypatch.setattr("matcher.kept.replay.arithmetic", lambda calibration: "numpy")

    (remark,) = site.replayer().ranking(number).remarks

    assert remark.endswith("now by numpy code, so that the last digit may differ.")


def test_a_release_that_is_gone_is_named(site: Site, tmp_path: Path) -> None:
    number = site.kept_number("P000")
    (tmp_path / "releases").unlink()

    with pytest.raises(UnknownRelease, match=site.release.release_id):
        site.replayer().ranking(number)


def compiled_again(tmp_path: Path, release: Release, **changes: object) -> str:
    """Give the release another id, as a newer program does with the same files."""
    releases = shutil.copytree(tmp_path / "releases", tmp_path / "copy")
    (tmp_path / "releases").unlink()
    releases.rename(tmp_path / "releases")
    folder = tmp_path / "releases" / release.release_id
    manifest = replace(release.manifest, release_id="f" * 16, **changes)  # type: ignore[arg-type]
    (folder / "manifest.json").write_text(manifest.to_json())
    folder.rename(folder.with_name("f" * 16))
    return "f" * 16


def test_a_release_that_was_compiled_again_from_the_same_files_serves(
    site: Site, tmp_path: Path
) -> None:
    number = site.kept_number("P000")
    again = compiled_again(tmp_path, site.release)

    replay = site.replayer().ranking(number)

    assert replay.is_same
    assert replay.remarks == (
        f"Release {site.release.release_id} is there as {again}, which was compiled again "
        "from the same files.",
    )


@pytest.mark.parametrize("what", ["files", "ingredients"])
def test_a_release_of_other_files_or_rows_does_not(
    site: Site, tmp_path: Path, what: str
) -> None:
    number = site.kept_number("P000")
    manifest = site.release.manifest
    other = {
        "files": {**manifest.files, "ontology/terms.npy": "0" * 64},
        "ingredients": manifest.ingredients[1:],
    }
    compiled_again(tmp_path, site.release, **{what: other[what]})

    with pytest.raises(UnknownRelease, match=site.release.release_id):
        site.replayer().ranking(number)


def test_a_calibration_that_is_gone_is_named(site: Site, tmp_path: Path) -> None:
    number = site.kept_number("P000")
    shutil.rmtree(tmp_path / "calibrations")

    with pytest.raises(MissingCalibration, match=site.calibration.calibration_id):
        site.replayer().ranking(number)


def test_a_calibration_with_other_numbers_is_damaged(
    site: Site, tmp_path: Path
) -> None:
    number = site.kept_number("P000")
    facts = (
        tmp_path / "calibrations" / site.calibration.calibration_id / "calibration.json"
    )
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "nearest": 9}))

    with pytest.raises(DamagedCalibration, match="its numbers are"):
        site.replayer().ranking(number)


def test_a_frozen_calibration_is_readable_for_its_owner_alone(
    site: Site, tmp_path: Path
) -> None:
    site.kept_number("P000")

    folder = tmp_path / "calibrations" / site.calibration.calibration_id
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_deleted_case_still_replays_and_an_erased_one_is_named(site: Site) -> None:
    number = site.kept_number("P000")
    first, second, *_ = (match.case_id for match in site.kept.get(number).matches)
    site.store.delete(first, "alice")
    site.store.erase(second, "alice")

    assert site.replayer().match(number, first).is_same
    with pytest.raises(ErasedCase, match=f"Case '{second}' was erased at"):
        site.replayer().match(number, second)
    rest = site.replayer().ranking(number)
    assert rest.is_same
    assert [each.kept.rank for each in rest.matches] == [1, *range(3, 11)]


def test_a_case_that_was_never_named_is_no_erased_one(site: Site) -> None:
    number = site.kept_number("P000", at_most=2)

    with pytest.raises(NotInRanking, match="does not name case 'P000'"):
        site.replayer().match(number, "P000")


def test_a_ranking_of_an_erased_case_is_gone(site: Site) -> None:
    number = site.kept_number("P000")
    site.store.erase("P000", "alice")

    with pytest.raises(UnknownRanking, match=f"no kept ranking {number}; it was never"):
        site.replayer().ranking(number)


class Shift:
    """A chain file that moves nothing."""

    def lift(self, chromosome: str, position: int) -> int | None:
        return position


def test_a_ranking_with_a_chain_file_is_replayed_with_one_only(site: Site) -> None:
    settings = EvidenceSettings(chain=Shift())
    cases = [stored.case for stored in site.store.cases()]
    matcher = Matcher(
        site.release, cases, site.calibration, MatchSettings(evidence=settings)
    )
    number = site.kept_number("P000", matcher=matcher)

    with pytest.raises(MissingChainFile, match=f"Kept ranking {number} compared"):
        site.replayer().ranking(number)


def test_every_setting_of_the_evidence_is_kept(site: Site) -> None:
    kept = basis(site.matcher()).settings

    assert {*kept, "kinds"} == {*EvidenceSettings.__slots__}


@pytest.mark.full
def test_a_thousand_matches_replay_after_real_releases_changed(
    release: Release, path: Path, tmp_path: Path
) -> None:
    """Ranked on three releases, one after the other, while cases and calibrations change."""
    (tmp_path / "releases").symlink_to(data_directory() / "releases")
    older = [
        fetch_release(bundle, make_active=False).release
        for bundle in ("2025-11-24", "2026-01-08")
    ]
    CaseStore.open(path).close()
    with closing(connect(path)) as db:
        store = CaseStore(db)
        store.put_many(simulate_cases(release, 120, seed=5), actor="alice")
        turns = [
            Site(tmp_path, store, KeptRankings(db), simulated(each, seed), each)
            for seed, each in enumerate([*older, release])
        ]
        ids = [stored.case.case_id for stored in store.cases()]
        numbers = []
        for turn in turns:
            matcher = turn.matcher()
            for case_id in ids[:10]:
                number = turn.keep(case_id, at_most=40, matcher=matcher)
                numbers.append(number)
            for case_id in ids[5:60]:
                features = store.get(case_id).case.features[1:]
                turn.edit(case_id, features=features)

        replayer = turns[0].replayer()
        replays = [replayer.ranking(number) for number in numbers if number]

    matches = [match for replay in replays for match in replay.matches]
    assert len(matches) == 1200
    assert len({match.kept.score for match in matches}) > 1100
    assert [match.kept for match in matches if not match.is_same] == []


def simulated(release: Release, seed: int) -> Calibration:
    """A calibration of a release of its own."""
    return calibrate(release, simulate_cases(release, 200, seed=100 + seed))
