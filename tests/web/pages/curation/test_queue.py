"""The page of unknown features: seen by curators, decided once, written up, quick when long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from matcher.case import Case
from matcher.storage.database import Database, write_transaction
from ontologies import Release
from web.audit import Audit
from web.db import open_database
from web.unrecognised.arriving import Arrivals, Arrived, Kind
from web.unrecognised.deciding import Decision, Decisions
from web.unrecognised.queue import PAGE_SIZE, Queue, State, Wanted
from web.unrecognised.upstream import REPORTED

from ...conftest import SEIZURE, Cast

QUEUE = "/curation/queue"
WORDS = "zebra striped toes"


@pytest.fixture
def db(cast: Cast, release: Release) -> Iterator[Database]:
    """Two things that came often enough, and one that did not."""
    with closing(open_database(cast.settings.database)) as opened:
        arrivals = Arrivals(opened, release)
        for words, patients in ((WORDS, "abcd"), ("lazy eye", "abc"), ("odd ear", "a")):
            arrived = [Arrived(Case(case_id=each), [words]) for each in patients]
            arrivals.note(Kind.QUESTION, "Island", arrived)
        yield opened


def number(db: Database, words: str = WORDS) -> int:
    sql = "SELECT number FROM unrecognised WHERE words = ?"
    return int(db.execute(sql, [words]).fetchone()[0])


def form(**more: str) -> dict[str, str]:
    return {"version": "0", "decision": str(State.TERM), "term_id": SEIZURE, **more}


def test_curator_reads_what_came_with_the_nearest_term(
    cast: Cast, db: Database
) -> None:
    page = cast["dana"].get(QUEUE).text

    assert "Two unknown features wait to be decided" in page
    assert page.index(WORDS) < page.index("lazy eye") and "odd ear" not in page
    assert "4 patients, questions of peers, today" in page and "amblyopia" in page
    assert "Island" not in page
    assert re.search(r'Unknown features <span class="count">2<', page)
    assert 'class="count">2<' in cast["dana"].get("/curation/words").text


def test_decision_leads_to_the_next_and_is_audited(cast: Cast, db: Database) -> None:
    address = f"{QUEUE}/{number(db)}"
    assert "What is “zebra striped toes”?" in cast["dana"].get(address).text

    answer = cast["dana"].post(address, form(reason="our  slang"))

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{QUEUE}/{number(db, 'lazy eye')}"
    entry = Queue(db).get(number(db))
    assert (entry.state, entry.term_id, entry.decided_by) == (
        State.TERM,
        SEIZURE,
        "dana",
    )
    assert entry.reason == "our slang"
    assert "Seizure (HP:0001250)" in cast["dana"].get(address).text
    assert [e.actor for e in Audit(db).entries()] == ["dana"]

    again = cast["dana"].post(address, {"version": "1", "decision": "open"})

    assert again.headers["Location"] == address
    assert Queue(db).get(number(db)).state is State.OPEN


def test_typed_id_goes_before_the_chosen_suggestion(cast: Cast, db: Database) -> None:
    address = f"{QUEUE}/{number(db)}"

    cast["dana"].post(address, form(other=" hp:0000252 "))

    assert Queue(db).get(number(db)).term_id == "HP:0000252"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"other": "HP:0000006"}, "term_id"),
        ({"term_id": ""}, "term_id"),
        ({"decision": "<script>"}, "decision"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_bad_decision_is_told_beside_its_field(
    cast: Cast, db: Database, sent: dict[str, str], field: str
) -> None:
    answer = cast["dana"].post(f"{QUEUE}/{number(db)}", form(**sent))

    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text and "<script>'" not in answer.text
    assert Queue(db).get(number(db)).state is State.OPEN


def test_second_curator_is_told_that_the_first_was_quicker(
    cast: Cast, db: Database, release: Release
) -> None:
    address = f"{QUEUE}/{number(db)}"
    cast["dana"].get(address)
    ignore = Decision(state=State.IGNORED)
    Decisions(db, release).decide(number(db), ignore, actor="cleo")

    answer = cast["dana"].post(address, form())

    assert answer.headers["Location"] == address
    assert "decided meanwhile by cleo: ignored" in cast["dana"].get(address).text


@pytest.mark.parametrize("version", ["", "none", "-1", "9" * 5000])
def test_a_decision_on_an_entry_that_was_not_seen_is_not_taken(
    cast: Cast, db: Database, version: str
) -> None:
    address = f"{QUEUE}/{number(db)}"

    cast["dana"].post(address, form(version=version))

    assert Queue(db).get(number(db)).state is State.OPEN


def test_report_is_a_file_of_what_was_ticked_and_is_audited(
    cast: Cast, db: Database
) -> None:
    eye, address = str(number(db, "lazy eye")), f"{QUEUE}/report"
    cast["dana"].get(QUEUE)

    ticked = cast["dana"].post(address, {"form": "markdown", "entry": eye})
    nothing = cast["dana"].post(address, {"form": "tsv"})

    assert ticked.mimetype == "text/markdown" and "## lazy eye" in ticked.text
    assert ".md" in ticked.headers["Content-Disposition"]
    assert WORDS not in ticked.text
    assert nothing.status_code == 303
    assert "nothing is to be reported" in cast["dana"].get(QUEUE).text
    entries = [e for e in Audit(db).entries() if e.action == REPORTED]
    assert [e.facts["entries"] for e in entries] == [[int(eye)]]
    assert cast["dana"].post(address, {"entry": "77"}).status_code == 404


def test_ticked_entries_are_ignored_unless_somebody_decided_them(
    cast: Cast, db: Database, release: Release
) -> None:
    numbers = [number(db), number(db, "lazy eye")]
    upstream = Decision(state=State.UPSTREAM)
    Decisions(db, release).decide(numbers[0], upstream, actor="cleo")
    cast["dana"].get(QUEUE)

    cast["dana"].post(f"{QUEUE}/ignore", {"entry": [*map(str, numbers), "77"]})

    states = [Queue(db).get(each).state for each in numbers]
    assert states == [State.UPSTREAM, State.IGNORED]
    assert "Ignored: 1; decided by somebody before: 2" in cast["dana"].get(QUEUE).text


def test_what_is_ticked_beyond_the_most_is_told(cast: Cast, db: Database) -> None:
    ticked = [str(each) for each in range(number(db), number(db) + 1002)]
    cast["dana"].get(QUEUE)

    for path, said in (("ignore", "Not looked at: 2;"), ("report", "1,002 are ticked")):
        answer = cast["dana"].post(f"{QUEUE}/{path}", {"entry": ticked})
        assert answer.status_code == 303 and said in cast["dana"].get(QUEUE).text


def test_empty_queue_says_what_is_counted_unread(cast: Cast, release: Release) -> None:
    with closing(open_database(cast.settings.database)) as db:
        arrived = [Arrived(Case(case_id="a"), ["odd ear", "Anna Schmidt"])]
        Arrivals(db, release).note(Kind.QUESTION, "Island", arrived)

    page = cast["dana"].get(QUEUE).text

    assert "Nothing unknown waits to be decided" in page
    assert "1 such is counted" in page and "may name a person" in page
    assert "odd ear" not in page and "Schmidt" not in page


def test_for_others_there_is_no_such_page(cast: Cast, db: Database) -> None:
    for path in (QUEUE, f"{QUEUE}/1"):
        assert cast["alice"].get(path).status_code == 404
    for path in (f"{QUEUE}/1", f"{QUEUE}/report", f"{QUEUE}/ignore"):
        assert cast["alice"].post(path, form()).status_code == 404
    assert cast["dana"].get(f"{QUEUE}/99999999999999999999").status_code == 404


def test_ten_thousand_entries_come_a_page_at_a_time(cast: Cast, db: Database) -> None:
    with write_transaction(db):
        db.execute("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
            INSERT INTO unrecognised
                (digest, words, is_readable, patients, needed, brought_by, first_day, last_day)
            SELECT randomblob(32), 'strange toe ' || i, 1, 3, 3, x'00', '2026-11-01',
                '2026-11-02' FROM n
            """)
    counted: list[str] = []
    db.conn.set_trace_callback(counted.append)

    first, last = Queue(db).page(Wanted()), cast["dana"].get(QUEUE, page="9999").text
    db.conn.set_trace_callback(None)

    assert len(first) == PAGE_SIZE and "Page 501 of 501" in last
    assert last.count('name="entry"') == 2
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {counted[0]}").fetchall()]
    assert "SEARCH u USING INDEX unrecognised_by_state" in " ".join(plan)
    assert not any("ORDER BY" in step for step in plan[:2])
