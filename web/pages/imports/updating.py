"""A case of a file that was imported before: what the file says now, as a new version of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from matcher.case import Case
from matcher.readers.doubts import settled
from matcher.readers.guesses import Guess, with_guesses
from matcher.storage.errors import DamagedCase
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import store
from web.pages.cases.versions import Group, compared
from web.pages.entry.merging import merge
from web.pages.imports.reading import Found
from web.service import service
from web.viewing.visibility import may_open

SEEN = "seen"
# What the form of a case does not show is as the file has it, unless it says nothing of it.
_OF_THE_FILE = ("species", "family", "publications", "measurements")


@dataclass(frozen=True, slots=True)
class Update:
    """The case as it is stored, and as it would be saved."""

    stored: StoredCase
    case: Case

    @property
    def seen(self) -> str:
        """What a page that shows the difference sends back: of which version it was."""
        return f"{self.stored.case.case_id} {self.stored.version}"

    @property
    def differences(self) -> list[Group]:
        """The parts that differ, each with the rows that do; none where nothing is new."""
        groups = compared(self.stored.case, self.case, service().release)
        changed = [Group(each.name, each.changed) for each in groups if each.changed]
        if not changed and self.case != self.stored.case:
            changed.append(Group("Details that the form does not show", ()))
        return changed


def external_id(
    person: Person, found: Found, case: Case, *, is_apart: bool = False
) -> str:
    """What a case of a file is known by: one person's import says nothing of another's.

    An id that the file does not give, such as the number of a row, names nobody beyond that file,
    nor does that of a case that `is_apart`: another file has the same id for somebody else.
    """
    is_of_file = is_apart or case.case_id in found.report.made_up
    of_file = f" of {found.digest}" if is_of_file else ""
    return f"import {person.person_id} {case.case_id}{of_file}"


def saved_before(person: Person, found: Found, case: Case) -> str:
    """Id of the case that this person made of the same case of a file."""
    return saved_from_it(person, found, case) or _known(person, found, case)


def saved_from_it(person: Person, found: Found, case: Case) -> str:
    """Id of the case that this person made of it when she imported this very file."""
    return _known(person, found, case, is_apart=True)


def _known(person: Person, found: Found, case: Case, *, is_apart: bool = False) -> str:
    name = external_id(person, found, case, is_apart=is_apart)
    return store().find(person.site, name) or ""


def update_of(person: Person, found: Found, case: Case) -> Update | None:
    """What became of the case of a file, None if it was not imported or is not hers any more.

    Whatever was changed here since the import stays: of each part the file has its way only
    where it says something else than it did when it was first imported. A guess that was
    confirmed then is taken as confirmed.
    """
    case_id = saved_before(person, found, case)
    if not case_id:
        return None
    try:
        stored = store().get(case_id)
    except DamagedCase:
        return None
    if not may_open(person, stored.case):
        return None
    first = _first(stored)
    read = with_guesses(case, _confirmed(found.guesses, first))
    kept = {
        name: getattr(first, name)
        for name in ("case_id", "site", "submitter", "contact", "sharing", "note")
    }
    told = {name: getattr(read, name) for name in _OF_THE_FILE if getattr(read, name)}
    merged = merge(
        first,
        stored.case,
        dataclasses.replace(read, **kept, label=read.label or first.label),
    )
    undecided = {
        field: getattr(stored.case, field)
        for part in merged.undecided
        for field in part.fields
    }
    case = dataclasses.replace(merged.case, **told, **undecided)
    return Update(stored, settled(case))


def _first(stored: StoredCase) -> Case:
    """The case as it was imported, or as it is where that is not known any more."""
    try:
        first = store().history(stored.case.case_id)[0].case
    except DamagedCase:
        first = None
    return first or stored.case


def _confirmed(guesses: Iterable[Guess], first: Case) -> list[Guess]:
    known = {feature.term_id for feature in first.features}
    known |= {disease.disease_id for disease in first.diseases}
    return [guess for guess in guesses if guess.coded_id in known]
