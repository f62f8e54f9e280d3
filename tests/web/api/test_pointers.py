"""Where a value stands in a document."""

from __future__ import annotations

import pytest

from web.api.pointers import Found, find, written

DOCUMENT = {
    "features": [{"id": "A"}, {"id": "B", "note": ["C"]}, "D"],
    "gene_list": {"first": 7},
    "empty": [],
}


@pytest.mark.parametrize(
    ("field", "wanted", "pointer"),
    [
        ("features.id", "B", "/features/1/id"),
        ("features", "C", "/features/1/note/0"),
        ("features.id", "D", "/features/2"),
        ("geneList.first", "7", "/gene_list/first"),
        ("", "B", "/features/1/id"),
    ],
)
def test_value_is_found_below_its_field(field: str, wanted: str, pointer: str) -> None:
    assert find(DOCUMENT, field, lambda text: text == wanted) == Found(pointer, wanted)


@pytest.mark.parametrize(
    ("field", "pointer"),
    [
        ("features.id", "/features"),
        ("geneList.second", "/gene_list"),
        ("empty", "/empty"),
        ("nothing.at.all", ""),
    ],
)
def test_field_stands_for_a_value_that_is_not_there(field: str, pointer: str) -> None:
    assert find(DOCUMENT, field, lambda text: False) == Found(pointer)


def test_names_are_escaped() -> None:
    assert written(["a/b", "c~d", 3]) == "/a~1b/c~0d/3"
