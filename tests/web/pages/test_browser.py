"""A real Chromium on a real server: a case is entered and its matches read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from matcher.case import Contact, Sharing
from matcher.storage.database import connect
from ontologies import Release
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.db import open_database
from web.mme.asking.aside import EXTENSION
from web.mme.nodes import Nodes
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description

from .attack_strings import ATTACK_STRINGS
from .test_attacks import every_field
from ..browsing import (
    DESKTOP,
    PHONE,
    SIZES,
    Visit,
    inspected,
    overflow,
    suggestions,
    tab_to,
    violations,
    visit,
)
from ..mme import faults
from ..serving import served
from ..mme.answering.test_server import running
from ..conftest import FLOPPY_INFANT, PASSWORD, PHF14, SEIZURE, Cast, case_of

__all__ = ["visit"]

pytestmark = pytest.mark.browser


@pytest.fixture
def base(cast: Cast) -> Iterator[str]:
    """The address of the application on a free port of this machine."""
    cast.put(case_of("NORTH-1", observed=(SEIZURE, FLOPPY_INFANT, "HP:0000154")))
    cast.put(
        case_of(
            "HARBOUR-1", site="Harbour", submitter="charlie", sharing=Sharing.NETWORK
        )
    )
    with served(cast.app) as address:
        yield address


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
    expect(visit.page.get_by_label("Name")).to_be_focused()
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


NOTE = (
    "4-year-old girl with infantile spasms and long eyelashes. Possible eczema on the cheeks. "
    "No hearing loss. Her mother has migraine."
)


@SIZES
def test_pasted_note_and_variant_are_entered_with_the_keyboard_alone(
    visit: Visit, cast: Cast
) -> None:
    visit.log_in()
    visit.go("/cases/new")
    page, keys = visit.page, visit.page.keyboard
    tab_to(page, "Note to read")
    keys.insert_text(NOTE)
    tab_to(page, "Find its findings")
    keys.press("Enter")
    expect(page.locator("#suggested > li")).to_have_count(4)
    assert violations(page) == []
    for name in (
        "Add: Infantile spasms",
        "Leave out: Eczema",
        "Add Hearing impairment",
    ):
        tab_to(page, name)
        keys.press("Enter")
    expect(page.locator("#suggested > li")).to_have_count(1)
    tab_to(page, "Add a gene")
    keys.type("phf14")
    expect(page.get_by_role("listbox")).to_have_attribute("data-answers", "phf14")
    keys.press("Enter")
    tab_to(page, "Add a variant in PHF14")
    keys.press("Enter")
    keys.type("c.1204C>T")
    tab_to(page, "Add a diagnosis")
    keys.type("nicolaides-baraitser syndrome")
    expect(page.locator("#disease_q-list")).to_have_attribute(
        "data-answers", "nicolaides-baraitser syndrome"
    )
    keys.press("Enter")
    tab_to(page, "How sure is Nicolaides-Baraitser syndrome")
    keys.press("ArrowDown")
    expect(page.locator("#advice")).to_contain_text("How specific is this profile?")
    assert violations(page) == []
    assert overflow(page) == 0
    tab_to(page, "Save and see matches")
    keys.press("Enter")
    page.wait_for_url(re.compile("/matches$"))

    case = cast.get("NORTH-0002").case
    assert case.observed == ("HP:0012469",)
    assert case.excluded == ("HP:0000365",)
    assert [g.variant.hgvs for g in case.genomic_features if g.variant] == [
        ("c.1204C>T",)
    ]
    assert (case.diseases[0].disease_id, case.solved) == ("OMIM:601358", True)
    assert case.note == ""
    assert visit.complaints == []


@SIZES
def test_what_was_typed_survives_the_browser(visit: Visit, cast: Cast) -> None:
    visit.log_in()
    visit.go("/cases/new")
    visit.add("Add a feature", "oligodontia")
    visit.page.get_by_label("Name at your site").fill("exome 77")
    expect(visit.page.locator("#kept")).to_contain_text("Draft kept")
    visit.page.wait_for_timeout(1500)

    visit.go("/cases/new")
    visit.page.get_by_role("link", name="exome 77, one feature").click()

    expect(visit.page.locator("#observed > li")).to_have_count(1)
    expect(visit.page.get_by_label("Name at your site")).to_have_value("exome 77")
    assert violations(visit.page) == []
    visit.page.get_by_role("button", name="Throw the draft away").click()
    expect(visit.page.get_by_text("The draft is thrown away.")).to_be_visible()
    assert visit.complaints == []


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(n, marks=pytest.mark.full) for n in range(1, 5))]
)
def test_two_hundred_attack_strings_run_nothing_in_a_browser(
    visit: Visit, cast: Cast, part: int
) -> None:
    sent = every_field(ATTACK_STRINGS[part::5])
    assert cast["alice"].post("/cases/new/draft", sent).json["kept"]
    visit.log_in()

    visit.go("/cases/new?draft=" + "ab" * 16)
    visit.page.get_by_label("Note to read").fill("\n".join(ATTACK_STRINGS[part::5]))
    visit.page.get_by_role("button", name="Find its findings").click()
    expect(visit.page.locator("#reading .notetext")).to_be_visible()
    expect(visit.page.locator("#kept")).to_contain_text("Draft kept")

    assert visit.page.evaluate("typeof ran") == "undefined"
    assert visit.complaints == []


def test_two_editors_see_each_other_and_a_saved_version(
    visit: Visit, cast: Cast
) -> None:
    cast["bob"].post("/cases/NORTH-1/draft", {"version": "1", "note": "mine"})
    visit.log_in()
    visit.go("/cases/NORTH-1/edit")
    presence = visit.page.locator("#presence")
    expect(presence).to_contain_text("bob has this case open since")

    cast.put(replace(cast.get("NORTH-1").case, note="theirs"), actor="bob")
    visit.page.get_by_label("Name at your site").fill("exome 77")

    expect(presence).to_contain_text("bob saved version 2")
    assert violations(visit.page) == []
    assert visit.complaints == []


def test_contradiction_is_ended_beside_the_form(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/new")
    visit.add("Add a feature", "oligodontia")
    visit.add("Add a feature", "abnormality of the dentition", "Shift+Enter")
    panel = visit.page.locator("#advice")
    expect(panel).to_contain_text("Both cannot hold")

    panel.get_by_role("button", name="Keep oligodontia").click()

    expect(visit.page.locator("#excluded > li")).to_have_count(0)
    expect(panel).not_to_contain_text("Both cannot hold")
    assert visit.complaints == []


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
    page.get_by_role("link", name="Other sites").click()

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
def test_operator_gives_a_peer_a_token_and_reads_what_is_wrong_with_it(
    visit: Visit, cast: Cast
) -> None:
    with closing(open_database(cast.settings.database)) as db:
        Accounts(db, Passwords()).add(
            "olga", PASSWORD, roles=[Role.OPERATOR], site="North"
        )
    page = visit.page
    visit.go("/log-in")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    page.get_by_role("link", name="Node", exact=True).click()
    page.get_by_role("link", name="Add a peer").first.click()
    page.get_by_label("Name", exact=True).fill("Island")
    page.get_by_role("button", name="Add the peer and show its token").click()
    token = page.locator("#token").inner_text()
    found = violations(page)
    sent = {"X-Auth-Token": token, "Content-Type": "application/json"}
    cast.app.test_client().post("/match", data=b'{"patient": {', headers=sent)
    page.get_by_role("link", name="I have it").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("one request of it")
    expect(page.get_by_text("body, line 1, column 14")).to_be_visible()
    assert token not in page.content()
    page.locator("summary", has_text="Change what is known").click()
    page.get_by_label("New cases a day").fill("many")
    page.get_by_role("button", name="Change Island").click()
    expect(page.get_by_role("alert")).to_contain_text("'many' must be a whole number")
    found += violations(page)
    paths = ("", "/peers/Island", "/add", "/audit", "/safeguards")
    for path in paths:
        found += inspected(visit, f"/node{path}")
    assert found == []
    # The browser itself tells of the form that was refused.
    assert [each for each in visit.complaints if "422" not in each] == []


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


def give_verdict(visit: Visit, said: str, reason: str = "") -> None:
    """Say what became of Alice's case and the one of Harbour, by the form."""
    visit.go("/cases/NORTH-1/matches/HARBOUR-1")
    visit.page.get_by_label(said).check()
    if reason:
        visit.page.get_by_label("Why it is not a match").select_option(reason)
    visit.page.get_by_role("button", name="Keep the verdict").click()


