"""The pages of the operator: the peers, what protects the cases, and who was told of them."""

from __future__ import annotations

from flask import Blueprint

from web.pages.node import actions, audit, erasing, overview, peer, people, safeguards

blueprint = Blueprint("node", __name__)

for module in (overview, peer, actions, audit, safeguards, people, erasing):
    blueprint.register_blueprint(module.blueprint)
