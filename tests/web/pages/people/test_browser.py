"""Accounts in Chromium: a second factor by the keyboard, a leaver's cases, an erased case."""

from __future__ import annotations

from contextlib import closing

import pyotp
import pytest
from playwright.sync_api import Page, expect

from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.db import open_database

from ...conftest import PASSWORD, Cast
from ..test_browser import SIZES, Visit, base, inspected, tab_to, violations, visit

__all__ = ["base", "visit"]

pytestmark = pytest.mark.browser


def press(page: Page, name: str) -> None:
    """Reach a control by Tab, press it, and wait for the page that it leads to."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def typed(page: Page, name: str, text: str) -> None:
    """Reach a field by Tab, and type."""
    tab_to(page, name)
    page.keyboard.type(text)


@SIZES
def test_second_factor_is_set_up_and_used_with_the_keyboard_alone(
    visit: Visit, cast: Cast
) -> None:
    page = visit.page
    visit.log_in()
    found = inspected(visit, "/account")
    press(page, "Set one up")
    typed(page, "Your password", PASSWORD)
    press(page, "Set up a second factor")
    found += violations(page)
    secret = page.locator("code").inner_text().replace(" ", "")
    expect(page.locator("main svg").last).to_be_visible()
    typed(page, "The code that it shows", pyotp.TOTP(secret).now())
    press(page, "Turn it on")
    found += violations(page)
    code = page.locator("code").first.inner_text()
    press(page, "I have them")
    press(page, "Log out")
    typed(page, "Password", PASSWORD)
    page.get_by_label("Name").fill("alice")
    press(page, "Log in")
    found += violations(page)
    page.get_by_label("Code").fill("")
    typed(page, "Code", code)
    press(page, "Log in")

    expect(page.get_by_role("heading", level=1)).to_contain_text("your cases")
    found += inspected(visit, "/account/second-factor")
    found += inspected(visit, "/shared")
    found += inspected(visit, "/cases/NORTH-1/erase")
    assert found == []
    assert visit.complaints == []


@SIZES
def test_operator_hands_cases_over_and_deactivates_the_leaver(
    visit: Visit, cast: Cast
) -> None:
    with closing(open_database(cast.settings.database)) as db:
        people = Accounts(db, Passwords())
        people.add("olga", PASSWORD, roles=[Role.OPERATOR], site="North")
        link = people.links.make(people.find("bob"))
    page = visit.page
    found = inspected(visit, "/log-in")
    found += inspected(visit, f"/new-password/{link}")
    visit.go("/log-in")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    visit.go("/node/people/alice")
    press(page, "Hand over 1 case")
    expect(page.get_by_role("status")).to_contain_text("One case of alice is bob’s now")
    press(page, "Deactivate it")
    expect(page.get_by_role("heading", level=1)).to_have_text("alice cannot log in")
    press(page, "Make a link for a new password")
    found += violations(page)
    for path in ("people", "people/bob", "erase"):
        found += inspected(visit, f"/node/{path}")

    assert found == []
    assert cast.get("NORTH-1").case.submitter == "bob"
    assert visit.complaints == []
