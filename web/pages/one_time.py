"""The id of a form that is to be saved once, however often it is sent."""

from __future__ import annotations

import re
import secrets

from flask import request

from web.accounts.people import Person

FORM_ID = re.compile(r"[0-9a-f]{32}")


def new() -> str:
    """An id for a form that is shown for the first time."""
    return secrets.token_hex(16)


def sent() -> str:
    """The id of the form that this request brings; empty where it brings none of ours."""
    form_id = request.form.get("form_id", "")
    return form_id if FORM_ID.fullmatch(form_id) else ""


def mark(person: Person, form_id: str) -> str:
    """How the store remembers that the form was saved: as the site's own id of the case.

    It names the person, so that no form meets the case of another.
    """
    return f"form {person.person_id} {form_id}"
