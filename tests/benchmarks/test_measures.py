"""The vectorised measures give what the readable ones give."""

from functools import partial
from types import SimpleNamespace

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.collection import profile
from benchmarks.measures import (
    AVERAGES,
    TERM_MEASURES,
    Profiles,
    Terms,
    measure_groups,
    measure_names,
)
from matcher import similarity
from matcher.simulation import simulate_cases

BEST_MATCH = {
    "mean": similarity.best_match_average,
    "pooled": similarity.best_match_pooled,
    "geometric": similarity.best_match_geometric,
}


def oracle(graph, ic, panel):
    """Every measure as `matcher.similarity` has it, by the name in the benchmark."""
    shared = partial(similarity.shared_information, graph, ic)

    def level(terms):
        return similarity.neighbourhood(graph, ic, terms, panel)

    def scaled(ours, theirs):
        return similarity.phenotype_score(
            shared(ours, theirs), level(ours), level(theirs)
        )

    best_matches = {
        f"{term} {average}": partial(
            BEST_MATCH[average], partial(getattr(similarity, term), graph, ic)
        )
        for term in TERM_MEASURES
        for average in AVERAGES
    }
    return {
        "jaccard": partial(similarity.jaccard, graph),
        "sim_gic": partial(similarity.sim_gic, graph, ic),
        **best_matches,
        "X": shared,
        "Y": scaled,
    }


def vectorised(release, profiles, panel, names):
    terms = Terms.of([*profiles, *panel], release)
    groups = measure_groups(
        Profiles.of(profiles, terms), Profiles.of(panel, terms), names
    )
    everyone = np.arange(len(profiles))
    return {
        name: scores for group in groups for name, scores in group(everyone).items()
    }


def assert_equal_to_the_oracle(release, profiles, panel):
    graph, ic = release.ontology.graph, release.information_content
    found = vectorised(release, profiles, panel, measure_names())
    expected = {
        name: [[measure(ours, theirs) for theirs in profiles] for ours in profiles]
        for name, measure in oracle(graph, ic, panel).items()
    }
    assert list(found) == list(expected)
    assert found == {
        name: pytest.approx(np.array(values), abs=1e-5)
        for name, values in expected.items()
    }


def test_measures_of_real_profiles_equal_the_oracle(release):
    cases = simulate_cases(release, 15, seed=7)
    profiles = [profile(case.observed, release.ontology) for case in cases]
    assert_equal_to_the_oracle(release, [*profiles[:3], profiles[0]], profiles[3:])


@st.composite
def small_collections(draw):
    """A random graph, some of it disconnected, with profiles and a panel."""
    graph, ic = networkx.DiGraph(), {}
    for number in range(draw(st.integers(1, 8))):
        term = f"t{number}"
        parents = draw(st.sets(st.sampled_from(sorted(ic)), max_size=3)) if ic else ()
        graph.add_node(term)
        graph.add_edges_from((parent, term) for parent in parents)
        more = draw(st.sampled_from([0.0, 0.0, 0.3, 1.0, 2.5]))
        ic[term] = max((ic[parent] for parent in parents), default=0.0) + more
    release = SimpleNamespace(
        ontology=SimpleNamespace(
            graph=graph, ancestors=partial(similarity.ancestors, graph)
        ),
        information_content=ic,
    )
    terms = st.sets(st.sampled_from(sorted(ic)), min_size=1, max_size=4).map(sorted)
    return release, *(draw(st.lists(terms, min_size=1, max_size=4)) for _ in range(2))


@settings(max_examples=40, deadline=None)
@given(small_collections())
def test_measures_equal_the_oracle_on_any_graph(collection):
    assert_equal_to_the_oracle(*collection)


def test_only_the_groups_that_were_named_are_computed(release):
    profiles = [
        profile(case.observed, release.ontology)
        for case in simulate_cases(release, 3, seed=7)
    ]
    found = vectorised(release, profiles, profiles, {"lin pooled", "jaccard"})
    assert list(found) == [
        "jaccard",
        "sim_gic",
        "lin mean",
        "lin pooled",
        "lin geometric",
    ]
