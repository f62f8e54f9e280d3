import dataclasses
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from matcher.calibration import Band
from matcher.case import Case, Disease, DiseaseStatus, GenomicFeature, PhenotypicFeature
from matcher.cohort import EdgeRule, case_graph, find_groups, positions
from matcher.cohort.common_profile import TermMatrix
from matcher.cohort.communities import communities, firmness
from matcher.cohort.drawing import MOST_LAID_OUT
from matcher.cohort.groups import METHODS
from matcher.many.shortlist import Hit, Shortlist
from matcher.matching import Matcher
from matcher.simulation import CaseSimulator, simulate_cases

SPARSE_SCALP_HAIR, SPARSE_EYEBROW, SPARSE_HAIR, ABNORMAL_HAIR = (
    "HP:0002209",
    "HP:0045075",
    "HP:0008070",
    "HP:0001595",
)
SPASMS, DELAY, NERVOUS_SYSTEM = "HP:0012469", "HP:0001263", "HP:0000707"
CATARACT, STRABISMUS = "HP:0000518", "HP:0000486"


def case(case_id, terms=(), genes=(), **more):
    return Case(
        case_id=case_id,
        features=tuple(PhenotypicFeature(term_id=term) for term in terms),
        genomic_features=tuple(GenomicFeature(gene=gene) for gene in genes),
        **more,
    )


def hit(case_id, probability, rank=1):
    return Hit(
        rank=rank,
        case_id=case_id,
        score=math.log(probability),
        probability=probability,
        efm=None,
        band=Band.LOOK,
        closeness=None,
    )


def shortlists(ties):
    """From "ab": 0.5 for a finding b; what is found by nobody is found by a."""
    found = {}
    for pair, probability in ties.items():
        found.setdefault(pair[0], []).append(hit(pair[1], probability))
    return [
        Shortlist(query_id=query, hits=tuple(hits), searched=9)
        for query, hits in found.items()
    ]


def mutual(pairs, probability=0.9):
    return {
        way: probability for pair in pairs.split() for way in (pair, pair[1] + pair[0])
    }


def graph_of(pairs, lonely=""):
    graph = networkx.Graph()
    graph.add_nodes_from(lonely)
    graph.add_edges_from((pair[0], pair[1]) for pair in pairs.split())
    return graph


TWO_TRIANGLES = "ab bc ca de ef fd cd"


def told(graph, **more):
    return ["".join(each) for each in communities(graph, seed=1, **more)]


# Communities of hand-drawn graphs


@pytest.mark.parametrize(
    ("pairs", "lonely", "expected"),
    [
        ("", "", []),
        ("", "a", []),
        ("", "abc", []),
        ("ab", "c", ["ab"]),
        ("ab bc ca", "", ["abc"]),
        (TWO_TRIANGLES, "g", ["abc", "def"]),
        ("ef ab cd", "", ["ab", "cd", "ef"]),
    ],
)
def test_communities_of_hand_drawn_graphs(pairs, lonely, expected):
    assert told(graph_of(pairs, lonely)) == expected


def test_small_communities_may_be_left_out():
    assert told(graph_of("ab bc ca de"), smallest=3) == ["abc"]


def test_stronger_ties_decide():
    graph = graph_of("ab bc cd da")
    for pair, probability in (("ab", 0.9), ("bc", 0.1), ("cd", 0.9), ("da", 0.1)):
        graph.edges[tuple(pair)]["probability"] = probability
    assert told(graph) == ["ab", "cd"]


def test_a_higher_resolution_gives_smaller_groups():
    graph = graph_of(TWO_TRIANGLES)
    assert told(graph, resolution=0.1) == ["abcdef"]
    assert max(map(len, told(graph, resolution=3.0))) < 3


random_graphs = st.lists(
    st.tuples(
        st.sampled_from("abcdefghij"), st.sampled_from("abcdefghij"), st.floats(0.1, 1)
    ),
    max_size=30,
).map(
    lambda edges: {
        (min(a, b), max(a, b)): probability for a, b, probability in edges if a != b
    }
)


def built(edges):
    graph = networkx.Graph()
    for (one, other), probability in edges:
        graph.add_edge(one, other, probability=probability)
    return graph


@settings(deadline=None)
@given(random_graphs, st.randoms())
def test_communities_do_not_depend_on_how_the_graph_was_built(edges, rng):
    first = built(edges.items())
    shuffled = [
        ((two, one) if rng.random() < 0.5 else (one, two), p)
        for (one, two), p in edges.items()
    ]
    rng.shuffle(shuffled)
    second = built(shuffled)
    found = communities(first, seed=1)
    assert communities(second, seed=1) == found
    assert firmness(second, found, seed=1) == firmness(first, found, seed=1)


