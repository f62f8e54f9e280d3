"""A real Chromium: groups are explored with mouse and keyboard, wide and narrow."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from matcher.calibration import Calibration
from ontologies import Release

from ..conftest import Cast
from ..serving import served
from ..pages.test_browser import (
    DESKTOP,
    PHONE,
    Visit,
    overflow,
    tab_to,
    violations,
)
from .grouping import fill, make

pytestmark = pytest.mark.browser

DARK = {"color_scheme": "dark"}
SIZES = pytest.mark.parametrize(
    "visit",
    [(DESKTOP,), (PHONE,), (DESKTOP, DARK)],
    indirect=True,
    ids=["desktop", "phone", "dark"],
)


@pytest.fixture
def visit(
    request: pytest.FixtureRequest,
    browser: Browser,
    cast: Cast,
    release: Release,
    calibration: Calibration,
) -> Iterator[Visit]:
    """A visit to a site whose groups are made."""
    fill(cast)
    make(cast, release, calibration)
    size, *rest = getattr(request, "param", (DESKTOP,))
    options = {"color_scheme": "light", **(rest[0] if rest else {})}
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, **options
    )
    with served(cast.app) as base:
        yield Visit(context.new_page(), base)
        context.close()


@SIZES
def test_groups_lead_to_a_group_and_from_there_to_a_pair(visit: Visit) -> None:
    visit.log_in()
    page = visit.page
    page.get_by_role("link", name="Groups", exact=True).click()
    heading = "Three cases at two sites of two families with no diagnosis look alike"
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.get_by_role("article")).to_have_count(2)
    assert violations(page) == [] and overflow(page) == 0

    page.get_by_role("link", name="My site among them 1").click()
    expect(page.get_by_role("article")).to_have_count(1)
    page.get_by_role("link", name="Look at the group 1").click()
    expect(page.get_by_role("heading", name="Who they are")).to_be_visible()
    assert violations(page) == [] and overflow(page) == 0

    page.get_by_role("link", name="HARBOUR-1, Harbour").first.click()
    expect(page.get_by_role("heading", name="The ties of HARBOUR-1")).to_be_visible()
    assert violations(page) == [] and overflow(page) == 0

    page.get_by_role("link", name="Write to Harbour").click()
    expect(page).to_have_url(re.compile(r"/cases/NORTH-\d/matches/HARBOUR-1#conv"))
    expect(page.locator("#conversation")).to_be_in_viewport()
    assert visit.complaints == []


def test_a_name_in_the_picture_leads_to_its_group(visit: Visit) -> None:
    visit.log_in()
    visit.go("/groups")

    tab_to(visit.page, "Group 2")
    visit.page.keyboard.press("Enter")

    expect(visit.page).to_have_url(re.compile("#group-2$"))
    expect(visit.page.locator("#group-2")).to_be_in_viewport()
    assert visit.complaints == []


def test_a_case_of_the_picture_is_chosen_with_the_keyboard(visit: Visit) -> None:
    visit.log_in()
    visit.go("/groups")
    visit.page.get_by_role("link", name="Look at the group 1").click()

    tab_to(visit.page, "NORTH-2")
    visit.page.keyboard.press("Enter")

    expect(visit.page).to_have_url(re.compile("case=NORTH-2$"))
    expect(visit.page.get_by_role("heading", name="What ties NORTH-2")).to_be_visible()
    assert visit.complaints == []


@SIZES
def test_empty_and_waiting_pages_are_accessible(visit: Visit, cast: Cast) -> None:
    visit.log_in()
    visit.go("/groups?sites=3")
    expect(visit.page.get_by_role("link", name="Show all")).to_be_visible()
    assert violations(visit.page) == [] and overflow(visit.page) == 0
    with cast.store() as store:
        store.erase("NORTH-1", actor="alice")

    visit.go("/groups")

    expect(visit.page.get_by_text("have changed since")).to_be_visible()
    assert violations(visit.page) == [] and overflow(visit.page) == 0


def test_groups_are_printed_without_what_one_clicks(visit: Visit) -> None:
    visit.log_in()
    visit.go("/groups")
    visit.page.emulate_media(media="print")

    expect(visit.page.get_by_role("link", name="Export CSV")).to_be_hidden()
    expect(visit.page.locator(".filters")).to_be_hidden()
    expect(visit.page.locator(".pic svg")).to_be_visible()
    expect(visit.page.get_by_text("PHF14 in three of them")).to_be_visible()
