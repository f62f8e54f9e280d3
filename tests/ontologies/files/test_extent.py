from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ontologies.arrays import build_arrays
from ontologies.files.extent import ancestor_pairs, deepest

DIAMOND = {
    "HP:0000001": [],
    "HP:0000002": ["HP:0000001"],
    "HP:0000003": ["HP:0000001"],
    "HP:0000004": ["HP:0000002", "HP:0000003", "HP:0000002"],
}


@st.composite
def graphs(draw):
    names = [f"HP:{n:07d}" for n in range(draw(st.integers(1, 30)))]
    return {
        name: draw(st.lists(st.sampled_from(names[:row]))) if row else []
        for row, name in enumerate(names)
    }


def test_diamond_is_two_levels_deep_and_has_nine_pairs():
    assert deepest(DIAMOND) == ("HP:0000004", 2)
    assert ancestor_pairs(DIAMOND, 100) == 9


def test_counting_ends_soon_after_the_most():
    chain = {f"HP:{n:07d}": [f"HP:{n - 1:07d}"] if n else [] for n in range(9000)}
    assert 1000 < ancestor_pairs(chain, 1000) < 2000
    assert ancestor_pairs(chain, 10**9) == 9000 * 9001 // 2


@given(graphs())
def test_pairs_are_as_many_as_the_arrays_hold(parents):
    assert ancestor_pairs(parents, 10**6) == len(build_arrays(parents).ancestor_rows)
