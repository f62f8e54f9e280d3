"""`secondcase kept`: what an operator reads about lists that people were shown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher import Calibration, Matcher
from matcher.calibration import default_calibration
from matcher.case import Case, GenomicFeature, PhenotypicFeature
from matcher.evidence import EvidenceSettings
from matcher.kept.keeping import Asked, keep
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.store import CaseStore
from ontologies import Release
from ontologies.library import data_directory
from web.cli import main
from web.config import load_settings
from web.db import open_database

PATIENTS = Path(__file__).parents[4] / "tests/data/mme_patients.json"
SEIZURE = PhenotypicFeature(term_id="HP:0001250", label="Seizure")
FLOPPY = PhenotypicFeature(term_id="HP:0001252", label="Hypotonia")
CATARACT = PhenotypicFeature(term_id="HP:0000518", label="Cataract")


@pytest.fixture(scope="module")
def calibration(release: Release) -> Calibration:
    return default_calibration(release)


@pytest.fixture
def home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: Release
) -> Iterator[Path]:
    """A data directory with the release and three cases."""
    (tmp_path / "releases").symlink_to(data_directory() / "releases")
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    with closing(open_database(load_settings().database)) as db:
        gene = (GenomicFeature(gene="PHF14"),)
        alike = (SEIZURE, FLOPPY, CATARACT)
        CaseStore(db).put_many(
            [
                Case(case_id="Q", features=alike, genomic_features=gene),
                Case(case_id="A", features=alike, genomic_features=gene),
                Case(case_id="B", features=(CATARACT,)),
            ],
            actor="alice",
        )
    yield tmp_path


def show_list(release: Release, calibration: Calibration, **changes: object) -> None:
    """Keep the list of Q as a page does, after A was changed."""
    settings = load_settings()
    with closing(open_database(settings.database)) as db:
        store = CaseStore(db)
        if changes:
            case = replace(store.get("A").case, **changes)  # type: ignore[arg-type]
            store.put(case, actor="bob")
        as_of = store.revision()
        matcher = Matcher(release, [each.case for each in store.cases()], calibration)
        answer = matcher.answer(store.get("Q").case)
        asked = Asked(
            query_id="Q", as_of=as_of, actor="alice", place="matches", at_most=20
        )
        keep(
            KeptRankings(db),
            asked,
            answer.matches,
            answer.searched,
            matcher=matcher,
            directory=settings.directory,
        )


@pytest.fixture
def two_lists(home: Path, release: Release, calibration: Calibration) -> Path:
    """The list of Q before and after A lost its gene."""
    show_list(release, calibration)
    show_list(release, calibration, genomic_features=())
    return home


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["kept", *arguments])


def succeed(*arguments: str) -> str:
    done = call(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_lists_are_named_oldest_first(two_lists: Path) -> None:
    lines = succeed("list").splitlines()

    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert lines[0].endswith("Q version 1, alice (matches): 2 of 2 cases")
    assert succeed("list", "Q").splitlines() == lines
    assert succeed("list", "A") == ""


def test_a_damaged_list_hides_no_other(two_lists: Path) -> None:
    with closing(open_database(load_settings().database)) as db:
        db.execute("UPDATE kept_matches SET said = '[]' WHERE ranking = 1 AND rank = 2")

    done = call("list")

    first, second = done.stdout.splitlines()
    assert first.startswith("     1  Kept ranking 1 is damaged")
    assert second.endswith("Q version 1, alice (matches): 2 of 2 cases")
    assert done.exit_code == 1 and "1 of these lists" in done.stderr


def test_a_list_is_shown_with_what_it_follows_from(
    two_lists: Path, release: Release, calibration: Calibration
) -> None:
    shown = succeed("show", "2")

    assert f"release {release.release_id}" in shown
    assert f"calibration {calibration.calibration_id}" in shown
    assert "A version 2" in shown and "B version 1" in shown


def test_all_lists_replay(two_lists: Path) -> None:
    assert succeed("replay").splitlines() == [
        "1: 2 of 2 matches of Q are the same",
        "2: 2 of 2 matches of Q are the same",
    ]


def test_one_match_of_one_list_replays(two_lists: Path) -> None:
    assert succeed("replay", "1", "--case", "A") == (
        "1: 1 of 1 matches of Q are the same\n"
    )


def test_another_result_is_told_and_is_a_failure(
    two_lists: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = EvidenceSettings(pi=0.5)
    monkeypatch.setattr("matcher.kept.replay.settings_of", lambda *_: other)

    done = call("replay", "1")

    assert done.exit_code == 1
    assert "1 of 1 lists did not come out the same." in done.stderr
    assert " then, " in done.stdout


def test_a_missing_calibration_stops_that_list_only(
    two_lists: Path, calibration: Calibration
) -> None:
    shutil.rmtree(two_lists / "calibrations" / calibration.calibration_id)

    done = call("replay")

    assert done.exit_code == 1
    assert done.stderr.count(f"Calibration {calibration.calibration_id} is not in") == 2
    assert "2 of 2 lists did not come out the same." in done.stderr


def test_a_comparison_names_the_cause(two_lists: Path) -> None:
    told = succeed("compare", "1", "2")

    assert "~ A  " in told
    assert "A changed (version 1 to 2): PHF14 was removed. [-" in told
    assert told.endswith("1 the same\n")


def test_without_the_release_a_comparison_is_told_without_nats(
    two_lists: Path,
) -> None:
    (two_lists / "releases").unlink()

    done = call("compare", "1", "2")

    assert done.exit_code == 0
    assert "Told without nats: There is no release" in done.stderr
    assert "A changed (version 1 to 2): PHF14 was removed.\n" in done.stdout


def test_the_history_of_a_pair(two_lists: Path) -> None:
    told = succeed("history", "Q", "A").splitlines()

    assert told[0].endswith("list 2")
    assert told[1].startswith("~ A  ")
    assert told[2:] == ["    A changed (version 1 to 2): PHF14 was removed."]
    assert succeed("history", "Q", "B") == (
        "Nothing changed between these two from list to list.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "9"], "There is no kept ranking 9"),
        (["history", "Q", "X"], "There is no case 'X' here"),
        (["compare", "1", "9"], "There is no kept ranking 9"),
    ],
)
def test_what_is_not_there_is_named(
    two_lists: Path, arguments: list[str], sentence: str
) -> None:
    done = call(*arguments)

    assert done.exit_code == 1
    assert sentence in done.stderr


def match_with(release_id: str, path: Path) -> Result:
    return CliRunner().invoke(
        main, ["match", str(path), "--against", "store", "--release", release_id]
    )


def test_a_release_can_be_chosen_for_matching(home: Path, release: Release) -> None:
    chosen = match_with(release.release_id, PATIENTS)
    other = match_with("0" * 16, PATIENTS)

    assert chosen.exit_code == 0, chosen.output
    assert "best of 3 cases" in chosen.stdout
    assert other.exit_code == 1
    assert "There is no release '0000000000000000'" in other.stderr
