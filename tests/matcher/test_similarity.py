"""Every measure against values worked out by hand, and against what it promises.

The ontology of the worked examples, with information content in units of ln 2::

                 root 0
                /      \\
         nervous 1     head 2
          /      \\      /
     seizure 2   microcephaly 4      elsewhere 1 (connected to nothing)
      /     \\
  focal 3  generalised 3
"""

import math
from functools import partial

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import similarity
from matcher.similarity import (
    best_match_average,
    best_match_geometric,
    best_match_pooled,
    coverage,
    graph_ic,
    jaccard,
    jiang_conrath,
    lin,
    mica,
    most_specific,
    neighbourhood,
    phenotype_score,
    relevance,
    resnik,
    resnik_with_bonus,
    shared_information,
    sim_gic,
)

BIT = math.log(2)
GRAPH = networkx.DiGraph(
    [
        ("root", "nervous"),
        ("root", "head"),
        ("nervous", "seizure"),
        ("seizure", "focal"),
        ("seizure", "generalised"),
        ("nervous", "microcephaly"),
        ("head", "microcephaly"),
    ]
)
GRAPH.add_node("elsewhere")
IC = {
    "root": 0.0,
    "nervous": BIT,
    "head": 2 * BIT,
    "seizure": 2 * BIT,
    "focal": 3 * BIT,
    "generalised": 3 * BIT,
    "microcephaly": 4 * BIT,
    "elsewhere": BIT,
}
OURS = {"focal", "microcephaly"}
THEIRS = {"generalised"}
RESNIK = partial(resnik, GRAPH, IC)

TERM_MEASURES = [resnik, lin, jiang_conrath, relevance, graph_ic, resnik_with_bonus]
AVERAGES = [best_match_average, best_match_pooled, best_match_geometric]


@pytest.mark.parametrize(
    "t, u, expected",
    [
        ("focal", "generalised", "seizure"),
        ("focal", "seizure", "seizure"),
        ("focal", "focal", "focal"),
        ("focal", "microcephaly", "nervous"),
        ("seizure", "head", "root"),
        ("focal", "elsewhere", None),
    ],
)
def test_mica_is_the_rarest_shared_ancestor(t, u, expected):
    assert mica(GRAPH, IC, t, u) == expected


def test_mica_of_equally_rare_ancestors_is_the_first_id():
    graph = networkx.DiGraph([("b", "x"), ("a", "x"), ("b", "y"), ("a", "y")])
    assert mica(graph, dict.fromkeys("abxy", 1.0), "x", "y") == "a"


@pytest.mark.parametrize(
    "measure, t, u, expected",
    [
        (resnik, "focal", "generalised", 2 * BIT),
        (resnik, "focal", "focal", 3 * BIT),
        (resnik, "seizure", "head", 0),
        (resnik, "focal", "elsewhere", 0),
        (lin, "focal", "generalised", 2 / 3),
        (lin, "focal", "microcephaly", 2 / 7),
        (lin, "root", "root", 0),
        (lin, "focal", "elsewhere", 0),
        (jiang_conrath, "focal", "generalised", 1 / (1 + 2 * BIT)),
        (jiang_conrath, "focal", "root", 1 / (1 + 3 * BIT)),
        (jiang_conrath, "root", "root", 1),
        (jiang_conrath, "focal", "elsewhere", 0),
        (relevance, "focal", "generalised", 2 / 3 * 3 / 4),
        (relevance, "focal", "focal", 7 / 8),
        (relevance, "root", "root", 0),
        (relevance, "focal", "elsewhere", 0),
        (graph_ic, "focal", "generalised", 3 / 9),
        (graph_ic, "focal", "microcephaly", 1 / 12),
        (graph_ic, "root", "root", 0),
        (graph_ic, "focal", "elsewhere", 0),
        (resnik_with_bonus, "focal", "focal", 1.4 * 3 * BIT),
        (resnik_with_bonus, "root", "root", 0),
    ],
)
def test_similarity_of_two_terms_worked_out_by_hand(measure, t, u, expected):
    assert measure(GRAPH, IC, t, u) == pytest.approx(expected)


def test_bonus_of_an_identical_term_does_not_reach_its_descendants():
    assert resnik_with_bonus(GRAPH, IC, "seizure", "focal") == IC["seizure"]
    assert resnik_with_bonus(GRAPH, IC, "focal", "generalised") == IC["seizure"]


