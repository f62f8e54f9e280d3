"""A case survives being written as text and read again."""

from __future__ import annotations

import dataclasses
import enum
import json
import types
import typing
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.storage import codec
from matcher.case import Case, Contact, Onset, PhenotypicFeature, Sex

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of an annotated type, records included."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is types.UnionType:
        return st.one_of(*map(values_of, arguments))
    if typing.get_origin(hint) is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if dataclasses.is_dataclass(hint):
        fields = typing.get_type_hints(hint)
        return st.builds(hint, **{name: values_of(fields[name]) for name in fields})
    if issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    simple = {
        str: TEXT,
        float: FINITE,
        int: st.integers(),
        bool: st.booleans(),
        types.NoneType: st.none(),
    }
    return simple[hint]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(values_of(Case))
def test_any_case_comes_back_unchanged(case: Case) -> None:
    assert codec.decode(codec.encode(case)) == case


def test_every_field_of_a_full_case_is_written() -> None:
    full = case_with_nothing_at_its_default(Case)

    document = json.loads(codec.encode(full))["case"]

    assert set(document) == {field.name for field in dataclasses.fields(Case)}
    assert codec.decode(codec.encode(full)) == full


def case_with_nothing_at_its_default(hint: Any) -> Any:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is types.UnionType:
        return case_with_nothing_at_its_default(arguments[0])
    if typing.get_origin(hint) is tuple:
        return (case_with_nothing_at_its_default(arguments[0]),) * 2
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        values = {
            field.name: (
                not field.default
                if hints[field.name] is bool
                else case_with_nothing_at_its_default(hints[field.name])
            )
            for field in dataclasses.fields(hint)
        }
        return hint(**values)
    if issubclass(hint, enum.Enum):
        return list(hint)[1]
    return {str: "é ☃", float: 0.1, int: 2**70, bool: True}[hint]


@pytest.mark.parametrize(
    ("case", "field"),
    [
        (Case(case_id="P1", age_years=float("nan")), "case.age_years"),
        (Case(case_id="P1", onset=Onset(years=float("inf"))), "case.onset.years"),
        (Case(case_id="P1", note="\ud800"), "case.note"),
        (
            Case(case_id="P1", features=(PhenotypicFeature(term_id="HP:\udfff"),)),
            "case.features[0].term_id",
        ),
    ],
)
def test_what_json_or_utf8_cannot_carry_is_refused_by_field(
    case: Case, field: str
) -> None:
    with pytest.raises(codec.UnstorableCase, match="Case 'P1' cannot be stored") as bad:
        codec.encode(case)

    assert bad.value.field == field
    assert field in str(bad.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"codec": 2, "case": {"case_id": "P1"}}',
        '{"codec": 1, "case": {}}',
        '{"codec": 1, "case": []}',
        '{"codec": 1, "case": {"case_id": 1}}',
        '{"codec": 1, "case": {"case_id": "P1", "colour": "red"}}',
        '{"codec": 1, "case": {"case_id": "P1", "sex": "neither"}}',
        '{"codec": 1, "case": {"case_id": "P1", "test": 1}}',
        '{"codec": 1, "case": {"case_id": "P1", "publications": "PMID:1"}}',
        '{"codec": 1, "case": {"case_id": "P1", "contact": []}}',
    ],
)
def test_other_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(codec.UnreadableCase):
        codec.decode(text)


def test_a_number_of_numpy_is_kept_as_a_number() -> None:
    case = Case(case_id="P1", age_years=np.float64(2.5))

    again = codec.decode(codec.encode(case))

    assert again.age_years == 2.5
    assert type(again.age_years) is float


def test_whole_ages_and_enumerations_keep_their_types() -> None:
    case = Case(case_id="P1", sex=Sex.FEMALE, age_years=3, contact=Contact(name="A"))

    again = codec.decode(codec.encode(case))

    assert again.sex is Sex.FEMALE
    assert again.age_years == 3
