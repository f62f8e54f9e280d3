"""Each rule of validation: what breaks it, how badly, and that a sound case breaks none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from matcher.case import (
    Case,
    Contact,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from matcher.validation.issues import Issue, Rule, Severity
from matcher.placement import placed
from matcher.validation import Validator, validate
from ontologies.ontology import build_ontology
from ontologies.terms import Term

if TYPE_CHECKING:
    from ontologies import Release

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


@pytest.fixture
def release(drawn_release: Any) -> Release:
    found: Release = drawn_release
    return found


def features(*term_ids: str) -> tuple[PhenotypicFeature, ...]:
    """Features by id; a leading minus excludes."""
    return tuple(
        PhenotypicFeature(term_id=i.removeprefix("-"), excluded=i.startswith("-"))
        for i in term_ids
    )


def case(*term_ids: str, **fields: Any) -> Case:
    """A case with three terms that are sound, and others."""
    sound = ("HP:0000486", "HP:0000518", "HP:0006237")
    return Case(case_id="A", features=features(*sound, *term_ids), **fields)


def issues(of: Case, release: Release) -> list[tuple[Severity, Rule]]:
    return [(issue.severity, issue.rule) for issue in validate(of, release)]


def the_only(of: Case, release: Release) -> Issue:
    [issue] = validate(of, release)
    return issue


def test_sound_case_has_no_issue(release: Release) -> None:
    sound = case(
        "-HP:0000252",
        genomic_features=(
            GenomicFeature(
                gene="KARS1",
                variant=Variant(
                    assembly="GRCh38",
                    chromosome="16",
                    start=75627000,
                    end=75627000,
                    reference="C",
                    alternate="T",
                ),
            ),
        ),
        diseases=(Disease(disease_id="MIM:610536", onset=Onset(years=1)),),
        onset=Onset(term_id="HP:0003577", years=0),
        inheritance=("HP:0000006",),
        age_years=4,
        sharing=Sharing.NETWORK,
        contact=Contact(name="N", href="mailto:a@example.org"),
    )
    assert validate(sound, release) == ()


@pytest.mark.parametrize(
    "term_id, expected, mentioned",
    [
        ("HP:9999999", (WARNING, Rule.UNKNOWN_TERM), "not a term of HPO drawn"),
        ("fits", (WARNING, Rule.MALFORMED_TERM), "looks like HP:0001250"),
        ("HP:0000999", (WARNING, Rule.OBSOLETE_TERM), "choose another term"),
        ("HP:0008007", (NOTE, Rule.REPLACED_TERM), "HP:0008070 (Sparse hair)"),
        ("HP:0000006", (NOTE, Rule.WRONG_BRANCH), "counts as inheritance"),
        ("HP:0003577", (NOTE, Rule.WRONG_BRANCH), "counts as the age of onset"),
        ("HP:0000001", (WARNING, Rule.WRONG_BRANCH), "below HP:0000118"),
    ],
)
def test_term_that_does_not_count_as_entered_is_named(
    term_id: str, expected: tuple[Severity, Rule], mentioned: str, release: Release
) -> None:
    issue = the_only(case(term_id), release)
    assert (issue.severity, issue.rule) == expected
    assert term_id in issue.message
    assert mentioned in issue.message
    assert issue.field == "features"


def test_split_term_is_told_with_its_choices(release: Release) -> None:
    ids = ["HP:0000486", "HP:0000518", "HP:0006237"]
    terms = [
        Term(term_id="HP:0000118", label="Phenotypic abnormality"),
        *(
            Term(term_id=i, label=f"Label {i}", alternative_ids=("HP:0000777",))
            for i in ids
        ),
    ]
    ontology = build_ontology(
        "split", terms, {"HP:0000118": (), **{i: ("HP:0000118",) for i in ids}}
    )
    split: Any = SimpleNamespace(
        ontology=ontology, genes=release.genes, diseases=release.diseases
    )
    issue = the_only(case("HP:0000777"), split)
    assert (issue.severity, issue.rule) == (WARNING, Rule.AMBIGUOUS_TERM)
    assert "HP:0000486 (Label HP:0000486), HP:0000518" in issue.message


def test_unknown_term_is_told_once(release: Release) -> None:
    found = issues(case("HP:9999999", "HP:9999999"), release)
    assert found == [(WARNING, Rule.UNKNOWN_TERM)]


def test_term_both_observed_and_excluded_contradicts(release: Release) -> None:
    issue = the_only(case("-HP:0000486"), release)
    assert (issue.severity, issue.rule) == (ERROR, Rule.CONTRADICTION)
    assert "HP:0000486 (Strabismus) is both observed and excluded" in issue.message


def test_observed_term_below_an_excluded_one_contradicts(release: Release) -> None:
    issue = the_only(case("HP:0005484", "-HP:0000252"), release)
    assert issue.severity is ERROR
    assert "HP:0005484 (Secondary microcephaly) is observed" in issue.message
    assert "HP:0000252 (Microcephaly), which it is a kind of" in issue.message


def test_excluded_term_below_an_observed_one_does_not_contradict(
    release: Release,
) -> None:
    assert issues(case("HP:0000252", "-HP:0005484"), release) == []


def test_contradiction_through_an_earlier_id_is_found(release: Release) -> None:
    found = issues(case("HP:0002209", "-HP:0008007"), release)
    assert (ERROR, Rule.CONTRADICTION) in found


def test_contradiction_at_different_ages_is_only_a_warning(release: Release) -> None:
    later = PhenotypicFeature(term_id="HP:0000252", onset=Onset(years=2))
    of = case("-HP:0000252")
    of = Case(case_id="A", features=(*of.features, later))
    assert issues(of, release) == [(WARNING, Rule.CONTRADICTION)]


def test_implied_observed_term_is_the_broader_one(release: Release) -> None:
    issue = the_only(case("HP:0000478"), release)
    assert (issue.severity, issue.rule) == (NOTE, Rule.IMPLIED_TERM)
    assert issue.message.startswith("HP:0000478 (Abnormality of the eye) is implied by")


def test_implied_excluded_term_is_the_narrower_one(release: Release) -> None:
    issue = the_only(case("-HP:0000252", "-HP:0005484"), release)
    assert (issue.severity, issue.rule) == (NOTE, Rule.IMPLIED_TERM)
    assert issue.message.startswith("Excluding HP:0005484")


@pytest.mark.parametrize("terms", [["HP:0000486"], ["-HP:0000252", "-hp_0000252"]])
def test_repeated_term_counts_once(terms: list[str], release: Release) -> None:
    assert issues(case(*terms), release) == [(NOTE, Rule.REPEATED_TERM)]


@pytest.mark.parametrize(
    "gene, expected, mentioned",
    [
        ("KARS", (NOTE, Rule.RENAMED_GENE), "counts as KARS1"),
        ("MLL4", (WARNING, Rule.AMBIGUOUS_GENE), "choose KMT2B, KMT2D"),
        ("NOPE1", (WARNING, Rule.UNKNOWN_GENE), "not a gene known to HGNC"),
    ],
)
def test_gene_that_does_not_count_as_entered_is_named(
    gene: str, expected: tuple[Severity, Rule], mentioned: str, release: Release
) -> None:
    named = (GenomicFeature(gene=gene), GenomicFeature(gene=gene))
    issue = the_only(case(genomic_features=named), release)
    assert (issue.severity, issue.rule) == expected
    assert gene in issue.message and mentioned in issue.message


@pytest.mark.parametrize(
    "disease_id, expected",
    [
        ("MIM:610536", []),
        ("Orphanet:79113", []),
        ("OMIM:999999", [(NOTE, Rule.UNKNOWN_DISEASE)]),
        ("DECIPHER:18", [(WARNING, Rule.DISEASE_ID)]),
        ("Made-up syndrome", [(WARNING, Rule.DISEASE_ID)]),
    ],
)
def test_disease_id_is_checked(
    disease_id: str, expected: list[tuple[Severity, Rule]], release: Release
) -> None:
    of = case(diseases=(Disease(disease_id=disease_id),))
    assert issues(of, release) == expected


def test_disease_diagnosed_and_ruled_out_contradicts(release: Release) -> None:
    diseases = (
        Disease(disease_id="MIM:610536"),
        Disease(disease_id="OMIM:610536", status=DiseaseStatus.EXCLUDED),
    )
    found = issues(case(diseases=diseases), release)
    assert found == [(ERROR, Rule.CONTRADICTION)]


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"age_years": -1}, "age_years"),
        ({"age_years": 151}, "age_years"),
        ({"age_years": float("nan")}, "age_years"),
        ({"onset": Onset(years=-0.5)}, "onset"),
        (
            {"diseases": (Disease(disease_id="OMIM:610536", onset=Onset(years=500)),)},
            "diseases.onset",
        ),
    ],
)
def test_impossible_age_is_an_error(
    fields: dict[str, Any], field: str, release: Release
) -> None:
    issue = the_only(case(**fields), release)
    assert (issue.severity, issue.rule) == (ERROR, Rule.IMPOSSIBLE_AGE)
    assert issue.field == field


def test_onset_after_the_last_encounter_is_a_warning(release: Release) -> None:
    issue = the_only(case(age_years=4, onset=Onset(years=10)), release)
    assert (issue.severity, issue.rule) == (WARNING, Rule.IMPOSSIBLE_AGE)
    assert "10 years" in issue.message and "4 years" in issue.message


def test_onset_in_the_year_of_the_last_encounter_is_sound(release: Release) -> None:
    assert issues(case(age_years=4, onset=Onset(years=4.5)), release) == []


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"inheritance": ("HP:0003577",)}, "inheritance"),
        ({"onset": Onset(term_id="HP:0000006")}, "onset"),
    ],
)
def test_term_of_another_branch_does_not_count(
    fields: dict[str, Any], field: str, release: Release
) -> None:
    issue = the_only(case(**fields), release)
    assert (issue.severity, issue.rule) == (WARNING, Rule.WRONG_BRANCH)
    assert issue.field == field


def test_unknown_inheritance_term_is_told(release: Release) -> None:
    issue = the_only(case(inheritance=("HP:9999999",)), release)
    assert (issue.rule, issue.field) == (Rule.UNKNOWN_TERM, "inheritance")


PLACED: dict[str, Any] = {"assembly": "GRCh38", "chromosome": "1", "start": 10}


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, []),
        ({"end": 9}, [(ERROR, Rule.POSITION)]),
        ({"start": 0}, [(ERROR, Rule.POSITION)]),
        ({"chromosome": "99"}, [(WARNING, Rule.POSITION)]),
        ({"chromosome": None}, [(WARNING, Rule.POSITION)]),
        ({"assembly": None}, [(WARNING, Rule.ASSEMBLY)]),
        ({"assembly": "T2T"}, [(WARNING, Rule.ASSEMBLY)]),
        ({"alternate": "Q"}, [(WARNING, Rule.ALLELE)]),
        ({"reference": "A", "alternate": "A"}, [(WARNING, Rule.ALLELE)]),
    ],
)
def test_variant_is_checked(
    changes: dict[str, Any], expected: list[tuple[Severity, Rule]], release: Release
) -> None:
    feature = GenomicFeature(variant=Variant(**{**PLACED, **changes}))
    assert issues(case(genomic_features=(feature,)), release) == expected


def test_other_species_is_a_warning(release: Release) -> None:
    assert issues(case(species="NCBITaxon:10090"), release) == [(WARNING, Rule.SPECIES)]


@pytest.mark.parametrize("contact", [None, Contact(name="N")])
def test_shared_case_names_somebody_to_reach(
    contact: Contact | None, release: Release
) -> None:
    shared = case(sharing=Sharing.EXCHANGE_1, contact=contact)
    assert issues(shared, release) == [(WARNING, Rule.NO_CONTACT)]
    assert issues(case(sharing=Sharing.SITE, contact=contact), release) == []


@pytest.mark.parametrize(
    "of",
    [
        Case(case_id="A"),
        Case(case_id="A", features=features("-HP:0000486", "-HP:0006237")),
        Case(
            case_id="A", genomic_features=(GenomicFeature(gene="KARS1", excluded=True),)
        ),
    ],
)
def test_case_with_nothing_to_match_is_an_error(of: Case, release: Release) -> None:
    assert issues(of, release) == [(ERROR, Rule.NOTHING_TO_MATCH)]


def test_unknown_terms_and_genes_are_nothing_to_match(release: Release) -> None:
    of = Case(
        case_id="A",
        features=features("HP:9999999"),
        genomic_features=(GenomicFeature(gene="NOPE1"),),
    )
    assert issues(of, release)[0] == (ERROR, Rule.NOTHING_TO_MATCH)


def test_fewer_than_three_terms_without_a_gene_are_told(release: Release) -> None:
    of = Case(case_id="A", features=features("HP:0000486", "HP:0006237", "HP:0000006"))
    found = [issue for issue in validate(of, release) if issue.rule is Rule.FEW_TERMS]
    assert found[0].severity is WARNING
    assert "Only 2 usable terms" in found[0].message


@pytest.mark.parametrize(
    "feature",
    [GenomicFeature(gene="KARS1"), GenomicFeature(variant=Variant(**PLACED))],
)
def test_gene_or_variant_is_enough_to_match(
    feature: GenomicFeature, release: Release
) -> None:
    assert issues(Case(case_id="A", genomic_features=(feature,)), release) == []


def test_errors_come_first(release: Release) -> None:
    of = case("HP:0000478", "HP:9999999", age_years=-1)
    assert [issue.severity for issue in validate(of, release)] == [ERROR, WARNING, NOTE]


def test_one_validator_serves_many_cases(release: Release) -> None:
    validator = Validator(release)
    assert validator.validate(case()) == validator.validate(case()) == ()


def test_every_message_ends_as_a_sentence(release: Release) -> None:
    of = case("HP:9999999", "x", "-HP:0000486", species="x", age_years=-1)
    found = validate(of, release)
    assert len(found) == 5
    assert all(issue.message.endswith(".") for issue in found)


def test_inheritance_and_onset_among_features_are_moved(release: Release) -> None:
    of = case("HP:0000006", "HP:0003577", "-HP:0000007", inheritance=("HP:0001417",))
    moved = placed(of, release.ontology)
    assert moved.features == case().features
    assert moved.inheritance == ("HP:0001417", "HP:0000006")
    assert moved.onset == Onset(term_id="HP:0003577")


def test_stated_onset_stays_when_another_stands_among_features(
    release: Release,
) -> None:
    of = case("HP:0003577", onset=Onset(years=3))
    assert placed(of, release.ontology).onset == Onset(years=3)


def test_case_with_nothing_to_move_comes_back_itself(release: Release) -> None:
    of = case("HP:9999999", "x")
    assert placed(of, release.ontology) is of