@pytest.mark.parametrize(
    "measure, expected",
    [
        (partial(coverage, RESNIK), 1.5 * BIT),
        (partial(best_match_average, RESNIK), 1.75 * BIT),
        (partial(best_match_pooled, RESNIK), 5 / 3 * BIT),
        (partial(best_match_geometric, RESNIK), math.sqrt(3) * BIT),
        (partial(sim_gic, GRAPH, IC), 3 / 15),
        (partial(jaccard, GRAPH), 3 / 7),
    ],
)
def test_similarity_of_two_profiles_worked_out_by_hand(measure, expected):
    assert measure(OURS, THEIRS) == pytest.approx(expected)


@pytest.mark.parametrize(
    "measure",
    [
        partial(coverage, RESNIK),
        partial(best_match_average, RESNIK),
        partial(best_match_pooled, RESNIK),
        partial(best_match_geometric, RESNIK),
        partial(sim_gic, GRAPH, IC),
        partial(jaccard, GRAPH),
        partial(shared_information, GRAPH, IC),
    ],
)
@pytest.mark.parametrize("ours, theirs", [(OURS, ()), ((), THEIRS), ((), ())])
def test_empty_profile_is_missing_evidence_and_not_zero(measure, ours, theirs):
    assert math.isnan(measure(ours, theirs))


def test_profiles_of_the_root_alone_share_no_information():
    assert sim_gic(GRAPH, IC, {"root"}, {"root"}) == 0
    assert jaccard(GRAPH, {"root"}, {"root"}) == 1
    assert shared_information(GRAPH, IC, {"root"}, {"root"}) == 0


def test_disconnected_profiles_share_nothing():
    assert sim_gic(GRAPH, IC, {"elsewhere"}, OURS) == 0
    assert jaccard(GRAPH, {"elsewhere"}, OURS) == 0
    assert shared_information(GRAPH, IC, {"elsewhere"}, OURS) == 0


@pytest.mark.parametrize(
    "terms, expected",
    [
        ((), set()),
        (("root", "seizure", "focal"), {"focal"}),
        (("nervous", "microcephaly", "focal"), {"microcephaly", "focal"}),
        (("focal", "focal"), {"focal"}),
        (("focal", "elsewhere"), {"focal", "elsewhere"}),
    ],
)
def test_implied_terms_are_dropped(terms, expected):
    assert most_specific(GRAPH, terms) == expected


def test_shared_information_worked_out_by_hand():
    # A = (4.2 + 1) / 2, B = 4.2
    expected = math.sqrt(2.6 * 4.2) * BIT
    assert shared_information(GRAPH, IC, OURS, {"focal"}) == pytest.approx(expected)


def test_neighbourhood_is_the_mean_of_the_nearest_of_the_panel():
    panel = [{"generalised"}, {"focal"}, {"head"}]
    level = partial(neighbourhood, GRAPH, IC, {"focal"}, panel)
    assert level(1) == pytest.approx(4.2 * BIT)
    assert level(2) == pytest.approx((4.2 + 2) / 2 * BIT)


def test_panel_smaller_than_the_neighbourhood_is_taken_whole():
    panel = [{"generalised"}, set(), {"focal"}]
    assert neighbourhood(GRAPH, IC, {"focal"}, panel) == pytest.approx(3.1 * BIT)
    assert neighbourhood(GRAPH, IC, {"focal"}, [set()]) == 0


def test_neighbourhood_takes_ten_unless_told_otherwise():
    panel = [{"focal"}] * 10 + [{"head"}] * 10
    assert neighbourhood(GRAPH, IC, {"focal"}, panel) == pytest.approx(4.2 * BIT)


def test_phenotype_score_takes_half_of_either_neighbourhood_away():
    assert phenotype_score(5.0, 3.0, 1.0) == 3.0


FOCAL, GENERALIZED, SHORT = "HP:0007359", "HP:0002197", "HP:0004322"
THIRD = math.log(8 / 3)


@pytest.mark.parametrize(
    "measure, expected",
    [
        (resnik, math.log(4)),
        (lin, 2 / 3),
        (jiang_conrath, 1 / (1 + 2 * BIT)),
        (relevance, 2 / 3 * 3 / 4),
        (graph_ic, 4 / 10),
    ],
)
def test_similarity_of_real_terms_worked_out_by_hand(hpo_slice, measure, expected):
    graph, ic = hpo_slice.ontology.graph, hpo_slice.information_content
    assert measure(graph, ic, FOCAL, GENERALIZED) == pytest.approx(expected)


