"""By the keyboard alone, from the log-in to a message sent, for four ways a case comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing


import pytest
from playwright.sync_api import Page, expect

from matcher.case import Sharing
from web.db import open_database

from ..browsing import (
    DESKTOP,
    PATIENCE,
    PHONE,
    Visit,
    overflow,
    tab_to,
    violations,
    visit,
)
from ..conftest import (
    FLOPPY_INFANT,
    OLIGODONTIA,
    PASSWORD,
    PROMINENT_JOINTS,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)
from ..serving import served
from .imports.test_imports import bundle, finding

__all__ = ["visit"]

pytestmark = pytest.mark.browser

FEATURES = ("oligodontia", "prominent interphalangeal", "wide mouth", "seizres")
NOTE = (
    "Four-year-old girl with oligodontia, prominent interphalangeal joints and a wide mouth. "
    "No microcephaly. Her brother has asthma."
)
OURS = "NORTH-0001"
Way = Callable[[Visit], None]


@pytest.fixture
def base(cast: Cast) -> Iterator[str]:
    """The address of an application with a case of Charlie that waits for its second."""
    theirs = case_of(
        "HARBOUR-1", site="Harbour", submitter="charlie", sharing=Sharing.NETWORK
    )
    cast.put(theirs)
    with closing(open_database(cast.settings.database)) as db:
        db.execute(
            "UPDATE people SET email = 'c@harbour.example' WHERE site = 'Harbour'"
        )
    with served(cast.app) as address:
        yield address


def press(page: Page, name: str, key: str = "Enter") -> None:
    """Reach a control by Tab, press it, and wait for the page that it leads to."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press(key)


def type_in(page: Page, box: str, typed: str) -> None:
    """Type into a search box and take the first suggestion."""
    tab_to(page, box)
    page.keyboard.type(typed)
    expect(page.get_by_role("listbox")).to_have_attribute(
        "data-answers", typed, timeout=PATIENCE
    )
    page.keyboard.press("Enter")


def share_and_save(page: Page, button: str = "Save and see matches") -> None:
    """Choose the network with the arrow keys, and save."""
    tab_to(page, "Nobody")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    press(page, button)


def of_features(visit: Visit) -> None:
    press(visit.page, "New case")
    for typed in FEATURES:
        type_in(visit.page, "Add a feature", typed)
    share_and_save(visit.page)


def of_a_gene(visit: Visit) -> None:
    press(visit.page, "New case")
    type_in(visit.page, "Add a feature", "floppy baby")
    type_in(visit.page, "Add a gene", "phf14")
    share_and_save(visit.page)


def of_a_bundle(visit: Visit) -> None:
    page = visit.page
    press(page, "Import")
    tab_to(page, "or paste its text")
    page.keyboard.insert_text(bundle(finding(PROMINENT_JOINTS)))
    press(page, "Read the file")
    tab_to(page, "“floppy baby”")
    page.keyboard.press("Space")
    press(page, "Save the ticked cases")
    press(page, "Change the case")
    share_and_save(page, "Save version 2")


def of_a_note(visit: Visit) -> None:
    page = visit.page
    press(page, "New case")
    tab_to(page, "Note to read")
    page.keyboard.insert_text(NOTE)
    tab_to(page, "Find its findings")
    page.keyboard.press("Enter")
    expect(page.locator("#reading .notetext")).to_be_visible()
    for name in ("Oligodontia", "Prominent interphalangeal joints", "Wide mouth"):
        tab_to(page, f"Add: {name}")
        page.keyboard.press("Enter")
    tab_to(page, "Add Microcephaly")
    page.keyboard.press("Enter")
    share_and_save(page)


WAYS = [
    pytest.param(of_features, {OLIGODONTIA, PROMINENT_JOINTS, WIDE_MOUTH, SEIZURE}),
    pytest.param(of_a_gene, {FLOPPY_INFANT}),
    pytest.param(
        of_a_bundle,
        {OLIGODONTIA, PROMINENT_JOINTS, WIDE_MOUTH, SEIZURE, FLOPPY_INFANT},
    ),
    pytest.param(of_a_note, {OLIGODONTIA, PROMINENT_JOINTS, WIDE_MOUTH}),
]


@pytest.mark.parametrize(
    "visit",
    [(DESKTOP,), pytest.param((PHONE,), marks=pytest.mark.full)],
    indirect=True,
    ids=["desktop", "phone"],
)
@pytest.mark.parametrize("way, observed", WAYS)
def test_case_comes_in_and_a_message_goes_out_by_keyboard(
    visit: Visit, cast: Cast, way: Way, observed: set[str]
) -> None:
    written(visit, cast, way, observed)


@pytest.mark.parametrize("visit", [(PHONE,)], indirect=True, ids=["phone"])
def test_the_same_on_a_phone(visit: Visit, cast: Cast) -> None:
    written(visit, cast, of_a_gene, {FLOPPY_INFANT})


def written(visit: Visit, cast: Cast, way: Way, observed: set[str]) -> None:
    """Log in, bring the case in, open the match of Harbour, and write to its clinician."""
    page = visit.page
    visit.go("/log-in")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    way(visit)

    expect(page.get_by_role("article").first).to_contain_text("HARBOUR-1")
    found = violations(page)
    press(page, "Compare side by side")
    tab_to(page, "Write to Harbour")
    page.keyboard.press("Enter")
    # The link leads to the box of the same name.
    tab_to(page, "Write to Harbour")
    page.keyboard.press("Control+A")
    page.keyboard.type("Does yours have a variant in PHF14?")
    press(page, "Send")

    expect(page.get_by_role("status")).to_contain_text("The message is sent.")
    found += violations(page)
    assert set(cast.get(OURS).case.observed) == observed
    expect(page.get_by_text("Does yours have a variant in PHF14?")).to_be_visible()
    assert "variant in PHF14?" in cast["charlie"].get("/conversations").text
    assert (found, overflow(page), visit.complaints) == ([], 0, [])
