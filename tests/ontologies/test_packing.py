from hypothesis import given
from hypothesis import strategies as st
import pytest

from ontologies.packing import PackedDictionary, PackedTexts

TEXTS = st.lists(st.text(st.characters(codec="utf-8")))


@given(TEXTS)
def test_packed_texts_are_the_texts_in_their_order(texts):
    packed = PackedTexts.of(texts)

    assert list(packed) == texts
    assert packed[:] == texts
    assert len(packed) == len(texts)


def test_packed_texts_count_from_the_end_like_a_list():
    assert PackedTexts.of(["a", "ü"])[-1] == "ü"


@pytest.mark.parametrize("index", [2, -3])
def test_packed_texts_refuse_an_index_outside(index):
    with pytest.raises(IndexError):
        PackedTexts.of(["a", "b"])[index]


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.integers(0, 99))))
def test_dictionary_files_each_number_once_and_ascending(pairs):
    packed = PackedDictionary.of(pairs)

    found = {key: packed[key] for key, _ in pairs}

    assert found == {
        key: sorted({n for other, n in pairs if other == key}) for key, _ in pairs
    }


def test_dictionary_has_nothing_under_an_unknown_text():
    packed = PackedDictionary.of([("b", 1)])

    assert [packed["a"], packed["b"], packed["c"]] == [[], [1], []]


def test_saved_dictionary_opens_as_it_was(tmp_path):
    PackedDictionary.of([("λ", 3), ("λ", 1), ("a", 2)]).save(tmp_path, "d")

    opened = PackedDictionary.open(tmp_path, "d")

    assert (opened["λ"], opened["a"], len(opened)) == ([1, 3], [2], 2)


def test_saved_empty_texts_open_as_they_were(tmp_path):
    PackedTexts.of([]).save(tmp_path / "new folder", "t")

    assert list(PackedTexts.open(tmp_path / "new folder", "t")) == []
