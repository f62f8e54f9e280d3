"""A visit by a real Chromium: what is pressed and read, and everything that it complains about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import PASSWORD

DESKTOP, PHONE = (1366, 900), (390, 844)
# Milliseconds for the first answer of a process on a machine that does much else.
PATIENCE = 30_000
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", e => console.error("CSP", e.violatedDirective));
"""
SIZES = pytest.mark.parametrize(
    "visit",
    # That every page fits a phone is seen by `test_every_page.py` each time.
    [(DESKTOP,), pytest.param((PHONE,), marks=pytest.mark.full)],
    indirect=True,
    ids=["desktop", "phone"],
)


@dataclass
class Visit:
    """A page of a browser at the address of a server, and everything it complained about."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(REPORT_VIOLATIONS)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: said.type == "error" and self.complaints.append(said.text),
        )

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def log_in(self, name: str = "alice") -> None:
        self.go("/log-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(lambda url: not url.endswith("/log-in"))

    def add(self, box: str, typed: str, key: str = "Enter") -> None:
        """Type into a search box and take the first suggestion."""
        field = self.page.get_by_role("combobox", name=box)
        field.press_sequentially(typed)
        expect(self.page.get_by_role("listbox")).to_have_attribute(
            "data-answers", typed, timeout=PATIENCE
        )
        field.press(key)
        expect(field).to_have_value("")


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, browser: Browser, base: str
) -> Iterator[Visit]:
    """A page as wide and in the colours that the test asks for."""
    size, *rest = getattr(request, "param", (DESKTOP,))
    options = {"color_scheme": "light", **(rest[0] if rest else {})}
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, **options
    )
    yield Visit(context.new_page(), base)
    context.close()


def suggestions(page: Page) -> Locator:
    """The lines under a search box; the choices of a select element have the same role."""
    return page.get_by_role("listbox").get_by_role("option")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name, or one that begins so, has the focus."""
    # Nothing at all has the focus while a page is on its way.
    named = (
        "e => e?.getAttribute('aria-label') || e?.labels?.[0]?.textContent"
        " || e?.textContent || ''"
    )
    for _ in range(150):
        page.keyboard.press("Tab")
        if (
            str(page.evaluate(f"({named})(document.activeElement)"))
            .strip()
            .startswith(name)
        ):
            return
    pytest.fail(f"Tab never reaches {name!r}.")


def inspected(visit: Visit, path: str) -> list[str]:
    """What is wrong with a page, each with its path."""
    visit.go(path)
    found = violations(visit.page)
    if wider := overflow(visit.page):
        found.append(f"{wider} px wider than the window")
    return [f"{path}: {each}" for each in found]


def violations(page: Page) -> list[str]:
    """Rules of axe that the page breaks."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']} at {v['nodes'][0]['target']}" for v in found]


def overflow(page: Page) -> int:
    """By how many pixels the page scrolls sideways."""
    measure = (
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return int(page.evaluate(measure))
