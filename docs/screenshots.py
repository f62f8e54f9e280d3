"""Makes the pictures of the documentation from a running demonstration.

Usage: .venv/bin/python docs/screenshots.py     (needs the test environment and Chromium)
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ontologies.curation.staging import stage
from ontologies.files.sources import CURRENT, read_catalogue
from ontologies.library import activate, data_directory

PICTURES = Path(__file__).with_name("pictures")
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
]
DESKTOP = {"width": 1366, "height": 900}
PHONE = {"width": 390, "height": 844}
NOTE = (
    "4-year-old girl with infantile spasms and long eyelashes. Possible eczema on the cheeks. "
    "No hearing loss. Her mother has migraine."
)
COLLEAGUES = ("a.silva", "b.okoro")
# A case of the demonstration that has a second one at each of the other sites.
KNOWN_ELSEWHERE = "NORTH-13"
# What a site uses before it is brought up to date.
OLDER = "2026-01-08"
PATIENCE, SECOND = 240_000, 1_000


def main() -> None:
    """Take every picture, replacing those that are there."""
    PICTURES.mkdir(exist_ok=True)
    with demonstration() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=DESKTOP, device_scale_factor=1)
        page.set_default_timeout(PATIENCE)
        log_in(page, address, password)
        shoot(page, "cases")
        page.goto(f"{address}{best_case(page)}")
        shoot(page, "case")
        page.get_by_role("link", name=re.compile("^Matches")).first.click()
        shoot(page, "matches")
        page.set_viewport_size(PHONE)
        shoot(page, "matches-phone")
        page.set_viewport_size(DESKTOP)
        enter(page, address)
        ask(page, f"{address}/cases/{KNOWN_ELSEWHERE}")
        tend(page, address)
        browser.close()
    curation()


def curation() -> None:
    """The pictures of an update, from a site that uses an older release."""
    with demonstration(OLDER) as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=DESKTOP, device_scale_factor=1)
        page.set_default_timeout(PATIENCE)
        log_in(page, address, password)
        page.goto(f"{address}/curation")
        page.get_by_label("From where").select_option(CURRENT)
        page.get_by_role("button", name="Stage it").click()
        page.get_by_role("link", name="Demo staged a release").wait_for()
        shoot(page, "curation-releases")
        page.get_by_role("link", name="Demo staged a release").click()
        page.get_by_role("button", name="Find it out").click()
        page.get_by_role("button", name="Find it out again").wait_for()
        shoot(page, "curation-update", is_whole=True)
        page.set_viewport_size(PHONE)
        page.evaluate("scrollTo(0, 0)")
        shoot(page, "curation-update-phone")
        page.set_viewport_size(DESKTOP)
        page.get_by_role("link", name="Merged", exact=True).click()
        shoot(page, "curation-changes")
        browser.close()


def enter(page: Page, address: str) -> None:
    """A new case while it is typed, and with a note that was read."""
    page.goto(f"{address}/cases/new")
    box = page.get_by_role("combobox", name="Add a feature")
    box.press_sequentially("floppy baby")
    page.get_by_role("listbox").get_by_role("option").first.wait_for()
    shoot(page, "entry")
    box.press("Enter")
    for typed in ("seizres", "oligodontia"):
        box.press_sequentially(typed)
        page.locator(f"[role=listbox][data-answers={typed!r}]").wait_for()
        box.press("Enter")
    page.get_by_label("Note to read").fill(NOTE)
    page.get_by_role("button", name="Find its findings").click()
    page.locator("#reading .notetext").wait_for()
    page.locator("#advice").get_by_role("heading", name="Ask about").wait_for()
    page.locator("#pasted-h").evaluate("heading => heading.scrollIntoView()")
    shoot(page, "note")


def ask(page: Page, case: str) -> None:
    """What other sites answer about a case, one answer side by side, and the letter to it."""
    page.goto(f"{case}/sharing")
    shoot(page, "what-peers-see")
    page.goto(f"{case}/other-sites")
    # The first answer waits for what the sites read once; the picture is of the second.
    for _ in range(2):
        with page.expect_navigation():
            page.get_by_role("button", name="Ask all").click()
        page.get_by_role("heading", name="All sites answered").wait_for()
        page.reload()
    shoot(page, "other-sites")
    page.get_by_role("link", name="Compare side by side").first.click()
    shoot(page, "pair")
    page.get_by_text("Every feature against every feature").scroll_into_view_if_needed()
    shoot(page, "pair-pictures")
    page.get_by_role("link", name="Draft a letter").first.click()
    shoot(page, "letter")


def tend(page: Page, address: str) -> None:
    """Groups of alike cases, once they are made, and the accounts of the node."""
    page.goto(f"{address}/groups")
    while page.get_by_role("link", name="Look again").count():
        page.wait_for_timeout(SECOND)
        page.reload()
    page.locator("main .pic svg").first.wait_for()
    shoot(page, "groups")
    page.goto(f"{address}/node/people")
    for name in COLLEAGUES:
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Make the account").click()
        page.goto(f"{address}/node/people")
    shoot(page, "people")


@contextlib.contextmanager
def demonstration(older: str = "") -> Iterator[tuple[str, str]]:
    """A demonstration of its own on a free port; its address and password.

    With `older` that release is the active one in it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        if older:
            use(older, Path(folder))
        else:
            for name in ("releases", "sources", "calibrations"):
                (Path(folder) / name).symlink_to(data_directory() / name)
        command = [sys.executable, "-m", "web.cli", "demo", "--port", str(port)]
        # On a busy machine too every site answers in time.
        waits = {"SECONDCASE_PEER_SECONDS": "200"}
        environment = {**os.environ, "SECONDCASE_DATA": folder, **waits}
        process = subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"password (\S+)", line):
                    break
            yield f"http://127.0.0.1:{port}", found[1] if found else ""
        finally:
            process.terminate()
            process.communicate(timeout=20)


def use(older: str, folder: Path) -> None:
    """Make a pinned release the active one of a data directory of its own."""
    for name in ("releases", "sources", "calibrations"):
        shutil.copytree(data_directory() / name, folder / name)
    (folder / "releases" / "active").unlink(missing_ok=True)
    sources = read_catalogue().named(older)
    staged = stage(sources, by="docs", directory=folder)
    activate(staged.release, directory=folder)


def log_in(page: Page, address: str, password: str) -> None:
    """Log in as the person of the demonstration."""
    page.goto(address)
    page.get_by_label("Name").fill("demo")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/")


def best_case(page: Page) -> str:
    """Address of the case that is worth most attention."""
    link = page.get_by_role("link", name=re.compile("^NORTH-")).first
    return (link.get_attribute("href") or "/").removesuffix("/matches")


def shoot(page: Page, name: str, *, is_whole: bool = False) -> None:
    """Keep a picture of what the window shows, or of the whole page."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png", full_page=is_whole)


if __name__ == "__main__":
    main()
