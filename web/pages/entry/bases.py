"""What a form was opened on: an empty case, or a case as it was in some version."""

from __future__ import annotations

import dataclasses

from werkzeug.datastructures import MultiDict

from matcher.case import Case, Contact
from matcher.storage.errors import DamagedCase
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import store
from web.pages.entry.drafts import Draft
from web.pages.entry.found import Seal, ticked
from web.viewing.visibility import may_open


def empty_case(person: Person) -> Case:
    """A case that is not entered yet."""
    return Case(
        case_id="",
        site=person.site,
        submitter=person.name,
        contact=_contact(person),
    )


def begun(person: Person, form: MultiDict[str, str]) -> tuple[Case, Draft]:
    """A case that is not entered yet, with what a file held of it, and the form of it as typed.

    The draft has what was ticked; what was taken before is known with all its details.
    """
    seal = Seal(person, "")
    taken = tuple(ticked(seal, form.getlist("found")))
    base = dataclasses.replace(empty_case(person), genomic_features=taken)
    draft = Draft.from_form(form, base)
    return base, draft.with_found(ticked(seal, form.getlist("add")))


def _contact(person: Person) -> Contact:
    href = f"mailto:{person.email}" if person.email else ""
    return Contact(name=person.name, href=href, institution=person.site or "")


def as_of(person: Person, stored: StoredCase, version: int) -> Case:
    """The case as it was when the form was opened.

    As it is now if that version is gone or damaged, or if it was not the person's to open: the
    browser names the version, and what a case held while it was private stays private.
    """
    if version == stored.version:
        return stored.case
    try:
        history = store().history(stored.case.case_id)
    except DamagedCase:
        return stored.case
    for revision in history:
        was = revision.case
        if revision.version == version and was is not None and may_open(person, was):
            return was
    return stored.case
