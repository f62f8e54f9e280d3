"""The page "People": everything an operator does for accounts, and only she."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from matcher.case import Case, Sharing
from matcher.storage.store import CaseStore
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role

from ...conftest import PASSWORD, Visitor
from .conftest import Operations

NEW = "a quite different passphrase"


@dataclass
class Staff:
    """The page of Olga, with Bob whom a test changes."""

    operations: Operations
    people: Accounts

    @property
    def olga(self) -> Visitor:
        return self.operations.olga

    def act(self, what: str, **data: object) -> str:
        """Send a form of Bob's page; the page that follows."""
        self.olga.get("/node/people/bob")
        answer = self.olga.post(f"/node/people/bob/{what}", data)
        if answer.status_code != 303:
            return answer.text
        return self.olga.get(answer.location).text

    def browser(self) -> Visitor:
        return Visitor(self.operations.cast.app.test_client())


@pytest.fixture
def staff(operations: Operations) -> Iterator[Staff]:
    people = Accounts(operations.db, Passwords())
    operations.db.execute(
        "DELETE FROM people WHERE name NOT IN ('olga','alice','dana')"
    )
    operations.db.execute("DELETE FROM log_in_failures")
    people.add("bob", PASSWORD, roles=[Role.CLINICIAN], site="North")
    yield Staff(operations, people)


def test_list_names_everybody_with_what_they_may_do(staff: Staff) -> None:
    page = staff.olga.get("/node/people").text

    assert "<h1>Four people can log in</h1>" in page
    assert "clinician, North" in page and "password alone" in page


def test_new_account_gets_a_link_and_no_password(staff: Staff) -> None:
    staff.olga.get("/node/people")
    page = staff.olga.post(
        "/node/people/add",
        {"name": "erin", "site": "North", "email": "", "roles": ["clinician"]},
    ).text
    link = page.split('id="link">')[1].split("<")[0]
    path = "/" + link.split("/", 3)[3]
    browser = staff.browser()
    browser.get(path)

    browser.post(path, {"password": NEW, "again": NEW})

    assert browser.log_in("erin", NEW).status_code == 303


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"name": "a b", "roles": ["clinician"]}, "without blanks"),
        ({"name": "alice", "roles": ["clinician"]}, "already a person"),
        ({"name": "erin", "roles": ["emperor"]}, "one or more of"),
    ],
)
def test_account_that_cannot_be_made_is_explained(
    staff: Staff, said: dict[str, object], wrong: str
) -> None:
    staff.olga.get("/node/people")

    answer = staff.olga.post("/node/people/add", {"site": "North", **said})

    assert answer.status_code == 422 and wrong in answer.text
    assert len(staff.people.people()) == 4


def test_roles_site_and_address_are_changed(staff: Staff) -> None:
    staff.act("change", site="Harbour", email="b@mail.example", roles=["curator"])

    bob = staff.people.find("bob")
    assert (bob.site, bob.email, bob.roles) == (
        "Harbour",
        "b@mail.example",
        {Role.CURATOR},
    )


def test_deactivated_person_is_logged_out_and_may_come_back(staff: Staff) -> None:
    browser = staff.browser()
    browser.log_in("bob")

    assert "cannot log in any more" in staff.act("deactivate")

    assert browser.get("/").status_code == 302
    staff.act("activate")
    assert browser.log_in("bob").status_code == 303


def test_sessions_are_shown_and_ended(staff: Staff) -> None:
    browser = staff.browser()
    browser.log_in("bob")
    assert "Unknown browser" in staff.olga.get("/node/people/bob").text

    staff.act("end-sessions")

    assert browser.get("/").status_code == 302


def test_cases_are_handed_over(staff: Staff) -> None:
    store = CaseStore(staff.operations.db)
    case = Case(case_id="N-1", site="North", submitter="bob", sharing=Sharing.PRIVATE)
    store.put(case, actor="bob")
    assert "Hand over 1 case" in staff.olga.get("/node/people/bob").text

    page = staff.act("hand-over", successor="alice")

    assert "One case of bob is alice’s now." in page
    assert store.get("N-1").case.submitter == "alice"


@pytest.mark.parametrize("successor", ["dana", "mallory", "bob", ""])
def test_hand_over_to_whom_it_cannot_be_is_explained(
    staff: Staff, successor: str
) -> None:
    assert "Nothing was changed" in staff.act("hand-over", successor=successor)


def test_operator_cannot_lock_herself_out(staff: Staff) -> None:
    staff.olga.get("/node/people/olga")
    staff.olga.post("/node/people/olga/deactivate")
    staff.olga.post("/node/people/olga/change", {"roles": ["clinician"]})

    olga = staff.people.find("olga")
    assert olga.is_active and olga.has(Role.OPERATOR)


def test_identity_needs_a_provider(staff: Staff) -> None:
    staff.olga.get("/node/people/bob")

    answer = staff.olga.post("/node/people/bob/identity", {"subject": "sub"})

    assert answer.status_code == 404


def test_everything_is_audited_by_name(staff: Staff) -> None:
    for what in ("deactivate", "activate", "end-sessions", "remove-second-factor"):
        staff.act(what)
    staff.act("link")

    entries = staff.operations.audited()
    assert {entry.actor for entry in entries} == {"olga"}
    assert [entry.facts["person"] for entry in entries] == ["bob"] * 5


@pytest.mark.parametrize("who", ["alice", "dana"])
def test_nobody_else_finds_any_of_it(staff: Staff, who: str) -> None:
    visitor = staff.operations.cast[who]
    forms = ("deactivate", "link", "hand-over", "change", "remove-second-factor")

    answers = [visitor.get(path) for path in ("/node/people", "/node/people/bob")]
    answers += [visitor.post(f"/node/people/bob/{each}") for each in forms]

    assert {answer.status_code for answer in answers} == {404}
    assert staff.people.find("bob").is_active


def test_operator_erases_a_case_by_its_id_typed_twice(staff: Staff) -> None:
    store = CaseStore(staff.operations.db)
    store.put(Case(case_id="N-2", site="North"), actor="bob")
    staff.olga.get("/node/erase")

    once = staff.olga.post("/node/erase", {"case_id": "N-2", "typed": "N-1"})
    twice = staff.olga.post("/node/erase", {"case_id": "N-2", "typed": "N-2"})
    again = staff.olga.post("/node/erase", {"case_id": "N-2", "typed": "N-2"})

    assert (once.status_code, twice.status_code, again.status_code) == (422, 303, 422)
    assert store.count() == 0
