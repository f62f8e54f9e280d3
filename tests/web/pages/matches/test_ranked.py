"""Ranked matches and one match: what is said, and to whom how much of it."""

from __future__ import annotations

import dataclasses
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from matcher.case import Sharing
from ontologies import Release
from web.db import open_database
from web.mme.asking.answers import Answer, State
from web.mme.asking.kept import Kept
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker

from ...conftest import (
    FLOPPY_INFANT,
    MICROCEPHALY,
    OLIGODONTIA,
    PROMINENT_JOINTS,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)
from ..pairs.test_pair import keep, patient

CANARIES = (
    "canary-label",
    "canary-variant",
    "canary-name",
    "canary@mail.example",
    "canary-family",
    "canary-note",
    "canary-term",
    "canary-gene",
    "3.25",
    "4.1875",
    "3 y 3 m",
    "4 y 2 m",
)


def other_site(**changes: object) -> object:
    """A case of Harbour, shared with the network unless said otherwise."""
    values = {
        "site": "Harbour",
        "submitter": "charlie",
        "sharing": Sharing.NETWORK,
        **changes,
    }
    return case_of("HARBOUR-1", **values)  # type: ignore[arg-type]  # values of its parameters


def asking(cast: Cast) -> None:
    """Alice's case, itself without a canary."""
    case = dataclasses.replace(
        case_of("NORTH-1"),
        label="",
        note="",
        family=None,
        contact=None,
        age_years=None,
        onset=None,
    )
    genes = tuple(dataclasses.replace(g, variant=None) for g in case.genomic_features)
    cast.put(dataclasses.replace(case, genomic_features=genes))


def test_heading_is_the_answer(cast: Cast) -> None:
    asking(cast)
    cast.put(other_site())

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert "<h1>One case worth a call</h1>" in page
    assert "9 in 10" in page


def test_card_says_why(cast: Cast) -> None:
    asking(cast)
    cast.put(other_site())

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert "Both list <b>PHF14</b>" in page
    assert "<b>Prominent interphalangeal joints</b> in both" in page
    assert "Clinical genetics, Harbour · network · 4 features" in page


