"""Groups to take along, as CSV or JSON: those of a page of the list, or one; recorded first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from web.accounts.people import Person
from web.cli.cases.spreadsheet import csv_line, harmless
from web.db import connection
from web.groups.keeping import KeptGroup, KeptGroups, View
from web.pages.admission import the_clinician
from web.pages.groups.group import asked_for, listed
from web.viewing import told

blueprint = Blueprint("group_exports", __name__)

ACTION = "exported by a clinician"
COLUMNS = (
    *("group", "says", "case_id", "site", "yours", "firmness", "group_firmness"),
    *("genes", "in_common", "sets_apart"),
)


@blueprint.get("/groups.csv", defaults={"group": ""})
@blueprint.get("/groups/<group>.csv")
def as_csv(group: str) -> ResponseReturnValue:
    """A row for each case of a group; no cell is read as a formula."""
    person, _, groups = _asked(group, "groups as CSV")
    rows = (_row(person, *each) for each in _members(groups))
    text = "".join(f"{csv_line(row)}\r\n" for row in (COLUMNS, *rows))
    return _file(text, "text/csv", "groups.csv")


@blueprint.get("/groups.json", defaults={"group": ""})
@blueprint.get("/groups/<group>.json")
def as_json(group: str) -> ResponseReturnValue:
    """Everything that is kept of the groups, with what they were made from."""
    _, view, groups = _asked(group, "groups as JSON")
    body = {
        "made_at": view.made_at,
        "made_from": view.facts,
        "groups": [_object(each) for each in groups],
    }
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1)
    return _file(text, "application/json", "groups.json")


def _asked(link: str, page: str) -> tuple[Person, View, Sequence[KeptGroup]]:
    """The groups that the address names, once it is recorded whose cases are in them."""
    person = the_clinician()
    kept, site = KeptGroups(connection()), person.site or ""
    view = kept.view(site)
    one = kept.get(site, link) if link else None
    if view is None or (link and one is None):
        abort(404)
    groups = (one,) if one else listed(kept, site, *asked_for())
    others = {each.case_id for _, _, each in _members(groups) if each.site != site}
    told.record(person, sorted(others), page=page, action=ACTION)
    return person, view, groups


def _members(groups: Sequence[KeptGroup]) -> Iterator[tuple[int, KeptGroup, Any]]:
    for number, group in enumerate(groups, start=1):
        for member in group.members:
            yield number, group, member


def _row(person: Person, number: int, group: KeptGroup, member: Any) -> list[object]:
    body = group.body
    return [
        number,
        body["headline"],
        harmless(member.case_id),
        harmless(member.site),
        "yes" if member.site == person.site else "no",
        "" if member.firmness is None else member.firmness,
        "" if body["firmness"] is None else body["firmness"],
        harmless(" | ".join(gene["symbol"] for gene in body["genes"])),
        harmless(" | ".join(each["term"]["label"] for each in body["shared"])),
        harmless(" | ".join(each["term"]["label"] for each in body["distinctive"])),
    ]


def _object(group: KeptGroup) -> Mapping[str, Any]:
    return {
        **group.body,
        "members": [
            {
                "case_id": each.case_id,
                "site": each.site,
                "firmness": each.firmness,
                "changed_since": each.has_changed,
            }
            for each in group.members
        ],
        "matches": [
            {
                "cases": [
                    group.members[tie.one].case_id,
                    group.members[tie.other].case_id,
                ],
                "probability": tie.probability,
            }
            for tie in group.ties
        ],
    }


def _file(text: str, kind: str, name: str) -> Response:
    answer = Response(text, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
