"""A pedigree that waits: its persons, and what is put into a case of the one who is chosen."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import MultiDict

from matcher.case import Case, PhenotypicFeature, Sex
from matcher.readers.pedigrees import Member, read_pedigree, relatives
from matcher.storage.errors import UnknownCase
from web.accounts.people import Person
from web.db import store
from web.entry.numbering import free_id
from web.entry.uploads import Upload
from web.pages.cases import profile
from web.pages.words import counted
from web.service import service
from web.viewing.visibility import may_open

MOST_CASES = 200
Owner = Callable[[Person, Case], Case]


class NotChosen(Exception):
    """A person or a case that is not on the page; the sentence says which."""

    def __init__(self, field: str, label: str, said: str) -> None:
        super().__init__(said)
        self.field = field
        self.label = label


def members(upload: Upload) -> tuple[Member, ...]:
    """The persons of the pedigree; raises what reading it raises."""
    return read_pedigree(upload.data)


def values(person: Person, upload: Upload) -> dict[str, Any]:
    """What the page of a family shows."""
    found = members(upload)
    affected = [i for i, member in enumerate(found) if member.affected]
    return {
        "upload_id": upload.upload_id,
        "members": [
            {
                "number": number,
                "name": member.person,
                "family": member.family,
                "sex": member.sex.value,
                "affected": {True: "affected", False: "not affected"}.get(
                    member.affected, "not known"  # type: ignore[arg-type]
                ),
                "relatives": _said(member, found) or "nobody named",
                "terms": counted(len(member.terms), "term") if member.terms else "",
                "is_chosen": affected == [number],
            }
            for number, member in enumerate(found)
        ],
        "targets": [("", "A new case"), *_own_cases(person)],
        "problems": [],
    }


def _own_cases(person: Person) -> list[tuple[str, str]]:
    cases = store().cases(
        site=person.site, submitter=person.name, on_damage=lambda _: None
    )
    latest = sorted(cases, key=lambda each: each.saved_at, reverse=True)[:MOST_CASES]
    named = ((each.case.case_id, each.case.label) for each in latest)
    return [(case_id, f"{case_id} {label}".strip()) for case_id, label in named]


def saved(person: Person, upload: Upload, form: MultiDict[str, str], own: Owner) -> str:
    """Save the chosen person's family into the chosen case; its id. Raises `NotChosen`.

    The caller holds the write lock.
    """
    found = members(upload)
    number = form.get("proband", "")
    if not number.isascii() or not number.isdigit() or int(number) >= len(found):
        raise NotChosen(
            "proband-0", "Who the case is", "Choose one person of the family."
        )
    proband = found[int(number)]
    target = form.get("case", "")
    if not target:
        case_id = free_id(store(), person.site or "")
        case = dataclasses.replace(own(person, Case(case_id="")), case_id=case_id)
        store().put(_with(case, proband, found), actor=person.name, expected_version=0)
        return case_id
    try:
        stored = store().get(target)
    except UnknownCase:
        stored = None
    if stored is None or not may_open(person, stored.case):
        raise NotChosen("case", "Case", f"There is no case {target[:60]!r} of yours.")
    store().put(
        _with(stored.case, proband, found),
        actor=person.name,
        expected_version=stored.version,
    )
    return stored.case.case_id


def _with(case: Case, proband: Member, found: tuple[Member, ...]) -> Case:
    """The case with its family, and with the sex and terms that it does not have yet."""
    known = {feature.term_id for feature in (*case.features, *case.uncertain)}
    more = [PhenotypicFeature(term_id=i) for i in proband.terms if i not in known]
    named = Counter(relatives(proband, found)) - Counter(case.relatives)
    return dataclasses.replace(
        case,
        family=case.family or proband.family or None,
        sex=proband.sex if case.sex is Sex.UNKNOWN else case.sex,
        features=(*case.features, *more),
        relatives=(*case.relatives, *named.elements()),
    )


def _said(member: Member, found: tuple[Member, ...]) -> str:
    release = service().release
    return ", ".join(
        f"{each.relation} {profile.relative_words(each, release)}"
        for each in relatives(member, found)
    )
