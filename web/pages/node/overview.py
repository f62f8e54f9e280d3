"""How the peers of this node fare, and what its operator should look at first."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from web.db import connection
from web.mme.answering.diagnoses import Diagnoses
from web.mme.answering.diagnosing import gate
from web.pages.admission import the_operator
from web.pages.node.checks import checks, quick_alerts
from web.pages.node.lines import heading, peer_lines
from web.pages.words import moment
from web.service import service

blueprint = Blueprint("overview", __name__)


@blueprint.get("/node")
def show() -> ResponseReturnValue:
    """The peers, and before them what is wrong."""
    the_operator()
    db, settings = connection(), service().settings
    lines = peer_lines(db)
    found = checks().current(db, settings)
    return render_template(
        "node/overview.html",
        heading=heading(lines),
        site_url=settings.site_url,
        lines=lines,
        alerts=[*found.alerts, *quick_alerts(db, settings)],
        checked_at=moment(found.at),
        strangers=[
            (
                str(each.kind),
                each.times + gate().waiting(each.kind),
                moment(each.first_at),
                moment(each.last_at),
            )
            for each in Diagnoses(db).strangers()
        ],
    )


@blueprint.post("/node/check")
def check() -> ResponseReturnValue:
    """Read the whole audit and every consent again."""
    the_operator()
    checks().current(connection(), service().settings, anew=True)
    return redirect(url_for("pages.node.overview.show"), 303)
