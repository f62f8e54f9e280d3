from __future__ import annotations

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontologies.arrays import Branch, build_arrays, topological_order
from ontologies.errors import UnknownTerm
from ontologies.ontology import Ontology, build_ontology
from ontologies.terms import ResolutionStatus, Term


@pytest.fixture
def ontology(hpo_slice):
    return hpo_slice.ontology


def test_term_has_the_parents_and_children_of_the_drawing(ontology):
    assert ontology.parents("HP:0004322") == ("HP:0000002", "HP:0001510")
    assert ontology.children("HP:0001250") == ("HP:0002197", "HP:0007359")
    assert ontology.parents("HP:0000001") == ()


def test_ancestors_and_descendants_include_the_term_itself(ontology):
    assert ontology.ancestors("HP:0004322") == {
        "HP:0004322",
        "HP:0001510",
        "HP:0000002",
        "HP:0001507",
        "HP:0000118",
        "HP:0000001",
    }
    assert ontology.descendants("HP:0001250") == {
        "HP:0001250",
        "HP:0002197",
        "HP:0007359",
    }


def test_rows_put_parents_before_children_and_ties_by_id(ontology):
    assert ontology.term_ids[:4] == (
        "HP:0000001",
        "HP:0000005",
        "HP:0000118",
        "HP:0000707",
    )
    for term_id in ontology.term_ids:
        assert all(
            ontology.row(parent) < ontology.row(term_id)
            for parent in ontology.parents(term_id)
        )


def test_obsolete_and_unknown_terms_have_no_row(ontology):
    assert "HP:0040168" not in ontology
    assert len(ontology) == 19
    with pytest.raises(UnknownTerm, match="'HP:0040168' is not a term of HPO release"):
        ontology.row("HP:0040168")
    with pytest.raises(UnknownTerm):
        ontology.label("HP:9999999")


def test_obsolete_term_still_has_its_words(ontology):
    term = ontology.term("HP:0040168")
    assert (term.label, term.obsolete) == ("obsolete Focal seizures, afebril", True)
    assert term.replaced_by == ("HP:0007359",)
    assert ontology.label("HP:0003494").startswith("obsolete Loss of heterozygosity")
    assert ontology.obsolete_ids == ("HP:0003494", "HP:0040168")


@pytest.mark.parametrize(
    ("term_id", "branch"),
    [
        ("HP:0000001", None),
        ("HP:0007359", Branch.PHENOTYPE),
        ("HP:0000118", Branch.PHENOTYPE),
        ("HP:0000007", Branch.INHERITANCE),
        ("HP:0012823", Branch.MODIFIER),
        ("HP:0031797", Branch.CLINICAL_COURSE),
        ("HP:0003577", Branch.ONSET),
    ],
)
def test_most_specific_branch_is_known_by_name(ontology, term_id, branch):
    assert ontology.branch(term_id) is branch
    assert ontology.is_phenotype(term_id) is (branch is Branch.PHENOTYPE)


@pytest.mark.parametrize(
    "entered",
    [
        "HP:0001250",
        " hp:0001250\n",
        "HP_0001250",
        "HPO:0001250",
        "HP 0001250",
        "http://purl.obolibrary.org/obo/HP_0001250",
        "https://hpo.jax.org/browse/term/HP:0001250",
    ],
)
def test_id_is_understood_however_it_is_written(ontology, entered):
    resolution = ontology.resolve(entered)
    assert resolution.status is ResolutionStatus.CURRENT
    assert resolution.term_id == "HP:0001250"
    assert resolution.entered == entered


@pytest.mark.parametrize(
    ("entered", "status", "term_id", "candidates"),
    [
        ("HP:0002279", "alternative", "HP:0001250", ("HP:0001250",)),
        ("HP:0040168", "replaced", "HP:0007359", ("HP:0007359",)),
        ("HP:0003494", "obsolete", None, ("HP:0000005",)),
        ("HP:9999999", "unknown", None, ()),
        ("HP:125", "malformed", None, ()),
        ("Seizure", "malformed", None, ()),
        ("", "malformed", None, ()),
        ("HP:٠٠٠١٢٥٠", "malformed", None, ()),
    ],
)
def test_id_that_is_no_live_term_is_reported_never_raised(
    ontology, entered, status, term_id, candidates
):
    resolution = ontology.resolve(entered)
    assert resolution.status == status
    assert resolution.term_id == term_id
    assert resolution.candidates == candidates
    assert resolution.is_resolved is (term_id is not None)


@given(st.text())
def test_no_text_makes_resolving_raise(hpo_slice, text):
    assert hpo_slice.ontology.resolve(text).entered == text


def made_of(*terms):
    root = Term(term_id="HP:0000001", label="All")
    all_terms = (root, *terms)
    parents = {t.term_id: ("HP:0000001",) for t in all_terms if not t.obsolete}
    parents["HP:0000001"] = ()
    return build_ontology("2000-01-01", all_terms, parents)


LIVE = Term(term_id="HP:0000002", label="live", alternative_ids=("HP:0000010",))
OTHER = Term(term_id="HP:0000003", label="other", alternative_ids=("HP:0000010",))


def gone(term_id, **facts):
    return Term(term_id=term_id, label="gone", obsolete=True, **facts)


