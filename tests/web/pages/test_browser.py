"""A real Chromium on a real server: a case is entered and its matches read."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import waitress.server
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect

from matcher.case import Case, Contact, Sharing
from matcher.storage.database import connect, write_transaction
from ontologies import Release
from web.mme.asking.aside import EXTENSION
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description
from web.notices.matters import asked
from web.notices.telling import Telling

from ..mme import faults
from ..mme.test_server import running
from ..conftest import FLOPPY_INFANT, PASSWORD, PHF14, SEIZURE, Cast, case_of

pytestmark = pytest.mark.browser

DESKTOP, PHONE = (1366, 900), (390, 844)
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", e => console.error("CSP", e.violatedDirective));
"""


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
        self.page.wait_for_url(self.base + "/")

    def add(self, box: str, typed: str, key: str = "Enter") -> None:
        """Type into a search box and take the first suggestion."""
        field = self.page.get_by_role("combobox", name=box)
        field.press_sequentially(typed)
        expect(self.page.get_by_role("listbox")).to_have_attribute(
            "data-answers", typed
        )
        field.press(key)
        expect(field).to_have_value("")


@pytest.fixture
def base(cast: Cast) -> Iterator[str]:
    """The address of the application on a free port of this machine."""
    cast.put(case_of("NORTH-1", observed=(SEIZURE, FLOPPY_INFANT, "HP:0000154")))
    cast.put(
        case_of(
            "HARBOUR-1", site="Harbour", submitter="charlie", sharing=Sharing.NETWORK
        )
    )
    server = waitress.server.create_server(
        cast.app, host="127.0.0.1", port=0, threads=4
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()
        server.close()
        thread.join(timeout=10)


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


SIZES = pytest.mark.parametrize(
    "visit", [(DESKTOP,), (PHONE,)], indirect=True, ids=["desktop", "phone"]
)


@SIZES
def test_case_is_entered_by_its_first_suggestions_and_matched(
    visit: Visit, cast: Cast
) -> None:
    visit.log_in()
    page = visit.page
    page.get_by_role("link", name="New case").click()
    visit.add("Add a feature", "seizres")
    visit.add("Add a feature", "floppy baby")
    visit.add("Add a gene", "PHF14")

    page.get_by_role("button", name="Save and see matches").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Two cases worth a call")
    expect(page.get_by_role("article")).to_have_count(2)
    expect(page.get_by_role("article").first).to_contain_text("Both list PHF14")
    case = cast.get("NORTH-0002").case
    assert set(case.observed) == {SEIZURE, FLOPPY_INFANT}
    assert case.genes == (PHF14,)
    assert visit.complaints == []


def test_case_is_entered_with_the_keyboard_alone(visit: Visit, cast: Cast) -> None:
    keys = visit.page.keyboard
    visit.go("/log-in")
    keys.type("alice")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    visit.page.wait_for_url(visit.base + "/")
    tab_to(visit.page, "New case")
    keys.press("Enter")
    visit.page.wait_for_url(visit.base + "/cases/new")
    tab_to(visit.page, "Add a feature")
    for typed, key in (
        ("seizres", "Enter"),
        ("wide mouth", "Enter"),
        ("microcephally", "Shift+Enter"),
    ):
        keys.type(typed)
        expect(visit.page.get_by_role("listbox")).to_have_attribute(
            "data-answers", typed
        )
        keys.press(key)
    tab_to(visit.page, "Mark Wide mouth as looked for and not found")
    keys.press("Enter")
    tab_to(visit.page, "Add a gene")
    keys.type("phf14")
    expect(visit.page.get_by_role("listbox")).to_have_attribute("data-answers", "phf14")
    keys.press("Enter")
    tab_to(visit.page, "Save and see matches")
    keys.press("Enter")
    visit.page.wait_for_url(re.compile("/matches$"))
    tab_to(visit.page, "Compare side by side")
    keys.press("Enter")
    visit.page.wait_for_url(re.compile("/matches/"))

    case = cast.get("NORTH-0002").case
    assert case.observed == (SEIZURE,)
    assert set(case.excluded) == {"HP:0000252", "HP:0000154"}
    assert visit.complaints == []


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of that name, or one that begins so, has the focus."""
    named = "e => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent"
    for _ in range(80):
        page.keyboard.press("Tab")
        if (
            str(page.evaluate(f"({named})(document.activeElement)"))
            .strip()
            .startswith(name)
        ):
            return
    pytest.fail(f"Tab never reaches {name!r}.")


def test_search_box_keeps_the_combobox_pattern(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/new")
    box = visit.page.get_by_role("combobox", name="Add a feature")
    options = suggestions(visit.page)
    expect(box).to_have_attribute("aria-expanded", "false")

    box.press_sequentially("seizure")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-expanded", "true")
    first = options.first.get_attribute("id")
    expect(box).to_have_attribute("aria-activedescendant", str(first))

    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(options.first).to_have_attribute("aria-selected", "false")
    box.press("ArrowUp")
    box.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")

    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("seizure")
    box.press("Escape")
    expect(box).to_have_value("")


def hurried(visit: Visit, *typed: str) -> Locator:
    """The search box after words that were each entered before the first answer came."""
    visit.log_in()
    visit.go("/cases/new")
    box = visit.page.get_by_role("combobox", name="Add a feature")
    held: list[Route] = []
    answer: Callable[[Route], None] = held.append
    visit.page.route(re.compile("/terms"), lambda route: answer(route))
    for word in typed:
        with visit.page.expect_request(re.compile("/terms")):
            box.press_sequentially(word)
            box.press("Enter")
        expect(box).to_have_value("")
    answer = Route.continue_
    for route in held:
        route.continue_()
    return box


def test_enter_before_the_answer_adds_what_was_named(visit: Visit) -> None:
    hurried(visit, "wide mouth", "Seizure")

    labels = visit.page.locator("#observed [data-slot=label]")
    expect(labels).to_have_text(["Wide mouth", "Seizure"])
    expect(visit.page.locator(".waiting li")).to_have_count(0)


def test_enter_before_the_answer_shows_the_choice_for_what_was_not_named(
    visit: Visit,
) -> None:
    box = hurried(visit, "seizres")

    expect(visit.page.locator(".waiting li")).to_contain_text(
        "“seizres” is not added yet: choose one."
    )
    expect(suggestions(visit.page).first).to_have_attribute("aria-selected", "true")
    expect(visit.page.locator("#observed-count")).to_have_text("0")
    box.press("Enter")
    expect(visit.page.locator("#observed [data-slot=label]")).to_have_text("Seizure")
    expect(visit.page.locator(".waiting li")).to_have_count(0)


def test_words_entered_in_a_hurry_wait_one_by_one(visit: Visit) -> None:
    hurried(visit, "seizres", "xyzzy", "wide mouth")

    lines = visit.page.locator(".waiting li")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("“seizres” is not added yet")
    expect(lines.nth(1)).to_contain_text("Nothing found for “xyzzy”.")
    expect(visit.page.locator("#observed-count")).to_have_text("1")
    lines.nth(1).get_by_role("button", name="Forget it").click()
    expect(lines).to_have_count(1)
    assert violations(visit.page) == []


def test_word_that_waits_is_not_lost_when_the_form_is_sent(visit: Visit) -> None:
    hurried(visit, "seizres")

    visit.page.get_by_role("button", name="Save and see matches").click()

    expect(visit.page.get_by_role("alert")).to_contain_text(
        "“seizres” is not added yet."
    )


@pytest.mark.parametrize(
    ("box", "typed"), [("Add a feature", "xyzzy"), ("Add a gene", "NOSUCHGENE")]
)
def test_search_without_a_hit_says_so_on_the_page(
    visit: Visit, box: str, typed: str
) -> None:
    visit.log_in()
    visit.go("/cases/new")

    visit.page.get_by_role("combobox", name=box).press_sequentially(typed)

    notice = visit.page.locator(".note", has_text=f"Nothing found for “{typed}”.")
    expect(notice).to_be_visible()


def test_guess_is_offered_and_not_chosen(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/new")
    box = visit.page.get_by_role("combobox", name="Add a feature")

    box.press_sequentially("qwrtzpfx")

    hint = visit.page.get_by_text("Nothing like “qwrtzpfx”; did you mean").first
    expect(hint).to_be_visible()
    expect(suggestions(visit.page).first).to_have_attribute("aria-selected", "false")
    box.press("Enter")
    expect(visit.page.locator("#observed-count")).to_have_text("0")
    box.press("ArrowDown")
    box.press("Enter")
    expect(visit.page.locator("#observed-count")).to_have_text("1")


def test_additions_and_removals_are_read_out(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/new")
    said = visit.page.locator("#said")

    visit.add("Add a feature", "seizres")
    expect(said).to_have_text("Seizure added, observed.")
    visit.add("Add a feature", "seizres")
    expect(said).to_have_text("Seizure is already in the case.")
    visit.page.get_by_role("button", name="Remove Seizure").click()
    expect(said).to_have_text("Seizure removed.")
    expect(visit.page.get_by_role("combobox", name="Add a feature")).to_be_focused()


def test_lines_stand_in_the_order_of_the_server(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/new")
    for typed in ("seizres", "floppy baby", "wide mouth"):
        visit.add("Add a feature", typed)

    labels = visit.page.locator("#observed [data-slot=label]").all_text_contents()

    assert labels == ["Floppy infant", "Wide mouth", "Seizure"]
    assert visit.page.locator("#observed-count").text_content() == "3"


@pytest.mark.parametrize(
    "visit", [(DESKTOP, {"java_script_enabled": False})], indirect=True
)
def test_case_is_entered_without_a_script(visit: Visit, cast: Cast) -> None:
    page = visit.page
    visit.log_in()
    visit.go("/cases/new")
    page.get_by_label("Add a feature").fill("seizres")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("button", name="Add Seizure as observed").click()
    page.get_by_label("Add a gene").fill("PHF14")

    page.get_by_role("button", name="Save and see matches").click()

    case = cast.get("NORTH-0002").case
    assert (case.observed, case.genes) == ((SEIZURE,), (PHF14,))


PATHS = [
    "/log-in",
    "/",
    "/site",
    "/account",
    "/cases/new",
    "/cases/NORTH-1",
    "/cases/NORTH-1/edit",
    "/cases/NORTH-1/sharing",
    "/cases/NORTH-1/matches",
    "/cases/NORTH-1/matches/HARBOUR-1",
    "/cases/NORTH-1/other-sites",
    "/how-a-score-is-made",
    "/keyboard",
    "/api/v1/docs",
    "/exchange",
    "/notices",
    "/notices/one",
]


@pytest.mark.parametrize(
    "visit",
    [
        (DESKTOP,),
        (PHONE,),
        (DESKTOP, {"color_scheme": "dark"}),
        (PHONE, {"color_scheme": "dark"}),
    ],
    indirect=True,
    ids=["desktop", "phone", "desktop-dark", "phone-dark"],
)
def test_every_page_is_accessible_and_no_wider_than_its_window(
    visit: Visit, cast: Cast
) -> None:
    found = inspected(visit, "/log-in")
    visit.log_in()

    tell_of_the_case(cast)
    for path in PATHS[1:]:
        found += inspected(visit, path)

    assert found == []
    assert visit.complaints == []


def tell_of_the_case(cast: Cast) -> None:
    """A notice for Alice, with a long name that a peer gave."""
    question = Case(case_id="P" * 200)
    with closing(connect(cast.settings.database)) as db:
        Telling(db).tell(asked("Island", question, ["NORTH-1"]))
        with write_transaction(db):
            db.execute("UPDATE notices SET link = 'one'")


def know(cast: Cast, name: str, address: str, token: str = "5f1c9a7d") -> None:
    """Let the cast's site ask a peer, which says that it has a thousand cases."""
    described = Description(address=address, outbound_token=token, allow_private=True)
    with closing(connect(cast.settings.database)) as db:
        Nodes(db).add(name, described)
        Breaker(db).has_cases(Nodes(db).get(name).node_id, 1000)


@pytest.fixture
def harbour(cast: Cast, tmp_path: Path, release: Release) -> Iterator[None]:
    """Another site as a server of its own, with a case that looks like Alice's next one."""
    folder = tmp_path / "harbour"
    folder.mkdir()
    theirs = case_of(
        "HARBOUR-9", site="Harbour", submitter="c", sharing=Sharing.EXCHANGE_1
    )
    contact = Contact(name="Dr Harbour", href="mailto:c@harbour.example")
    cases = [replace(theirs, contact=contact)]
    with running(folder, release, cases) as server:
        know(cast, "Harbour", server.address, server.token)
        yield


@pytest.mark.parametrize(
    "visit",
    [(DESKTOP,), (PHONE,), (PHONE, {"color_scheme": "dark"})],
    indirect=True,
    ids=["desktop", "phone", "phone-dark"],
)
def test_case_of_another_site_appears_on_the_page(visit: Visit, harbour: None) -> None:
    visit.log_in()
    page = visit.page
    page.get_by_role("link", name="New case").click()
    for typed in ("oligodontia", "prominent interphalangeal", "wide mouth"):
        visit.add("Add a feature", typed)
    visit.add("Add a gene", "PHF14")
    page.get_by_text("Exchange, level 1").click()
    page.get_by_role("button", name="Save and see matches").click()
    page.get_by_role("link", name="Ask other sites").click()

    page.get_by_role("button", name="Ask all").click()

    card = page.get_by_role("article", name="HARBOUR-9")
    expect(card).to_contain_text("Both list PHF14", timeout=30_000)
    expect(page.get_by_role("heading", name="All sites answered")).to_be_visible()
    assert violations(page) == []
    assert overflow(page) == 0
    assert visit.complaints == []


def told(name: str) -> faults.Behaviour:
    """A peer that answers with one patient."""
    features = [{"id": term} for term in (SEIZURE, FLOPPY_INFANT, "HP:0000154")]
    patient = {"id": name, "features": features}
    return faults.answering(
        {"results": [{"score": {"patient": 1}, "patient": patient}]}
    )


@pytest.fixture
def slow(cast: Cast, base: str) -> Iterator[faults.Held]:
    """A peer that answers at once, and one that answers once it is let go."""
    cast.put(replace(cast.get("NORTH-1").case, sharing=Sharing.EXCHANGE_1))
    held = faults.Held(told("SLOW-1"))
    with faults.serving(told("QUICK-1")) as quick, faults.serving(held) as waiting:
        know(cast, "Quick", quick.address)
        know(cast, "Slow", waiting.address)
        yield held
        held.go.set()
        assert cast.app.extensions[EXTENSION].wait(faults.HELD_SECONDS)


def test_later_answer_is_announced_and_pushes_nothing_away(
    visit: Visit, slow: faults.Held
) -> None:
    visit.log_in()
    visit.go("/cases/NORTH-1/other-sites")
    page = visit.page
    page.get_by_role("button", name="Ask all").click()
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("article")).to_contain_text("QUICK-1")
    expect(page.locator(".nodes")).to_contain_text("Slow asked, waiting")
    assert violations(page) == []

    slow.go.set()

    expect(page.locator(".nodes")).to_contain_text("Slow answered in")
    expect(page.locator("article")).to_have_count(1)
    page.get_by_role("button", name="1 more, show").click()
    # Both say the same of whom they tell, but too little to be one patient for certain.
    expect(page.locator("article")).to_have_count(2)
    assert visit.complaints == []