@settings(deadline=None)
@given(random_graphs)
def test_communities_are_connected_and_apart(edges):
    graph = built(edges.items())
    found = communities(graph, seed=1)
    members = [case_id for each in found for case_id in each]
    assert len(members) == len(set(members))
    assert all(networkx.is_connected(graph.subgraph(each)) for each in found)
    assert [len(each) for each in found] == sorted(map(len, found), reverse=True)


def test_communities_are_the_same_in_every_process():
    script = (
        "import networkx; from matcher.cohort.communities import communities;"
        "graph = networkx.relabel_nodes(networkx.karate_club_graph(), str);"
        "print(communities(graph, seed=1))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


# Firmness


def test_a_clique_is_firmer_than_a_chain():
    clique = graph_of("ab ac ad ae bc bd be cd ce de")
    chain = graph_of("ab bc cd de")
    everyone = [tuple("abcde")]
    (firm,) = firmness(clique, everyone, seed=1, resamples=50)
    (loose,) = firmness(chain, everyone, seed=1, resamples=50)
    assert firm.together > 0.8 > 0.5 > loose.together


def test_a_pair_with_one_match_stays_together_as_often_as_its_match_is_drawn():
    graph = graph_of("ab cd ef gh ij kl mn op qr st")
    pairs = communities(graph, seed=1)
    found = firmness(graph, pairs, seed=1, resamples=200)
    mean = np.mean([each.together for each in found])
    assert mean == pytest.approx(1 - (1 - 1 / 10) ** 10, abs=0.02)


def test_the_case_that_hangs_by_one_match_is_the_loosest():
    graph = graph_of("ab ac ad bc bd cd de")
    (found,) = firmness(graph, [tuple("abcde")], seed=1, resamples=50)
    assert min(found.of_case) == found.of_case[4]
    assert found.together == pytest.approx(np.mean(found.of_case))


def test_nothing_is_said_of_firmness_without_resamples():
    (found,) = firmness(graph_of("ab"), [("a", "b")], seed=1, resamples=0)
    assert found.together is None and found.of_case is None


# The graph of confident matches


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ({"ab": 0.5}, True),
        ({"ab": 0.49}, False),
        ({"ab": 0.25, "ba": 0.25}, True),
        ({"ab": 0.49, "ba": 0.24}, False),
        ({"ba": 0.9}, True),
        ({}, False),
    ],
)
def test_a_likely_match_or_a_mutual_one_ties_two_cases(ties, expected):
    graph = case_graph([case("a"), case("b")], shortlists(ties))
    assert graph.has_edge("a", "b") is expected


def test_a_mutual_match_is_one_of_the_best_on_both_sides():
    there, back = hit("b", 0.3, rank=2), hit("a", 0.3)
    assert not EdgeRule().ties(there, back)
    assert EdgeRule(best=2).ties(there, back)


def test_equally_good_partners_share_a_rank_whatever_their_ids():
    names = "abcd"
    found = [
        Shortlist(
            query_id=query,
            hits=tuple(
                hit(other, 0.3, rank)
                for rank, other in enumerate(names.replace(query, ""), start=1)
            ),
            searched=3,
        )
        for query in names
    ]
    graph = case_graph(map(case, names), found, EdgeRule(alone=1.0))
    assert graph.number_of_edges() == 6


def test_a_partner_behind_equal_ones_is_not_among_the_best():
    third = [
        Shortlist(
            query_id="a",
            hits=(hit("b", 0.4), hit("c", 0.4, rank=2), hit("d", 0.3, rank=3)),
            searched=3,
        ),
        *shortlists({"ba": 0.4, "ca": 0.4, "da": 0.4}),
    ]
    graph = case_graph(map(case, "abcd"), third)
    assert sorted(graph.edges) == [("a", "b"), ("a", "c")]


def test_edges_and_nodes_say_what_they_are():
    cases = [case("b", site="north", solved=True), case("a", family="F1")]
    graph = case_graph(cases, shortlists({"ab": 0.3, "ba": 0.6}))
    assert list(graph.nodes(data=True)) == [
        ("a", {"site": None, "diagnosed": False, "family": "F1"}),
        ("b", {"site": "north", "diagnosed": True, "family": None}),
    ]
    assert graph.edges["a", "b"] == {
        "probability": 0.6,
        "score": math.log(0.6),
        "mutual": True,
    }


