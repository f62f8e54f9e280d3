"""What the requests of peers share in one process: the cases as peers see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, current_app

from matcher import Calibration
from matcher.matching import MatchSettings
from matcher.storage.database import Database
from ontologies import Release
from web.config import Settings
from web.db import connection
from web.matching import LiveMatcher
from web.mme.turns import Turns
from web.mme.view import PeerView
from web.service import Service, service

EXTENSION = "secondcase-exchange"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What answers a peer, and whose turn it is.

    The matcher knows the shared cases alone, and of them what their sharing level lets a peer
    see. The one of the pages, which knows everything, never answers a peer.
    """

    matcher: LiveMatcher
    turns: Turns


def init_app(app: Flask) -> None:
    """Let the endpoints of an application answer peers."""
    app.extensions[EXTENSION] = Turns()


def peer_matcher(
    release: Release,
    calibration: Calibration,
    view: Callable[[], PeerView],
    matching: MatchSettings | None = None,
) -> LiveMatcher:
    """The matcher over the cases as peers see them."""
    return LiveMatcher(
        release, calibration, view, matching, code=[Path(__file__).parent]
    )


def peer_view(made: Service) -> PeerView:
    """The cases as peers see them now, over the connection of this request."""
    return view_of(connection(), made.settings, made.release)


def view_of(db: Database, settings: Settings, release: Release) -> PeerView:
    """The same over a connection of the caller."""
    return PeerView(db, release, settings.consent_from_level, settings.rare_below)


def exchange() -> Exchange:
    """What the current request shares with those of other peers."""
    turns: Turns = current_app.extensions[EXTENSION]
    return Exchange(service().peers, turns)
