"""Whether the level of sharing that a case form asks for may be had, and what is asked first."""

from __future__ import annotations

import dataclasses

from flask import request

from matcher.case import Case, Sharing
from web.accounts.people import Person
from web.conversations.hiding import CONFIRMED, erased_with, erased_words
from web.db import connection
from web.mme.disclosing.consents import Consents
from web.pages.entry.checks import Problem
from web.pages.entry.drafts import Draft
from web.service import service
from web.viewing.visibility import may_share


def sharing_problems(person: Person, draft: Draft, base: Case) -> list[Problem]:
    """What keeps the level from being saved; nothing where it stays as it is."""
    if draft.sharing == base.sharing.value:
        return []
    if may_share(person, base):
        return _consent_problems(draft, base) or _conversation_problems(draft, base)
    message = f"Only {base.submitter or 'who entered it'} changes how far this case is shared."
    return [Problem("sharing", "Sharing", message)]


def _consent_problems(draft: Draft, base: Case) -> list[Problem]:
    """What is said of a level that nobody has agreed to."""
    wanted = dataclasses.replace(base, sharing=Sharing(draft.sharing))
    consents = Consents(connection(), service().settings.consent_from_level)
    if consents.allowed([wanted]):
        return []
    where = (
        "record it on the page “What peers see” of the case"
        if base.case_id
        else "save the case for your site, then record it on its page “What peers see”"
    )
    message = f"This level needs a consent on record; {where}."
    return [Problem("sharing", "Sharing", message)]


def _conversation_problems(draft: Draft, base: Case) -> list[Problem]:
    """What is asked where a lower level erases what was written about the case."""
    erased = erased_with(connection(), base, Sharing(draft.sharing))
    if not erased or CONFIRMED in request.form:
        return []
    message = (
        f"At this level {erased_words(erased)} would be erased, on both sides and for good. "
        "Tick that you want this, or choose a level that reaches them."
    )
    return [Problem("sharing", "Sharing", message)]