def test_a_match_in_one_direction_is_not_called_mutual():
    graph = case_graph([case("a"), case("b")], shortlists({"ba": 0.5}))
    assert graph.edges["a", "b"]["mutual"] is False


def test_matches_with_strangers_are_passed_over():
    graph = case_graph([case("a")], shortlists({"ax": 0.9, "xa": 0.9, "xy": 0.9}))
    assert list(graph) == ["a"] and not graph.edges


def test_the_rule_is_a_parameter():
    ties = shortlists({"ab": 0.6})
    strict = EdgeRule(alone=0.7)
    assert not case_graph([case("a"), case("b")], ties, strict).edges


# What a group has in common


@pytest.fixture(scope="session")
def matrix_of(drawn_release):
    def make(*profiles):
        cases = [case(str(n), terms) for n, terms in enumerate(profiles)]
        return TermMatrix(drawn_release, cases)

    return make


def ids(terms):
    return [each.term.term_id for each in terms]


def test_shared_terms_count_what_is_implied(matrix_of):
    matrix = matrix_of([SPARSE_SCALP_HAIR], [SPARSE_EYEBROW], [SPARSE_HAIR])
    (shared,) = matrix.shared(np.arange(3))
    assert shared.term.term_id == SPARSE_HAIR
    assert (shared.cases, shared.of, shared.exactly) == (3, 3, 1)
    assert shared.one_in == pytest.approx(28)


def test_the_most_special_of_equally_common_terms_is_told(matrix_of):
    matrix = matrix_of([SPARSE_SCALP_HAIR], [SPARSE_SCALP_HAIR], [SPARSE_EYEBROW])
    assert ids(matrix.shared(np.arange(3))) == [SPARSE_HAIR, SPARSE_SCALP_HAIR]
    assert ids(matrix.shared(np.arange(2))) == [SPARSE_SCALP_HAIR]


def test_less_than_half_is_not_shared(matrix_of):
    matrix = matrix_of(
        [CATARACT, SPASMS], [CATARACT, SPASMS], [CATARACT], [CATARACT], [CATARACT]
    )
    assert ids(matrix.shared(np.arange(5))) == [CATARACT]
    assert ids(matrix.shared(np.arange(4))) == [CATARACT, SPASMS]


def test_what_everybody_has_is_shared_only_if_it_was_entered(matrix_of):
    vague = matrix_of([NERVOUS_SYSTEM], [NERVOUS_SYSTEM])
    assert ids(vague.shared(np.arange(2))) == [NERVOUS_SYSTEM]
    implied = matrix_of([SPASMS], [DELAY])
    assert ids(implied.shared(np.arange(2))) == []


def test_a_case_without_phenotype_does_not_count(matrix_of):
    matrix = matrix_of([CATARACT], [CATARACT], [])
    (shared,) = matrix.shared(np.arange(3))
    assert (shared.cases, shared.of) == (2, 2)


def test_excluded_and_unknown_terms_are_nobodys(drawn_release):
    excluded = PhenotypicFeature(term_id=CATARACT, excluded=True)
    cases = [
        dataclasses.replace(
            case(str(n), [SPASMS, "HP:9999999", "HP:0000007"]),
            features=(*case("", [SPASMS, "HP:9999999"]).features, excluded),
        )
        for n in range(2)
    ]
    assert ids(TermMatrix(drawn_release, cases).shared(np.arange(2))) == [SPASMS]


def test_distinctive_terms_are_those_of_fishers_test(matrix_of):
    profiles = [[SPARSE_SCALP_HAIR, DELAY]] * 4 + [[CATARACT, DELAY]] * 20
    (found,) = matrix_of(*profiles).distinctive(np.arange(4))
    assert found.term.term_id == SPARSE_SCALP_HAIR
    assert (found.cases, found.of, found.elsewhere, found.of_elsewhere) == (4, 4, 0, 20)
    expected = stats.fisher_exact([[4, 0], [0, 20]], alternative="greater").pvalue
    assert found.p_value == pytest.approx(expected)
    # Scalp hair, sparse hair, hair; delay, nervous system; cataract, eye: seven are tested.
    assert found.q_value == pytest.approx(expected * 7 / 3)