@SIZES
def test_match_is_judged_with_the_keyboard_alone(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/NORTH-1/matches")
    page = visit.page
    tab_to(page, "Your verdict… on HARBOUR-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/HARBOUR-1#verdict")

    page.get_by_label("Undecided").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("another gene")
    page.keyboard.press("Tab")
    page.keyboard.type("seen in clinic")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_have_text(
        "Kept for your site: Not a match: another gene explains one of them."
    )
    expect(page.locator("#verdict")).to_contain_text("seen in clinic")
    assert visit.complaints == []


def test_refused_verdict_is_accessible(visit: Visit) -> None:
    visit.log_in()
    give_verdict(visit, "Not a match, because")

    expect(visit.page.get_by_role("alert")).to_contain_text("The verdict was not kept")
    assert violations(visit.page) == []


@SIZES
def test_list_is_filtered_and_taken_along(visit: Visit) -> None:
    visit.log_in()
    visit.go("/cases/NORTH-1/matches")
    page = visit.page

    page.get_by_text("Export", exact=True).click()
    assert violations(page) == []
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV, a row a match").click()

    assert saved.value.suggested_filename == "NORTH-1-matches.csv"
    expect(page.get_by_role("button", name="Print, or save as PDF")).to_be_visible()
    assert overflow(page) <= 0
    assert visit.complaints == []


@pytest.mark.parametrize("path", ["", "/HARBOUR-1"], ids=["list", "pair"])
def test_page_prints_on_a4_without_controls(visit: Visit, path: str) -> None:
    visit.log_in()
    visit.go(f"/cases/NORTH-1/matches{path}")
    page = visit.page

    # A4 less its margins, in pixels of CSS.
    page.set_viewport_size({"width": 688, "height": 1017})
    page.emulate_media(media="print")
    printed = page.pdf(format="A4", prefer_css_page_size=True)

    assert overflow(page) <= 0
    assert printed.startswith(b"%PDF") and 1 <= printed.count(b"/Type /Page\n") <= 4
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_text("Health data, not for the open record.")).to_be_visible()


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
