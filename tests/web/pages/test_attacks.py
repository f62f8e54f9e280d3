"""Nothing that anybody typed ever runs."""

from __future__ import annotations

import dataclasses

import pytest

from matcher.case import (
    Case,
    Contact,
    Disease,
    Exposure,
    GenomicFeature,
    PhenotypicFeature,
    Sharing,
    Treatment,
    Variant,
)

from .attack_strings import ATTACK_STRINGS
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
VARIANT_FIELDS = (
    "gene",
    "written",
    "assembly",
    "zygosity",
    "origin",
    "classification",
)
PAGES = (
    "/",
    "/site",
    "/cases/{}",
    "/cases/{}/edit",
    "/cases/{}/history",
    "/cases/{}/history?whole=1",
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
            GenomicFeature(
                gene=PHF14,
                gene_label=attack,
                variant=Variant(
                    hgvs=(attack,), label=attack, origin=attack, classification=attack
                ),
            ),
        ),
        diseases=(Disease(disease_id=attack, label=attack),),
        treatments=(
            Treatment(agent_id=attack, label=attack, response=attack, reason=attack),
        ),
        exposures=(Exposure(exposure_id=attack, label=attack, note=attack),),
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
        "disease_q",
        "pasted",
        "dismissed",
        f"severity-{SEIZURE}",
        f"side-{SEIZURE}",
        f"course-{SEIZURE}",
        f"age-{SEIZURE}",
        f"onset-{SEIZURE}",
    )
    form = dict.fromkeys(fields, attack)
    lists = {
        "observed": [attack, SEIZURE],
        "excluded": [attack],
        "gene": [attack],
        "inheritance": [attack],
        "shown": ["variants", "diseases", "treatments", "exposures"],
        "disease": [attack],
        "form_id": ["ab" * 16],
        **{f"variant_{name}": [attack] for name in VARIANT_FIELDS},
        **{name: [attack] for name in ("treatment", "response", "reason")},
        **{name: [attack] for name in ("exposure", "exposure_note")},
    }

    sent = {**form, **lists, "version": "0"}
    page = cast["alice"].post("/cases/new", sent).text
    kept = cast["alice"].post("/cases/new/draft", sent).json
    draft = cast["alice"].get("/cases/new", draft="ab" * 16).text
    note = cast["alice"].post("/notes/read", sent).text

    assert "The case was not saved" in page
    assert kept["kept"] and "This is your draft" in draft
    for shown in (page, draft, note, kept["advice"]):
        assert "<script>" not in shown
        assert "<img" not in shown
        assert "49<b>" not in shown


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_typed_into_a_search_is_markup(cast: Cast, attack: str) -> None:
    cast.put(case_of("NORTH-1"))

    pages = [
        cast["alice"].get(path, find=attack, next=attack, q=attack)
        for path in ("/", "/terms", "/diseases")
    ]

    assert "<script>" not in pages[0].text
    assert "<img" not in pages[0].text
    assert pages[1].content_type == "application/json"


def every_field(attacks: tuple[str, ...]) -> dict[str, object]:
    """A form with all of the strings in each list, and one in each other field."""
    lists = ("observed", "excluded", "gene", "disease", "treatment", "response")
    more = ("reason", "exposure", "exposure_note", "dismissed", "inheritance")
    variants = (f"variant_{name}" for name in VARIANT_FIELDS)
    texts = ("label", "note", "pasted", "age", "onset_age", "q", "gene_q", "disease_q")
    return {
        **{name: list(attacks) for name in (*lists, *more, *variants)},
        **{name: attacks[number] for number, name in enumerate(texts)},
        "note": "\n".join(attacks),
        "pasted": "\n".join(attacks),
        "shown": ["variants", "diseases", "treatments", "exposures"],
        "form_id": "ab" * 16,
        "version": "0",
    }


def test_two_hundred_attack_strings_in_every_field_are_text(cast: Cast) -> None:
    assert len(set(ATTACK_STRINGS)) == 200
    sent = every_field(ATTACK_STRINGS)

    page = cast["alice"].post("/cases/new", sent)
    kept = cast["alice"].post("/cases/new/draft", sent).json
    draft = cast["alice"].get("/cases/new", draft="ab" * 16)
    note = cast["alice"].post("/notes/read", sent)

    assert (page.status_code, draft.status_code, note.status_code) == (422, 200, 200)
    for shown in (page.text, draft.text, note.text, kept["advice"]):
        assert "<script>ran" not in shown and "<img src" not in shown
        assert "<svg onload" not in shown and "<base " not in shown
        assert "http-equiv" not in shown.replace("&lt;meta http-equiv", "")