@pytest.mark.parametrize(
    ("terms", "entered", "status", "candidates"),
    [
        pytest.param(
            (LIVE, gone("HP:0000010")),
            "HP:0000010",
            "replaced",
            ("HP:0000002",),
            id="obsolete without replaced_by is an alternative id",
        ),
        pytest.param(
            (LIVE, gone("HP:0000010", consider=("HP:0000001",))),
            "HP:0000010",
            "replaced",
            ("HP:0000002",),
            id="being an alternative id counts for more than consider",
        ),
        pytest.param(
            (
                LIVE,
                gone("HP:0000020", replaced_by=("HP:0000021",)),
                gone("HP:0000021", replaced_by=("HP:0000002",)),
            ),
            "HP:0000020",
            "replaced",
            ("HP:0000002",),
            id="replacement that is obsolete itself",
        ),
        pytest.param(
            (
                LIVE,
                gone("HP:0000020", replaced_by=("HP:0000021",)),
                gone("HP:0000021", replaced_by=("HP:0000020",)),
            ),
            "HP:0000020",
            "obsolete",
            (),
            id="replaced in a circle",
        ),
        pytest.param(
            (
                LIVE,
                OTHER,
                gone("HP:0000020", replaced_by=("HP:0000003", "HP:0000002")),
            ),
            "HP:0000020",
            "ambiguous",
            ("HP:0000002", "HP:0000003"),
            id="split in two",
        ),
        pytest.param(
            (LIVE, OTHER),
            "HP:0000010",
            "ambiguous",
            ("HP:0000002", "HP:0000003"),
            id="alternative id of two",
        ),
        pytest.param(
            (gone("HP:0000020", replaced_by=("HP:0000099",)),),
            "HP:0000020",
            "obsolete",
            (),
            id="replaced by what is not there",
        ),
        pytest.param(
            (LIVE, gone("HP:0000020", consider=("HP:0000010",))),
            "HP:0000020",
            "obsolete",
            ("HP:0000002",),
            id="consider an alternative id",
        ),
    ],
)
def test_retired_id_leads_to_live_terms(terms, entered, status, candidates):
    resolution = made_of(*terms).resolve(entered)
    assert (resolution.status, resolution.candidates) == (status, candidates)


def test_graph_has_the_edges_of_the_arrays_from_parent_to_child(release):
    ontology = release.ontology
    graph = ontology.graph
    assert networkx.is_directed_acyclic_graph(graph)
    assert list(graph) == list(ontology.term_ids)
    assert graph.number_of_edges() == len(ontology.arrays.parent_rows)
    assert set(graph.predecessors("HP:0004322")) == {"HP:0000002", "HP:0001510"}
    below = networkx.descendants(graph, "HP:0001250") | {"HP:0001250"}
    assert ontology.descendants("HP:0001250") == below


def test_every_obsolete_id_of_the_real_release_resolves_or_says_what_to_consider(
    release,
):
    ontology = release.ontology
    resolutions = [ontology.resolve(term_id) for term_id in ontology.obsolete_ids]
    assert len(resolutions) == 574
    assert all(each.is_resolved or each.candidates for each in resolutions)
    assert sum(each.is_resolved for each in resolutions) == 516


def test_saved_ontology_is_opened_memory_mapped(hpo_slice, tmp_path):
    hpo_slice.ontology.save(tmp_path)
    opened = Ontology.open(tmp_path)
    assert opened.version == "2026-06-06"
    assert opened.term_ids == hpo_slice.ontology.term_ids
    assert opened.term("HP:0001250") == hpo_slice.ontology.term("HP:0001250")
    assert opened.resolve("HP:0002279").term_id == "HP:0001250"
    assert isinstance(opened.arrays.ancestor_rows.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        opened.arrays.ancestor_rows[0] = 1


@st.composite
def graphs(draw):
    """Parents of up to thirty terms, the first of which is the only root."""
    count = draw(st.integers(1, 30))
    parents = {"HP:0000000": ()}
    for n in range(1, count):
        above = draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=3))
        # Ids run against the order, so that it is the graph that decides.
        parents[f"HP:{1000 - n:07d}"] = tuple(
            f"HP:{1000 - m:07d}" if m else "HP:0000000" for m in above
        )
    return parents


@given(graphs())
def test_arrays_say_what_the_graph_says(parents):
    graph = networkx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from((p, c) for c, above in parents.items() for p in above)
    order = list(networkx.lexicographical_topological_sort(graph))
    arrays = build_arrays(parents)
    assert topological_order(parents) == order
    assert [f"HP:{n:07d}" for n in arrays.numbers] == order
    for row, term_id in enumerate(order):
        rows = arrays.ancestor_rows[
            arrays.ancestor_offsets[row] : arrays.ancestor_offsets[row + 1]
        ].tolist()
        above = networkx.ancestors(graph, term_id) | {term_id}
        assert rows == sorted(order.index(other) for other in above)
        below = arrays.descendant_rows[
            arrays.descendant_offsets[row] : arrays.descendant_offsets[row + 1]
        ].tolist()
        others = networkx.descendants(graph, term_id) | {term_id}
        assert below == sorted(order.index(other) for other in others)


def test_term_in_two_branches_belongs_to_the_phenotype():
    parents = {
        "HP:0000001": (),
        "HP:0000118": ("HP:0000001",),
        "HP:0012823": ("HP:0000001",),
        "HP:0012824": ("HP:0012823", "HP:0000118"),
    }
    arrays = build_arrays(parents)
    assert list(Branch)[arrays.branch[3]] is Branch.PHENOTYPE
    assert arrays.phenotype.tolist() == [False, True, False, True]
