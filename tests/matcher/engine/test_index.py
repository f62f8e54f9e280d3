import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.engine.index import CaseIndex, Column, IndexedCase, Segment, Texts

IDS = st.text(st.characters(codec="utf-8"), max_size=4)


def indexed(case_id, rows=(), genes=(), hubness=0.0, revision=0):
    return IndexedCase(
        case_id=case_id,
        rows=rows,
        genes=genes,
        hubness=hubness,
        numbers={Column.REVISION: revision},
    )


cases = st.builds(
    indexed,
    IDS,
    st.sets(st.integers(0, 60000), max_size=5).map(sorted),
    st.sets(st.integers(1, 9), max_size=3).map(sorted),
    st.floats(0, 8, width=16),
    st.integers(0, 2**32 - 1),
)


def contents(snapshot):
    """Everything the living cases of a snapshot say, by case id."""
    found = {}
    for part in snapshot.parts:
        segment = part.segment
        for position, case_id in enumerate(segment.case_ids):
            if part.alive is None or part.alive[position]:
                assert case_id not in found
                found[case_id] = (
                    segment.profiles[position].tolist(),
                    float(segment.hubness[position]),
                    int(segment.gene_counts[position]),
                    [g for g in range(10) if position in segment.postings.of_gene(g)],
                    int(segment.columns[Column.REVISION][position]),
                )
    return found


def said_by(case):
    return (
        list(case.rows),
        case.hubness,
        len(case.genes),
        list(case.genes),
        case.numbers[Column.REVISION],
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.lists(cases, max_size=12)), max_size=12))
def test_any_order_of_changes_leaves_the_latest_of_each_case(changes):
    index, expected = CaseIndex(), {}
    for is_removal, batch in changes:
        if is_removal:
            for case in batch:
                assert index.remove(case.case_id) == (case.case_id in expected)
                expected.pop(case.case_id, None)
        else:
            index.put(batch)
            expected.update({case.case_id: case for case in batch})
    snapshot = index.snapshot()
    assert len(index) == len(expected)
    assert contents(snapshot) == {key: said_by(case) for key, case in expected.items()}
    assert sorted(snapshot.case_ids()) == sorted(expected)


def test_a_snapshot_never_changes():
    index = CaseIndex()
    index.put([indexed("a", [1]), indexed("b", [2])])
    before = index.snapshot()
    said = contents(before)
    index.put([indexed("a", [7]), indexed("c", [3])])
    index.remove("b")
    assert contents(before) == said
    assert set(contents(index.snapshot())) == {"a", "c"}


def test_cases_added_one_by_one_make_few_segments():
    index = CaseIndex()
    for number in range(3000):
        index.put([indexed(f"case {number}", [number])])
    parts = index.snapshot().parts
    assert len(index) == 3000
    assert len(parts) <= 6


def test_segments_full_of_dead_cases_are_compacted():
    index = CaseIndex()
    index.put(indexed(f"{number:03}", [number], [1]) for number in range(100))
    for number in range(60):
        index.remove(f"{number:03}")
    (part,) = index.snapshot().parts
    assert len(part.segment) <= 50
    assert len(part) == 40


def test_the_last_case_is_removed_without_trace():
    index = CaseIndex()
    index.put([indexed("a")])
    index.remove("a")
    assert index.snapshot().parts == ()


@settings(deadline=None)
@given(st.lists(IDS, unique=True))
def test_cases_lie_in_the_order_of_their_ids(case_ids):
    segment = Segment.of([indexed(case_id) for case_id in case_ids])
    assert list(segment.case_ids) == sorted(case_ids)
    assert [segment.find(case_id) for case_id in sorted(case_ids)] == list(
        range(len(case_ids))
    )


def test_an_id_between_two_others_is_not_found():
    segment = Segment.of([indexed("a"), indexed("c")])
    assert segment.find("b") is None
    assert segment.find("d") is None


@settings(deadline=None)
@given(st.lists(st.text(max_size=3), unique=True, max_size=20))
@pytest.mark.parametrize("extra", ["", "x" * 200], ids=["short", "long"])
def test_texts_sort_like_python_sorts_them(extra, texts):
    texts = [extra + text.replace("\0", "0") for text in texts]
    packed = Texts.of(texts)
    assert [packed[position] for position in packed.order()] == sorted(texts)


def test_arrays_take_at_most_64_bytes_for_a_case_of_ten_terms_and_a_gene():
    count = 5000
    segment = Segment.of(
        indexed(f"{number:08}", range(10), [number % 1000]) for number in range(count)
    )
    ids = segment.case_ids.data.nbytes + segment.case_ids.offsets.nbytes
    assert (segment.nbytes - ids) / count <= 64
