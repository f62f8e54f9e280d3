"""What a release would change is found out before it is active, and goes with the cases."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.calibration import Calibration
from matcher.case import Sharing
from matcher.matching import Matcher
from matcher.storage.database import Database, rows
from matcher.storage.store import CaseStore
from ontologies import Release
from ontologies.errors import UnknownRelease
from web.accounts import Person, Role
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.cli import main
from web.db import open_database
from web.pages.matches.keeping import is_kept
from web.switching import apart
from web.switching import finding_out as module
from web.switching.finding_out import run
from web.switching.impacts import (
    Cancelled,
    Impact,
    Impacts,
    NothingToCompare,
    UnknownImpact,
)
from web.switching.kept_lists import ListShifts
from web.viewing import ranking

from ...matcher.kept.conftest import a_case
from .conftest import Place


def found_out(place: Place, db: Database, **arguments: Any) -> Impact:
    begun = Impacts(db).begin(
        place.newer.release_id,
        actor="dana",
        calibration=place.calibrations[place.newer.release_id],
        **arguments,
    )
    return run(db, place.settings, begun.impact_id)


def best(place: Place, release: Release, case_id: str) -> list[tuple[str, float]]:
    """The ten best matches, ranked here one case at a time."""
    folder = place.directory / "calibrations" / place.calibrations[release.release_id]
    with CaseStore(open_database(place.settings.database)) as store:
        cases = [stored.case for stored in store.cases()]
    matcher = Matcher(release, cases, Calibration.open(folder, release))
    query = next(case for case in cases if case.case_id == case_id)
    return [(match.case_id, match.score) for match in matcher.rank(query, limit=10)]


def test_ranks_and_scores_are_those_of_both_releases(
    place: Place, db: Database
) -> None:
    impact = found_out(place, db)

    impacts = Impacts(db)
    changed = {case["case_id"]: case for case in impacts.cases(impact.impact_id)}
    assert changed
    for case_id in (f"P{number:03}" for number in range(12)):
        old = best(place, place.older, case_id)
        new = best(place, place.newer, case_id)
        order = [[name for name, _ in each] for each in (old, new)]
        assert (case_id in changed) == (order[0] != order[1])
        for pair in impacts.pairs(impact.impact_id, case_id):
            ranks = [
                each.index(pair["other_id"]) + 1 if pair["other_id"] in each else None
                for each in order
            ]
            assert ranks == [pair["rank_before"], pair["rank_after"]]
            assert dict(old).get(pair["other_id"]) == pair["score_before"]
            assert dict(new).get(pair["other_id"]) == pair["score_after"]


def test_counts_are_of_all_that_were_ranked(place: Place, db: Database) -> None:
    impact = found_out(place, db)

    assert impact.state() == "done"
    assert impact.result is not None
    ranked, matches = impact.result["ranked"], impact.result["matches"]
    assert impact.result["cases"] == ranked["cases"] == matches["cases"] == 12
    assert ranked["is_all"]
    assert matches["gained"] == matches["lost"]
    assert 0 < matches["top_overlap"] <= 1
    assert matches["mean_score_shift"] > 0
    named = impact.result["calibrations"]
    assert named["before"] == place.calibrations[place.older.release_id]
    assert named["after"] == place.calibrations[place.newer.release_id]
    assert impact.result["kept_lists"]["lists"] == 0


def keep_lists(place: Place, db: Database, case_ids: list[str]) -> Person:
    """Let Alice look at the matches of some cases; her lists are kept as on the page."""
    alice = Accounts(db, Passwords()).add(
        "alice", "a second case is a disease", roles=[Role.CLINICIAN], site="North"
    )
    store, app = CaseStore(db), place.app()
    for case_id in case_ids:
        with app.app_context():
            as_of, stored = store.revision(), store.get(case_id)
            answer = ranking.answer(alice, stored.case, 20)
            assert is_kept(alice, stored, answer, at_most=20, as_of=as_of)
    return alice


def shown_by(
    place: Place, release: Release, person: Person, case_id: str
) -> dict[str, int]:
    """The ranks on the page of a person, had the release been active."""
    app = place.app(release)
    with app.app_context(), CaseStore(open_database(place.settings.database)) as store:
        answer = ranking.answer(person, store.get(case_id).case, 10)
    return {match.case_id: n for n, match in enumerate(answer.matches, 1)}


def test_lists_that_people_were_shown_are_set_beside_what_they_would_be_shown(
    place: Place, db: Database
) -> None:
    store, asked = CaseStore(db), ["P000", "P003", "P004"]
    # A colleague's private case is on no list of hers, before or after.
    store.put(a_case(7, submitter="bob", sharing=Sharing.PRIVATE), actor="bob")
    alice = keep_lists(place, db, asked)
    was = {each: shown_by(place, place.older, alice, each) for each in asked}
    # Saved since, so that her list of today is not the one that she was shown.
    store.put(a_case(11, features=store.get("P003").case.features), actor="alice")

    impact = found_out(place, db)

    assert impact.result is not None
    told = impact.result["kept_lists"]
    assert (told["lists"], told["not_compared"]) == (3, 0)
    then = {each: shown_by(place, place.newer, alice, each) for each in asked}
    today = {each: shown_by(place, place.older, alice, each) for each in asked}
    assert today["P003"] != was["P003"]
    for name, now in (("then", then), ("today", today)):
        pairs = [(was[each], now[each]) for each in asked]
        kept = sum(len(a.keys() & b.keys()) for a, b in pairs)
        of = sum(max(len(a), len(b)) for a, b in pairs)
        assert told[name]["top_overlap"] == pytest.approx(kept / of, abs=1e-4)
        assert told[name]["gained"] == sum(len(b.keys() - a.keys()) for a, b in pairs)
        assert told[name]["lost"] == sum(len(a.keys() - b.keys()) for a, b in pairs)
        assert told[name]["same_lists"] == sum(a == b for a, b in pairs)
    assert told["then"]["mean_score_shift"] > 0
    changed = {r["case_id"]: r for r in ListShifts(db).of(impact.impact_id)}
    assert changed.keys() == {each for each in asked if was[each] != then[each]}
    for case_id, row in changed.items():
        mover = row["mover"]
        assert row["rank_before"] == was[case_id].get(mover)
        assert row["rank_after"] == then[case_id].get(mover)
        places = (row["rank_before"] or 11, row["rank_after"] or 11)
        assert row["largest_move"] == abs(places[0] - places[1]) > 0
        assert "P007" not in (mover, *was[case_id], *then[case_id])


def test_lists_of_who_is_there_no_more_are_counted_alone(
    place: Place, db: Database
) -> None:
    keep_lists(place, db, ["P000", "P003"])
    Accounts(db, Passwords()).deactivate("alice")

    impact = found_out(place, db)

    assert impact.result is not None
    told = impact.result["kept_lists"]
    assert (told["lists"], told["not_compared"]) == (0, 2)
    assert ListShifts(db).losing(impact.impact_id) == {}


def test_a_sample_says_that_it_is_one_and_takes_kept_lists_first(
    place: Place, db: Database
) -> None:
    impact = found_out(place, db, sample=5)

    assert impact.result is not None
    assert impact.result["ranked"] == {
        "cases": 5,
        "with_kept_lists": 0,
        "drawn": 5,
        "is_all": False,
    }
    again = module.chosen_queries(db, 5)
    assert again == module.chosen_queries(db, 5)
    assert len(set(again.case_ids)) == 5


@pytest.mark.parametrize("how", ["delete", "erase"])
def test_nothing_is_left_of_a_case_that_goes(
    place: Place, db: Database, how: str
) -> None:
    keep_lists(place, db, [f"P{number:03}" for number in range(12)])
    impact = found_out(place, db)
    (gone, *_), store = Impacts(db).cases(impact.impact_id), CaseStore(db)
    listed = ListShifts(db).of(impact.impact_id)
    assert gone["case_id"] in {each["mover"] for each in listed}

    getattr(store, how)(gone["case_id"], "alice")

    for table, columns in (
        ("impact_cases", ("case_id",)),
        ("impact_pairs", ("case_id", "other_id")),
        ("impact_lists", ("case_id", "mover")),
        ("impacts", ("result",)),
    ):
        for column in columns:
            values = rows(db, f"SELECT {column} AS v FROM {table}")
            assert gone["case_id"] not in json.dumps(values)


def test_a_cancelled_run_ends_and_keeps_nothing(
    place: Place, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NOTED_SECONDS", 0)
    begun = Impacts(db).begin(
        place.newer.release_id,
        actor="dana",
        calibration=place.calibrations[place.newer.release_id],
    )

    def cancel(task: str, done: int, total: int) -> None:
        if task == module.RANKING:
            with closing(open_database(place.settings.database)) as other:
                Impacts(other).cancel(begun.impact_id)

    with pytest.raises(Cancelled):
        run(db, place.settings, begun.impact_id, cancel)

    ended = Impacts(db).get(begun.impact_id)
    assert (ended.state(), ended.result) == ("cancelled", None)
    assert Impacts(db).cases(begun.impact_id) == []


def test_a_run_that_fails_says_what_it_was(place: Place, db: Database) -> None:
    begun = Impacts(db).begin(
        place.newer.release_id, actor="dana", calibration="nothing-here"
    )

    with pytest.raises(Exception, match="nothing-here"):
        run(db, place.settings, begun.impact_id)

    ended = Impacts(db).get(begun.impact_id)
    assert (ended.state(), ended.why) == ("failed", "BadSettings")


def test_a_run_that_was_killed_is_told_from_one_under_way(
    place: Place, db: Database
) -> None:
    begun = Impacts(db).begin(place.newer.release_id, actor="dana")

    now = datetime.now(UTC)
    assert begun.state(now) == "running"
    assert begun.state(now + timedelta(minutes=6)) == "lost"


def test_what_cannot_be_compared_is_refused(place: Place, db: Database) -> None:
    with pytest.raises(NothingToCompare, match="is active"):
        Impacts(db).begin(place.older.release_id, actor="dana")
    with pytest.raises(UnknownRelease):
        Impacts(db).begin("ffff", actor="dana")
    with pytest.raises(UnknownImpact, match="release ffff"):
        Impacts(db).latest("ffff")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ontology", "impact", *arguments])


def test_command_prints_text_and_json_and_shows_them_again(place: Place) -> None:
    newer = place.edition(place.newer)
    answer = command(newer.release_id, "--calibration", newer.calibration)

    assert answer.exit_code == 0, answer.output
    assert f"instead of {place.older.release_id}, done" in answer.stdout
    assert "All 12 cases were ranked by both." in answer.stdout
    assert command(newer.release_id, "--show").stdout == answer.stdout
    told = json.loads(command(newer.release_id, "--show", "--format", "json").stdout)
    assert told["result"]["ranked"]["cases"] == 12
    assert told["case_changes"][0]["matches"]
    assert place.active == place.edition(place.older)


def test_command_leaves_it_to_a_process_of_its_own(
    place: Place, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(
        apart.subprocess, "Popen", lambda said, **named: started.append(said)
    )
    newer = place.edition(place.newer)

    answer = command(
        newer.release_id, "--calibration", newer.calibration, "--background"
    )

    assert answer.stdout == "run 1 has begun\n"
    (said,) = started
    assert Impacts(db).get(1).state() == "running"
    assert command(*said[said.index("impact") + 1 :]).exit_code == 0
    assert Impacts(db).get(1).state() == "done"
    assert command(newer.release_id, "--cancel").stdout == "run 1 was told to end\n"