def test_own_missing_gene_is_told_once_a_page(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", genes=()))
    for number in (2, 3, 4):
        cast.put(case_of(f"NORTH-{number}"))

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert page.count("<article") == 3
    assert page.count("No candidate gene on your side; one would tell more") == 1


@pytest.mark.parametrize("path", ["", "/HARBOUR-1"])
def test_of_another_site_only_what_is_shared_is_seen(cast: Cast, path: str) -> None:
    asking(cast)
    cast.put(other_site())

    answer = cast["alice"].get(f"/cases/NORTH-1/matches{path}")

    assert answer.status_code == 200
    assert "Clinical genetics, Harbour" in answer.text
    assert [canary for canary in CANARIES if canary in answer.text] == []


def test_own_site_is_compared_on_everything(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(case_of("NORTH-2", submitter="bob"))

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert ">Onset<" in page
    assert "own site" in page


def test_other_sites_are_compared_on_features_and_genes_alone(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    cast.put(other_site())

    pages = [
        cast["alice"].get(f"/cases/NORTH-1/matches{path}").text
        for path in ("", "/HARBOUR-1")
    ]

    assert ">Onset<" not in pages[0]
    assert "age of onset" not in pages[1]
    assert "Across sites only features and genes are compared." in pages[1]


@pytest.mark.parametrize(
    "hidden",
    [
        other_site(sharing=Sharing.SITE),
        other_site(sharing=Sharing.PRIVATE),
        case_of("HARBOUR-1", submitter="bob", sharing=Sharing.PRIVATE),
    ],
)
def test_what_is_not_shared_is_no_candidate(cast: Cast, hidden: object) -> None:
    asking(cast)
    cast.put(hidden)  # type: ignore[arg-type]  # a case

    assert "HARBOUR-1" not in cast["alice"].get("/cases/NORTH-1/matches").text
    assert cast["alice"].get("/cases/NORTH-1/matches/HARBOUR-1").status_code == 404
    assert "HARBOUR-1" not in cast["alice"].get("/").text


def test_sharing_less_hides_a_candidate_at_once(cast: Cast) -> None:
    asking(cast)
    cast.put(other_site())
    assert "HARBOUR-1" in cast["alice"].get("/cases/NORTH-1/matches").text

    cast.put(other_site(sharing=Sharing.SITE))

    assert "HARBOUR-1" not in cast["alice"].get("/cases/NORTH-1/matches").text


def test_case_saved_by_another_process_is_found_at_once(cast: Cast) -> None:
    asking(cast)
    assert "There is no other case" in cast["alice"].get("/cases/NORTH-1/matches").text

    cast.put(other_site())

    assert "HARBOUR-1" in cast["alice"].get("/cases/NORTH-1/matches").text


def test_deleted_case_is_found_no_more(cast: Cast) -> None:
    asking(cast)
    cast.put(other_site())
    cast["alice"].get("/cases/NORTH-1/matches")

    with cast.store() as store:
        store.delete("HARBOUR-1", "charlie")

    assert "HARBOUR-1" not in cast["alice"].get("/cases/NORTH-1/matches").text
    assert cast["alice"].get("/cases/NORTH-1/matches/HARBOUR-1").status_code == 404


def test_many_hidden_cases_do_not_push_out_a_visible_one(cast: Cast) -> None:
    asking(cast)
    hidden = (
        case_of(f"NORTH-P{n:03}", submitter="bob", sharing=Sharing.PRIVATE)
        for n in range(90)
    )
    with cast.store() as store:
        store.put_many(hidden, actor="bob")
    cast.put(other_site(observed=(OLIGODONTIA, SEIZURE)))

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert "HARBOUR-1" in page
    assert "NORTH-P" not in page


def test_test_case_is_no_candidate_of_a_real_one(cast: Cast) -> None:
    asking(cast)
    cast.put(dataclasses.replace(case_of("NORTH-2"), test=True))

    assert "NORTH-2" not in cast["alice"].get("/cases/NORTH-1/matches").text


def test_simulated_candidate_is_marked(cast: Cast) -> None:
    asking(cast)
    cast.put(dataclasses.replace(case_of("NORTH-2"), simulated=True))

    assert "simulated" in cast["alice"].get("/cases/NORTH-1/matches").text


def test_few_features_are_said_not_to_be_calibrated(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", observed=(SEIZURE,)))

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert "This case has one feature. From three on the frequencies" in page


def test_empty_case_has_nothing_to_compare(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", observed=(), excluded=(), genes=()))
    cast.put(other_site())

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert "There is nothing to compare yet" in page
    assert page.count('href="/cases/NORTH-1/edit"') == 1
    assert "HARBOUR-1" not in page
    assert "less likely than" not in page


@pytest.mark.parametrize(
    ("observed", "genes"),
    [((), ("no gene",)), (("HP:9999999",), ()), (("HP:0000006",), ())],
)
def test_case_with_nothing_usable_is_not_ranked(
    cast: Cast, observed: tuple[str, ...], genes: tuple[str, ...]
) -> None:
    cast.put(case_of("NORTH-1", observed=observed, genes=genes))
    cast.put(other_site())

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert "None of the features and genes of this case is known" in page
    assert "HARBOUR-1" not in page


def test_far_cases_are_the_nearest_where_none_is_near(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", observed=(SEIZURE,), genes=()))
    cast.put(other_site(observed=(OLIGODONTIA,), genes=()))

    page = cast["alice"].get("/cases/NORTH-1/matches").text

    assert "The nearest case" in page
    assert page.count('href="/cases/NORTH-1/edit"') == 1


@pytest.mark.parametrize(
    ("show", "seen"), [("gene", True), ("own", False), ("network", True)]
)
def test_filters_keep_what_they_name(cast: Cast, show: str, seen: bool) -> None:
    asking(cast)
    cast.put(other_site())
    cast.put(case_of("NORTH-2", genes=()))

    page = cast["alice"].get("/cases/NORTH-1/matches", show=show).text

    assert ("HARBOUR-1" in page) is seen


def test_pair_shows_the_features_in_pairs(cast: Cast) -> None:
    asking(cast)
    cast.put(other_site(observed=(OLIGODONTIA, SEIZURE, FLOPPY_INFANT), excluded=()))

    page = cast["alice"].get("/cases/NORTH-1/matches/HARBOUR-1").text

    assert "same term" in page
    assert "nothing close on their side" in page
    assert 'role="img"' in page


def test_term_that_both_have_is_one_row(cast: Cast) -> None:
    hypodontia, other_teeth = "HP:0000668", "HP:0006480"
    cast.put(case_of("NORTH-1", observed=(hypodontia, SEIZURE), excluded=()))
    cast.put(other_site(observed=(hypodontia, OLIGODONTIA, other_teeth), excluded=()))

    page = cast["alice"].get("/cases/NORTH-1/matches/HARBOUR-1").text

    rows = page.split('class="pairs"')[1].split("</ul>")[0]
    assert rows.count("> Hypodontia") == 2
    assert "nearest to it as well: oligodontia" in rows


def test_gene_that_a_side_without_any_lacks_is_not_given(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", genes=()))
    cast.put(other_site())

    page = cast["alice"].get("/cases/NORTH-1/matches/HARBOUR-1").text

    genes = page.split('id="genes-h"')[1].split("</section>")[0]
    assert "not given by you" in genes
    assert "not listed" not in genes


def test_pair_shows_a_conflict(cast: Cast) -> None:
    asking(cast)
    cast.put(other_site(observed=(OLIGODONTIA, SEIZURE, "HP:0000252")))

    page = cast["alice"].get("/cases/NORTH-1/matches/HARBOUR-1").text

    assert "No microcephaly" in page
    assert "conflict" in page


def test_printed_factors_give_the_printed_frequency(cast: Cast) -> None:
    asking(cast)
    cast.put(other_site())

    page = cast["alice"].get("/cases/NORTH-1/matches/HARBOUR-1").text

    ladder = page.split('class="ladder"')[1].split("</ol>")[0]
    assert "any case at random" in ladder
    assert "9 in 10" in ladder


def test_page_of_many_matches_is_light(cast: Cast) -> None:
    asking(cast)
    with cast.store() as store:
        store.put_many((case_of(f"NORTH-M{n:03}") for n in range(120)), actor="alice")

    assert len(cast["alice"].get("/cases/NORTH-1/matches").data) < 300_000


@pytest.fixture
def several(cast: Cast, release: Release) -> Cast:
    """A case with three matches: of its own site, of Harbour, and of the peer Island."""
    cast.put(case_of("NORTH-1", sharing=Sharing.EXCHANGE_1))
    cast.put(case_of("NORTH-2", submitter="bob", genes=()))
    cast.put(other_site(observed=(OLIGODONTIA, PROMINENT_JOINTS, SEIZURE)))
    keep(cast, release, patient())
    return cast


def listed(cast: Cast, **chosen: str) -> list[str]:
    """Who stands on the page, in its order."""
    page = cast["alice"].get("/cases/NORTH-1/matches", **chosen).text
    return re.findall(r'<a id="m\d+" [^>]*>(?:<bdi>)?([^<]+)', page)


@pytest.mark.parametrize(
    "chosen, kept",
    [
        ({}, {"NORTH-2", "HARBOUR-1", "P/1"}),
        ({"show": "gene"}, {"HARBOUR-1", "P/1"}),
        ({"show": "own"}, {"NORTH-2"}),
        ({"show": "exchange"}, {"P/1"}),
        ({"site": "Harbour"}, {"HARBOUR-1"}),
        ({"site": "Island"}, {"P/1"}),
        ({"term": WIDE_MOUTH}, {"NORTH-2"}),
        ({"term": "HP:0012638"}, {"NORTH-2", "HARBOUR-1", "P/1"}),
        ({"show": "gene", "term": MICROCEPHALY}, {"P/1"}),
        ({"show": "open"}, {"NORTH-2", "HARBOUR-1", "P/1"}),
    ],
)
def test_filters_keep_matches_of_every_place(
    several: Cast, chosen: dict[str, str], kept: set[str]
) -> None:
    assert set(listed(several, **chosen)) == kept


def test_settled_match_is_not_among_the_open_ones(several: Cast) -> None:
    page = "/cases/NORTH-1/matches/NORTH-2"
    several["alice"].get(page)
    several["alice"].post(f"{page}/verdict", {"said": "not", "reason": "gene"})

    assert "NORTH-2" in listed(several)
    assert "NORTH-2" not in listed(several, show="open")


def test_matches_of_all_places_are_ranked_together(several: Cast) -> None:
    page = several["alice"].get("/cases/NORTH-1/matches").text
    odds = re.findall(r'class="odds"><b>(\d+) in (\d+)</b>', page)
    shares = [int(count) / int(of) for count, of in odds]

    assert len(shares) == 3
    assert shares == sorted(shares, reverse=True)


def test_sorting_by_phenotype_leaves_the_gene_out(several: Cast) -> None:
    assert listed(several)[-1] == "NORTH-2"
    assert listed(several, sort="phenotype")[0] == "NORTH-2"


def test_chips_and_choices_stand_with_their_counts(several: Cast) -> None:
    page = several["alice"].get("/cases/NORTH-1/matches").text

    for words in ("All 3", "Shares a gene 2", "Own site 1", "Network 1", "Exchange 1"):
        assert f">{words}</a>" in page
    assert ">Island (1)</option>" in page and ">Wide mouth (1)</option>" in page
    assert "Not settled" not in page


def test_new_is_what_no_list_named_up_to_that_day(several: Cast) -> None:
    several["alice"].get("/cases/NORTH-1/matches")
    today, yesterday = (
        f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}" for days in (0, 1)
    )

    assert len(listed(several, show="new", since=yesterday)) == 3
    assert listed(several, show="new", since=today) == []
    page = several["alice"].get("/cases/NORTH-1/matches", since=yesterday).text
    assert page.count("new since") == 3


@pytest.mark.parametrize(
    "chosen, said",
    [
        ({"term": "HP:9999999"}, "“HP:9999999” is no term of HPO"),
        ({"since": "soon"}, "“soon” is no day; right is one such as 2026-11-18."),
        ({"show": "best"}, "“best” is no show; right is one of gene, new"),
        ({"sort": "up"}, "“up” is no sort; right is one of new, phenotype."),
    ],
)
def test_choice_that_is_not_understood_is_named_and_left_out(
    several: Cast, chosen: dict[str, str], said: str
) -> None:
    assert said in several["alice"].get("/cases/NORTH-1/matches", **chosen).text
    assert len(listed(several, **chosen)) == 3


def test_who_did_not_answer_stands_before_the_results(
    several: Cast, release: Release
) -> None:
    with closing(open_database(several.settings.database)) as db:
        Nodes(db).add("Valley")
        node, kept = Nodes(db).get("Valley"), Kept(db)
        Breaker(db).has_cases(node.node_id, 4270)
        asking = several.get("NORTH-1").case
        late = Answer(state=State.TIMED_OUT)
        kept.record(kept.begin(asking, "alice"), node, late, 10_000, [])

    page = several["alice"].get("/cases/NORTH-1/matches").text

    assert "Results are incomplete: no answer of Valley" in page
    assert "4,270 cases not searched" in page
    assert page.index("timed out after 10.0 s") < page.index("<article")
