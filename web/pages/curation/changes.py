"""Everything that a release changes: filtered, a page at a time, and as a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ontologies.curation.differences import Part, What
from ontologies.curation.differences.report import COLUMNS
from web.cli.cases.spreadsheet import harmless
from web.pages.admission import the_curator
from web.pages.curation.studies import Row, Studied, studied_release
from web.pages.files import as_csv

blueprint = Blueprint("changes", __name__)

PAGE_SIZE = 100
LONGEST_FIND = 100
INFORMATION = "information content"


@blueprint.get("/curation/releases/<release_id>/changes")
def show(release_id: str) -> ResponseReturnValue:
    """The changes that were asked for."""
    the_curator()
    studied = studied_release(release_id)
    part, what, find = _asked()
    rows = _chosen(studied, part, what, find)
    pages = max(1, math.ceil(len(rows) / PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "curation/changes.html",
        studied=studied,
        heading=_heading(studied, len(rows)),
        rows=rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        chips=_chips(studied, part, what),
        asked={"part": part, "change": what, "find": find},
        page=page,
        pages=pages,
    )


@blueprint.get("/curation/releases/<release_id>/changes.csv")
def as_file(release_id: str) -> ResponseReturnValue:
    """The same as a file, all pages of it."""
    the_curator()
    studied = studied_release(release_id)
    rows = _chosen(studied, *_asked())
    cells = [
        [*map(harmless, (r.part, r.what, r.entry, r.label, r.before, r.after))]
        for r in rows
    ]
    return as_csv(COLUMNS, cells, f"changes to HPO {studied.version}")


def _asked() -> tuple[str, str, str]:
    """Part, kind and text of the address; what no change could be is left out."""
    part, what = request.args.get("part", ""), request.args.get("change", "")
    return (
        part if part in list(Part) else "",
        what if what in [*What, INFORMATION] else "",
        request.args.get("find", "").strip()[:LONGEST_FIND],
    )


def _chosen(studied: Studied, part: str, what: str, find: str) -> list[Row]:
    rows = (*studied.study.rows, *studied.study.shifts)
    wanted = find.casefold()
    return [
        row
        for row in rows
        if part in ("", row.part)
        and what in ("", row.what)
        and (not wanted or wanted in _text(row))
    ]


def _text(row: Row) -> str:
    return " ".join((row.entry, row.label, row.before, row.after)).casefold()


def _heading(studied: Studied, count: int) -> str:
    if studied.beside is None:
        return "There is no other release to compare with"
    before = studied.beside.versions["hpo"]
    changes = "change" if count == 1 else "changes"
    return f"{count:,} {changes} from HPO {before} to {studied.version}"


def _chips(studied: Studied, part: str, what: str) -> Sequence[dict[str, Any]]:
    """A filter for each kind of change, with its count."""
    release_id = studied.release.release_id
    counts = dict(studied.study.counts)
    if studied.study.shifts:
        counts[Part.TERMS, INFORMATION] = len(studied.study.shifts)
    return [
        {
            "name": f"{each}, {how}",
            "count": count,
            "is_on": (part, what) == (each, how),
            "href": url_for(
                "pages.curation.changes.show",
                release_id=release_id,
                part=str(each),
                change=str(how),
            ),
        }
        for (each, how), count in counts.items()
    ]
