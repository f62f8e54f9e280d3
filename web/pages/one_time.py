"""The id of a form that is to be saved once, however often it is sent."""

from __future__ import annotations

import re
import secrets

from flask import request

from matcher.storage.database import Database, rows
from web.accounts.people import Person

FORM_ID = re.compile(r"[0-9a-f]{32}")


def new() -> str:
    """An id for a form that is shown for the first time."""
    return secrets.token_hex(16)


def sent() -> str:
    """The id of the form that this request brings; empty where it brings none of ours."""
    form_id = request.form.get("form_id", "")
    return form_id if FORM_ID.fullmatch(form_id) else ""


def made_of(db: Database, person: Person) -> str | None:
    """Id of the case that the form of this request became before, if it did."""
    sql = "SELECT case_id FROM sent_forms WHERE person_id = ? AND form_id = ?"
    found = rows(db, sql, [person.person_id, sent()])
    return found[0]["case_id"] if found else None


def remember(db: Database, person: Person, case_id: str) -> None:
    """Remember that the form of this request became this case, if it brings an id at all."""
    if form_id := sent():
        row = {"person_id": person.person_id, "form_id": form_id, "case_id": case_id}
        db.table("sent_forms").insert(row)
