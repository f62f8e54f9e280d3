"""A real Chromium: a whole update staged, read, decided, activated and rolled back."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from matcher.simulation import demonstration_cases
from matcher.storage.store import CaseStore
from ontologies import Release, open_release
from ontologies.curation.staging import stage
from ontologies.files.sources import CURRENT, read_catalogue
from ontologies.library import activate, data_directory
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.config import Settings
from web.curating import doing
from web.db import open_database
from web.switching import finding_out
from web.switching.following import follower_of

from ...conftest import PASSWORD
from ...browsing import DESKTOP, PHONE, Visit
from ...serving import served
from .conftest import LATER, REASON, Curation, at_once, found_out

pytestmark = pytest.mark.browser

# Milliseconds after which something hangs; what is waited for is that the page says so.
PATIENCE = 3_600_000
OLDER = "2026-01-08"


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A busy machine is no failure."""
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)


def aside(work: Callable[..., None]) -> Callable[..., None]:
    """The same work in a thread, so that the page is answered meanwhile."""

    def started(*arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    return started


@pytest.fixture
def base(curation: Curation, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the application, which follows what is active."""
    monkeypatch.setattr(doing, "start", aside(at_once))
    monkeypatch.setattr(finding_out, "start", aside(found_out))
    app = curation.cast.app
    with served(app) as address, follower_of(app).following(0.05):
        yield address


@contextmanager
def visiting(
    browser: Browser, base: str, size: tuple[int, int], name: str
) -> Iterator[Visit]:
    """A page in which a person is logged in."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE)
    visit = Visit(context.new_page(), base)
    visit.go("/log-in")
    visit.page.get_by_label("Name").fill(name)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.get_by_role("button", name="Log in").click()
    visit.page.get_by_role("link", name="Curation").click()
    yield visit
    context.close()


def check(page: Page) -> None:
    """Nothing for axe to say, and nothing that scrolls sideways."""
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    viewport = page.viewport_size
    width = page.evaluate("document.documentElement.scrollWidth")
    assert viewport is not None and width <= viewport["width"]


def complaints(visit: Visit) -> list[str]:
    """What the browser says beyond that a form was not taken."""
    return [each for each in visit.complaints if "status of 422" not in each]


def awaited(page: Page, heading: str) -> None:
    """The page once its heading says this."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


def followed(page: Page, version: str) -> None:
    """The page once the process that makes it answers by a release."""
    deadline = time.monotonic() + PATIENCE / 1000
    while f"HPO {version}" not in page.locator("footer").inner_text():
        assert time.monotonic() < deadline
        page.reload()


def staged(page: Page) -> None:
    """Wait until a job to stage a release has ended, and go to what it made."""
    work = page.locator("#work")
    expect(work).not_to_have_attribute("data-running", "1")
    assert "No release was staged" not in work.inner_text(), work.inner_text()
    page.get_by_role("link", name="Cleo staged a release").first.click()


def choose(page: Page, files: Mapping[str, str]) -> None:
    page.get_by_label("Files", exact=True).set_input_files(
        [
            {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
            for name, text in files.items()
        ]
    )


def read_and_find_out(page: Page) -> None:
    """From the page of a release to its changes and back, and what it does to matches."""
    page.get_by_role("link", name="Renamed", exact=True).click()
    awaited(page, "change")
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of these").click()
    assert "renamed" in download.value.path().read_text("utf-8")
    page.get_by_role("link", name="Back to the release").click()
    page.get_by_role("button", name="Find it out").click()
    page.get_by_text("cases ranked by both").wait_for()
    check(page)


def activate_and_undo(page: Page, newer: str, older: str) -> None:
    """Put the release of the page to use, see it in use, and go back."""
    page.get_by_role("button", name=f"Activate {newer}").click()
    expect(page.get_by_role("alert")).to_contain_text("Say in a few words")
    check(page)
    page.get_by_label("Reason for accepting").fill(REASON)
    page.get_by_role("button", name=f"Activate {newer}").click()
    awaited(page, f"HPO {newer} is in use")
    expect(page.get_by_text(REASON)).to_be_visible()
    check(page)
    page.get_by_role("link", name="Stage another, or roll back").click()
    followed(page, newer)
    check(page)
    page.get_by_label("Why, for the audit").fill("Tried it out")
    page.get_by_role("button", name=f"Roll back to {older}").click()
    awaited(page, f"HPO {older} is in use")
    check(page)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_whole_update_of_uploaded_files(
    browser: Browser,
    base: str,
    curation: Curation,
    later: dict[str, str],
    size: tuple[int, int],
) -> None:
    before = curation.active
    with visiting(browser, base, size, "cleo") as visit:
        page = visit.page
        check(page)
        choose(page, later)
        page.get_by_role("button", name="Stage it").click()
        staged(page)
        awaited(page, "need a decision")
        check(page)
        read_and_find_out(page)
        page.get_by_role("button", name="Focal-onset seizure for P").first.click()
        expect(page.get_by_role("status").first).to_contain_text("stands in version 2")
        activate_and_undo(page, LATER, "2026-06-06")
        assert complaints(visit) == []

    assert curation.active == before


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """A service of its own, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    named = {"SECONDCASE_DATA": str(directory), "SECONDCASE_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, "-m", "web.cli", "serve"],
        env={**os.environ, **named},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Listening at"):
                break
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)
            drain.join()


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory, release: Release) -> Path:
    """A site that uses HPO 2026-01-08, with simulated cases; the next release is not there."""
    directory = tmp_path_factory.mktemp("real")
    shutil.copytree(
        data_directory() / "sources", directory / "sources", copy_function=os.link
    )
    staged = stage(read_catalogue().named(OLDER), by="test", directory=directory)
    activate(staged.release, directory=directory)
    settings = Settings(directory=directory, secret_key="0123456789abcdef" * 4)
    (directory / "secret.key").write_text(settings.secret_key)
    (directory / "secret.key").chmod(0o600)
    opened = open_release(staged.release.release_id, directory=directory)
    cases = demonstration_cases(opened, sites=["North"], per_site=40)
    with closing(open_database(settings.database)) as db:
        CaseStore(db).put_many(cases, actor="alice")
        both = [Role.CURATOR, Role.CLINICIAN]
        Accounts(db, Passwords()).add("cleo", PASSWORD, roles=both, site="North")
    return directory


@pytest.fixture
def real(older: Path, tmp_path: Path) -> Path:
    """The same for each test, in which nobody has accepted any warning yet."""
    return shutil.copytree(older, tmp_path / "site")


@pytest.mark.full
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_whole_update_between_two_real_releases(
    browser: Browser, real: Path, size: tuple[int, int]
) -> None:
    with serving(real) as base, visiting(browser, base, size, "cleo") as visit:
        page = visit.page
        page.get_by_label("From where").select_option(CURRENT)
        page.get_by_role("button", name="Stage it").click()
        staged(page)
        awaited(page, "HPO 2026-06-06 is ready")
        expect(page.get_by_role("row", name="Added")).to_contain_text("450")
        check(page)
        read_and_find_out(page)
        activate_and_undo(page, "2026-06-06", OLDER)
        assert complaints(visit) == []
