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
from web.mme.disclosing.limits import Limits
from web.mme.nodes import Node
from web.mme.answering.turns import Turns
from web.mme.answering.view import PeerView
from web.service import Service, service

EXTENSION = "secondcase-exchange"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What answers a peer, and whose turn it is.

    Its matcher knows the shared cases alone, and of them what their sharing level lets a peer
    see. A peer that is told less of some case than others has a matcher of its own, which knows
    no more than that. The one of the pages, which knows everything, never answers a peer.
    """

    made: Service
    turns: Turns

    def matcher_for(self, node: Node) -> LiveMatcher:
        """What answers this peer."""
        made = self.made
        if not Limits(connection()).binds(node.name):
            return made.peers
        return made.limited.of(
            node.node_id,
            lambda: peer_matcher(
                made.release,
                made.calibration,
                lambda: peer_view(made, node),
                made.matcher.settings,
            ),
        )


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


def peer_view(made: Service, node: Node | None = None) -> PeerView:
    """The cases as peers, or this one, see them now, over the connection of this request."""
    return view_of(connection(), made.settings, made.release, node)


def view_of(
    db: Database, settings: Settings, release: Release, node: Node | None = None
) -> PeerView:
    """The same over a connection of the caller."""
    return PeerView(
        db,
        release,
        settings.consent_from_level,
        settings.rare_below,
        node,
        settings.singled_out_by,
    )


def exchange() -> Exchange:
    """What the current request shares with those of other peers."""
    turns: Turns = current_app.extensions[EXTENSION]
    return Exchange(service(), turns)