def test_of_a_line_the_surest_is_told(matrix_of):
    matrix = matrix_of(
        [SPARSE_SCALP_HAIR],
        [SPARSE_EYEBROW],
        [SPARSE_SCALP_HAIR],
        [SPARSE_EYEBROW],
        *[[CATARACT]] * 20,
        [SPARSE_SCALP_HAIR],
    )
    assert ids(matrix.distinctive(np.arange(4))) == [SPARSE_HAIR]


def test_what_one_case_alone_has_sets_no_group_apart(matrix_of):
    matrix = matrix_of([SPASMS, CATARACT], [CATARACT], *[[DELAY]] * 3000)
    assert ids(matrix.distinctive(np.arange(2))) == [CATARACT]


def test_nothing_sets_everybody_apart(matrix_of):
    assert matrix_of([CATARACT], [CATARACT]).distinctive(np.arange(2)) == ()
    assert matrix_of([], []).distinctive(np.arange(2)) == ()


# Groups


@pytest.fixture(scope="session")
def drawn(drawn_release):
    return SimpleNamespace(**vars(drawn_release), release_id="drawn")


FIVE = [
    case("a", [SPASMS], ["KMT2D"], site="north"),
    case("b", [SPASMS], ["KMT2D"], site="north"),
    case("c", [SPASMS], ["KMT2D", "KARS"], site="south"),
    case("d", [SPASMS], ["MLL4"], site="west"),
    case("e", [SPASMS], ["PHF14"], site="west"),
]
ALL_TIED = shortlists(mutual("ab ac ad ae bc bd be cd ce de"))


def only_group(drawn, cases, found=ALL_TIED):
    (group,) = find_groups(drawn, cases, found).groups
    return group


def test_a_group_says_who_where_and_what(drawn):
    others = [case(f"other {n}", [CATARACT]) for n in range(20)]
    group = only_group(drawn, [*FIVE, *others, case("f", [CATARACT], ["KMT2D"])])
    assert group.case_ids == tuple("abcde")
    assert group.ties == 10
    assert group.sites == {"north": 2, "west": 2, "south": 1}
    assert [(g.symbol, g.cases, g.elsewhere) for g in group.genes] == [("KMT2D", 3, 1)]
    assert ids(group.shared) == ids(group.distinctive) == [SPASMS]
    assert group.firmness == 1.0
    assert group.firmness_of == dict.fromkeys("abcde", 1.0)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {},
            "Five cases at three sites with no diagnosis look alike. "
            "Three of them list KMT2D.",
        ),
        (
            {"site": "north", "genomic_features": ()},
            "Five cases at one site with no diagnosis look alike.",
        ),
        (
            {"site": None, "family": "F", "genomic_features": ()},
            "Five cases of one family with no diagnosis look alike.",
        ),
        (
            {
                "site": None,
                "solved": True,
                "genomic_features": FIVE[0].genomic_features,
            },
            "Five cases, all with a diagnosis, look alike. All of them list KMT2D.",
        ),
    ],
)
def test_the_sentence_of_a_group(drawn, more, sentence):
    cases = [dataclasses.replace(each, **more) for each in FIVE]
    assert only_group(drawn, cases).sentence == sentence


def test_a_group_with_some_diagnoses_and_two_families(drawn):
    disease = Disease(disease_id="MIM:610536")
    considered = Disease(disease_id="OMIM:147920", status=DiseaseStatus.CANDIDATE)
    cases = [
        case("a", [SPASMS], diseases=(disease, considered), family="F"),
        case("b", [SPASMS], diseases=(disease,), family="F"),
        case("c", [SPASMS], diseases=(considered,), family="G"),
    ]
    group = only_group(drawn, cases)
    assert group.sentence == (
        "Three cases of two families, two of them with a diagnosis, look alike."
    )
    assert group.diagnoses == {"OMIM:610536": 2}
    assert group.diagnosed == 2


@pytest.mark.parametrize(
    ("cases", "sentence"),
    [
        ([], "There is no case: nothing to compare."),
        ([case("a")], "There is one case: nothing to compare."),
        (
            [case("x"), case("y")],
            "No two of the 2 cases are confidently the same disorder.",
        ),
        (
            FIVE,
            "5 of 5 cases form one group. "
            "There is no case outside, so nothing sets it apart.",
        ),
        ([*FIVE, case("z")], "5 of 6 cases form one group."),
    ],
)
def test_degenerate_cohorts_are_said_aloud(drawn, cases, sentence):
    cohort = find_groups(drawn, cases, ALL_TIED)
    assert cohort.sentence == sentence
    json.dumps(cohort.to_json(), allow_nan=False)


