"""The list of matches is kept when it is shown, once, and shown even if it cannot be kept."""

from __future__ import annotations

import dataclasses
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from matcher.case import Case, Sharing
from matcher.kept.comparison import Comparer, Comparison
from matcher.kept.replay import Replayer
from matcher.storage.database import connect
from matcher.storage.errors import DatabaseFull
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import KeptRanking
from ontologies.library import data_directory
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Person
from web.viewing import ranking
from web.viewing.visibility import seen

from ...conftest import FLOPPY_INFANT, SEIZURE, Cast, case_of

MATCHES = "/cases/NORTH-1/matches"
NOT_KEPT = "This list could not be kept"


@pytest.fixture
def cases(cast: Cast) -> Cast:
    """Alice's case, one of Bob's, one of Harbour, and one nobody else may see."""
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2", submitter="bob", observed=(SEIZURE, FLOPPY_INFANT)))
    cast.put(
        case_of(
            "HARBOUR-1", site="Harbour", submitter="charlie", sharing=Sharing.NETWORK
        )
    )
    cast.put(case_of("HIDDEN-1", submitter="bob", sharing=Sharing.PRIVATE))
    return cast


def kept(cast: Cast) -> list[KeptRanking]:
    with closing(connect(cast.settings.database)) as db:
        return list(KeptRankings(db).of_case("NORTH-1"))


def test_what_is_shown_is_kept(cases: Cast) -> None:
    page = cases["alice"].get(MATCHES).text

    (shown,) = kept(cases)
    assert NOT_KEPT not in page
    assert [match.case_id for match in shown.matches] == ["HARBOUR-1", "NORTH-2"]
    assert (shown.actor, shown.place, shown.at_most) == ("alice", "matches", 40)
    assert shown.basis.conditions == {
        "test": False,
        "admits": "what the asker may see",
    }
    assert set(shown.matches[0].evidence) == {"phenotype", "gene"}
    assert "onset" in shown.matches[1].evidence


def test_a_second_look_keeps_nothing(cases: Cast) -> None:
    for path in (MATCHES, MATCHES, f"{MATCHES}?show=gene"):
        cases["alice"].get(path)

    assert len(kept(cases)) == 1


def test_a_change_of_a_case_is_kept_at_the_next_look(cases: Cast) -> None:
    cases["alice"].get(MATCHES)
    stored = cases.get("NORTH-2").case
    cases.put(dataclasses.replace(stored, note="seen again"), actor="bob")
    cases["alice"].get(MATCHES)

    assert [r.matches[1].version for r in kept(cases)] == [1, 2]


def test_a_list_that_a_case_outran_is_left_to_the_next_look(
    cases: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ranking.answer

    def outrun(person: Person, case: Case, limit: int) -> ranking.Answer:
        found = real(person, case, limit)
        cases.put(case_of("NORTH-2", submitter="bob"), actor="bob")
        return found

    monkeypatch.setattr(ranking, "answer", outrun)
    page = cases["alice"].get(MATCHES).text
    monkeypatch.undo()

    assert NOT_KEPT not in page
    assert kept(cases) == []
    cases["alice"].get(MATCHES)
    assert [r.match("NORTH-2").version for r in kept(cases)] == [2]  # type: ignore[union-attr]


def test_it_replays_to_the_same_numbers(cases: Cast) -> None:
    cases["alice"].get(MATCHES)
    (shown,) = kept(cases)
    releases = cases.settings.directory / "releases"
    releases.symlink_to(data_directory() / "releases")

    with closing(connect(cases.settings.database)) as db:
        replay = Replayer(KeptRankings(db), cases.settings.directory).ranking(
            shown.number
        )

    assert len(replay.matches) == 2
    assert [each.kept for each in replay.matches if not each.is_same] == []


def test_kept_lists_show_a_person_no_more_than_she_may_see_today(cases: Cast) -> None:
    harbour = cases.get("HARBOUR-1").case
    changes = [
        {"note": "canary-2", "onset": None, "genomic_features": ()},
        {"sharing": Sharing.PRIVATE},
    ]
    cases["alice"].get(MATCHES)
    told = []
    for change in changes:
        harbour = dataclasses.replace(harbour, **change)  # type: ignore[arg-type]
        cases.put(harbour, actor="charlie")
        cases["alice"].get(MATCHES)
        told.append(compared(cases, "alice"))

    assert [(each.withheld, len(each.pairs)) for each in told] == [(0, 1), (1, 0)]
    (reason,) = told[0].pairs[0].reasons
    assert reason.sentence == (
        "HARBOUR-1 changed (version 1 to 2): HGNC:22203 was removed."
    )
    assert "canary" not in str([pair.reasons for each in told for pair in each.pairs])


def compared(cast: Cast, name: str) -> Comparison:
    """The last two lists of NORTH-1 as a person may read them."""
    with closing(connect(cast.settings.database)) as db:
        person = Accounts(db, Passwords()).find(name)
        rankings = KeptRankings(db)
        numbers = [each.number for each in rankings.of_case("NORTH-1")]
        comparer = Comparer(rankings, lambda case: seen(person, case))
        return comparer.compare(*numbers[-2:])


def test_another_site_keeps_nothing(cases: Cast) -> None:
    assert cases["charlie"].get(MATCHES).status_code == 404

    assert kept(cases) == []


def test_a_full_disk_is_shown_logged_and_said(
    cases: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DatabaseFull

    monkeypatch.setattr(KeptRankings, "keep", full)

    with capture_logs() as logs:
        answer = cases["alice"].get(MATCHES)

    assert answer.status_code == 200
    assert NOT_KEPT in answer.text
    assert "HARBOUR-1" in answer.text
    (line,) = [each for each in logs if each["event"] == "ranking not kept"]
    assert (line["error"], line["case_id"]) == ("DatabaseFull", "NORTH-1")


def test_a_calibration_that_cannot_be_frozen_is_no_obstacle(cases: Cast) -> None:
    (cases.settings.directory / "calibrations").write_text("in the way")

    answer = cases["alice"].get(MATCHES)

    assert answer.status_code == 200
    assert NOT_KEPT in answer.text
    assert kept(cases) == []
