"""The inbox of a person: what it says, what it counts, and what it keeps to itself."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from matcher.calibration import Calibration
from matcher.case import Case, Sharing
from matcher.storage.database import connect, rows
from ontologies import Release
from web import create_app
from web.accounts.passwords import Passwords
from web.audit import Audit
from web.notices.matters import Kind, Matter, asked
from web.notices.telling import Telling
from web.viewing import told

from ...conftest import Cast, case_of

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def shared(cast: Cast) -> Cast:
    """A case of Alice that is shared with the exchange, and two of which nothing is told."""
    cast.put(case_of("NORTH-1", sharing=Sharing.EXCHANGE_1))
    cast.put(case_of("NORTH-2", sharing=Sharing.EXCHANGE_1))
    return cast


def tell(cast: Cast, *matters: Matter) -> list[str]:
    """Tell, as the server does; the links of all notices, oldest first."""
    with closing(connect(cast.settings.database)) as db:
        Telling(db).tell(matters)
        return [
            row["link"]
            for row in rows(db, "SELECT link FROM notices ORDER BY 1 * notice_id")
        ]


def asking(number: int = 7, case_id: str = "NORTH-1") -> Matter:
    return asked("Island", Case(case_id=f"P-{number}"), [case_id])[0]


def test_empty_inbox_says_when_something_comes_and_what_to_do(shared: Cast) -> None:
    page = shared["alice"].get("/notices").text

    assert "Nothing to tell you yet" in page
    assert "a case must be shared with the exchange" in page
    assert "See your cases" in page
    assert 'class="count"' not in page


def test_inbox_names_the_case_what_happened_and_when(shared: Cast) -> None:
    tell(shared, asking(7), asking(8))

    page = shared["alice"].get("/notices").text

    assert "Two notices you have not read" in page
    assert 'href="/cases/NORTH-1"' in page
    assert "Island was shown this case, as a candidate for its patient P-7." in page
    assert " UTC" in page


def test_every_page_counts_what_is_not_read(shared: Cast) -> None:
    tell(shared, asking(7), asking(8))

    page = shared["alice"].get("/").text

    assert '<span class="count">2<span class="visually-hidden"> not read</span>' in page
    assert 'class="count"' not in shared["bob"].get("/").text


def test_link_of_a_mail_leads_to_its_notice_after_log_in(shared: Cast) -> None:
    (link,) = tell(shared, asking())

    answer = shared["nobody"].get(f"/notices/{link}")
    assert (answer.status_code, answer.location) == (
        302,
        f"/log-in?next=/notices/{link}",
    )
    page = shared["alice"].get(f"/notices/{link}").text
    assert "<h1>Island was shown this case" in page
    assert "See the case" in page


def test_notice_is_read_when_she_says_so_and_not_by_looking(shared: Cast) -> None:
    (link,) = tell(shared, asking())
    alice = shared["alice"]
    alice.get(f"/notices/{link}")
    assert "One notice you have not read" in alice.get("/notices").text

    answer = alice.post(f"/notices/{link}/read")

    assert (answer.status_code, answer.location) == (303, "/notices")
    assert "You have read all your notices" in alice.get("/notices").text


def test_all_that_were_shown_are_read_and_what_came_meanwhile_is_not(
    shared: Cast,
) -> None:
    alice = shared["alice"]
    tell(shared, asking(7), asking(8))
    assert 'name="until" value="2"' in alice.get("/notices").text
    tell(shared, asking(9))

    alice.post("/notices/read", {"until": "2"})

    assert "One notice you have not read" in alice.get("/notices").text


@pytest.mark.parametrize("until", ["", "x", "-1", str(2**70)])
def test_any_number_is_taken(shared: Cast, until: str) -> None:
    assert shared["alice"].post("/notices/read", {"until": until}).status_code == 303
    assert shared["alice"].get("/notices", before=until).status_code == 200


@pytest.mark.parametrize("person", ["bob", "charlie", "dana"])
def test_notice_of_another_looks_like_one_that_is_missing(
    shared: Cast, person: str
) -> None:
    (link,) = tell(shared, asking())
    visitor = shared[person]

    found, missing = (visitor.get(f"/notices/{each}") for each in (link, "f" * 32))

    assert found.status_code == missing.status_code == 404
    assert found.text == missing.text
    assert visitor.post(f"/notices/{link}/read").status_code == 404
    assert "One notice" in shared["alice"].get("/notices").text


def test_case_that_may_not_be_seen_any_more_is_not_named(shared: Cast) -> None:
    (link,) = tell(shared, asking())
    with shared.store() as store:
        case = replace(
            store.get("NORTH-1").case, submitter="bob", sharing=Sharing.PRIVATE
        )
        store.put(case, actor="bob")

    alice = shared["alice"]

    assert "Nothing to tell you yet" in alice.get("/notices").text
    assert alice.get(f"/notices/{link}").status_code == 404


def test_erased_case_takes_its_notices_along(shared: Cast) -> None:
    (link,) = tell(shared, asking())
    with shared.store() as store:
        store.erase("NORTH-1", "alice")

    assert shared["alice"].get(f"/notices/{link}").status_code == 404


def test_more_than_a_page_is_paged(shared: Cast) -> None:
    tell(shared, *(asking(number) for number in range(31)))
    alice = shared["alice"]

    first = alice.get("/notices").text
    second = alice.get("/notices", before="2").text

    assert first.count('class="unread"') == 30
    assert 'href="/notices?before=2"' in first
    assert second.count('class="unread"') == 1
    assert "P-0." in second


FACTS = ("node", "remote", "site", "why", "leaver", "cases", "version")


@pytest.mark.parametrize("kind", Kind)
def test_what_a_peer_wrote_is_text(shared: Cast, kind: Kind) -> None:
    facts = dict.fromkeys(FACTS, MARKUP)
    matter = Matter(
        kind=kind, case_id="NORTH-1", pair=("x",), content=str(kind), facts=facts
    )
    (link,) = tell(shared, matter)

    for path in ("/notices", f"/notices/{link}"):
        page = shared["alice"].get(path).text
        assert MARKUP not in page
        assert "&lt;script&gt;" in page


def test_curator_without_cases_has_no_inbox(shared: Cast) -> None:
    assert shared["dana"].get("/notices").status_code == 404
    assert "/notices" not in shared["dana"].get("/account").text
    assert shared["dana"].post("/account/notices", {"how": "never"}).status_code == 404


def test_way_to_be_told_is_chosen_on_the_account_page(shared: Cast) -> None:
    alice = shared["alice"]
    assert 'value="each" checked' in alice.get("/account").text

    assert alice.post("/account/notices", {"how": "daily"}).location == "/account"

    page = alice.get("/account").text
    assert 'value="daily" checked' in page
    assert "How you are told is set." in page


def test_unknown_way_is_said_and_changes_nothing(shared: Cast) -> None:
    alice = shared["alice"]
    alice.post("/account/notices", {"how": "hourly"})

    page = alice.get("/account").text

    assert "but it must be each, daily or never" in page
    assert 'value="each" checked' in page


@pytest.mark.parametrize(
    ("mail_host", "person", "said"),
    [
        (None, "alice", "This site sends no e-mail"),
        ("mail.example", "bob", "Your account has no address"),
        ("mail.example", "alice", ""),
    ],
)
def test_account_says_why_no_mail_comes(
    shared: Cast,
    release: Release,
    calibration: Calibration,
    mail_host: str | None,
    person: str,
    said: str,
) -> None:
    settings = replace(
        shared.settings, mail_host=mail_host, mail_sender="site@north.example"
    )
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    app = create_app(
        settings,
        release=release,
        calibration=calibration,
        passwords=Passwords(hasher),
    )

    visitor = Cast(app=app, settings=settings)[person]
    tell(shared, asking())
    page = visitor.get("/account").text

    assert said in page
    assert ("you are told on these pages only" in page) == bool(said)
    if person == "alice":
        inbox = visitor.get("/notices").text
        assert ("no e-mail ·" in inbox) == bool(said)


def test_a_notice_of_a_match_is_audited_when_it_is_shown(shared: Cast) -> None:
    match = Matter(
        kind=Kind.NEW_MATCH,
        case_id="NORTH-1",
        pair=("match", "Island", "canary-id"),
        content="1",
        facts={"node": "Island", "remote": "canary-id", "why": "Both have seizures."},
    )
    [link] = tell(shared, match)

    shared["alice"].get("/notices")
    shared["alice"].get(f"/notices/{link}")
    tell(shared, asking(7, "NORTH-2"))
    shared["alice"].post("/notices/read", {"until": 99})

    with closing(connect(shared.settings.database)) as db:
        found = [e for e in Audit(db).entries() if e.action == told.ANSWERS]
    assert [(each.case_ids, each.facts["patients"]) for each in found] == [
        (("NORTH-1",), {"Island": 1})
    ] * 2
    assert "canary" not in str(found)