@pytest.mark.parametrize(
    "visit", [(DESKTOP, {"java_script_enabled": False})], indirect=True
)
def test_later_answer_is_read_without_a_script(visit: Visit, slow: faults.Held) -> None:
    visit.log_in()
    visit.go("/cases/NORTH-1/other-sites")
    page = visit.page
    page.get_by_role("button", name="Ask all").click()
    expect(page.locator(".nodes")).to_contain_text("Slow asked, waiting")
    slow.go.set()

    while page.get_by_role("link", name="Look again").count():
        page.get_by_role("link", name="Look again").click()

    expect(page.locator("article")).to_have_count(2)


@SIZES
def test_empty_inbox_is_accessible(visit: Visit) -> None:
    visit.log_in()

    assert inspected(visit, "/notices") == []


@SIZES
def test_open_search_box_is_accessible(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/new")
    visit.page.get_by_role("combobox", name="Add a feature").press_sequentially(
        "floppy baby"
    )
    expect(suggestions(visit.page).first).to_be_visible()

    assert violations(visit.page) == []
    assert overflow(visit.page) == 0


@SIZES
def test_refused_form_is_accessible(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/new")
    visit.page.get_by_label("Age at last visit").fill("four")
    visit.page.get_by_role("button", name="Save and see matches").click()
    visit.page.get_by_role("alert").wait_for()

    assert violations(visit.page) == []
    visit.page.get_by_role("alert").get_by_role("link").click()
    expect(visit.page.get_by_label("Age at last visit")).to_be_in_viewport()
    assert overflow(visit.page) == 0


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


def test_printed_match_has_no_controls_and_says_what_it_is(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/NORTH-1/matches/HARBOUR-1")

    visit.page.emulate_media(media="print")

    expect(
        visit.page.get_by_text("Health data, not for the open record.")
    ).to_be_visible()
    expect(visit.page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(visit.page.get_by_role("button", name="Log out")).to_be_hidden()


def test_chosen_theme_is_used_on_every_page(visit: Visit) -> None:
    visit.log_in()
    visit.go("/account")
    visit.page.get_by_text("light on dark, always").click()
    visit.page.get_by_role("button", name="Use these colours").click()

    visit.go("/keyboard")

    background = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(15, 23, 26)"
