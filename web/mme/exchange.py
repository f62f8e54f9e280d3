"""What the requests of peers share in one process: the cases as peers see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from flask import Flask, current_app

from web.db import connection
from web.matching import LiveMatcher
from web.mme.limits import Limits
from web.mme.nodes import Node
from web.mme.turns import Turns
from web.mme.view import PeerView
from web.service import EXTENSION as SERVICE
from web.service import Service

EXTENSION = "secondcase-exchange"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Opened once, when the endpoints are added to the application.

    The matcher knows the shared cases alone, and of them what their sharing level lets a peer
    see. A peer that is told less of some case than others has a matcher of its own, which knows
    no more than that. The one of the pages, which knows everything, never answers a peer.
    """

    matcher: LiveMatcher
    turns: Turns
    _make: Callable[[Node], LiveMatcher]
    _own: dict[int, LiveMatcher] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def matcher_for(self, node: Node) -> LiveMatcher:
        """What answers this peer."""
        if not Limits(connection()).binds(node.name):
            return self.matcher
        with self._lock:
            if node.node_id not in self._own:
                self._own[node.node_id] = self._make(node)
            return self._own[node.node_id]


def init_app(app: Flask) -> None:
    """Let the endpoints of an application that has its service answer peers."""
    made: Service = app.extensions[SERVICE]

    def matcher(node: Node | None = None) -> LiveMatcher:
        return LiveMatcher(
            made.release,
            made.calibration,
            lambda: peer_view(made, node),
            made.matcher.settings,
            code=[Path(__file__).parent],
        )

    app.extensions[EXTENSION] = Exchange(matcher(), Turns(), matcher)


def peer_view(made: Service, node: Node | None = None) -> PeerView:
    """The cases as peers, or this one, see them now, over the connection of this request."""
    settings = made.settings
    return PeerView(
        connection(),
        made.release,
        settings.consent_from_level,
        settings.rare_below,
        node,
    )


def exchange() -> Exchange:
    """What the current request shares with those of other peers."""
    found: Exchange = current_app.extensions[EXTENSION]
    return found