def test_similarity_of_real_profiles_worked_out_by_hand(hpo_slice):
    graph, ic = hpo_slice.ontology.graph, hpo_slice.information_content
    ours, theirs = {FOCAL, SHORT}, {GENERALIZED}
    # Seizures share 4 bits; ours alone are focal with 3 and all of short stature.
    total = 10 * BIT + (1 + 2) * BIT + 2 * THIRD
    assert sim_gic(graph, ic, ours, theirs) == pytest.approx(4 * BIT / total)
    assert jaccard(graph, ours, theirs) == 5 / 11
    assert shared_information(graph, ic, ours, theirs) == pytest.approx(
        math.sqrt(BIT * 2 * BIT)
    )


@st.composite
def ontologies(draw):
    """A random graph of up to nine terms, where IC never falls on the way down."""
    graph, ic = networkx.DiGraph(), {}
    for number in range(draw(st.integers(1, 9))):
        term = f"t{number}"
        parents = draw(st.sets(st.sampled_from(sorted(ic)), max_size=3)) if ic else ()
        graph.add_node(term)
        graph.add_edges_from((parent, term) for parent in parents)
        more = draw(st.sampled_from([0.0, 0.0, 0.3, 1.0, 2.5]))
        ic[term] = max((ic[parent] for parent in parents), default=0.0) + more
    return graph, ic


@st.composite
def profile_pairs(draw):
    graph, ic = draw(ontologies())
    profiles = st.lists(st.sampled_from(sorted(ic)), min_size=1, max_size=5)
    return graph, ic, draw(profiles), draw(profiles)


def profile_measures(graph, ic):
    averages = [
        partial(average, partial(measure, graph, ic))
        for average in AVERAGES
        for measure in TERM_MEASURES
    ]
    return [
        *averages,
        partial(sim_gic, graph, ic),
        partial(jaccard, graph),
        partial(shared_information, graph, ic),
    ]


@given(profile_pairs())
def test_every_measure_is_symmetric(pair):
    graph, ic, ours, theirs = pair
    there = [measure(ours, theirs) for measure in profile_measures(graph, ic)]
    back = [measure(theirs, ours) for measure in profile_measures(graph, ic)]
    assert there == back


@given(profile_pairs(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_terms_do_not_matter(pair, random):
    graph, ic, ours, theirs = pair
    shuffled = ours + ours[:1]
    random.shuffle(shuffled)
    plain = [measure(ours, theirs) for measure in profile_measures(graph, ic)]
    mixed = [measure(shuffled, theirs) for measure in profile_measures(graph, ic)]
    assert mixed == plain


@given(profile_pairs())
def test_no_measure_is_negative_and_normalised_ones_never_exceed_one(pair):
    graph, ic, ours, theirs = pair
    normalised = [lin, jiang_conrath, relevance, graph_ic]
    within_one = [
        *(best_match_average(partial(m, graph, ic), ours, theirs) for m in normalised),
        sim_gic(graph, ic, ours, theirs),
        jaccard(graph, ours, theirs),
    ]
    rarest = max(ic[term] for term in [*ours, *theirs])
    assert all(0 <= value <= 1 + 1e-12 for value in within_one)
    assert 0 <= shared_information(graph, ic, ours, theirs) <= 1.4 * rarest + 1e-12


@given(profile_pairs())
def test_profile_with_information_in_every_term_is_wholly_like_itself(pair):
    graph, ic, ours, _ = pair
    ic = {term: value + 0.1 for term, value in ic.items()}
    likeness = [
        *(
            average(partial(measure, graph, ic), ours, ours)
            for average in AVERAGES
            for measure in (lin, jiang_conrath, graph_ic)
        ),
        sim_gic(graph, ic, ours, ours),
        jaccard(graph, ours, ours),
    ]
    assert likeness == pytest.approx([1.0] * len(likeness))


@given(profile_pairs())
def test_geometric_mean_never_exceeds_the_mean_of_directions(pair):
    graph, ic, ours, theirs = pair
    measure = partial(resnik, graph, ic)
    geometric = best_match_geometric(measure, ours, theirs)
    assert geometric <= best_match_average(measure, ours, theirs) + 1e-12


@given(profile_pairs())
def test_terms_left_after_dropping_imply_all_that_were_given(pair):
    graph, _, ours, _ = pair
    left = most_specific(graph, ours)
    implied = {a for term in left for a in similarity.ancestors(graph, term)}
    assert left <= set(ours) <= implied
    assert most_specific(graph, left) == left
