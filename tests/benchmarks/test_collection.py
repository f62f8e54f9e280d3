"""Which cases take part, and which answers are right, on the slice of HPO."""

import numpy as np
import pytest

from benchmarks.collection import Collection, profile
from matcher.case import Case, Disease, DiseaseStatus, PhenotypicFeature

SEIZURE, FOCAL, GENERALIZED = "HP:0001250", "HP:0007359", "HP:0002197"
SHORT = "HP:0004322"
THREE = (FOCAL, GENERALIZED, SHORT)


def case(case_id, disease="OMIM:1", terms=THREE, publications=(), excluded=()):
    observed = tuple(PhenotypicFeature(term_id=term) for term in terms)
    absent = tuple(PhenotypicFeature(term_id=t, excluded=True) for t in excluded)
    diseases = (Disease(disease_id=disease),) if disease else ()
    return Case(
        case_id=case_id,
        features=observed + absent,
        diseases=diseases,
        publications=publications,
    )


@pytest.fixture
def collect(hpo_slice):
    return lambda *cases: Collection.of(cases, hpo_slice.ontology)


def test_profile_has_current_phenotype_terms_without_the_implied(hpo_slice):
    replaced, unknown, inheritance = "HP:0040168", "HP:9999999", "HP:0000006"
    entered = [SHORT, replaced, SEIZURE, unknown, inheritance, SHORT]
    assert profile(entered, hpo_slice.ontology) == (SHORT, FOCAL)


def test_case_with_fewer_than_three_terms_does_not_take_part(collect):
    found = collect(
        case("enough"),
        case("two", terms=(FOCAL, SHORT)),
        case("implied", terms=(FOCAL, SEIZURE, SHORT)),
        case("excluded", terms=(FOCAL, SHORT), excluded=(GENERALIZED,)),
    )
    assert [each.case.case_id for each in found.cases] == ["enough"]


def test_only_a_confirmed_diagnosis_counts(collect):
    excluded = Disease(disease_id="OMIM:1", status=DiseaseStatus.EXCLUDED)
    features = tuple(PhenotypicFeature(term_id=term) for term in THREE)
    unsolved = Case(case_id="unsolved", features=features, diseases=(excluded,))
    assert len(collect(unsolved, case("none", disease=None))) == 0


def test_own_publication_is_neither_right_nor_wrong(collect):
    found = collect(
        case("query", publications=("PMID:1", "PMID:2")),
        case("same paper", publications=("PMID:2",)),
        case("other of the paper", "OMIM:2", publications=("PMID:1",)),
        case("partner", publications=("PMID:3",)),
        case("stranger", "OMIM:2", publications=("PMID:3",)),
    )
    right, wrong = found.right_and_wrong(np.array([0]))
    assert right.tolist() == [[False, False, False, True, False]]
    assert wrong.tolist() == [[False, False, False, False, True]]


def test_case_without_publication_is_not_compared_with_itself(collect):
    found = collect(case("a"), case("b"))
    right, _ = found.right_and_wrong(np.array([0, 1]))
    assert right.tolist() == [[False, True], [True, False]]


def test_query_without_a_partner_is_left_out(collect):
    found = collect(
        case("a", publications=("PMID:1",)),
        case("b", publications=("PMID:1",)),
        case("c", "OMIM:2", publications=("PMID:1",)),
        case("d", "OMIM:2", publications=("PMID:2",)),
    )
    assert found.queries(None, seed=0).tolist() == [2, 3]


def test_number_of_queries_of_a_disease_can_be_limited(collect):
    cases = [case(str(number)) for number in range(10)]
    cases += [case(f"other {number}", "OMIM:2") for number in range(2)]
    found = collect(*cases)
    queries = found.queries(3, seed=1)
    assert found.disease_numbers(queries).tolist() == [0, 0, 0, 1, 1]
    assert queries.tolist() == found.queries(3, seed=1).tolist()
    assert set(found.queries(2, seed=1)) < set(queries)
