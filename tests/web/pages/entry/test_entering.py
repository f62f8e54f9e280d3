"""Everything that can be typed of a case: details, variants, diagnoses, treatments, exposures."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from matcher.case import (
    Case,
    Disease,
    DiseaseStatus,
    Exposure,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Treatment,
    Variant,
    Zygosity,
)

from ...conftest import (
    MICROCEPHALY,
    OLIGODONTIA,
    PHF14,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)

SEVERE, LEFT, PROGRESSIVE, ONE_SIDE = (
    "HP:0012828",
    "HP:0012835",
    "HP:0003676",
    "HP:0012833",
)
MARFAN = "OMIM:154700"
SHOWN = ["variants", "diseases", "treatments", "exposures"]


def form(**changes: Any) -> dict[str, Any]:
    """The form of a new case with every part of it on the page."""
    return {
        "version": "0",
        "shown": SHOWN,
        "observed": [SEIZURE],
        "sex": "female",
        "sharing": "site",
        **changes,
    }


def variant(written: str, gene: str = PHF14, **fields: str) -> dict[str, list[str]]:
    """The fields of one variant."""
    said = {"gene": gene, "written": written, "assembly": "GRCh38", **fields}
    names = ("gene", "written", "assembly", "zygosity", "origin", "classification")
    return {f"variant_{name}": [said.get(name, "")] for name in names}


def entered(cast: Cast, **changes: Any) -> Case:
    answer = cast["alice"].post("/cases/new", form(**changes))
    assert answer.status_code == 303, answer.text
    return cast.get("NORTH-0001").case


def problem(cast: Cast, **changes: Any) -> str:
    answer = cast["alice"].post("/cases/new", form(**changes))
    assert answer.status_code == 422
    return answer.text


# Features


def test_feature_has_severity_side_course_and_age(cast: Cast) -> None:
    case = entered(
        cast,
        **{
            f"severity-{SEIZURE}": SEVERE,
            f"side-{SEIZURE}": LEFT,
            f"course-{SEIZURE}": PROGRESSIVE,
            f"age-{SEIZURE}": "5 m",
        },
    )

    (feature,) = case.features
    assert feature.severity == SEVERE
    assert feature.modifiers == (LEFT, PROGRESSIVE)
    assert feature.onset is not None and feature.onset.years == pytest.approx(
        5 / 12, abs=1e-3
    )
    page = cast["alice"].get("/cases/NORTH-0001").text
    assert "severe" in page and "left" in page and "from 5 months" in page


def test_details_the_form_does_not_offer_stay(cast: Cast) -> None:
    known = PhenotypicFeature(
        term_id=SEIZURE,
        modifiers=("HP:0025204", ONE_SIDE),
        onset=Onset(years=1.2345, term_id="HP:0003593"),
    )
    cast.put(dataclasses.replace(case_of("NORTH-1"), features=(known,)))
    page = cast["alice"].get("/cases/NORTH-1/edit").text
    assert f'<option value="{ONE_SIDE}" selected>' in page

    cast["alice"].post(
        "/cases/NORTH-1/edit",
        form(
            version="1",
            **{
                f"onset-{SEIZURE}": "HP:0003593",
                f"age-{SEIZURE}": "1 y 3 m",
                f"side-{SEIZURE}": LEFT,
                f"course-{SEIZURE}": "",
                f"severity-{SEIZURE}": "",
            },
        ),
    )

    (feature,) = cast.get("NORTH-1").case.features
    assert feature.modifiers == ("HP:0025204", LEFT)
    assert feature.onset == known.onset


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("age", "soon", "“soon” is not an age"),
        ("age", "9", "9 is later than the last visit at 4 y"),
        ("severity", "HP:0000118", "“HP:0000118” is none of those offered"),
        ("side", "sideways", "“sideways” is none of those offered"),
    ],
)
def test_detail_that_cannot_be_is_named(
    cast: Cast, field: str, typed: str, said: str
) -> None:
    page = problem(cast, age="4 y", **{f"{field}-{SEIZURE}": typed})

    assert said in page


# Variants


def test_variant_is_entered_with_its_zygosity_origin_and_class(cast: Cast) -> None:
    case = entered(
        cast,
        gene=[PHF14],
        **variant(
            "chr7:11,051,318 C>T; c.1204C>T",
            zygosity="heterozygous",
            origin="de novo",
            classification="uncertain significance",
        ),
    )

    (feature,) = case.genomic_features
    assert feature.gene == PHF14
    assert feature.variant == Variant(
        assembly="GRCh38",
        chromosome="7",
        start=11051318,
        reference="C",
        alternate="T",
        zygosity=Zygosity.HETEROZYGOUS,
        hgvs=("c.1204C>T",),
        origin="de novo",
        classification="uncertain significance",
    )
    page = cast["alice"].get("/cases/NORTH-0001").text
    assert "chr7:11,051,318 C&gt;T (GRCh38)" in page and "de novo" in page


def test_variant_that_is_none_is_kept_on_the_form_and_named(cast: Cast) -> None:
    page = problem(cast, gene=[PHF14], **variant("c.1204C>"))

    assert "“c.1204C&gt;” lacks the new base. Write it like c.1204C&gt;T." in page
    assert 'value="c.1204C&gt;"' in page
    assert 'href="#variant-0"' in page and 'id="variant-0"' in page


def test_variants_come_and_go_without_a_script(cast: Cast) -> None:
    page = cast["alice"].post("/cases/new", form(gene=[PHF14], add_variant=PHF14)).text
    assert 'id="variant-0"' in page

    page = (
        cast["alice"]
        .post(
            "/cases/new", form(gene=[PHF14], **variant("c.1204C>T"), drop_variant="0")
        )
        .text
    )

    assert 'id="variant-0"' not in page
    assert f'name="gene" value="{PHF14}"' in page


def test_gene_that_is_removed_takes_its_variants_with_it(cast: Cast) -> None:
    page = (
        cast["alice"]
        .post("/cases/new", form(gene=[PHF14], **variant("c.1204C>T"), drop=PHF14))
        .text
    )

    assert 'id="variant-0"' not in page


def test_empty_variant_is_the_gene_alone(cast: Cast) -> None:
    case = entered(cast, gene=[PHF14], **variant(""))

    assert case.genomic_features == (GenomicFeature(gene=PHF14),)


def test_form_that_shows_no_variants_keeps_them(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    before = cast.get("NORTH-1").case.genomic_features

    cast["alice"].post("/cases/NORTH-1/edit", form(version="1", shown=[], gene=[PHF14]))

    assert cast.get("NORTH-1").case.genomic_features == before


def test_stored_variant_comes_back_with_all_it_had(cast: Cast) -> None:
    known = Variant(
        assembly="GRCh37",
        chromosome="7",
        start=5,
        reference="C",
        alternate="T",
        consequence="SO:0001587",
        label="exome",
        shareable=False,
        origin="unknown to the form",
    )
    feature = GenomicFeature(gene=PHF14, variant=known)
    cast.put(dataclasses.replace(case_of("NORTH-1"), genomic_features=(feature,)))
    page = cast["alice"].get("/cases/NORTH-1/edit").text
    assert 'value="chr7:5 C&gt;T"' in page
    assert '<option value="unknown to the form" selected>' in page

    said = variant(
        "chr7:5 C>T",
        assembly="GRCh37",
        zygosity="homozygous",
        origin="unknown to the form",
    )
    cast["alice"].post("/cases/NORTH-1/edit", form(version="1", gene=[PHF14], **said))

    (after,) = cast.get("NORTH-1").case.genomic_features
    assert after.variant == dataclasses.replace(known, zygosity=Zygosity.HOMOZYGOUS)


# Diagnoses


def test_final_diagnosis_solves_the_case(cast: Cast) -> None:
    case = entered(cast, disease=[MARFAN], **{f"status-{MARFAN}": "confirmed"})

    (disease,) = case.diseases
    assert (disease.disease_id, disease.status) == (MARFAN, DiseaseStatus.CONFIRMED)
    assert case.solved
    assert "Marfan syndrome" in cast["alice"].get("/cases/NORTH-0001").text


def test_diagnosis_is_searched_and_chosen_without_a_script(cast: Cast) -> None:
    page = (
        cast["alice"]
        .post("/cases/new", form(action="disease", disease_q="marfan"))
        .text
    )
    assert 'name="choose_disease"' in page

    page = cast["alice"].post("/cases/new", form(choose_disease=MARFAN)).text

    assert f'name="disease" value="{MARFAN}"' in page
    assert '<option value="candidate" selected>' in page


def test_diagnoses_are_searched_like_terms(cast: Cast) -> None:
    options = cast["alice"].get("/diseases", q="marfn syndrom").json["options"]

    assert options[0]["label"].startswith("Marfan syndrome")


def test_diagnosis_of_two_vocabularies_is_offered_once(cast: Cast) -> None:
    found = cast["alice"].get("/diseases", q="nicolaides baraitser").json["options"]

    assert found[0]["id"] == "OMIM:601358" and "ORPHA:3051" in found[0]["definition"]
    assert "ORPHA:3051" not in [option["id"] for option in found]


def test_diagnosis_that_is_none_is_named(cast: Cast) -> None:
    assert "“OMIM:1” names no diagnosis" in problem(cast, disease=["OMIM:1"])


def test_diagnosis_of_another_reader_stays(cast: Cast) -> None:
    known = Disease(disease_id="LOCAL:7", label="own name", onset=Onset(years=1))
    cast.put(dataclasses.replace(case_of("NORTH-1"), diseases=(known,), solved=False))

    cast["alice"].post(
        "/cases/NORTH-1/edit",
        form(version="1", disease=["LOCAL:7"], **{"status-LOCAL:7": "confirmed"}),
    )

    case = cast.get("NORTH-1").case
    assert (case.diseases, case.solved) == ((known,), False)


# Treatments and exposures


def test_treatments_and_exposures_are_coded(cast: Cast) -> None:
    case = entered(
        cast,
        treatment=["Valproic acid", "CHEBI:1 sirup", "ketogenic diet", ""],
        response=["partial", "none", "good", ""],
        reason=["seizures", "", "", ""],
        exposure=["alcohol before birth", ""],
        exposure_note=["first months", ""],
    )

    assert case.treatments == (
        Treatment(
            agent_id="ATC:N03AG01",
            label="Valproic acid",
            response="partial",
            reason="seizures",
        ),
        Treatment(agent_id="CHEBI:1", label="sirup", response="none"),
        Treatment(
            agent_id="local:ketogenic-diet", label="ketogenic diet", response="good"
        ),
    )
    assert case.exposures == (
        Exposure(
            exposure_id="ICD10:P04.3",
            label="alcohol before birth",
            note="first months",
        ),
    )
    page = cast["alice"].get("/cases/NORTH-0001").text
    assert "Valproic acid" in page and "ATC:N03AG01" in page and "first months" in page


def test_treatment_of_another_reader_keeps_its_code(cast: Cast) -> None:
    known = Treatment(
        agent_id="DrugCentral:1", label="x", action="procedure", response_id="NCIT:1"
    )
    cast.put(dataclasses.replace(case_of("NORTH-1"), treatments=(known,)))

    said = {"treatment": ["x"], "response": [""], "reason": ["pain"]}
    cast["alice"].post("/cases/NORTH-1/edit", form(version="1", **said))

    assert cast.get("NORTH-1").case.treatments == (
        dataclasses.replace(known, reason="pain"),
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            {"treatment": [""], "response": ["good"], "reason": [""]},
            "It says how it went, but not what was tried.",
        ),
        (
            {"treatment": ["x"], "response": ["splendid"], "reason": [""]},
            "“splendid” is none of those offered.",
        ),
        (
            {"exposure": [""], "exposure_note": ["daily"]},
            "It says how much, but not what of.",
        ),
        (
            {"exposure": ["x" * 201], "exposure_note": [""]},
            "201 characters are more than 200.",
        ),
    ],
)
def test_half_an_entry_is_named(
    cast: Cast, said: dict[str, list[str]], sentence: str
) -> None:
    assert sentence in problem(cast, **said)


def test_two_people_who_add_a_diagnosis_each_keep_both(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    sent = form(version="1", gene=[PHF14], **variant("canary-variant"))
    cast["alice"].post("/cases/NORTH-1/edit", {**sent, "disease": [MARFAN]})

    answer = cast["bob"].post(
        "/cases/NORTH-1/edit",
        {**sent, "treatment": ["biotin"], "response": ["good"], "reason": [""]},
    )

    assert answer.status_code == 409
    assert f'name="disease" value="{MARFAN}"' in answer.text
    assert 'value="biotin"' in answer.text
    assert "They added Marfan syndrome" in answer.text


# Beside the form


def test_contradiction_is_named_and_ended_without_a_script(cast: Cast) -> None:
    dentition = "HP:0000164"
    told = form(observed=[OLIGODONTIA], excluded=[dentition])
    page = cast["alice"].post("/cases/new", {**told, "action": "advise"}).text
    assert "Both cannot hold" in page

    page = cast["alice"].post("/cases/new", {**told, "remove": dentition}).text

    assert "Both cannot hold" not in page
    assert f'name="observed" value="{OLIGODONTIA}"' in page


def test_finding_that_is_implied_is_offered_for_removal(cast: Cast) -> None:
    told = form(observed=[SEIZURE, "HP:0007359"], action="advise")

    page = cast["alice"].post("/cases/new", told).text

    assert "<b>Seizure</b> adds nothing: focal-onset seizure says it." in page


def test_same_person_is_named_only_to_who_may_open_the_other_case(cast: Cast) -> None:
    terms = [SEIZURE, OLIGODONTIA, WIDE_MOUTH, "HP:0006237", MICROCEPHALY]
    other = case_of("NORTH-1", observed=tuple(terms), excluded=(), genes=())
    cast.put(dataclasses.replace(other, sharing=other.sharing.PRIVATE))
    told = {"version": "0", "observed": terms, "age": "4 y"}

    ours = cast["alice"].post("/cases/new/draft", told).json["advice"]
    theirs = cast["bob"].post("/cases/new/draft", told).json["advice"]

    assert "The same person as NORTH-1?" in ours
    assert "NORTH-1" not in theirs


def test_cases_of_other_sites_are_not_told_while_typing(cast: Cast) -> None:
    shared = case_of("HARBOUR-1", site="Harbour", submitter="charlie")
    cast.put(dataclasses.replace(shared, sharing=shared.sharing.NETWORK))

    told = {"version": "0", "observed": [SEIZURE, OLIGODONTIA, WIDE_MOUTH]}
    advice = cast["alice"].post("/cases/new/draft", told).json["advice"]

    assert "HARBOUR-1" not in advice


def test_nothing_is_asked_before_there_is_enough_to_find_anybody(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))
    told = {"version": "0", "observed": [OLIGODONTIA, WIDE_MOUTH]}

    few = cast["alice"].post("/cases/new/draft", told).json["advice"]
    told["observed"] = [OLIGODONTIA, WIDE_MOUTH, MICROCEPHALY]
    enough = cast["alice"].post("/cases/new/draft", told).json["advice"]

    assert "Ask about" not in few and "Ask about" in enough


def test_what_to_ask_names_who_shows_it_and_what_a_yes_does(cast: Cast) -> None:
    eczema, nails = "HP:0000964", "HP:0002164"
    terms = (SEIZURE, OLIGODONTIA, WIDE_MOUTH)
    cast.put(case_of("NORTH-1", observed=(*terms, eczema), genes=(), excluded=()))
    cast.put(case_of("NORTH-2", observed=(*terms, nails), genes=(), excluded=(eczema,)))

    told = {"version": "0", "observed": list(terms)}
    advice = cast["alice"].post("/cases/new/draft", told).json["advice"]

    assert "Ask about" in advice and "NORTH-1 shows it." in advice
    assert "Not found in NORTH-2." in advice


def test_empty_form_asks_nothing_and_says_what_will_stand_there(cast: Cast) -> None:
    cast.put(case_of("NORTH-1"))

    page = cast["alice"].get("/cases/new").text

    assert "As you type" in page
    assert "Ask about" not in page
