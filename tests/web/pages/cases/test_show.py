"""A case is shown, entered and changed; with no script, two editors, and wrong input."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from matcher.case import Disease, GenomicFeature, Onset, PhenotypicFeature, Sex, Sharing

from ...conftest import (
    FLOPPY_INFANT,
    MICROCEPHALY,
    OLIGODONTIA,
    PHF14,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)

DEMENTIA = "HP:0000726"

Form = dict[str, Any]


def entered(**changes: Any) -> Form:
    """What the form sends for a small case."""
    return {
        "version": "0",
        "observed": [SEIZURE, FLOPPY_INFANT],
        "excluded": [MICROCEPHALY],
        f"onset-{SEIZURE}": "HP:0003593",
        "gene": [PHF14],
        "sex": "female",
        "age": "4 y 2 m",
        "onset": "HP:0011463",
        "onset_age": "5 m",
        "inheritance": ["HP:0000007"],
        "label": "exome 12",
        "note": "seen twice",
        "sharing": "network",
        **changes,
    }


def unchanged(cast: Cast, case_id: str, **changes: Any) -> Form:
    """The form of a stored case as a browser would send it back."""
    stored = cast.get(case_id)
    case = stored.case
    return {
        "version": str(stored.version),
        "observed": list(case.observed),
        "excluded": list(case.excluded),
        "gene": list(case.genes),
        "sex": case.sex.value,
        "age": "4 y 2 m",
        "onset": "",
        "onset_age": "3 y 3 m",
        "label": case.label,
        "note": case.note,
        "sharing": case.sharing.value,
        **changes,
    }


# Showing


def test_case_is_shown_with_its_features_rarest_first(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    page = cast["alice"].get("/cases/NORTH-1").text

    labels = [
        "Prominent interphalangeal joints",
        "Oligodontia",
        "Wide mouth",
        "Seizure",
    ]
    places = [page.index(f"{label} <span") for label in labels]
    assert places == sorted(places)
    assert re.search(r"1 in [\d,]+ diseases", page)
    assert "No microcephaly" in page


def test_everything_known_of_a_case_is_shown(cast: Cast) -> None:
    case = dataclasses.replace(
        case_of("NORTH-1"),
        sex=Sex.FEMALE,
        inheritance=("HP:0000007",),
        diseases=(Disease(disease_id="OMIM:618845"),),
    )
    cast.put(case)

    page = cast["bob"].get("/cases/NORTH-1").text

    told = (
        "PHF14",
        "canary-variant",
        "canary-note",
        "4 y 2 m",
        "autosomal recessive",
        "female",
    )
    assert [text for text in told if text not in page] == []
    assert "OMIM:618845" in page


def test_contradiction_is_pointed_out(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", excluded=("HP:0000164",)))

    page = cast["alice"].get("/cases/NORTH-1").text

    assert "Worth checking" in page
    assert "Oligodontia (HP:0000677) is observed, but" in page


def test_unknown_term_is_kept_and_said_not_to_count(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", observed=(SEIZURE, "HP:9999999")))

    page = cast["alice"].get("/cases/NORTH-1").text

    assert "so it is not compared" in page


@pytest.mark.parametrize("path", ["", "/edit", "/matches", "/matches/HARBOUR-1"])
@pytest.mark.parametrize(
    ("case", "person"),
    [
        (case_of("NORTH-1"), "charlie"),
        (case_of("NORTH-1"), "dana"),
        (case_of("NORTH-1", sharing=Sharing.PRIVATE), "bob"),
        (case_of("NORTH-1", sharing=Sharing.EXCHANGE_2), "charlie"),
        (None, "alice"),
    ],
)
def test_missing_and_forbidden_look_alike(
    cast: Cast, case: Any, person: str, path: str
) -> None:
    if case is not None:
        cast.put(case)

    answer = cast[person].get(f"/cases/NORTH-1{path}")

    assert answer.status_code == 404
    assert "This page is not here, or not yours to see" in answer.text
    assert "canary" not in answer.text
    assert "NORTH-1" not in answer.text


def test_private_case_is_seen_by_its_submitter(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", sharing=Sharing.PRIVATE))

    assert cast["alice"].get("/cases/NORTH-1").status_code == 200


@pytest.mark.parametrize("case_id", ["a/b", "..", "~t~s", "ä ö?#%", "x" * 200, "a//b"])
def test_any_case_id_has_an_address(cast: Cast, case_id: str) -> None:
    cast.put(case_of(case_id))
    page = cast["alice"].get("/").text
    path = re.search(r'class="casecell"><a href="([^"]+)"', page)
    assert path is not None

    assert cast["alice"].get(path.group(1)).status_code == 200


# Entering


def test_case_is_entered_and_its_matches_shown(cast: Cast) -> None:
    answer = cast["alice"].post("/cases/new", entered())

    assert answer.status_code == 303
    assert answer.location == "/cases/NORTH-0001/matches"
    case = cast.get("NORTH-0001").case
    assert case.observed == (SEIZURE, FLOPPY_INFANT)
    assert case.excluded == (MICROCEPHALY,)
    assert case.features[0].onset == Onset(term_id="HP:0003593")
    assert case.genes == (PHF14,)
    assert case.onset == Onset(years=0.4167, term_id="HP:0011463")
    assert (case.site, case.submitter, case.sharing) == (
        "North",
        "alice",
        Sharing.NETWORK,
    )
    assert case.contact is not None
    assert case.contact.href == "mailto:a@north.example"


def test_ids_of_deleted_cases_are_not_given_again(cast: Cast) -> None:
    cast["alice"].post("/cases/new", entered())
    with cast.store() as store:
        store.delete("NORTH-0001", "alice")

    cast["alice"].post("/cases/new", entered())

    assert cast.get("NORTH-0002").version == 1


def test_new_case_is_private_unless_said_otherwise(cast: Cast) -> None:
    page = cast["alice"].get("/cases/new").text

    assert re.search(r'value="private" checked', page)


@pytest.mark.parametrize("person", ["nobody", "dana"])
def test_only_clinicians_enter_cases(cast: Cast, person: str) -> None:
    answer = cast[person].post("/cases/new", entered())

    assert answer.status_code in (302, 404)
    with cast.store() as store:
        assert store.count() == 0


@pytest.mark.parametrize("path", ["/cases/new", "/cases/NORTH-1/edit"])
def test_without_csrf_token_nothing_is_saved(cast: Cast, path: str) -> None:
    cast.put(case_of("NORTH-1"))

    answer = cast["alice"].client.post(path, data=entered())

    assert answer.status_code == 400
    assert cast.get("NORTH-1").version == 1
    with cast.store() as store:
        assert store.count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"age": "four"}, "age", "“four” is not an age"),
        ({"onset_age": "-1"}, "onset_age", "“-1” is not an age"),
        ({"onset_age": "9"}, "onset_age", "later than the last visit"),
        ({"sex": "x"}, "sex", "none of those offered"),
        ({"onset": "HP:0000001"}, "onset", "none of those offered"),
        ({"inheritance": ["HP:0000001"]}, "inheritance", "none of those offered"),
        ({"sharing": "world"}, "sharing", "none of the levels"),
        ({"label": "x" * 121}, "label", "121 characters are more than 120"),
        ({"note": "x" * 20_001}, "note", "20,001 characters"),
        ({"q": "seizres"}, "q", "“seizres” is not added yet"),
        ({"gene_q": "nothing such"}, "gene_q", "names no gene"),
        ({"gene_q": "RED"}, "gene_q", "may be any of"),
        ({"observed": ["HP:9999999"]}, "q", "is no term of HPO"),
        ({"observed": ["HP:0003577"]}, "q", "is no finding"),
        ({"observed": [MICROCEPHALY]}, "q", "stands as observed and as not found"),
        ({f"onset-{SEIZURE}": "HP:0000001"}, "q", "onset of a feature"),
        ({"observed": [f"HP:{n:07}" for n in range(201)]}, "q", "more than 200"),
        ({"gene": [f"G{n}" for n in range(201)]}, "gene_q", "more than 200"),
        ({"gene": ["no gene at all"]}, "gene_q", "names no gene"),
    ],
)
def test_wrong_input_is_named_above_and_at_its_field(
    cast: Cast, changes: Form, field: str, said: str
) -> None:
    answer = cast["alice"].post("/cases/new", entered(**changes))

    assert answer.status_code == 422
    summary = answer.text.split('role="alert"')[1].split("</section>")[0]
    assert f'href="#{field}"' in summary
    assert said in summary
    assert f'id="{field}"' in answer.text
    assert said in answer.text.split(f'id="{field}-problem"')[1]
    with cast.store() as store:
        assert store.count() == 0


def test_wrong_input_loses_nothing_that_was_typed(cast: Cast) -> None:
    page = cast["alice"].post("/cases/new", entered(age="<four>", q="seizres")).text

    kept = (
        "&lt;four&gt;",
        "seizres",
        "exome 12",
        "seen twice",
        FLOPPY_INFANT,
        MICROCEPHALY,
        "PHF14",
    )
    assert [text for text in kept if text not in page] == []
    assert re.search(r'value="network" checked', page)
    assert re.search(r'value="HP:0003593" selected', page)


# Without a script


def test_search_button_lists_terms_to_add(cast: Cast) -> None:
    answer = cast["alice"].post("/cases/new", entered(action="search", q="floppy baby"))

    assert answer.status_code == 200
    assert f'name="observe" value="{FLOPPY_INFANT}"' in answer.text
    assert "exome 12" in answer.text


def test_search_that_finds_nothing_says_so(cast: Cast) -> None:
    page = cast["alice"].post("/cases/new", entered(action="search", q="☃☃☃")).text

    assert "Nothing is called “☃☃☃”" in page


@pytest.mark.parametrize(
    ("button", "observed", "excluded"),
    [
        ({"observe": WIDE_MOUTH}, 3, 1),
        ({"exclude": WIDE_MOUTH}, 2, 2),
        ({"observe": SEIZURE}, 2, 1),
        ({"remove": SEIZURE}, 1, 1),
        ({"turn": SEIZURE}, 1, 2),
        ({"turn": MICROCEPHALY}, 3, 0),
    ],
)
def test_buttons_change_the_lines_without_saving(
    cast: Cast, button: Form, observed: int, excluded: int
) -> None:
    answer = cast["alice"].post("/cases/new", entered(**button))

    form = answer.text.split("<template")[0]
    assert form.count('name="observed"') == observed
    assert form.count('name="excluded"') == excluded
    with cast.store() as store:
        assert store.count() == 0


@pytest.mark.parametrize("name", ["NSD1", "nsd1", "ENSG00000165671", "HGNC:14234"])
def test_gene_is_added_under_any_name(cast: Cast, name: str) -> None:
    page = cast["alice"].post("/cases/new", entered(action="gene", gene_q=name)).text

    assert 'name="gene" value="HGNC:14234"' in page


def test_ambiguous_gene_is_asked_back(cast: Cast) -> None:
    page = cast["alice"].post("/cases/new", entered(action="gene", gene_q="RED")).text

    assert "may be any of" in page
    assert page.count('name="choose_gene"') >= 2


def test_gene_that_was_typed_is_saved_with_the_case(cast: Cast) -> None:
    cast["alice"].post("/cases/new", entered(gene=[], gene_q="phf14"))

    assert cast.get("NORTH-0001").case.genes == (PHF14,)


def test_gene_is_dropped(cast: Cast) -> None:
    page = cast["alice"].post("/cases/new", entered(drop=PHF14)).text

    assert 'name="gene" value="HGNC:22203"' not in page.split("<template")[0]


# Changing


def test_what_the_form_does_not_show_is_kept(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    answer = cast["bob"].post("/cases/NORTH-1/edit", unchanged(cast, "NORTH-1"))

    assert answer.status_code == 303
    stored = cast.get("NORTH-1")
    assert stored.version == 2
    assert stored.actor == "bob"
    assert stored.case == case_of("NORTH-1")


def test_order_of_the_page_is_no_change(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    form = unchanged(cast, "NORTH-1")
    changed_by_bob(cast, note="new")

    page = (
        cast["alice"]
        .post("/cases/NORTH-1/edit", {**form, "observed": form["observed"][::-1]})
        .text
    )

    assert "You changed nothing else." in page


def test_unknown_term_of_a_stored_case_does_not_stop_a_change(cast: Cast) -> None:
    cast.put(
        case_of("NORTH-1", observed=(SEIZURE, "HP:9999999"), genes=("NOSUCHGENE",))
    )

    form = unchanged(cast, "NORTH-1", note="changed")

    assert cast["alice"].post("/cases/NORTH-1/edit", form).status_code == 303
    assert "HP:9999999" in cast.get("NORTH-1").case.observed


def test_colleague_cannot_share_further(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    answer = cast["bob"].post(
        "/cases/NORTH-1/edit", unchanged(cast, "NORTH-1", sharing="exchange-2")
    )

    assert answer.status_code == 422
    assert "Only alice changes how far this case is shared" in answer.text
    assert cast.get("NORTH-1").case.sharing is Sharing.SITE


def test_stranger_cannot_change_a_case(cast: Cast) -> None:
    cast.put(case_of("NORTH-1", sharing=Sharing.EXCHANGE_2))

    answer = cast["charlie"].post(
        "/cases/NORTH-1/edit", unchanged(cast, "NORTH-1", note="x")
    )

    assert answer.status_code == 404
    assert cast.get("NORTH-1").version == 1


# Two editors


def changed_by_bob(cast: Cast, **changes: Any) -> None:
    cast.put(dataclasses.replace(cast.get("NORTH-1").case, **changes), actor="bob")


def test_conflict_says_who_changed_what_and_keeps_both(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    form = unchanged(cast, "NORTH-1", observed=[OLIGODONTIA, SEIZURE, FLOPPY_INFANT])
    changed_by_bob(cast, genomic_features=(GenomicFeature(gene="HGNC:14234"),))

    answer = cast["alice"].post("/cases/NORTH-1/edit", form)

    assert answer.status_code == 409
    assert "bob changed <b>genes</b>" in answer.text
    assert "Your changes to <b>features</b> are safe" in answer.text
    shown = answer.text.split("<template")[0]
    assert 'name="gene" value="HGNC:14234"' in shown
    assert f'name="observed" value="{FLOPPY_INFANT}"' in shown
    assert f'name="observed" value="{WIDE_MOUTH}"' not in shown
    assert 'name="version" value="2"' in shown
    assert cast.get("NORTH-1").version == 2


def test_merged_form_can_be_saved(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    form = unchanged(cast, "NORTH-1", note="mine")
    changed_by_bob(cast, sex=Sex.MALE)
    cast["alice"].post("/cases/NORTH-1/edit", form)

    answer = cast["alice"].post(
        "/cases/NORTH-1/edit", {**form, "sex": "male", "version": "2"}
    )

    assert answer.status_code == 303
    case = cast.get("NORTH-1").case
    assert (case.note, case.sex) == ("mine", Sex.MALE)


def test_value_that_both_changed_is_left_to_the_person(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    form = unchanged(cast, "NORTH-1", note="my note")
    changed_by_bob(cast, note="their note")

    page = cast["alice"].post("/cases/NORTH-1/edit", form).text

    assert "You both changed note: theirs “their note”, yours “my note”" in page
    assert ">my note</textarea>" in page


def test_conflict_on_a_case_that_became_private_is_a_404(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    form = unchanged(cast, "NORTH-1", note="x")
    cast.put(dataclasses.replace(cast.get("NORTH-1").case, sharing=Sharing.PRIVATE))

    assert cast["bob"].post("/cases/NORTH-1/edit", form).status_code == 404


@pytest.mark.parametrize("action", ["save", "search"])
def test_what_a_case_held_while_private_is_told_to_nobody_else(
    cast: Cast, action: str
) -> None:
    cast.put(case_of("NORTH-1", observed=(DEMENTIA, SEIZURE), sharing=Sharing.PRIVATE))
    cast.put(
        dataclasses.replace(
            case_of("NORTH-1", observed=(SEIZURE,), excluded=(), genes=()),
            **{"label": "", "note": "", "age_years": None, "onset": None},
        )
    )
    form = unchanged(cast, "NORTH-1", version="1", action=action, sex="male", age="")
    form |= {"onset_age": "", "observed": [SEIZURE, WIDE_MOUTH]}

    page = cast["bob"].post("/cases/NORTH-1/edit", form).text

    assert "Wide mouth" in page
    held = ("ementia", "PHF14", "canary-variant", "canary-note", "canary-label")
    assert [text for text in held if text in page] == []


def test_who_entered_it_still_sees_what_changed_since_it_was_private(
    cast: Cast,
) -> None:
    cast.put(case_of("NORTH-1", observed=(DEMENTIA, SEIZURE), sharing=Sharing.PRIVATE))
    form = unchanged(cast, "NORTH-1", note="mine")
    changed_by_bob(cast, features=(PhenotypicFeature(term_id=SEIZURE),))

    page = cast["alice"].post("/cases/NORTH-1/edit", form).text

    assert "They removed dementia." in page


def test_features_keep_their_modifiers(cast: Cast) -> None:
    feature = PhenotypicFeature(
        term_id=SEIZURE, severity="HP:0012828", modifiers=("HP:0012832",)
    )
    cast.put(dataclasses.replace(case_of("NORTH-1"), features=(feature,)))

    cast["alice"].post("/cases/NORTH-1/edit", unchanged(cast, "NORTH-1", note="new"))

    assert cast.get("NORTH-1").case.features == (feature,)


@pytest.mark.parametrize("path", ["/cases/NORTH-1", "/cases/NORTH-1/edit"])
def test_excluded_feature_has_no_rarity(cast: Cast, path: str) -> None:
    cast.put(case_of("NORTH-1", observed=()))

    page = cast["alice"].get(path).text.split("<template")[0]

    assert "microcephaly" in page
    assert ">1 in " not in page
