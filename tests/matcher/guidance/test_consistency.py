"""Findings that cannot hold together, and findings that say nothing new."""

from __future__ import annotations

from matcher.case import Case, Onset, PhenotypicFeature
from matcher.guidance import Conflict, Implied, conflicts, implied
from ontologies import Release

SEIZURE, FOCAL, DENTITION, OLIGODONTIA = (
    "HP:0001250",
    "HP:0007359",
    "HP:0000164",
    "HP:0000677",
)


def case(*observed: str, excluded: tuple[str, ...] = (), aged: bool = False) -> Case:
    onset = Onset(years=2) if aged else None
    return Case(
        case_id="x",
        features=(
            *(PhenotypicFeature(term_id=i, onset=onset) for i in observed),
            *(
                PhenotypicFeature(term_id=i, excluded=True, onset=onset)
                for i in excluded
            ),
        ),
    )


def test_narrower_term_observed_contradicts_the_broader_one_excluded(
    release: Release,
) -> None:
    found = conflicts(case(OLIGODONTIA, excluded=(DENTITION,)), release.ontology)

    assert found == (Conflict(OLIGODONTIA, DENTITION),)


def test_broader_term_observed_and_narrower_excluded_can_both_hold(
    release: Release,
) -> None:
    assert conflicts(case(SEIZURE, excluded=(FOCAL,)), release.ontology) == ()


def test_findings_of_two_ages_are_no_conflict(release: Release) -> None:
    told = case(OLIGODONTIA, excluded=(DENTITION,), aged=True)

    assert conflicts(told, release.ontology) == ()


def test_broader_observed_term_is_implied_once(release: Release) -> None:
    told = case(SEIZURE, FOCAL, "HP:0002197")

    assert implied(told, release.ontology) == (Implied(SEIZURE, FOCAL),)


def test_same_term_by_an_older_id_is_not_implied(release: Release) -> None:
    retired = "HP:0040168"
    assert release.ontology.resolve(retired).term_id == FOCAL

    assert implied(case(FOCAL, retired), release.ontology) == ()


def test_unknown_ids_are_left_out(release: Release) -> None:
    told = case("HP:9999999", "nonsense", excluded=("HP:9999999",))

    assert conflicts(told, release.ontology) == ()
    assert implied(told, release.ontology) == ()
