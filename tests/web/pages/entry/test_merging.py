"""What two people changed in one case, line by line."""

from __future__ import annotations

import dataclasses

import pytest

from matcher.case import (
    Case,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sex,
    Treatment,
)
from web.pages.entry.merging import merge

A, B, C = (PhenotypicFeature(term_id=f"HP:000000{n}") for n in (1, 2, 3))
BASE = Case(case_id="x", features=(A, B), genomic_features=(GenomicFeature(gene="G1"),))


def with_features(*features: PhenotypicFeature) -> Case:
    return dataclasses.replace(BASE, features=features)


@pytest.mark.parametrize(
    ("stored", "yours", "kept"),
    [
        ((A, B), (A, B), (A, B)),
        ((A, B, C), (A, B), (A, B, C)),
        ((A, B), (A, B, C), (A, B, C)),
        ((A,), (A, B), (A,)),
        ((A, B), (A,), (A,)),
        ((A,), (B,), ()),
        ((A, B, C), (A, B, C), (A, B, C)),
    ],
)
def test_every_added_line_is_kept_and_every_removed_one_is_gone(
    stored: tuple[PhenotypicFeature, ...],
    yours: tuple[PhenotypicFeature, ...],
    kept: tuple[PhenotypicFeature, ...],
) -> None:
    merged = merge(BASE, with_features(*stored), with_features(*yours))

    assert merged.case.features == kept


def test_line_that_one_removed_and_the_other_changed_stays() -> None:
    later = dataclasses.replace(B, onset=Onset(years=2))

    for stored, yours in (((A,), (A, later)), ((A, later), (A,))):
        merged = merge(BASE, with_features(*stored), with_features(*yours))
        assert merged.case.features == (A, later)


def test_a_drug_that_was_tried_twice_stays_twice() -> None:
    first, second = (
        Treatment(agent_id="D1", label="Drug", response=said)
        for said in ("none", "good")
    )
    before = dataclasses.replace(BASE, treatments=(first, second))
    noted = dataclasses.replace(before, note="seen")
    fewer = dataclasses.replace(before, treatments=(second,))

    assert merge(before, before, noted).case.treatments == (first, second)
    assert merge(before, fewer, noted).case.treatments == (second,)


def test_parts_of_one_value_are_taken_from_who_changed_them() -> None:
    stored = dataclasses.replace(BASE, sex=Sex.MALE)
    yours = dataclasses.replace(BASE, note="seen twice")

    merged = merge(BASE, stored, yours)

    assert (merged.case.sex, merged.case.note) == (Sex.MALE, "seen twice")
    assert [part.name for part in merged.theirs] == ["sex"]
    assert [part.name for part in merged.yours] == ["note"]
    assert merged.undecided == ()


def test_value_that_both_changed_differently_is_undecided_with_yours_in_place() -> None:
    stored = dataclasses.replace(BASE, note="theirs")
    yours = dataclasses.replace(BASE, note="yours")

    merged = merge(BASE, stored, yours)

    assert [part.name for part in merged.undecided] == ["note"]
    assert (merged.case.note, merged.stored.note) == ("yours", "theirs")


def test_value_that_both_changed_alike_needs_no_decision() -> None:
    changed = dataclasses.replace(BASE, sex=Sex.FEMALE)

    assert merge(BASE, changed, changed).undecided == ()


def test_what_the_form_does_not_show_comes_from_the_store() -> None:
    stored = dataclasses.replace(BASE, family="F1", solved=True)

    merged = merge(BASE, stored, BASE)

    assert (merged.case.family, merged.case.solved) == ("F1", True)
