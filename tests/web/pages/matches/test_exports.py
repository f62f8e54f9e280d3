"""What is taken along: the same explanation, no formula, no more than is seen, recorded first."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from typing import Any

import pytest
from werkzeug.test import TestResponse

from matcher.case import Contact, Sharing
from matcher.readers import Report, phenopackets
from ontologies import Release
from web.audit import Audit, Entry
from web.db import open_database
from web.viewing import told

from ...conftest import PHF14, Cast, case_of
from ..pairs.test_pair import keep, patient

LIST = "/cases/NORTH-1/matches"
PAIR = f"{LIST}/HARBOUR-1"
PATIENT = "/cases/NORTH-1/other-sites/Island/P~s1"
EVERY = (
    f"{LIST}.json",
    f"{LIST}.csv",
    "/cases/NORTH-1/phenopacket.json",
    f"{PAIR}/pair.json",
    f"{PAIR}/pair.csv",
    f"{PAIR}/phenopacket.json",
    f"{PATIENT}/pair.json",
    f"{PATIENT}/pair.csv",
    f"{PATIENT}/phenopacket.json",
)


@pytest.fixture
def world(cast: Cast, release: Release) -> Cast:
    """A case of Alice with one match at Harbour and one at the peer Island."""
    cast.put(case_of("NORTH-1", sharing=Sharing.EXCHANGE_1))
    cast.put(
        case_of(
            "HARBOUR-1", site="Harbour", submitter="charlie", sharing=Sharing.NETWORK
        )
    )
    keep(cast, release, patient())
    return cast


def exported(cast: Cast, path: str, **arguments: str) -> TestResponse:
    answer = cast["alice"].get(path, **arguments)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    return answer


def table(answer: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def entries(cast: Cast) -> list[Entry]:
    with closing(open_database(cast.settings.database)) as db:
        return [e for e in Audit(db).entries() if e.action == "exported by a clinician"]


def test_list_as_json_has_the_explanation_of_the_api(world: Cast) -> None:
    body: dict[str, Any] = json.loads(exported(world, f"{LIST}.json").text)

    assert body["case_id"] == "NORTH-1" and body["searched"] == 1
    assert {match["case_id"] for match in body["matches"]} == {"HARBOUR-1", "P/1"}
    here = next(m for m in body["matches"] if m["case_id"] == "HARBOUR-1")
    pair = json.loads(exported(world, f"{PAIR}/pair.json").text)
    assert here["explanation"] == pair["explanation"]
    assert pair["explanation"]["features"]["pairs"][0]["identical"] is True
    assert here["node"] is None and here["band"] == "contact"


def test_list_as_csv_has_a_row_a_match_and_is_filtered_like_the_page(
    world: Cast,
) -> None:
    every = table(exported(world, f"{LIST}.csv"))
    network = table(exported(world, f"{LIST}.csv", show="network"))

    assert [row["rank"] for row in every] == ["1", "2"]
    assert [row["other"] for row in network] == ["HARBOUR-1"]
    assert "Both list PHF14" in network[0]["reasons"]


def test_no_cell_is_a_formula(world: Cast, release: Release) -> None:
    formula = '=HYPERLINK("http://x.example")'
    keep(world, release, patient(case_id=formula))

    answer = exported(world, f"{LIST}.csv")
    cells = [cell for row in table(answer) for cell in row.values()]

    assert f"'{formula}" in cells
    assert [c for c in cells if c[:1] in "=+-@" and not is_number(c)] == []


def is_number(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True


def test_pair_as_csv_names_every_feature_of_both(world: Cast) -> None:
    rows = table(exported(world, f"{PATIENT}/pair.csv"))

    assert {row["is"] for row in rows} >= {"same", "conflict, excluded by you"}
    yours = {row["yours_id"] for row in rows}
    assert {"HP:0000677", "HP:0006237", "HP:0001250", "HP:0000154"} <= yours


def test_phenopacket_of_the_other_case_holds_what_may_be_seen(world: Cast) -> None:
    own = exported(world, "/cases/NORTH-1/phenopacket.json").text
    other = exported(world, f"{PAIR}/phenopacket.json").text

    assert "canary-variant" in own
    assert "canary" not in other
    (read,) = phenopackets.cases_from_json(json.loads(other), Report(), "export")
    assert set(read.observed) == set(world.get("HARBOUR-1").case.observed)
    assert read.genes == (PHF14,)


@pytest.mark.parametrize("path", EVERY)
def test_every_export_is_recorded_with_the_cases_that_it_names(
    world: Cast, path: str
) -> None:
    exported(world, path)

    (entry,) = entries(world)
    assert entry.actor == "alice" and entry.case_ids[0] == "NORTH-1"
    named = "HARBOUR-1" in entry.case_ids
    assert named is ("HARBOUR-1" in path or path.startswith(f"{LIST}."))


@pytest.mark.parametrize("path", EVERY)
def test_nothing_is_exported_that_cannot_be_recorded(
    world: Cast, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Audit:
        raise OSError("disk")

    monkeypatch.setattr(told, "_audit", broken)

    answer = world["alice"].get(path)

    assert answer.status_code == 503
    assert PHF14 not in answer.text and "canary" not in answer.text


def test_name_of_a_file_is_plain(world: Cast, release: Release) -> None:
    hostile = 'x"; filename="evil.exe\r\nX: y'
    contact = Contact(name="Dr Island", href="mailto:i@island.example")
    keep(world, release, patient(case_id=hostile, contact=contact))

    page = world["alice"].get(LIST).text
    path = page.split('href="/cases/NORTH-1/other-sites/Island/', 1)[1].split('"')[0]
    answer = exported(world, f"/cases/NORTH-1/other-sites/Island/{path}/pair.json")

    assert answer.headers["Content-Disposition"].count('"') == 2
    assert "evil.exe\r\n" not in str(answer.headers)
