"""My cases and my site's: the heading is the answer, an empty page says what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matcher.case import Sharing
from matcher.storage import codec
from matcher.storage.codec import decode

from ..conftest import Cast, case_of


def test_first_visit_says_what_to_do(cast: Cast) -> None:
    page = cast["alice"].get("/").text

    assert "<h1>You have not entered a case yet</h1>" in page
    assert 'href="/cases/new"' in page


def test_mine_are_mine_alone(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2", submitter="bob"))

    page = cast["alice"].get("/").text

    assert "NORTH-1" in page
    assert "NORTH-2" not in page.split("All my cases")[1]


def test_site_shows_what_colleagues_share_and_no_more(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", submitter="bob"))
    cast.put(case_of("NORTH-2", submitter="bob", sharing=Sharing.PRIVATE))
    cast.put(case_of("HARBOUR-1", site="Harbour", submitter="charlie"))

    page = cast["alice"].get("/site").text

    assert "NORTH-1" in page
    assert "NORTH-2" not in page
    assert "HARBOUR-1" not in page


def test_heading_names_the_cases_with_a_match(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))

    page = cast["alice"].get("/").text

    assert "<h1>Two of your cases have a match worth a call</h1>" in page
    assert "9 in 10" in page


def test_heading_says_so_where_there_is_no_match(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    assert (
        "None of your cases has a match worth a call yet" in cast["alice"].get("/").text
    )


def test_case_is_found_by_gene_feature_or_id(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2", observed=("HP:0000164",), genes=()))

    found = {
        find: cast["alice"].get("/", find=find).text.split("All my cases")[1]
        for find in ("phf14", "oligodont", "north-1")
    }

    assert all("NORTH-1" in page and "NORTH-2" not in page for page in found.values())


def test_nothing_found_says_for_what(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    page = cast["alice"].get("/", find="<unheard>").text

    assert "“&lt;unheard&gt;”" in page


def test_many_cases_come_in_pages(cast: Cast) -> None:
    with cast.store() as store:
        store.put_many((case_of(f"NORTH-{n:02}") for n in range(23)), actor="alice")

    second = cast["alice"].get("/", page="2").text

    assert "Page 2 of 2" in second
    assert second.count('class="casecell"') == 3


def test_page_beyond_the_last_is_the_last(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    assert "NORTH-1" in cast["alice"].get("/", page="99999").text


def test_curator_has_no_cases(cast: Cast) -> None:
    assert cast["dana"].get("/").location == "/account"
    assert cast["dana"].get("/site").status_code == 404


def test_lead_is_said_in_sentences(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2", submitter="bob"))

    page = cast["alice"].get("/").text

    assert "NORTH-2 is the closest. Both list PHF14" in page


def test_gene_that_nobody_knows_is_found_by_its_name_in_the_case(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", genes=("LOCAL:77",)))
    cast.put(case_of("NORTH-2", genes=()))

    page = cast["alice"].get("/", find="CANARY-gene").text.split("All my cases")[1]

    assert "NORTH-1" in page
    assert "NORTH-2" not in page


def test_case_is_found_by_its_name_at_the_site(cast: Cast) -> None:
    cast.put(replace(case_of("NORTH-1"), label="Exome 77"))
    cast.put(case_of("NORTH-2"))

    page = cast["alice"].get("/", find="exome").text

    assert "NORTH-2" not in page.split("All my cases")[1]
    assert "<h1>This case has a match worth a call</h1>" in page


def test_heading_counts_what_stands_on_the_page(cast: Cast) -> None:
    with cast.store() as store:
        store.put_many((case_of(f"NORTH-{n:02}") for n in range(23)), actor="alice")

    first, second = (cast["alice"].get("/", page=page).text for page in "12")

    assert "<h1>20 of these 20 cases have a match worth a call</h1>" in first
    assert "<h1>Three of these three cases have a match worth a call</h1>" in second


def test_two_cases_that_match_each_other_best_are_one_lead(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2"))

    page = cast["alice"].get("/").text

    assert page.count("is the closest") == 1


def test_only_cases_of_the_page_are_read_whole(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cast.store() as store:
        store.put_many((case_of(f"NORTH-{n:02}") for n in range(23)), actor="alice")
    cast["alice"].get("/")
    read: list[str] = []
    monkeypatch.setattr(codec, "decode", lambda body: read.append(body) or decode(body))

    cast["alice"].get("/", page="2")

    # Those of the page, and of each its best match.
    assert 3 <= len(read) <= 6
