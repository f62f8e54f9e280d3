"""Nothing that anybody typed ever runs."""

from __future__ import annotations

import dataclasses

import pytest

from matcher.case import Case, Contact, GenomicFeature, PhenotypicFeature, Sharing

from ..conftest import OLIGODONTIA, PHF14, PROMINENT_JOINTS, SEIZURE, Cast, case_of

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }}<b>",
    '<a href="javascript:alert(1)">x</a>',
)
PAGES = (
    "/",
    "/site",
    "/cases/{}",
    "/cases/{}/edit",
    "/cases/{}/matches",
    "/cases/{}/matches/H1",
)


def hostile(attack: str) -> Case:
    """A case with the attack in every text."""
    known = (SEIZURE, OLIGODONTIA, PROMINENT_JOINTS)
    return Case(
        case_id="N1",
        label=attack,
        features=(
            *(
                PhenotypicFeature(term_id=i, label=attack, modifiers=(attack,))
                for i in known
            ),
            PhenotypicFeature(term_id=attack, label=attack),
        ),
        genomic_features=(
            GenomicFeature(gene=attack, gene_label=attack),
            GenomicFeature(gene=PHF14, gene_label=attack),
        ),
        inheritance=(attack,),
        contact=Contact(name=attack, href=attack, institution=attack),
        site="North",
        submitter="alice",
        sharing=Sharing.NETWORK,
        note=attack,
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_a_case_is_markup_on_any_page(cast: Cast, attack: str) -> None:
    cast.put(hostile(attack))
    other = dataclasses.replace(
        hostile(attack), case_id="H1", site="Harbour", submitter="charlie"
    )
    cast.put(other)
    quiet = {path: cast["alice"].get(path.format("N1")).text for path in PAGES}

    assert [
        path for path, page in quiet.items() if "This page is not here" in page
    ] == []
    for page in quiet.values():
        assert "<script>" not in page
        assert "<img" not in page
        assert "onload=alert(1)>" not in page.replace("&gt;", "")
        assert 'href="javascript' not in page
        assert "49<b>" not in page


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_typed_into_the_form_is_markup(cast: Cast, attack: str) -> None:
    fields = (
        "label",
        "sex",
        "age",
        "onset",
        "onset_age",
        "sharing",
        "note",
        "q",
        "gene_q",
    )
    form = dict.fromkeys(fields, attack)
    lists = {
        "observed": [attack],
        "excluded": [attack],
        "gene": [attack],
        "inheritance": [attack],
    }

    page = cast["alice"].post("/cases/new", {**form, **lists, "version": "0"}).text

    assert "The case was not saved" in page
    assert "<script>" not in page
    assert "<img" not in page
    assert "49<b>" not in page


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_typed_into_a_search_is_markup(cast: Cast, attack: str) -> None:
    cast.put(case_of("NORTH-1"))

    pages = [
        cast["alice"].get(path, find=attack, next=attack, q=attack)
        for path in ("/", "/terms")
    ]

    assert "<script>" not in pages[0].text
    assert "<img" not in pages[0].text
    assert pages[1].content_type == "application/json"
