"""What was written goes with either case, in the same transaction, and the other side is told."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from matcher.case import Sharing
from matcher.storage.database import connect, rows
from matcher.storage.store import CaseStore
from web.conversations.reminders import Reminders

from ..conftest import SEIZURE
from .conftest import FIRST, OURS, THEIRS, Pair, heading


def remind(pair: Pair, later: timedelta = timedelta(), days: int = 7) -> None:
    chore = Reminders(
        after=timedelta(days=days), clock=lambda: datetime.now(UTC) + later
    )
    with pair.db() as db:
        chore.tell_due(db)


def everything_kept(pair: Pair) -> bytes:
    folder = pair.cast.settings.directory
    return b"".join(path.read_bytes() for path in folder.glob("secondcase.db*"))


@pytest.mark.parametrize("withdrawn", [OURS, THEIRS])
@pytest.mark.parametrize("sharing", [Sharing.PRIVATE, Sharing.SITE])
def test_lowered_sharing_takes_the_text_along_and_tells_the_other_side(
    pair: Pair, withdrawn: str, sharing: Sharing
) -> None:
    pair.start()
    pair.write("charlie", "Yes.")
    link = pair.link
    pair.act("charlie", "read")
    pair.act("alice", "read")

    pair.share(withdrawn, sharing)
    remind(pair)

    lowering, other = (
        ("alice", "charlie") if withdrawn == OURS else ("charlie", "alice")
    )
    site = "North" if withdrawn == OURS else "Harbour"
    there = pair.cast[other].get(link).text
    assert heading(there) == f"{site} withdrew its case today"
    assert FIRST not in there
    listed = pair.cast[other].get("/conversations").text
    assert heading(listed) == "Nobody waits for your answer"
    assert heading(pair.cast[lowering].get(link).text) == "You withdrew your case today"
    assert pair.notices(other)[0].startswith(f"{site} withdrew its case, so the")
    with pair.db() as db:
        assert rows(db, "SELECT * FROM conversation_messages") == []


def test_lowering_warns_of_the_conversation_that_goes_and_asks(pair: Pair) -> None:
    alice = pair.cast["alice"]
    form = {"version": "1", "sharing": "private", "observed": [SEIZURE]}
    assert "erase the conversation" not in alice.get(f"/cases/{OURS}/edit").text
    pair.start()

    shown = alice.get(f"/cases/{OURS}/edit").text
    refused = alice.post(f"/cases/{OURS}/edit", form)
    kept = pair.page("charlie")
    saved = alice.post(f"/cases/{OURS}/edit", {**form, "erase_conversations": "1"})

    assert "erase the conversation with Harbour about this case" in shown
    assert refused.status_code == 422
    assert (
        "the conversation with Harbour about this case would be erased" in refused.text
    )
    assert FIRST in kept
    assert saved.status_code == 303
    with pair.db() as db:
        assert rows(db, "SELECT * FROM conversations") == []


def test_withdrawn_consent_asks_for_the_conversation_that_goes(
    pair: Pair, everybody_agreed: None
) -> None:
    pair.share(OURS, Sharing.EXCHANGE_2)
    pair.start()
    place = f"/cases/{OURS}/consent/withdraw"

    asked = pair.cast["alice"].post(place)
    kept = pair.page("charlie")
    pair.cast["alice"].post(place, {"erase_conversations": "1"})

    assert asked.status_code == 303 and FIRST in kept
    with pair.db() as db:
        assert rows(db, "SELECT * FROM conversations") == []


def test_case_that_is_saved_again_or_shared_further_keeps_its_conversation(
    pair: Pair,
) -> None:
    pair.start()

    pair.share(OURS, Sharing.NETWORK)
    pair.share(THEIRS, Sharing.EXCHANGE_2)

    assert FIRST in pair.page("charlie")


@pytest.mark.parametrize("how", ["delete", "erase"])
@pytest.mark.parametrize("gone", [OURS, THEIRS])
def test_removed_case_leaves_no_byte_of_its_conversation(
    pair: Pair, gone: str, how: str
) -> None:
    canary = "kanarie-message"
    pair.start(canary)
    link = pair.link
    pair.write("charlie", canary)
    pair.act("alice", "end", how="reason", reason=canary)

    with closing(connect(pair.cast.settings.database)) as db:
        getattr(CaseStore(db), how)(gone, "alice")
        rows(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    remind(pair)

    other = "charlie" if gone == OURS else "alice"
    assert "withdrew its case today" in pair.cast[other].get(link).text
    assert canary.encode() not in everything_kept(pair)
    with pair.db() as db:
        assert rows(db, "SELECT * FROM conversations") == []
        assert rows(db, "SELECT * FROM conversation_acceptances") == []
        (left,) = rows(db, "SELECT * FROM withdrawn_conversations")
        assert gone not in str(left)


def test_both_cases_removed_leave_nothing(pair: Pair) -> None:
    pair.start()

    with closing(connect(pair.cast.settings.database)) as db:
        for case_id in (OURS, THEIRS):
            CaseStore(db).delete(case_id, "alice")

    with pair.db() as db:
        assert rows(db, "SELECT * FROM withdrawn_conversations") == []


def test_withdrawal_is_told_once(pair: Pair) -> None:
    pair.start()
    pair.share(OURS, Sharing.PRIVATE)
    remind(pair)
    pair.cast["charlie"].post("/notices/read", {"until": "9"})

    remind(pair)

    page = pair.cast["charlie"].get("/notices").text
    assert page.count("withdrew its case") == 1
    assert "unread" not in page


def test_rollback_of_a_save_keeps_the_conversation(pair: Pair) -> None:
    pair.start()

    with closing(connect(pair.cast.settings.database)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE cases SET sharing = 'private' WHERE case_id = ?", [OURS])
        assert rows(db, "SELECT * FROM conversations") == []
        db.rollback()

    assert FIRST in pair.page("charlie")


def test_who_may_not_see_the_other_case_reads_nothing_even_while_it_is_there(
    pair: Pair,
) -> None:
    pair.start()
    link = pair.link
    with pair.db() as db:
        db.execute("DROP TRIGGER conversations_of_a_hidden_case")

    pair.share(OURS, Sharing.SITE)

    assert pair.cast["charlie"].get(link).status_code == 404
    assert FIRST not in pair.cast["charlie"].get("/conversations").text


# Reminders


def test_unanswered_message_reminds_once_after_the_days_of_the_setting(
    pair: Pair,
) -> None:
    pair.start()
    pair.cast["charlie"].post("/notices/read", {"until": "9"})

    remind(pair, timedelta(days=6, hours=23))
    assert pair.notices("charlie") == ["North wrote to you about this case."]

    remind(pair, timedelta(days=7, hours=1))
    said = pair.notices("charlie")
    assert said[0] == "North waits for your answer about this case."

    pair.cast["charlie"].post("/notices/read", {"until": "99"})
    pair.write("alice", "Did you see this?")
    pair.cast["charlie"].post("/notices/read", {"until": "99"})
    remind(pair, timedelta(days=30))
    assert sum("waits for" in each for each in pair.notices("charlie")) == 1


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("messages", {"text": "Yes."}),
        ("accept", {}),
        ("end", {"how": "silently"}),
        ("end", {"how": "reason", "reason": "No."}),
        ("end", {"how": "close"}),
    ],
)
def test_nobody_is_reminded_of_what_was_answered(
    pair: Pair, what: str, fields: dict[str, str]
) -> None:
    pair.start()
    pair.act("charlie", what, **fields)

    remind(pair, timedelta(days=30))

    assert not any("waits for your" in each for each in pair.notices("charlie"))


def test_setting_of_no_days_reminds_nobody(pair: Pair) -> None:
    pair.start()

    remind(pair, timedelta(days=300), days=0)

    assert pair.notices("charlie") == ["North wrote to you about this case."]
