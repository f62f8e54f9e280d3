"""Pedigree files: who is whose parent, and what that says of one person."""

from __future__ import annotations

import pytest

from matcher.case import Relation, Sex
from matcher.errors import NotText, TooLarge, UnreadableInput, UnreadablePedigree
from matcher.readers.pedigrees import read_pedigree, relatives

PEDIGREE = b"""\
#family person father mother sex affected
F1 anna father mother 2 2 HP:0001250;HP:0000252
F1 father 0 0 1 1
F1 mother 0 0 2 0
F1 ben father mother 1 2
F1 carl other mother 1 1
F2 dora 0 0 2 2
"""


def test_members_have_sex_parents_state_and_terms() -> None:
    anna, father, mother, *_ = read_pedigree(PEDIGREE)

    assert (anna.sex, anna.affected, anna.father) == (Sex.FEMALE, True, "father")
    assert anna.terms == ("HP:0001250", "HP:0000252")
    assert (father.sex, father.affected, father.father) == (Sex.MALE, False, "")
    assert mother.affected is None


def test_relatives_are_said_by_relation_and_never_by_id() -> None:
    members = read_pedigree(PEDIGREE)

    assert [
        (each.relation, each.affected) for each in relatives(members[0], members)
    ] == [
        (Relation.MOTHER, None),
        (Relation.FATHER, False),
        (Relation.BROTHER, True),
        (Relation.HALF_BROTHER, False),
    ]
    children = list(relatives(members[2], members))
    assert [(each.relation, each.affected) for each in children] == [
        (Relation.DAUGHTER, True),
        (Relation.SON, True),
        (Relation.SON, False),
    ]
    assert [feature.term_id for feature in children[0].features] == [
        "HP:0001250",
        "HP:0000252",
    ]


def test_tabs_keep_empty_columns() -> None:
    [member] = read_pedigree(b"F\ta b\t\t\t1\t2\n")

    assert member.person == "a b" and member.father == ""


@pytest.mark.parametrize(
    "data, error",
    [
        (b"", UnreadablePedigree),
        (b"F1 anna 0 0 2\n", UnreadablePedigree),
        (b"F1 0 0 0 2 2\n", UnreadablePedigree),
        (b"F1 a 0 0 2 2\nF1 a 0 0 2 2\n", UnreadablePedigree),
        (b"F1 a 0 0 2 2\n" * 2_000, UnreadablePedigree),
        (b"\xff\xfe", NotText),
        (b" " * 1_000_001, TooLarge),
    ],
)
def test_what_is_no_pedigree_is_named(
    data: bytes, error: type[UnreadableInput]
) -> None:
    with pytest.raises(error):
        read_pedigree(data)
