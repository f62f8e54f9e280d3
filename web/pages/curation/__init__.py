"""The pages of the curator: releases, what they change, and the words of the site."""

from __future__ import annotations

from flask import Blueprint

from web.pages.curation import (
    actions,
    changes,
    decisions,
    library,
    local_words,
    update,
)

blueprint = Blueprint("curation", __name__)

for module in (library, update, changes, actions, decisions, local_words):
    blueprint.register_blueprint(module.blueprint)
