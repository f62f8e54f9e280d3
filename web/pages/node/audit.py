"""Whether the audit is whole, and who was told of a case."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.errors import MalformedCase
from matcher.readers.identifiers import checked_id
from web.audit import Audit, Entry
from web.db import connection
from web.pages.admission import the_operator
from web.pages.node.checks import Checked, checks
from web.pages.words import counted, moment
from web.service import service

blueprint = Blueprint("audit", __name__)

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who was told of a case; of many entries the latest are shown."""

    case_id: str
    entries: Sequence[dict[str, str]]
    total: int


@blueprint.get("/node/audit")
def show() -> ResponseReturnValue:
    """Whether the audit is whole, and a form to look somebody up."""
    the_operator()
    return _page()


@blueprint.post("/node/audit")
def look_up() -> ResponseReturnValue:
    """Who was told of a case; that it was looked up is an entry as well."""
    person = the_operator()
    try:
        case_id = checked_id(request.form.get("case_id", "").strip(), "case")
    except MalformedCase as error:
        return _page(wrong=str(error)), 422
    found = Audit(connection()).looked_up(case_id, person.name)
    latest = [_line(entry) for entry in reversed(found[-MOST_SHOWN:])]
    return _page(Told(case_id=case_id, entries=latest, total=len(found)))


@blueprint.post("/node/audit/verify")
def verify() -> ResponseReturnValue:
    """Read the whole audit again."""
    the_operator()
    checks().current(connection(), service().settings, anew=True)
    return redirect(url_for("pages.node.audit.show"), 303)


def _page(told: Told | None = None, wrong: str = "") -> str:
    found = checks().current(connection(), service().settings)
    return render_template(
        "node/audit.html",
        heading=_heading(found),
        checked=found,
        checked_at=moment(found.at),
        told=told,
        told_heading=_told_heading(told) if told else "",
        entered=request.form.get("case_id", ""),
        wrong=wrong,
        most_shown=MOST_SHOWN,
    )


def _heading(found: Checked) -> str:
    if found.audit:
        return "The audit cannot be trusted any more"
    if not found.entries:
        return "Nobody was told of a case yet"
    return f"The audit is whole, {counted(found.entries, 'entry', 'entries')}"


def _told_heading(told: Told) -> str:
    if not told.total:
        return f"No entry names {told.case_id}"
    verb = "names" if told.total == 1 else "name"
    return (
        f"{counted(told.total, 'entry', 'entries').capitalize()} {verb} {told.case_id}"
    )


def _line(entry: Entry) -> dict[str, str]:
    return {
        "number": f"{entry.number:,}",
        "when": moment(entry.at),
        "who": entry.actor,
        "what": entry.action,
        "facts": _facts(entry.facts),
    }


def _facts(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in facts.items())


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
