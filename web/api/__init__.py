"""The API for systems that submit cases: /api/v1, with its document and a page to read it."""

from __future__ import annotations

from web.api import cases, matches, reference
from web.api.documents import OpenAPI, application
from web.api.errors import STATUSES
from web.api.sessions import PageSessions

__all__ = ["BLUEPRINTS", "STATUSES", "application", "init_app"]

BLUEPRINTS = (cases.blueprint, matches.blueprint)


def init_app(app: OpenAPI) -> None:
    """Add the API to an application that has its service, accounts and security."""
    app.session_interface = PageSessions()
    matches.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_api(blueprint)
    app.register_blueprint(reference.blueprint)
