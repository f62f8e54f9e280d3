"""Asking for matches by the API: a system sees what a clinician of its site sees."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any, NoReturn

import pytest

from matcher.case import Sharing
from matcher.storage.database import connect
from web.audit import Audit, Entry
from web.mme.answering import turns

from ..conftest import OLIGODONTIA, SEIZURE, Cast, case_of
from .conftest import TERMS, Systems, packet, patient, refused

CANARY = "canary-"


def found(answer: Any) -> dict[str, Any]:
    """The results by case id."""
    assert answer.status_code == 200, answer.text
    return {each["case_id"]: each for each in answer.get_json()["results"]}


def entries(cast: Cast) -> list[Entry]:
    with closing(connect(cast.settings.database)) as db:
        return [e for e in Audit(db).entries() if e.action == "shown to a system"]


@pytest.fixture
def met(systems: Systems) -> Systems:
    """A case of each sharing level at both sites, entered by people."""
    for site, submitter in (("North", "alice"), ("Harbour", "charlie")):
        for level in Sharing:
            systems.cast.put(
                case_of(
                    f"{site}-{level}", site=site, submitter=submitter, sharing=level
                )
            )
    return systems


def test_system_is_shown_what_a_clinician_of_its_site_is_shown(met: Systems) -> None:
    assert set(found(met["seqr"].post("/match", packet()))) == {
        "North-site",
        "North-network",
        "North-exchange-1",
        "North-exchange-2",
        "Harbour-network",
        "Harbour-exchange-1",
        "Harbour-exchange-2",
    }


def test_own_private_case_of_the_system_is_found(systems: Systems) -> None:
    systems["seqr"].put("/cases/I1?sharing=private", packet())

    assert set(found(systems["seqr"].post("/match", packet(name="new")))) == {
        "NORTH-0001"
    }
    assert found(systems["asker"].post("/match", packet(name="new"))) == {}


def test_case_of_another_site_tells_no_more_than_on_the_page(met: Systems) -> None:
    results = found(met["asker"].post("/match", packet()))

    own = json.dumps(results["North-site"])
    assert results["North-site"]["is_own_site"] and CANARY in own
    others = [each for name, each in results.items() if name.startswith("Harbour")]
    assert CANARY not in json.dumps(others)
    assert not any(each["is_own_site"] for each in others)
    features = others[0]["patient"]["features"]
    assert {each["id"] for each in features} >= set(TERMS)


def test_external_id_stays_at_its_site(systems: Systems) -> None:
    systems["seqr"].put("/cases/canary-id?sharing=network", packet())

    own = systems["asker"].post("/match", packet(name="new"))
    other = systems["harbour"].post("/match", packet(name="new"))

    assert set(found(own)) == set(found(other)) == {"NORTH-0001"}
    assert "canary-id" in own.text and "canary-id" not in other.text


def test_result_tells_what_made_it(met: Systems) -> None:
    [first, *rest] = met["asker"].post("/match?limit=3", packet()).get_json()["results"]

    assert [each["rank"] for each in (first, *rest)] == [1, 2, 3]
    assert first["band"] in ("contact", "look", "background")
    assert 0 < first["probability"] <= 1 and first["score"] > 0
    assert {"release", "calibration", "secondcase", "hpo"} <= set(first["provenance"])
    assert first["explanation"]["reasons"] and first["explanation"]["ladder"]
    assert first["explanation"]["candidate_id"] == first["case_id"]


def test_account_of_a_match_is_that_of_the_page(met: Systems) -> None:
    met["seqr"].put("/cases/I1", packet())
    page = met.cast["alice"].get("/cases/NORTH-0006/matches").text

    result = found(met["seqr"].get("/cases/I1/matches"))["Harbour-network"]

    assert result["explanation"]["ladder"]["result"] in page
    assert result["explanation"]["reasons"][0]["text"] in page.replace(
        "<b>", ""
    ).replace("</b>", "")


def test_what_is_shown_of_other_sites_is_recorded(met: Systems) -> None:
    met["seqr"].put("/cases/I1", packet())

    met["asker"].post("/match", packet())
    met["seqr"].get("/cases/I1/matches?limit=50")

    first, second = entries(met.cast)
    assert (first.actor, second.actor) == ("api:asker", "api:seqr")
    assert set(first.case_ids) == {
        "Harbour-network",
        "Harbour-exchange-1",
        "Harbour-exchange-2",
    }
    assert first.facts == {"page": "match", "site": "North"}
    assert second.facts["query"] == "NORTH-0006"


def test_what_cannot_be_recorded_is_not_told(
    met: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **facts: object) -> NoReturn:
        raise OSError("canary-error")

    monkeypatch.setattr(Audit, "record", broken)

    answer = met["asker"].post("/match", packet())

    assert "recorded" in refused(answer, 503)["detail"]
    assert "Harbour" not in answer.text and CANARY not in answer.text


def test_case_is_never_its_own_match(systems: Systems) -> None:
    systems["seqr"].put("/cases/P1", packet())

    assert found(systems["seqr"].get("/cases/P1/matches")) == {}
    assert found(systems["seqr"].post("/match", packet(name="P1"))) == {}
    assert set(found(systems["seqr"].post("/match", packet(name="P2")))) == {
        "NORTH-0001"
    }


def test_id_in_a_body_hides_no_case(met: Systems) -> None:
    assert "North-site" in found(met["asker"].post("/match", packet(name="North-site")))


def test_case_of_a_question_is_not_kept(met: Systems) -> None:
    with met.cast.store() as store:
        before = store.revision()

    met["seqr"].post("/match", packet())

    with met.cast.store() as store:
        assert store.revision() == before


@pytest.mark.parametrize("who", ["scout", "harbour"])
def test_matches_of_a_case_of_another_are_missing(systems: Systems, who: str) -> None:
    systems["seqr"].put("/cases/I1?sharing=network", packet())

    answer = systems[who].get("/cases/I1/matches")

    assert refused(answer, 404) == refused(systems[who].get("/cases/I2/matches"), 404)


def test_question_that_only_probes_is_not_searched(met: Systems) -> None:
    answer = met["asker"].post("/match", patient(SEIZURE, OLIGODONTIA)).get_json()

    assert (answer["results"], answer["searched"]) == ([], 0)
    assert "nothing was searched" in answer["warnings"][0]
    assert entries(met.cast) == []


@pytest.mark.parametrize("test", [True, False])
def test_test_cases_and_real_ones_do_not_meet(systems: Systems, test: bool) -> None:
    systems["seqr"].put("/cases/real", patient())
    systems["seqr"].put("/cases/test", patient(test=True))

    results = found(systems["seqr"].post("/match", patient(name="new", test=test)))

    assert set(results) == {"NORTH-0002" if test else "NORTH-0001"}


def test_body_that_cannot_be_used_is_refused(systems: Systems) -> None:
    [fault] = refused(
        systems["asker"].post("/match", {"id": "a", "features": []}), 422
    )["errors"]

    assert fault["pointer"] == "/features"


def test_too_many_questions_at_a_time_wait(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "AT_A_TIME", 0)

    answer = systems["asker"].post("/match", packet())

    refused(answer, 429)
    assert answer.headers["Retry-After"] == "1"
