"""Every page of the map of routes in a real Chromium: accessible, quiet, and no wider than it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .browsing import DESKTOP, PHONE, Visit, inspected, visit
from .serving import served
from .test_matrix import World, world
from .walking import share_with_peers, walked

__all__ = ["visit", "world"]

DARK = {"color_scheme": "dark"}


@pytest.fixture
def filled(world: World) -> World:
    """The site with something on every page."""
    share_with_peers(world)
    return world


@pytest.fixture
def base(filled: World) -> Iterator[str]:
    """The address of the application."""
    with served(filled.cast.app) as address:
        yield address


def test_every_route_answers_somebody(filled: World) -> None:
    walk = walked(filled)

    # What a new route is asked with stands in `FILLED`.
    assert list(walk.closed) == []
    assert len({page.endpoint for page in walk.pages}) > 25


@pytest.mark.browser
@pytest.mark.parametrize(
    "visit",
    [
        (DESKTOP,),
        (PHONE, DARK),
        pytest.param((PHONE,), marks=pytest.mark.full),
        pytest.param((DESKTOP, DARK), marks=pytest.mark.full),
    ],
    indirect=True,
    ids=["desktop", "phone-dark", "phone", "desktop-dark"],
)
def test_every_page_is_accessible_and_no_wider_than_its_window(
    filled: World, visit: Visit
) -> None:
    found: list[str] = []
    pages = sorted(walked(filled).pages, key=lambda page: page.person)
    inside = "nobody"
    for page in pages:
        if page.person != inside:
            inside = page.person
            visit.page.context.clear_cookies()
            if inside != "nobody":
                visit.log_in(inside)
        found += inspected(visit, page.path)

    assert found == []
    assert visit.complaints == []
