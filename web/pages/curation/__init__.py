"""The pages of the curator: releases, what they change, and the words of the site."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from ontologies.errors import DamagedRecord, DamagedRelease
from web.db import connection
from web.pages.curation import (
    actions,
    changes,
    decisions,
    library,
    local_words,
    queue,
    update,
)
from web.pages.words import sentence
from web.unrecognised.queue import Queue

blueprint = Blueprint("curation", __name__)

for module in (library, update, changes, actions, decisions, local_words, queue):
    blueprint.register_blueprint(module.blueprint)


@blueprint.context_processor
def _on_every_tab() -> dict[str, int]:
    return {"unknown_features": Queue(connection()).count()}


@blueprint.errorhandler(DamagedRelease)
@blueprint.errorhandler(DamagedRecord)
def _damaged(error: Exception) -> ResponseReturnValue:
    """Of what is damaged there is no page; the list of releases says why, and reads none whole."""
    flash(sentence(str(error)), "alert")
    return redirect(url_for("pages.curation.library.show"), 303)
