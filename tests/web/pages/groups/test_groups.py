"""What a clinician is shown of groups of alike cases, and what is recorded of that."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from matcher.calibration import Calibration
from matcher.case import Sharing
from matcher.storage.database import rows, write_transaction
from ontologies import Release
from web.audit import Audit
from web.groups.keeping import KeptGroups, Wanted
from web.pages.groups import group as groups

from ...conftest import Cast, case_of
from ...groups.grouping import database, fill, make, members, shared

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def made(cast: Cast, release: Release, calibration: Calibration) -> Cast:
    fill(cast)
    make(cast, release, calibration)
    return cast


def link(cast: Cast, site: str = "North", at: int = 0) -> str:
    with database(cast) as db:
        return KeptGroups(db).found(site, Wanted(), limit=9)[at].link


def main(text: str) -> str:
    """The words of a page between its header and its foot."""
    body = text.split("<main", 1)[1].split("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_before_the_first_groups_the_page_says_what_happens(cast: Cast) -> None:
    page = main(cast["alice"].get("/groups").text)

    assert "are being made for the first time" in page
    assert "Look again" in page


def test_the_heading_is_the_first_group(made: Cast) -> None:
    page = made["alice"].get("/groups").text

    heading = "Three cases at two sites of two families with no diagnosis look alike"
    assert f"<h1>{heading}</h1>" in page
    assert "Found among six cases that your site may see, 6 of them" in main(page)
    assert "Groups</a>" in page.split("<main")[0]


def test_a_group_tells_members_profile_genes_and_firmness(made: Cast) -> None:
    page = main(made["alice"].get("/groups").text)

    for said in (
        *("NORTH-1", "NORTH-2", "HARBOUR-1", "2 at North, 1 at Harbour"),
        *("Prominent interphalangeal joints 3 of 3 1 in", "redraws"),
        *("PHF14 in three of them, nowhere else.", "No gene is listed by two of them."),
    ):
        assert said in page
    rarities = [
        int(number.replace(",", ""))
        for number in re.findall(r"1 in ([\d,]+) diseases", page.split("Group 2")[0])
    ]
    assert rarities == sorted(rarities, reverse=True)


def test_what_sets_a_group_apart_is_told_against_the_others(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    fill(cast)
    for number, term in enumerate(release.ontology.term_ids[200:18_000:600]):
        cast.put(shared(f"ISLAND-{number + 100}", "Island", observed=(term,), genes=()))
    make(cast, release, calibration)

    page = main(cast["alice"].get("/groups", own="1").text)
    own = main(cast["alice"].get(f"/groups/{link(cast)}").text)

    assert re.search(r"Sets them apart: .* \(3 of 3, elsewhere 0 of \d\d\)", page)
    assert "Nothing that two of them have is clearly rarer" not in own


def test_each_member_leads_where_it_can_be_looked_at(made: Cast) -> None:
    page = made["alice"].get("/groups").text

    assert 'href="/cases/NORTH-1"' in page
    assert re.search(r'href="/cases/NORTH-\d/matches/HARBOUR-1"', page)
    # No case of North is beside them, so there is nothing to set beside them.
    assert "/HARBOUR-2" not in page and "/ISLAND-2" not in page
    compare = re.search(r'href="(/cases/NORTH-\d/matches/HARBOUR-1)"', page)
    assert compare and made["alice"].get(compare[1]).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "first", "count"),
    [
        ({}, "Three cases", 2),
        ({"undiagnosed": "1"}, "Three cases", 2),
        ({"gene": "1"}, "Three cases", 1),
        ({"own": "1"}, "Three cases", 1),
        ({"sites": "2"}, "Three cases", 2),
        ({"sites": "3"}, "None of the groups fits the filter", 0),
        ({"sites": "nonsense"}, "Three cases", 2),
        ({"own": "1", "gene": "1", "sites": "2"}, "Three cases", 1),
    ],
)
def test_filters_leave_what_fits(
    made: Cast, arguments: dict[str, str], first: str, count: int
) -> None:
    page = made["alice"].get("/groups", **arguments).text

    assert page.split("<h1>")[1].startswith(first)
    assert page.count("<article") == count


def test_a_diagnosis_is_counted_and_never_named_to_others(
    made: Cast, release: Release, calibration: Calibration
) -> None:
    made.put(replace(made.get("HARBOUR-2").case, solved=True))
    make(made, release, calibration)

    page = main(made["alice"].get("/groups").text)

    assert "5 of them with no diagnosis" in page
    assert "one of them with a diagnosis" in page
    without = made["alice"].get("/groups", undiagnosed="1").text
    assert without.count("<article") == 1


def test_long_lists_have_pages(made: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "PAGE_SIZE", 1)

    first = made["alice"].get("/groups", sites="2").text
    second = made["alice"].get("/groups", sites="2", page="2").text
    beyond = made["alice"].get("/groups", sites="2", page="99").text

    assert "page=2" in first and "sites=2" in first
    assert "HARBOUR-2" in second and "HARBOUR-2" not in first
    assert "Group 2" in second and main(beyond) == main(second)


def test_nothing_alike_says_what_to_do(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    cast.put(case_of("NORTH-1"))
    make(cast, release, calibration)

    page = main(cast["alice"].get("/groups").text)

    assert "No two cases are confidently the same disorder yet" in page
    assert "A group begins with two" in page


def test_the_page_says_of_when_it_is(made: Cast) -> None:
    current = main(made["alice"].get("/groups").text)
    made.put(shared("NORTH-3", "North"))
    stale = main(made["alice"].get("/groups").text)

    assert "have changed since" not in current
    assert "have changed since; the groups are made again" in stale
    assert "release " in current and "calibration " in current


def test_a_member_that_changed_is_marked(made: Cast) -> None:
    made.put(shared("HARBOUR-1", "Harbour", excluded=()), actor="charlie")

    for path in ("/groups", f"/groups/{link(made)}"):
        page = main(made["alice"].get(path).text)
        assert re.search(r"HARBOUR-1( , Harbour)? +changed since", page), path


# The page of a group


def test_a_group_has_a_page_with_picture_and_tables(made: Cast) -> None:
    text = made["alice"].get(f"/groups/{link(made)}").text
    page = main(text)

    assert "<svg" in text and 'role="group"' in text
    for said in (
        "What ties them",
        "Who they are",
        "Their ties",
        "What sets them apart",
    ):
        assert said in page
    assert "Clinical genetics, Harbour · network" in page
    assert "child, 4 y 2 m" in page
    assert "Write to Harbour" in page and "#conversation" in text


def test_nothing_of_other_sites_but_what_they_disclose_is_shown(made: Cast) -> None:
    text = made["charlie"].get(f"/groups/{link(made, 'Harbour')}").text

    assert "NORTH-1" in text and "Clinical genetics, North" in text
    row = text.split("NORTH-1</a>")[-1].split("</tr>")[0]
    assert "4 y 2 m" not in row
    assert not re.search("canary-(label|note|name|family|variant|term)", text)
    assert "NORTH-2" not in text


def test_a_chosen_case_shows_its_own_ties(made: Cast) -> None:
    path = f"/groups/{link(made)}"
    chosen = made["alice"].get(path, case="HARBOUR-1").text

    table = chosen.split("The ties of HARBOUR-1")[1].split("</table>")[0]
    ties = re.findall(r"<tr><td>([^<]+)</td><td>([^<]+)</td>", table)
    assert ties and all("HARBOUR-1" in pair for pair in ties)
    assert "What ties HARBOUR-1" in chosen and "see all ties" in chosen
    nonsense = made["alice"].get(path, case=MARKUP).text
    assert "What ties them" in nonsense and MARKUP not in nonsense


def test_missing_and_anothers_group_are_alike(made: Cast) -> None:
    own = link(made, "Harbour", 0)
    foreign = next(
        found
        for found in (link(made, "Harbour", at) for at in (0, 1))
        if made["alice"].get(f"/groups/{found}").status_code == 404
    )
    missing = made["alice"].get("/groups/0000000000000000")
    answer = made["alice"].get(f"/groups/{foreign}")

    assert own and answer.status_code == missing.status_code == 404
    assert answer.text == missing.text
    assert made["dana"].get("/groups").status_code == 404
    assert made["nobody"].get("/groups").status_code == 302


def test_a_case_that_was_made_private_is_gone_at_once(made: Cast) -> None:
    there = link(made)
    made.put(shared("HARBOUR-1", "Harbour", sharing=Sharing.PRIVATE), actor="charlie")

    assert made["alice"].get(f"/groups/{there}").status_code == 404
    assert "HARBOUR-1" not in made["alice"].get("/groups").text


def test_ids_from_elsewhere_run_nothing(
    cast: Cast, release: Release, calibration: Calibration
) -> None:
    cast.put(shared("NORTH-1", "North"))
    cast.put(shared(MARKUP, "Harbour"))
    cast.put(shared("=1+1", "Island"))
    make(cast, release, calibration)
    assert len(members(cast, "North")) == 1

    for path in ("/groups", f"/groups/{link(cast)}"):
        page = cast["alice"].get(path).text
        assert MARKUP not in page and "&lt;script&gt;" in page
    assert "'=1+1" in cast["alice"].get("/groups.csv").text


# What is recorded, and what is taken along


def recorded(cast: Cast) -> list[tuple[str, str, tuple[str, ...]]]:
    with database(cast) as db:
        return [
            (entry.action, entry.facts.get("page", ""), tuple(entry.case_ids))
            for entry in Audit(db).entries()
            if entry.actor == "alice" and "page" in entry.facts
        ]


@pytest.mark.parametrize(
    ("path", "action", "page", "cases"),
    [
        (
            "/groups",
            "shown to a clinician",
            "groups",
            ("HARBOUR-1", "HARBOUR-2", "ISLAND-2"),
        ),
        ("/groups?own=1", "shown to a clinician", "groups", ("HARBOUR-1",)),
        ("/groups/LINK", "shown to a clinician", "group", ("HARBOUR-1",)),
        (
            "/groups.csv",
            "exported by a clinician",
            "groups as CSV",
            ("HARBOUR-1", "HARBOUR-2", "ISLAND-2"),
        ),
        (
            "/groups/LINK.json",
            "exported by a clinician",
            "groups as JSON",
            ("HARBOUR-1",),
        ),
    ],
)
def test_the_cases_of_other_sites_are_recorded(
    made: Cast, path: str, action: str, page: str, cases: tuple[str, ...]
) -> None:
    assert made["alice"].get(path.replace("LINK", link(made))).status_code == 200

    assert recorded(made) == [(action, page, cases)]


@pytest.mark.parametrize(
    "path", ["/groups", "/groups/LINK", "/groups.csv", "/groups.json"]
)
def test_what_cannot_be_recorded_is_not_shown(made: Cast, path: str) -> None:
    path = path.replace("LINK", link(made))
    made["alice"].get("/account")
    with database(made) as db, write_transaction(db):
        db.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, ''); END"
        )

    answer = made["alice"].get(path)

    assert answer.status_code == 503
    assert "HARBOUR" not in answer.text


def test_csv_has_a_row_for_each_case(made: Cast) -> None:
    answer = made["alice"].get("/groups.csv")

    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [(row["group"], row["case_id"], row["yours"]) for row in found] == [
        ("1", "NORTH-1", "yes"),
        ("1", "NORTH-2", "yes"),
        ("1", "HARBOUR-1", "no"),
        ("2", "HARBOUR-2", "no"),
        ("2", "ISLAND-2", "no"),
    ]
    assert found[0]["genes"] == "PHF14"
    assert "Prominent interphalangeal joints" in found[0]["in_common"]


def test_json_is_everything_that_is_kept(made: Cast) -> None:
    told = json.loads(made["alice"].get("/groups.json", gene="1").text)

    [group] = told["groups"]
    assert [each["case_id"] for each in group["members"]] == members(made, "North")[0]
    assert group["matches"] and group["shared"] and group["sentence"]
    assert {"release", "calibration", "hpo"} <= told["made_from"].keys()
    one = json.loads(made["alice"].get(f"/groups/{link(made)}.json").text)
    assert one["groups"] == [group]


def test_there_is_nothing_to_export_before_the_first_groups(cast: Cast) -> None:
    assert cast["alice"].get("/groups.csv").status_code == 404
    assert cast["alice"].get("/groups/0000000000000000.json").status_code == 404


def test_an_erased_case_is_nowhere_on_the_pages(made: Cast) -> None:
    with made.store() as store:
        store.erase("HARBOUR-1", actor="charlie")

    for path in ("/groups", "/groups.csv", "/groups.json"):
        assert "HARBOUR-1" not in made["alice"].get(path).text
    with database(made) as db:
        kept = rows(db, "SELECT * FROM kept_group_members WHERE case_id = 'HARBOUR-1'")
    assert kept == []
