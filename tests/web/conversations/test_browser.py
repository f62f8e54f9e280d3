"""Two clinicians in Chromium, by the keyboard alone, from the match to each other's address."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from ..browsing import SIZES, Visit, inspected, tab_to, violations, visit
from ..serving import served
from .conftest import ADDRESSES, Pair

__all__ = ["visit"]

pytestmark = pytest.mark.browser


@pytest.fixture
def base(pair: Pair) -> Iterator[str]:
    """The address of the application on a free port of this machine."""
    with served(pair.cast.app) as address:
        yield address


def press(page: Page, name: str) -> None:
    """Reach a control by Tab, press it, and wait for the page that it leads to."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.fixture
def theirs(browser: Browser, base: str, visit: Visit) -> Visit:
    """The browser of Charlie, as wide as the one of Alice."""
    context = browser.new_context(viewport=visit.page.viewport_size)
    return Visit(context.new_page(), base)


@SIZES
def test_two_clinicians_come_to_each_others_address_by_keyboard(
    pair: Pair, visit: Visit, theirs: Visit
) -> None:
    visit.log_in("alice")
    visit.go(pair.side_by_side)
    tab_to(visit.page, "Write to Harbour")
    visit.page.keyboard.press("Enter")
    tab_to(visit.page, "Write to Harbour")
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.type("Is the variant of yours de novo?")
    press(visit.page, "Send")
    expect(visit.page.get_by_role("status")).to_contain_text("The message is sent.")
    expect(visit.page.get_by_text("Is the variant of yours de novo?")).to_be_visible()
    press(visit.page, "Share mine")

    theirs.log_in("charlie")
    press(theirs.page, "Conversations")
    expect(theirs.page.get_by_role("heading", level=1)).to_have_text(
        "North accepts direct contact"
    )
    press(theirs.page, "North accepts direct contact")
    press(theirs.page, "Ask for the variant")
    expect(theirs.page.get_by_label("Reply")).to_have_value(re.compile("Which variant"))
    press(theirs.page, "Send")
    press(theirs.page, "Share mine")

    expect(theirs.page.get_by_role("heading", level=1)).to_have_text(
        "You and North talk directly"
    )
    expect(theirs.page.get_by_text(ADDRESSES[0])).to_be_visible()
    visit.page.reload()
    expect(visit.page.get_by_text(ADDRESSES[1])).to_be_visible()
    assert violations(theirs.page) == []
    assert (visit.complaints, theirs.complaints) == ([], [])
    theirs.page.context.close()


@SIZES
def test_every_page_of_a_conversation_is_accessible_and_no_wider_than_the_window(
    pair: Pair, visit: Visit
) -> None:
    visit.log_in("alice")
    begin = f"{pair.side_by_side}/conversation"
    found = [*inspected(visit, "/conversations"), *inspected(visit, begin)]
    found += inspected(visit, pair.side_by_side)
    pair.start("Is it " + "longer" * 40 + "?")
    pair.write("charlie", "Yes.\nBoth parents were tested.")
    pair.act("charlie", "accept")
    for path in (pair.side_by_side, pair.link, "/conversations", "/notices"):
        found += inspected(visit, path)
    pair.act("charlie", "end", how="reason", reason="Ours is solved.")
    found += inspected(visit, pair.link)

    assert found == []
    assert visit.complaints == []


def test_refused_message_stays_in_its_box(pair: Pair, visit: Visit) -> None:
    pair.start()
    visit.log_in("charlie")
    visit.go(pair.link)
    box = visit.page.get_by_label("Reply")
    box.fill("two words")
    box.evaluate("e => { e.removeAttribute('maxlength'); e.value = 'x'.repeat(4001) }")

    visit.page.get_by_role("button", name="Send").click()

    expect(visit.page.get_by_role("alert")).to_contain_text("4,001 characters")
    expect(visit.page.get_by_label("Reply")).to_have_value("x" * 4001)
    assert violations(visit.page) == []