def test_groups_too_small_to_be_told_are_not_denied(drawn):
    cohort = find_groups(drawn, [*FIVE, case("z")], ALL_TIED, smallest=7)
    assert cohort.groups == ()
    assert cohort.sentence == (
        "No group has seven cases or more: the largest of the 6 cases has five."
    )
    assert (cohort.smallest, cohort.largest) == (7, 5)


def test_a_headline_is_the_sentence_without_genes(drawn):
    group = only_group(drawn, FIVE)
    assert group.headline == "Five cases at three sites with no diagnosis look alike"
    assert group.sentence.startswith(f"{group.headline}. ")


# Where they stand in a picture


def test_positions_fill_the_picture_and_stay_the_same():
    graph = graph_of(TWO_TRIANGLES, "gh")
    found = positions(graph, tuple("abcdef"), seed=1)
    assert list(found) == list("abcdef")
    for axis in zip(*found.values()):
        assert (min(axis), max(axis)) == (0.0, 1.0)
    again = graph_of(" ".join(reversed(TWO_TRIANGLES.split())), "hg")
    assert positions(again, tuple("abcdef"), seed=1) == found
    assert positions(graph, tuple("abcdef"), seed=2) != found


def test_tied_cases_stand_nearer_than_others():
    found = positions(graph_of(TWO_TRIANGLES), tuple("abcdef"), seed=1)
    assert math.dist(found["a"], found["b"]) < math.dist(found["a"], found["e"])


@pytest.mark.parametrize(
    ("names", "expected"),
    [("", {}), ("a", {"a": (0, 0.5)}), ("ab", {"a": (0, 0.5), "b": (1, 0.5)})],
)
def test_one_or_two_cases_stand_side_by_side(names, expected):
    assert positions(graph_of("ab"), tuple(names), seed=1) == expected


def test_of_very_many_only_the_first_are_drawn():
    names = tuple(f"{n:03}" for n in range(MOST_LAID_OUT + 5))
    found = positions(networkx.path_graph(names), names, seed=1)
    assert tuple(found) == names[:MOST_LAID_OUT]


def test_positions_are_the_same_in_every_process():
    script = (
        "import networkx; from matcher.cohort import positions;"
        "graph = networkx.relabel_nodes(networkx.karate_club_graph(), str);"
        "print(positions(graph, sorted(graph), seed=1))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_groups_do_not_depend_on_the_order(drawn):
    cases = [*FIVE, case("z")]
    assert find_groups(drawn, cases[::-1], ALL_TIED[::-1]) == find_groups(
        drawn, cases, ALL_TIED
    )


def test_json_names_the_methods_and_the_release(drawn):
    told = find_groups(drawn, FIVE, ALL_TIED).to_json()
    assert told["release"] == "drawn"
    assert told["rule"] == {"alone": 0.5, "mutual": 0.25, "best": 1}
    assert set(told["methods"].values()) == {f"doi:{doi}" for doi in METHODS.values()}
    (group,) = told["groups"]
    assert group["shared"][0]["term"] == {"id": SPASMS, "label": "Infantile spasms"}
    assert group["sentence"].startswith("Five cases")


def test_progress_is_told(drawn):
    told = []
    find_groups(drawn, FIVE, ALL_TIED, progress=lambda *each: told.append(each))
    assert told[0] == ("Resampling", 1, 10)
    assert told[-1] == ("Describing groups", 1, 1)


DISEASES = ("OMIM:610536", "OMIM:147920", "OMIM:194050", "OMIM:122470")


def simulated(simulator, disease_id, numbers):
    """Cases of one disease, all of which list its gene; taken for real, as others are."""
    genes = simulator.listed(simulator.release.genes.genes_of(disease_id))
    return [
        dataclasses.replace(
            simulator.case(number, disease_id), simulated=False, genomic_features=genes
        )
        for number in numbers
    ]


def test_simulated_cases_of_one_disease_come_out_as_a_group(release):
    unrelated = simulate_cases(release, 300, seed=12, candidate_genes=3)
    cases = [dataclasses.replace(each, simulated=False) for each in unrelated]
    simulator = CaseSimulator(release=release, seed=11)
    expected = set()
    for at, disease_id in enumerate(DISEASES):
        alike = simulated(simulator, disease_id, range(5 * at, 5 * at + 5))
        expected.add(tuple(sorted(each.case_id for each in alike)))
        cases += alike
    shortlists = Matcher(release, cases).rank_many(cases)
    groups = find_groups(release, cases, shortlists).groups
    assert expected <= {group.case_ids for group in groups}
