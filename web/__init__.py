"""Who asks, and in which format: the web service around the matcher."""

from __future__ import annotations

import dataclasses

from flask import Flask
from flask_bootstrap import Bootstrap5
from jinja2 import StrictUndefined

from matcher.calibration import BandRules, Calibration, default_calibration
from matcher.storage.database import connect
from matcher.storage.store import CaseStore
from ontologies import Release, open_release
from web import db, errors, pages, security, service
from web import accounts
from web.config import Settings, load_settings
from web.matching import LiveMatcher
from web.mme import server
from web.accounts.passwords import Passwords

STATIC_AGE_SECONDS = 3600


def create_app(
    settings: Settings | None = None,
    *,
    release: Release | None = None,
    calibration: Calibration | None = None,
    passwords: Passwords | None = None,
) -> Flask:
    """The application of one process; the only place where its parts are put together.

    What is not given is the default: settings from the environment, the active release, its
    default calibration. Raises `BadSettings` or `NoActiveRelease`.
    """
    settings = settings or load_settings()
    release = release or open_release()
    app = Flask(__name__)
    # A name that a template misspells fails its test instead of printing nothing.
    app.jinja_env.undefined = StrictUndefined
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_AGE_SECONDS
    security.init_app(app, settings, exempt=[server.blueprint])
    db.init_app(app, settings)
    errors.init_app(app, server.STATUSES)
    accounts.init_app(app, settings, passwords)
    Bootstrap5(app)
    service.init_app(app, _service(settings, release, calibration))
    pages.init_app(app)
    app.register_blueprint(server.blueprint)
    return app


def _service(
    settings: Settings, release: Release, calibration: Calibration | None
) -> service.Service:
    bands = BandRules(
        contact=settings.band_contact,
        look=settings.band_look,
        look_false_matches=settings.band_false_matches,
    )
    made = dataclasses.replace(
        calibration or default_calibration(release),
        bands=bands,
        expected_partners=settings.expected_partners,
    )
    matcher = LiveMatcher(release, made, lambda: CaseStore(connect(settings.database)))
    return service.Service(
        settings=settings, release=release, calibration=made, matcher=matcher
    )
