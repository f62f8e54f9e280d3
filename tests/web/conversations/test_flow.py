"""Alice of North and Charlie of Harbour write to each other; everybody else learns nothing."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from matcher.case import Case, Sharing
from matcher.storage.database import rows
from web.accounts import Role
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts
from web.db import open_database
from web.conversations.patience import MOST_IN_A_ROW, MOST_WITHDRAWN
from web.pages.conversations.conversation import MOST_MESSAGES

from ..conftest import PASSWORD, Visitor
from .conftest import ADDRESSES, FIRST, OURS, THEIRS, Pair, heading, pair_case

PAGES = ("/", "/site", "/conversations", "/notices", f"/cases/{OURS}", "/account")


def test_pair_offers_a_draft_that_asks_for_what_is_missing(pair: Pair) -> None:
    page = pair.cast["alice"].get(pair.side_by_side).text

    assert "our case NORTH-1 and your case HARBOUR-1 both list PHF14" in page
    assert "Which variant in PHF14 does yours carry, and was it inherited?" in page
    assert "Was delayed skeletal maturation looked for in yours?" in page
    assert "Check for names" in page


def test_draft_of_the_other_side_tells_it_nothing_that_is_not_shared(
    pair: Pair,
) -> None:
    drafts = [
        re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
        for page in (
            pair.cast["alice"].get(pair.side_by_side).text,
            pair.cast["charlie"].get(f"/cases/{THEIRS}/matches/{OURS}").text,
        )
    ]

    assert all("canary" not in draft for (draft,) in drafts)
    assert "How was delayed skeletal maturation found in yours" in drafts[1][0]


def test_first_message_reaches_the_other_side_and_waits_there(pair: Pair) -> None:
    answer = pair.start()

    assert (answer.status_code, answer.location) == (303, pair.link)
    assert pair.heading("alice") == "Harbour has not answered since today"
    assert pair.heading("charlie") == "North waits for your answer since today"
    assert FIRST in pair.page("charlie")
    assert pair.notices("charlie") == ["North wrote to you about this case."]
    listed = pair.cast["charlie"].get("/conversations").text
    assert heading(listed) == "North waits for your answer since today"


def test_answer_is_told_and_says_that_the_message_was_read(pair: Pair) -> None:
    pair.start()
    assert "· read" not in pair.page("alice")

    pair.write("charlie", "Yes, a frameshift.\nBoth parents tested.")

    assert pair.heading("alice") == "Harbour answered today"
    assert "· read" in pair.page("alice")
    assert "Yes, a frameshift.\nBoth parents tested." in pair.page("alice")
    assert pair.notices("alice") == ["Harbour wrote to you about this case."]
    assert "unread" not in pair.cast["charlie"].get("/notices").text


def test_looking_reads_nothing_and_saying_so_does(pair: Pair) -> None:
    pair.start()
    pair.page("charlie")
    assert "· read" not in pair.page("alice")

    pair.act("charlie", "read")

    assert "· read" in pair.page("alice")


def test_panel_beside_the_pair_holds_the_conversation_for_both(pair: Pair) -> None:
    pair.start()

    ours = pair.cast["alice"].get(pair.side_by_side).text
    theirs = pair.cast["charlie"].get(f"/cases/{THEIRS}/matches/{OURS}").text

    assert FIRST in ours and FIRST in theirs
    assert "North waits for your answer" in theirs
    assert "May we ask:" in theirs


def everything_seen(pair: Pair, name: str) -> str:
    visitor = pair.cast[name]
    paths = [*PAGES, pair.link, f"/cases/{OURS}/matches", pair.side_by_side]
    paths += [f"/cases/{THEIRS}", f"/cases/{THEIRS}/matches/{OURS}"]
    # What is shown of oneself is no disclosure.
    return "".join(visitor.get(path).text for path in paths)


def test_no_address_is_shown_before_both_have_accepted(pair: Pair) -> None:
    ours, theirs = ADDRESSES
    pair.start()
    pair.write("charlie", "Happy to talk.")
    assert theirs not in everything_seen(pair, "alice")
    assert ours not in everything_seen(pair, "charlie")

    pair.act("charlie", "accept")
    assert pair.heading("alice") == "Harbour accepts direct contact"
    assert "Share your address, too?" in pair.page("alice")
    assert theirs not in everything_seen(pair, "alice")
    assert ours not in everything_seen(pair, "charlie")

    pair.act("alice", "accept")
    assert theirs in pair.page("alice")
    assert ours in pair.page("charlie")
    assert pair.heading("charlie") == "You and North talk directly"
    for name in ("bob", "dana"):
        assert not set(ADDRESSES) & set(everything_seen(pair, name).split('"'))


def test_who_has_no_address_cannot_accept_and_is_told(pair: Pair) -> None:
    with closing(open_database(pair.cast.settings.database)) as db:
        db.execute("UPDATE people SET email = NULL WHERE name = 'charlie'")
    pair.start()

    answer = pair.act("charlie", "accept")

    assert answer.status_code == 422
    assert "Your account has no address to share" in answer.text
    assert pair.heading("alice") == "Harbour has not answered since today"


@pytest.mark.parametrize("name", ["bob", "dana", "stranger", "nobody"])
def test_conversation_of_others_is_not_there(pair: Pair, name: str) -> None:
    with closing(open_database(pair.cast.settings.database)) as db:
        people = Accounts(db, Passwords())
        people.add("stranger", PASSWORD, roles=[Role.CLINICIAN], site="Island")
    pair.start()
    visitor: Visitor = pair.cast[name]
    missing = "/conversations/" + "0" * 32

    for path, absent in ((pair.link, missing),):
        there, not_there = visitor.get(path), visitor.get(absent)
        assert there.status_code == not_there.status_code
        assert FIRST not in there.text
        for what in ("messages", "read", "accept", "end"):
            sent = visitor.post(f"{path}/{what}", {"text": "x", "how": "close"})
            assert sent.status_code == visitor.post(f"{absent}/{what}", {}).status_code
    assert FIRST not in visitor.get("/conversations").text
    assert pair.heading("alice") == "Harbour has not answered since today"


def test_colleague_reads_who_writes_and_not_what(pair: Pair) -> None:
    pair.start()

    page = pair.cast["bob"].get(pair.side_by_side).text

    assert "alice, who entered NORTH-1, writes for it." in page
    assert FIRST not in page


def test_colleague_takes_over_when_she_has_left(pair: Pair) -> None:
    pair.start()
    with closing(open_database(pair.cast.settings.database)) as db:
        db.execute("UPDATE people SET is_active = 0 WHERE name = 'alice'")

    assert FIRST in pair.page("bob")
    pair.write("charlie", "Yes.")
    assert pair.notices("bob") == ["Harbour wrote to you about this case."]
    pair.write("bob", "Thank you.")
    assert "Thank you." in pair.page("charlie")


def test_address_of_one_who_left_is_not_told(pair: Pair) -> None:
    pair.start()
    pair.act("alice", "accept")
    pair.act("charlie", "accept")
    with closing(open_database(pair.cast.settings.database)) as db:
        db.execute("UPDATE people SET is_active = 0 WHERE name = 'charlie'")

    page = pair.page("alice")

    assert ADDRESSES[1] not in page
    assert "charlie does not work there any more" in page


def test_case_that_the_other_side_does_not_see_is_not_written_about(pair: Pair) -> None:
    pair.share(OURS, Sharing.SITE)

    page = pair.cast["alice"].get(pair.side_by_side).text
    answer = pair.start()

    assert "Who entered HARBOUR-1 does not see NORTH-1 yet." in page
    assert answer.status_code == 422
    assert pair.notices("charlie") == []


def test_two_cases_of_one_person_are_nobody_to_write_to(pair: Pair) -> None:
    pair.share("NORTH-2", Sharing.NETWORK)

    pair.cast.put(pair.cast.get(OURS).case)
    page = pair.cast["charlie"].get(f"/cases/{THEIRS}/matches/NORTH-2").text

    assert "You speak for both" in page
    assert "#conversation" not in page


@pytest.mark.parametrize(
    ("how", "said"),
    [("reason", "Harbour declined today"), ("close", "Closed today")],
)
def test_end_is_seen_by_both_sides(pair: Pair, how: str, said: str) -> None:
    pair.start()

    pair.act("charlie", "end", how=how, reason="Ours is solved.")

    assert pair.heading("alice") == said
    assert ("Ours is solved." in pair.page("alice")) is (how == "reason")


def test_who_was_declined_cannot_write_and_who_declined_can(pair: Pair) -> None:
    pair.start()
    pair.act("charlie", "end", how="reason", reason="Ours is solved.")

    refused = pair.write("alice", "Are you sure?")
    assert refused.status_code == 422
    assert "Harbour declined, so nothing more can be sent" in refused.text
    assert pair.notices("alice") == ["Harbour declines to talk about this case."]

    pair.write("charlie", "We looked again.")
    assert pair.heading("alice") == "Harbour answered today"


def test_decline_without_a_reason_asks_for_one_or_silence(pair: Pair) -> None:
    pair.start()

    answer = pair.act("charlie", "end", how="reason", reason=" ")

    assert answer.status_code == 422
    assert "The reason has no text" in answer.text


def test_silent_decline_looks_to_the_other_side_like_no_answer(pair: Pair) -> None:
    pair.start()
    pair.page("alice")
    before = pair.page("alice")
    with pair.db() as db:
        [known] = pair.conversations(db, "alice").all()

    pair.act("charlie", "end", how="silently")

    with pair.db() as db:
        # Nor is a reason told, whoever wrote one there.
        db.execute("UPDATE conversations SET reason = 'canary'")
        [unheard] = pair.conversations(db, "alice").all()
    assert unheard.is_unheard and replace(unheard, is_unheard=False) == known
    assert steady(pair.page("alice")) == steady(before)
    assert pair.notices("alice") == []
    assert pair.heading("charlie") == "You declined today"
    pair.write("alice", "Did you see this?")
    assert pair.heading("alice") == "Harbour has not answered since today"
    assert "unread" not in pair.cast["charlie"].get("/notices").text


def steady(page: str) -> str:
    return re.sub(r'value="[^"]*"', "", page)


def test_form_sent_twice_is_one_message_and_two_browsers_are_two(pair: Pair) -> None:
    pair.start()
    other = Visitor(pair.cast.app.test_client())
    other.log_in("alice")
    form_id = "ab" * 16

    for visitor, text, form in (
        (pair.cast["alice"], "One", form_id),
        (pair.cast["alice"], "One", form_id),
        (other, "Two", "cd" * 16),
    ):
        sent = visitor.post(f"{pair.link}/messages", {"text": text, "form_id": form})
        assert sent.status_code == 303

    with pair.db() as db:
        found = rows(db, "SELECT text FROM conversation_messages ORDER BY message_id")
    assert [row["text"] for row in found] == [FIRST, "One", "Two"]


def test_both_sides_begin_at_once_and_have_one_conversation(pair: Pair) -> None:
    theirs = f"/cases/{THEIRS}/matches/{OURS}"
    pair.cast["charlie"].get(theirs)

    pair.start()
    answer = pair.cast["charlie"].post(f"{theirs}/conversation", {"text": "And yours?"})

    assert answer.location == pair.link
    assert FIRST in pair.page("charlie") and "And yours?" in pair.page("alice")


def test_two_processes_begin_at_the_same_moment(pair: Pair) -> None:
    ours, theirs = pair.cast.get(OURS).case, pair.cast.get(THEIRS).case
    at_once = threading.Barrier(2)

    def begin(name: str, case: Case, other: Case) -> str:
        with pair.db() as db:
            mine = pair.conversations(db, name)
            at_once.wait(10)
            return mine.start(case, other, f"from {name}", "").link

    with ThreadPoolExecutor() as pool:
        both = [("alice", ours, theirs), ("charlie", theirs, ours)]
        links = {each.result() for each in [pool.submit(begin, *a) for a in both]}

    assert len(links) == 1
    assert "from alice" in pair.page("charlie") and "from charlie" in pair.page("alice")


def test_each_message_and_each_look_is_on_record(pair: Pair) -> None:
    pair.start()
    pair.page("alice")

    (wrote,) = pair.entries("wrote about a case")
    assert (wrote.actor, wrote.case_ids) == ("alice", (OURS,))
    assert wrote.facts == {"site": "Harbour", "about": THEIRS}
    looked = pair.entries("shown to a clinician")[-1]
    assert (looked.actor, looked.case_ids) == ("alice", (THEIRS,))
    assert FIRST not in str(pair.entries("wrote about a case"))


@pytest.mark.parametrize(
    "act",
    [
        lambda pair: pair.start("And another word."),
        lambda pair: pair.write("charlie", "It is."),
        lambda pair: pair.act("charlie", "accept"),
        lambda pair: pair.act("charlie", "end", how="decline", reason="not ours"),
    ],
    ids=["start", "write", "accept", "decline"],
)
def test_what_cannot_be_recorded_is_not_said(
    pair: Pair, act: Callable[[Pair], TestResponse]
) -> None:
    pair.start()
    for name in ("alice", "charlie"):
        pair.cast[name].get("/account")

    with pair.cast.unrecordable():
        assert act(pair).status_code == 503


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The message has no text"),
        (" \r\n\0", "The message has no text"),
        ("x" * 4001, "The text has 4,001 characters"),
    ],
)
def test_text_that_is_none_or_too_long_is_not_sent(
    pair: Pair, text: str, said: str
) -> None:
    pair.start()

    answer = pair.write("charlie", text)

    assert answer.status_code == 422
    assert said in answer.text
    assert pair.heading("alice") == "Harbour has not answered since today"


@pytest.mark.parametrize("first", [True, False])
def test_attachment_is_refused_in_a_sentence(pair: Pair, first: bool) -> None:
    file = (BytesIO(b"kanarie"), "family.pdf")
    if first:
        answer = pair.start(attachment=file)
    else:
        pair.start()
        answer = pair.write("charlie", "See the file.", attachment=file)

    assert answer.status_code == 422
    assert "Attachments are not taken, so nothing was sent" in answer.text
    with pair.db() as db:
        found = rows(db, "SELECT text FROM conversation_messages")
    assert len(found) == (0 if first else 1)


def test_draft_of_a_reply_is_chosen_by_a_link(pair: Pair) -> None:
    pair.start()

    page = pair.cast["charlie"].get(pair.link, draft="variant").text

    assert "Which variant in PHF14 does yours carry, on which build" in page
    assert pair.cast["charlie"].get(pair.link, draft="nothing").status_code == 200


def test_long_conversation_shows_the_latest_and_leads_to_the_rest(pair: Pair) -> None:
    pair.start()
    for number in range(MOST_MESSAGES):
        pair.write(("charlie", "alice")[number % 2], f"Line {number}.")

    page = pair.page("charlie")

    assert FIRST not in page and "Line 49." in page
    assert f'{pair.link}?all=1">1 earlier</a>' in page
    assert FIRST in pair.cast["charlie"].get(pair.link, all="1").text


def test_reason_of_a_decline_is_on_record_and_silence_is_not(pair: Pair) -> None:
    pair.start()
    pair.act("charlie", "end", how="silently")
    assert len(pair.entries("wrote about a case")) == 1

    pair.write("charlie", "Sorry.")
    pair.act("charlie", "end", how="reason", reason="Ours is solved.")

    assert [each.actor for each in pair.entries("wrote about a case")] == [
        "alice",
        "charlie",
        "charlie",
    ]


def test_list_says_what_to_do_where_nothing_was_written(pair: Pair) -> None:
    page = pair.cast["alice"].get("/conversations").text

    assert heading(page) == "You have not written yet"
    assert "Open a match side by side" in page


def test_who_is_not_answered_writes_so_often_and_no_more(pair: Pair) -> None:
    pair.start()
    for number in range(MOST_IN_A_ROW - 1):
        assert pair.write("alice", f"And {number}?").status_code == 303

    refused = pair.write("alice", "Hello?")
    first = pair.write("charlie", "Yes.")
    again = pair.write("alice", "Thank you.")

    assert refused.status_code == 422 and "Hello?" in refused.text
    assert "Harbour has not answered your last 5 messages" in refused.text
    assert (first.status_code, again.status_code) == (303, 303)


def test_sharing_a_case_less_far_and_again_is_no_way_round_a_refusal(
    pair: Pair,
) -> None:
    for _ in range(MOST_WITHDRAWN):
        assert pair.start().status_code == 303
        pair.act("charlie", "end", how="silently")
        pair.share(OURS, Sharing.SITE)
        pair.share(OURS, Sharing.NETWORK)

    refused = pair.start("Hello?")

    assert refused.status_code == 422 and "Hello?" in refused.text
    assert "3 conversations with the same person at Harbour" in refused.text
    answer = pair.cast["charlie"].post(
        f"/cases/{THEIRS}/matches/{OURS}/conversation", {"text": "Now I ask."}
    )
    assert answer.status_code == 303


def test_unanswered_messages_to_one_person_are_counted_over_all_cases(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.conversations.patience.MOST_TO_ONE_PERSON", 2)
    pair.start()
    for number in (2, 3):
        pair.cast.put(pair_case(f"NORTH-{number}", "North", "alice", Sharing.NETWORK))
    write = pair.cast["alice"].post

    second = write(f"/cases/NORTH-2/matches/{THEIRS}/conversation", {"text": "Hello"})
    third = write(f"/cases/NORTH-3/matches/{THEIRS}/conversation", {"text": "Hello"})

    assert second.status_code == 303 and third.status_code == 422
    assert "your last 2 messages to the same person there" in third.text
    with pair.db() as db:
        assert len(rows(db, "SELECT * FROM conversations")) == 2
