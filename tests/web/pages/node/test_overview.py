"""The first page of the operator: how the peers fare, and what needs her."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from matcher.readers.report import Trouble, Wrong
from web.audit import Audit
from web.mme.actions import BUDGET_SPENT, DISCLOSED, REFUSED
from web.mme.answering.diagnoses import Diagnoses, Stranger
from web.mme.nodes.health import Breaker
from web.pages.node import checks
from web.pages.node.lines import weekday

from .conftest import Operations

PAGES = ("/node", "/node/add", "/node/audit", "/node/safeguards", "/node/peers/Island")


def silent(operations: Operations, name: str, days: int = 3) -> None:
    """Let a peer fail since so many days."""
    node = operations.asked(name)
    then = datetime.now(UTC) - timedelta(days=days)
    Breaker(operations.db, lambda: then).failed(node.node_id)


def well(operations: Operations, name: str) -> None:
    operations.breaker.succeeded(operations.asked(name).node_id, 118)


def told(operations: Operations) -> str:
    """The page of the peers."""
    answer = operations.olga.get("/node")
    assert answer.status_code == 200
    return answer.text


def heading(text: str) -> str:
    return text.partition("<h1>")[2].partition("</h1>")[0]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("name", ["alice", "dana"])
def test_for_others_there_is_no_such_page(
    operations: Operations, path: str, name: str
) -> None:
    operations.know("Island")

    assert operations.cast[name].get(path).status_code == 404
    assert "Node</a>" not in operations.cast[name].get("/account").text


@pytest.mark.parametrize("name", ["alice", "dana"])
def test_nothing_below_the_page_is_there_for_others(
    operations: Operations, name: str
) -> None:
    operations.know("Island")
    rules = [
        r
        for r in operations.cast.app.url_map.iter_rules()
        if r.rule.startswith("/node")
    ]
    calls = [
        (method, rule.rule.replace("<peer>", "Island").replace("<name>", "bob"))
        for rule in rules
        for method in ("GET", "POST")
        if method in (rule.methods or ())
    ]

    visitor = operations.cast[name]
    answers = {
        call: (visitor.post if call[0] == "POST" else visitor.get)(call[1]).status_code
        for call in calls
    }
    assert len(calls) == 29 and set(answers.values()) == {404}


def test_who_is_not_logged_in_is_led_to_the_log_in(operations: Operations) -> None:
    assert operations.cast["nobody"].get("/node").status_code == 302


def test_an_operator_finds_the_page_in_the_top_bar(operations: Operations) -> None:
    assert '<a href="/node">Node</a>' in operations.olga.get("/account").text


def test_without_peers_the_page_says_what_to_do(operations: Operations) -> None:
    page = told(operations)

    assert heading(page) == "This node has no peers yet"
    assert 'href="/node/add"' in page and "Nothing needs you" in page


def test_the_heading_says_who_is_not_well(operations: Operations) -> None:
    well(operations, "Harbour")
    operations.know("Valley")
    Audit(operations.db).record("Valley", DISCLOSED, ["NORTH-1"])
    silent(operations, "Island")

    since = f"{datetime.now(UTC) - timedelta(days=3):%A}"
    assert heading(told(operations)) == (
        f"Two of three peers are well; Island has been silent since {since}"
    )


def test_the_heading_says_that_all_are_well(operations: Operations) -> None:
    well(operations, "Harbour")
    well(operations, "Valley")

    assert heading(told(operations)) == "All two peers are well"


def test_the_heading_names_who_was_never_heard_of(operations: Operations) -> None:
    well(operations, "Harbour")
    operations.know("Moor")
    silent(operations, "Island")
    silent(operations, "Valley")

    assert heading(told(operations)) == (
        "One of four peers is well; Island and Valley are silent, Moor was not heard of yet"
    )


def test_a_revoked_peer_is_no_worry(operations: Operations) -> None:
    well(operations, "Harbour")
    silent(operations, "Island")
    operations.nodes.revoke("Island")

    page = told(operations)
    assert heading(page) == "Harbour is well" and "Nothing needs you" in page


def test_a_line_says_everything_of_a_peer(operations: Operations) -> None:
    node = operations.asked("Harbour", contact="ops@harbour.example", daily_budget=7)
    operations.breaker.succeeded(node.node_id, 118)
    trouble = Trouble("patient", Wrong.MISSING)
    Diagnoses(operations.db).keep(
        node, path="/match", status=400, reason="", troubles=[trouble]
    )

    page = told(operations)

    for said in (
        "asks us and is asked at https://island.example/mme",
        "ops@harbour.example",
        "0 of 7 new cases today",
        "118 ms",
        "1 request refused",
        "1 token, made ",
        "asked in version 1.0, asked at /match, genes named by Ensembl id",
        "answered today",
    ):
        assert said in page


def test_what_the_guards_and_the_breaker_say_stands_on_top(
    operations: Operations,
) -> None:
    silent(operations, "Island")
    Audit(operations.db).record("Harbour", REFUSED, reason=BUDGET_SPENT)

    page = told(operations)

    assert "What needs you" in page
    assert (
        "Harbour met a guard 1 times in the last 24 hours: daily budget spent" in page
    )
    assert "Island has been silent since" in page
    assert page.index("What needs you") < page.index("Peers</h2>")


def test_a_broken_audit_is_an_alert_once_it_was_read(operations: Operations) -> None:
    Audit(operations.db).record("Harbour", DISCLOSED, ["NORTH-1"])
    assert "The audit is broken" not in told(operations)
    operations.db.execute("UPDATE audit SET actor = 'Valley'")

    assert operations.olga.post("/node/check").status_code == 303

    assert "The audit is broken: entry 1 was changed" in told(operations)


def test_everything_is_read_once_in_a_while(operations: Operations) -> None:
    now = [0.0]
    desk = checks.Checks(lambda: now[0])
    settings = operations.cast.settings
    first = desk.current(operations.db, settings)
    Audit(operations.db).record("Harbour", DISCLOSED)

    assert desk.current(operations.db, settings) is first
    now[0] = checks.FRESH_SECONDS + 1
    assert desk.current(operations.db, settings).entries == first.entries + 1


def test_requests_without_a_good_token_are_counted(operations: Operations) -> None:
    Diagnoses(operations.db).met(Stranger.UNKNOWN, 1200)

    assert "<b>Unknown token</b>: 1,200 times since " in told(operations)


@pytest.mark.parametrize(
    "days, word", [(0, "today"), (5, "Thursday"), (7, "17 Nov"), (400, "20 Oct 2025")]
)
def test_a_day_is_said_as_people_say_it(days: int, word: str) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    assert weekday((now - timedelta(days=days)).isoformat(), now) == word
