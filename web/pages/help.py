"""Pages that explain: how a score is made, and how to do without a mouse."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web.pages.colophon import bands, foundations

blueprint = Blueprint("help", __name__)


@blueprint.get("/how-a-score-is-made")
def score() -> ResponseReturnValue:
    """What a frequency rests on, with the formulas."""
    return render_template("help/score.html", foundations=foundations(), bands=bands())


@blueprint.get("/keyboard")
def keyboard() -> ResponseReturnValue:
    """The keys of the search boxes."""
    return render_template("help/keyboard.html")
