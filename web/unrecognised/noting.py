"""Notes what a request brought that is no term, over its connection and by its release."""

from __future__ import annotations

from collections.abc import Iterable

from web.db import connection
from web.service import service
from web.unrecognised.arriving import Arrivals, Arrived, Kind


def note(kind: Kind, origin: str, arrived: Iterable[Arrived]) -> None:
    """Note what of these patients of a peer or a site is no term, for the curators."""
    now = service()
    arrivals = Arrivals(connection(), now.release, now.settings.readable_from)
    arrivals.note(kind, origin, arrived)
