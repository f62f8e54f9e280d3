"""My cases and my site's: the heading is the answer, an empty page says what to do."""

from __future__ import annotations

from matcher.case import Sharing

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
