import math

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.engine import kernels as kernels_module
from matcher.engine.compiled_kernels import CompiledKernels
from matcher.engine.kernels import fastest_kernels
from matcher.engine.numpy_kernels import NumpyKernels
from matcher.engine.packed import Profiles, curve, mean_of_largest, offsets_of, terms
from matcher.similarity import (
    most_specific,
    neighbourhood,
    phenotype_score,
    shared_information,
)

KERNELS = (CompiledKernels(), NumpyKernels())
NAMES = ("compiled", "numpy")


@st.composite
def ontologies(draw):
    """Parents of each row, all of lower rows; several roots make disconnected parts."""
    size = draw(st.integers(1, 14))
    parents = [()]
    for row in range(1, size):
        parents.append(tuple(draw(st.sets(st.integers(0, row - 1), max_size=3))))
    return parents


def profiles_of(size):
    return st.frozensets(st.integers(0, size - 1), max_size=20)


class Drawn:
    """One ontology as the oracle sees it and as the kernels see it."""

    def __init__(self, parents, diseases):
        self.graph = networkx.DiGraph()
        self.graph.add_nodes_from(range(len(parents)))
        for child, above in enumerate(parents):
            self.graph.add_edges_from((parent, child) for parent in above)
        ancestors = [
            sorted({row, *networkx.ancestors(self.graph, row)})
            for row in range(len(parents))
        ]
        counts = [
            max(1, sum(row in ancestors[disease] for disease in diseases))
            for row in range(len(parents))
        ]
        self.ic = [
            max(0.0, -math.log(count / max(1, len(diseases)))) for count in counts
        ]
        self.terms = terms(
            offsets_of(np.array([len(above) for above in parents])),
            np.array([p for above in parents for p in sorted(above)], dtype=np.uint16),
            offsets_of(np.array([len(above) for above in ancestors])),
            np.array([a for above in ancestors for a in above], dtype=np.uint16),
            np.array(self.ic),
        )


@st.composite
def drawn_ontologies(draw):
    parents = draw(ontologies())
    diseases = draw(st.lists(st.integers(0, len(parents) - 1), max_size=40))
    return Drawn(parents, diseases)


@st.composite
def questions(draw):
    """An ontology, a query and some candidates; also a panel."""
    drawn = draw(drawn_ontologies())
    some = profiles_of(drawn.terms.size)
    return (
        drawn,
        draw(some),
        draw(st.lists(some, max_size=6)),
        draw(st.lists(some, max_size=6)),
    )


def packed(cases):
    return Profiles.of([sorted(case) for case in cases])


def rows(case):
    return np.array(sorted(case), dtype=np.uint16)


def similarities(kernels, drawn, query, cases):
    out = np.full(len(cases), 7.0)
    kernels.similarity(kernels.table(drawn.terms, rows(query)), packed(cases), 0, out)
    return out


@pytest.fixture(params=KERNELS, ids=NAMES)
def kernels(request):
    return request.param


@settings(deadline=None)
@given(questions())
@pytest.mark.parametrize("kernels", KERNELS, ids=NAMES)
def test_similarity_equals_the_oracle(kernels, question):
    drawn, query, cases, _ = question
    expected = [
        shared_information(drawn.graph, drawn.ic, query, case) for case in cases
    ]
    found = similarities(kernels, drawn, query, cases)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(questions())
def test_compiled_and_numpy_similarities_are_the_same_bits(question):
    drawn, query, cases, _ = question
    first, second = (similarities(kernels, drawn, query, cases) for kernels in KERNELS)
    np.testing.assert_array_equal(first, second)


@settings(deadline=None)
@given(questions())
@pytest.mark.parametrize("kernels", KERNELS, ids=NAMES)
def test_many_queries_at_once_give_the_bits_of_one_at_a_time(kernels, question):
    drawn, query, cases, others = question
    queries = [query, *others, query]
    found = np.full((len(queries), len(cases)), 7.0)
    kernels.similarities(drawn.terms, packed(queries), packed(cases), found)
    expected = [similarities(kernels, drawn, each, cases) for each in queries]
    np.testing.assert_array_equal(found, expected)


def test_more_cases_than_are_held_against_queries_at_once_are_all_scored(chain):
    cases = [{1}, set(), {2, 3}] * 70
    found = np.full((1, len(cases)), 7.0)
    KERNELS[0].similarities(chain.terms, packed([{2}]), packed(cases), found)
    expected = similarities(KERNELS[0], chain, {2}, cases)
    np.testing.assert_array_equal(found[0], expected)


@settings(deadline=None)
@given(questions())
def test_similarity_is_symmetric(question):
    drawn, query, cases, _ = question
    there = similarities(KERNELS[0], drawn, query, cases)
    back = [similarities(KERNELS[0], drawn, case, [query])[0] for case in cases]
    np.testing.assert_allclose(there, back, rtol=1e-12)


