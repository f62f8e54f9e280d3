"""Who belongs to whose family in a pedigree file, and what that says of one of them.

Format: six columns, family, person, father, mother, sex (1 male, 2 female), affected (2 yes,
1 no), and then HPO ids or whatever else follows; https://zzz.bwh.harvard.edu/plink/data.shtml.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from matcher.case import PhenotypicFeature, Relation, Relative, Sex
from matcher.errors import NotText, TooLarge, UnreadablePedigree
from matcher.readers.fields import printable

MOST_BYTES = 1_000_000
MOST_MEMBERS = 500
_COLUMNS = 6
_SEXES = {"1": Sex.MALE, "2": Sex.FEMALE, "m": Sex.MALE, "f": Sex.FEMALE}
_SEXES |= {"male": Sex.MALE, "female": Sex.FEMALE}
_AFFECTED = {"2": True, "1": False, "affected": True, "unaffected": False}
_NOBODY = frozenset({"0", "", ".", "-9", "na"})
_SIBLINGS = defaultdict(
    lambda: Relation.SIBLING,
    {Sex.MALE: Relation.BROTHER, Sex.FEMALE: Relation.SISTER},
)
_HALF = defaultdict(
    lambda: Relation.HALF_SIBLING,
    {Sex.MALE: Relation.HALF_BROTHER, Sex.FEMALE: Relation.HALF_SISTER},
)
_CHILDREN = defaultdict(
    lambda: Relation.CHILD, {Sex.MALE: Relation.SON, Sex.FEMALE: Relation.DAUGHTER}
)
_HPO = re.compile(r"HP[:_]?(\d{7})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of a pedigree. `affected` is None where that is not known."""

    family: str
    person: str
    father: str = ""
    mother: str = ""
    sex: Sex = Sex.UNKNOWN
    affected: bool | None = None
    terms: tuple[str, ...] = ()


def is_pedigree_name(name: str) -> bool:
    """Whether a file is a pedigree by its name."""
    return name.lower().endswith((".ped", ".fam"))


def read_pedigree(data: bytes) -> tuple[Member, ...]:
    """The persons of a pedigree file in their order; raises UnreadablePedigree."""
    if len(data) > MOST_BYTES:
        raise TooLarge(MOST_BYTES, "The pedigree")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotText(error.start) from None
    members = tuple(_members(text))
    if not members:
        raise UnreadablePedigree(
            "The pedigree names nobody", f"each line has {_COLUMNS} columns"
        )
    persons = [(member.family, member.person) for member in members]
    for person in persons:
        if persons.count(person) > 1:
            raise UnreadablePedigree(
                f"The person {person[1]!r} stands twice in the pedigree",
                "each person of a family has one line",
            )
    return members


def _members(text: str) -> Iterator[Member]:
    lines = text.splitlines()
    if len(lines) > 2 * MOST_MEMBERS:
        raise UnreadablePedigree(
            f"The pedigree has {len(lines):,} lines", f"at most {MOST_MEMBERS} are read"
        )
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = line.rstrip("\r\n").split("\t") if "\t" in line else line.split()
        if len(cells) < _COLUMNS:
            raise UnreadablePedigree(
                f"Line {number} of the pedigree has {len(cells)} columns",
                f"right are {_COLUMNS}: family, person, father, mother, sex, affected",
            )
        yield _member([printable(cell.strip())[:200] for cell in cells], number)


def _member(cells: list[str], number: int) -> Member:
    family, person, father, mother, sex, affected, *rest = cells
    if person.casefold() in _NOBODY:
        raise UnreadablePedigree(
            f"Line {number} of the pedigree has no person",
            "the second column names her",
        )
    terms = (f"HP:{digits}" for cell in rest for digits in _HPO.findall(cell))
    return Member(
        family=family,
        person=person,
        father="" if father.casefold() in _NOBODY else father,
        mother="" if mother.casefold() in _NOBODY else mother,
        sex=_SEXES.get(sex.casefold(), Sex.UNKNOWN),
        affected=_AFFECTED.get(affected.casefold()),
        terms=tuple(dict.fromkeys(terms)),
    )


def relatives(proband: Member, members: tuple[Member, ...]) -> Iterator[Relative]:
    """The nearest relatives of a person, by relation and never by their ids."""
    family = [each for each in members if each.family == proband.family]
    by_name = {member.person: member for member in family}
    for relation, name in (
        (Relation.MOTHER, proband.mother),
        (Relation.FATHER, proband.father),
    ):
        if parent := by_name.get(name):
            yield _relative(relation, parent)
    parents = {name for name in (proband.father, proband.mother) if name}
    siblings = [
        each
        for each in family
        if each.person != proband.person and parents & {each.father, each.mother}
    ]
    for sibling in siblings:
        is_full = {sibling.father, sibling.mother} == {proband.father, proband.mother}
        yield _relative((_SIBLINGS if is_full else _HALF)[sibling.sex], sibling)
    for child in family:
        if proband.person in (child.father, child.mother):
            yield _relative(_CHILDREN[child.sex], child)


def _relative(relation: Relation, member: Member) -> Relative:
    return Relative(
        relation=relation,
        affected=member.affected,
        features=tuple(PhenotypicFeature(term_id=i) for i in member.terms),
    )
