"""A case that may be the same person: enough in common, and nothing against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matcher.case import Case, GenomicFeature, PhenotypicFeature, Sex, Variant
from matcher.guidance import twins
from ontologies import Release

TERMS = ("HP:0000677", "HP:0006237", "HP:0001250", "HP:0000154", "HP:0001263")
HGVS = "NM_014660.4:c.1204C>T"


def case(case_id: str, *observed: str, **facts: object) -> Case:
    features = tuple(PhenotypicFeature(term_id=i) for i in observed)
    return replace(
        Case(case_id=case_id, features=features, sex=Sex.FEMALE, age_years=4.0), **facts
    )


def with_variant(gene: str) -> dict[str, object]:
    variant = Variant(hgvs=(HGVS,))
    return {"genomic_features": (GenomicFeature(gene=gene, variant=variant),)}


def test_most_findings_in_common_make_a_twin(release: Release) -> None:
    (found,) = twins(case("a", *TERMS), [case("b", *TERMS[:4])], release)

    assert (found.case_id, found.shared, found.findings) == ("b", 4, 4)


@pytest.mark.parametrize(
    "against",
    [
        {"sex": Sex.MALE},
        {"age_years": 12.0},
    ],
)
def test_sex_and_age_speak_against_it(
    release: Release, against: dict[str, object]
) -> None:
    other = case("b", *TERMS, label="exome 12", **against)

    assert twins(case("a", *TERMS, label="exome 12"), [other], release) == []


def test_few_findings_in_common_make_none(release: Release) -> None:
    other = case("b", *TERMS[:2], "HP:0000365", "HP:0000510")

    assert twins(case("a", *TERMS), [other], release) == []
    assert twins(case("a", *TERMS[:3]), [case("b", *TERMS[:3])], release) == []


def test_same_variant_counts_however_the_gene_was_written(release: Release) -> None:
    other = case("b", TERMS[0], "HP:0000365", **with_variant("HGNC:22203"))

    (found,) = twins(case("a", *TERMS, **with_variant("PHF14")), [other], release)

    assert found.variants == (f"PHF14 {HGVS}",)


def test_same_name_at_the_site_comes_first(release: Release) -> None:
    others = [case("b", *TERMS), case("c", label="Exome 12"), case("a", *TERMS)]

    found = twins(case("a", *TERMS, label="exome 12"), others, release)

    assert [twin.case_id for twin in found] == ["c", "b"]