@settings(deadline=None)
@given(questions())
@pytest.mark.parametrize("kernels", KERNELS, ids=NAMES)
def test_hubness_equals_the_oracle(kernels, question):
    drawn, _, cases, panel = question
    found = kernels.hubness(drawn.terms, packed(cases), packed(panel), 3)
    expected = [
        neighbourhood(drawn.graph, drawn.ic, case, panel, 3) if case else 0.0
        for case in cases
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(questions())
@pytest.mark.parametrize("kernels", KERNELS, ids=NAMES)
def test_an_ontology_restricted_to_the_panel_gives_the_same_hubness(kernels, question):
    drawn, _, cases, panel = question
    small = drawn.terms.restricted_to(packed(panel).rows)
    places = Profiles(
        small.position[packed(panel).rows].astype(np.uint16), packed(panel).offsets
    )
    found = kernels.hubness(small, packed(cases), places, 3)
    expected = kernels.hubness(drawn.terms, packed(cases), packed(panel), 3)
    np.testing.assert_array_equal(found, expected)
    assert small.size <= drawn.terms.size


@settings(deadline=None)
@given(questions())
@pytest.mark.parametrize("kernels", KERNELS, ids=NAMES)
def test_implied_terms_are_those_the_oracle_drops(kernels, question):
    drawn, query, cases, _ = question
    profiles = packed([query, *cases])
    implied = kernels.implied(drawn.terms, profiles)
    for number, case in enumerate([query, *cases]):
        stretch = slice(profiles.offsets[number], profiles.offsets[number + 1])
        kept = set(profiles.rows[stretch][~implied[stretch]].tolist())
        assert kept == most_specific(drawn.graph, case)


@settings(deadline=None)
@given(
    st.lists(st.floats(-5, 5), max_size=8),
    st.floats(0, 3),
    st.lists(st.integers(-5, 5), min_size=2, max_size=6, unique=True),
)
def test_log_likelihood_is_the_curve_of_the_scaled_score(values, query_hubness, knots):
    knots = np.sort(np.array(knots, dtype=np.float64))
    bent = curve(knots, np.arange(len(knots)) * 1.5, 4.0, 1.0)
    hubness = np.linspace(0, 2, len(values)).astype(np.float32)
    expected = [
        bent(np.array([phenotype_score(x, query_hubness, float(r))]))[0]
        for x, r in zip(values, hubness)
    ]
    found = [np.array(values, dtype=np.float64) for _ in KERNELS]
    for kernels, each in zip(KERNELS, found):
        kernels.log_likelihood(bent, hubness, query_hubness, each)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(found[0], expected, rtol=1e-9, atol=1e-9)


def test_missing_phenotype_is_worth_exactly_nothing(kernels):
    values = np.array([math.nan, 1.0])
    bent = curve(np.array([-9.0, -8.0]), np.array([-3.0, -2.0]), 4.0, 1.0)
    kernels.log_likelihood(bent, np.zeros(2, dtype=np.float32), 0.0, values)
    assert values[0] == 0.0
    assert values[1] == pytest.approx(7.0)


@pytest.fixture
def chain():
    """0 - 1 - 2, and 3 beside 2; the rarer the deeper."""
    return Drawn([(), (0,), (1,), (1,)], [0, 0, 1, 2, 2, 3, 0, 0])


def test_bonus_for_the_identical_term_does_not_leak_to_its_descendants(kernels, chain):
    table = kernels.table(chain.terms, rows({1}))
    unit = chain.terms.content[1]
    assert table.best[1, 0] == round(1.4 * int(unit))
    assert table.best[2, 0] == unit


def test_each_direction_counts(kernels, chain):
    few_of_many, many_of_few = (
        similarities(kernels, chain, query, [case])[0]
        for query, case in (({2}, {2, 3}), ({2, 3}, {2}))
    )
    own = similarities(kernels, chain, {2}, [{2}])[0]
    assert few_of_many == many_of_few < own


def test_terms_without_a_common_ancestor_share_nothing(kernels):
    apart = Drawn([(), ()], [0, 1])
    assert similarities(kernels, apart, {0}, [{1}])[0] == 0.0


def test_similarity_may_start_in_the_middle(kernels, chain):
    cases = packed([{1}, set(), {2, 3}, {3}])
    table = kernels.table(chain.terms, rows({2}))
    whole, part = np.zeros(4), np.zeros(2)
    kernels.similarity(table, cases, 0, whole)
    kernels.similarity(table, cases, 2, part)
    np.testing.assert_array_equal(part, whole[2:])


def test_a_profile_may_be_longer_than_any_register(kernels):
    wide = Drawn([(), *[(0,)] * 99], list(range(100)))
    everything = set(range(1, 100))
    expected = shared_information(wide.graph, wide.ic, everything, everything)
    found = similarities(kernels, wide, everything, [everything])[0]
    assert found == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)
@given(st.lists(st.floats(-9, 9) | st.just(-math.inf), max_size=40), st.integers(0, 12))
def test_largest_values_are_found_in_any_order(values, count):
    values = np.array(values, dtype=np.float64)
    expected = np.sort(values[values > -np.inf])[::-1][:count]
    for each in KERNELS:
        np.testing.assert_array_equal(
            np.sort(each.largest(values, count))[::-1], expected
        )


def test_wanted_rows_are_found_in_the_cases_that_have_one(kernels):
    wanted = np.array([False, True, False, True])
    cases = packed([set(), {0}, {0, 1}, {3}, {2}, set()])
    found = kernels.having_any(cases, wanted)
    assert found.tolist() == [False, False, True, True, False, False]


def test_looked_up_values_are_added(kernels):
    out = np.ones(3)
    kernels.add_looked_up(
        np.array([0.0, 2.5]), np.array([1, 0, 1], dtype=np.uint32), out
    )
    assert out.tolist() == [3.5, 1.0, 3.5]


def test_mean_of_largest_passes_over_missing_scores():
    assert mean_of_largest(np.array([1.0, math.nan, 3.0, 2.0]), 2) == 2.5
    assert mean_of_largest(np.array([math.nan]), 2) == 0.0


def test_without_numba_the_numpy_kernels_serve(monkeypatch):
    assert isinstance(fastest_kernels(), CompiledKernels)
    monkeypatch.setattr(kernels_module, "IS_COMPILED", False)
    assert isinstance(fastest_kernels(), NumpyKernels)
