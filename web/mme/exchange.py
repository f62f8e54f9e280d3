"""What the requests of peers share in one process: the cases as peers see them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import Flask, current_app

from web.db import connection
from web.matching import LiveMatcher
from web.mme.turns import Turns
from web.mme.view import PeerView
from web.service import EXTENSION as SERVICE
from web.service import Service

EXTENSION = "secondcase-exchange"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Opened once, when the endpoints are added to the application.

    The matcher knows the shared cases alone, and of them what their sharing level lets a peer
    see. The one of the pages, which knows everything, never answers a peer.
    """

    matcher: LiveMatcher
    turns: Turns


def init_app(app: Flask) -> None:
    """Let the endpoints of an application that has its service answer peers."""
    made: Service = app.extensions[SERVICE]
    matcher = LiveMatcher(
        made.release,
        made.calibration,
        lambda: peer_view(made),
        made.matcher.settings,
        code=[Path(__file__).parent],
    )
    app.extensions[EXTENSION] = Exchange(matcher, Turns())


def peer_view(made: Service) -> PeerView:
    """The cases as peers see them now, over the connection of this request."""
    settings = made.settings
    return PeerView(
        connection(), made.release, settings.consent_from_level, settings.rare_below
    )


def exchange() -> Exchange:
    """What the current request shares with those of other peers."""
    found: Exchange = current_app.extensions[EXTENSION]
    return found
