"""What differs between two states of a case, and what of it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matcher.case import (
    Case,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sharing,
    Variant,
    Zygosity,
)
from matcher.kept.changes import case_changes

SEIZURE = PhenotypicFeature(term_id="HP:0001250", label="Seizure")
CASE = Case(
    case_id="P1",
    features=(SEIZURE,),
    genomic_features=(GenomicFeature(gene="FBN1"),),
    inheritance=("HP:0000006",),
)
ALLELE = Variant(
    assembly="GRCh38",
    chromosome="7",
    start=11,
    reference="C",
    alternate="T",
    zygosity=Zygosity.HETEROZYGOUS,
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"features": ()}, "Seizure (HP:0001250) was removed"),
        (
            {"features": (SEIZURE, PhenotypicFeature(term_id="HP:0000252"))},
            "HP:0000252 was added",
        ),
        (
            {"features": (replace(SEIZURE, excluded=True),)},
            "Seizure (HP:0001250) became no Seizure (HP:0001250)",
        ),
        ({"genomic_features": ()}, "FBN1 was removed"),
        (
            {"genomic_features": (GenomicFeature(gene="FBN1", excluded=True),)},
            "FBN1 was removed",
        ),
        (
            {"genomic_features": (GenomicFeature(gene="FBN1", variant=ALLELE),)},
            "variant GRCh38:7:11:C:T of FBN1, heterozygous was added",
        ),
        ({"onset": Onset(years=4.0)}, "onset became 4 y (it was not given)"),
        ({"inheritance": ()}, "mode of inheritance HP:0000006 was removed"),
        (
            {"diseases": (Disease(disease_id="OMIM:1", label="First"),)},
            "confirmed diagnosis First (OMIM:1) was added",
        ),
        (
            {"sharing": Sharing.NETWORK},
            "the sharing level became network (it was private)",
        ),
        ({"solved": True}, "solved became yes (it was no)"),
    ],
)
def test_one_change_is_said(changes: dict[str, object], words: str) -> None:
    after = replace(CASE, **changes)  # type: ignore[arg-type]

    assert [change.words for change in case_changes(CASE, after)] == [words]


def test_a_diagnosis_that_became_sure_changed() -> None:
    disease = Disease(disease_id="OMIM:1", status=DiseaseStatus.CANDIDATE)
    before = replace(CASE, diseases=(disease,))
    after = replace(CASE, diseases=(Disease(disease_id="OMIM:1"),))

    (change,) = case_changes(before, after)

    assert (
        change.words == "candidate diagnosis OMIM:1 became confirmed diagnosis OMIM:1"
    )
    assert (change.part, change.way, change.subject) == (
        "diagnosis",
        "changed",
        "OMIM:1",
    )


@pytest.mark.parametrize("field", ["note", "label"])
def test_what_no_match_follows_from_is_no_change(field: str) -> None:
    assert case_changes(CASE, replace(CASE, **{field: "new"})) == ()  # type: ignore[arg-type]
