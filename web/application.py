"""The application of one process, put together from its parts."""

from __future__ import annotations

import os
from functools import partial

from flask import Flask
from flask_bootstrap import Bootstrap5
from jinja2 import StrictUndefined

from matcher.calibration import Calibration
from matcher.matching import MatchSettings
from ontologies import Release, open_release
from web import accounts, api, db, errors, pages, security, service
from web.abbreviations import SiteWords
from web.accounts.passwords import Passwords
from web.config import Settings, load_settings
from web.matching import LiveMatcher
from web.mme import exchange
from web.mme.answering import server
from web.mme.asking import aside
from web.mme.asking.aside import Aside
from web.pages.people import openid
from web.switching.following import Follower
from web.switching.waiting import OpenTerms

STATIC_AGE_SECONDS = 3600


def create_app(
    settings: Settings | None = None,
    *,
    release: Release | None = None,
    calibration: Calibration | None = None,
    passwords: Passwords | None = None,
) -> Flask:
    """The application of one process; the only place where its parts are put together.

    What is not given is the default: settings from the environment, the active release, the
    calibration that the settings name. Raises `BadSettings` or `NoActiveRelease`.
    """
    settings = settings or load_settings()
    release = release or open_release()
    app = api.application(__package__)
    # A name that a template misspells fails its test instead of printing nothing.
    app.jinja_env.undefined = StrictUndefined
    # A redirected POST becomes a GET, and its caller reads no page.
    app.url_map.merge_slashes = False
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_AGE_SECONDS
    security.init_app(app, settings, exempt=[server.blueprint, *api.BLUEPRINTS])
    db.init_app(app, settings)
    errors.init_app(app, {**server.STATUSES, **api.STATUSES})
    accounts.init_app(app, settings, passwords)
    Bootstrap5(app)
    made = partial(service_of, settings)
    chosen = calibration or service.chosen_calibration(settings, release)
    follower = Follower(app, made, made(release, chosen))
    service.init_app(app, follower)
    aside.init_app(app, Aside(settings.database, follower.asker))
    pages.init_app(app)
    openid.init_app(app, settings)
    app.register_blueprint(server.blueprint)
    api.init_app(app)
    return app


def service_of(
    settings: Settings, release: Release, calibration: Calibration
) -> service.Service:
    """What answers by a release and a calibration; no case is read yet."""
    made = service.as_set(calibration, settings)
    # Processes answer side by side: together they have as many threads as processors.
    matching = MatchSettings(
        workers=max(1, (os.cpu_count() or 1) // settings.processes)
    )
    return service.Service(
        settings=settings,
        release=release,
        calibration=made,
        matcher=LiveMatcher(release, made, db.store, matching),
        peers=exchange.peer_matcher(
            release,
            made,
            lambda: exchange.view_of(db.connection(), settings, release),
            matching,
        ),
        chain=service.chain_of(settings),
        words=SiteWords(release),
        open_terms=OpenTerms(release.ontology),
    )
