"""A person sees her notices as long as she may see the case, and reads them one by one."""

from __future__ import annotations

import pytest

from matcher.case import Case, Sharing
from web.errors import BadAccount
from web.notices.matters import asked
from web.notices.telling import How

from .conftest import Desk


def tell(desk: Desk, *case_ids: str) -> None:
    for case_id in case_ids:
        desk.telling.tell(asked("Island", Case(case_id="P-7"), [case_id]))


def test_latest_comes_first_and_the_rest_on_the_next_page(desk: Desk) -> None:
    names = [f"NORTH-{number}" for number in range(5)]
    for name in names:
        desk.put(name)
    tell(desk, *names)
    inbox = desk.inbox("alice")

    first = inbox.notices(limit=3)
    second = inbox.notices(limit=3, before=first[-1].notice_id)

    assert [each.case_id for each in (*first, *second)] == names[::-1]


def test_page_is_filled_past_many_that_she_may_not_see(desk: Desk) -> None:
    names = [f"NORTH-{number:03}" for number in range(150)]
    for name in names:
        desk.put(name)
    tell(desk, *names)
    for name in names[1:]:
        desk.put(name, sharing=Sharing.PRIVATE, submitter="bob")

    assert [each.case_id for each in desk.inbox("alice").notices(limit=3)] == names[:1]


def test_case_that_she_may_not_see_any_more_is_neither_shown_nor_counted(
    desk: Desk,
) -> None:
    tell(desk, "NORTH-1")
    (notice,) = desk.notices("alice")

    desk.put("NORTH-1", sharing=Sharing.PRIVATE, submitter="bob")

    inbox = desk.inbox("alice")
    assert (inbox.notices(limit=9), inbox.unread(), inbox.get(notice.link)) == (
        [],
        0,
        None,
    )


def test_link_of_another_person_leads_nowhere(desk: Desk) -> None:
    tell(desk, "NORTH-1")
    link = desk.notices("alice")[0].link

    assert desk.inbox("bob").get(link) is None
    desk.inbox("bob").read(link)
    assert desk.inbox("alice").unread() == 1


def test_reading_marks_one_or_all_that_were_shown(desk: Desk) -> None:
    for name in ("NORTH-2", "NORTH-3"):
        desk.put(name)
    tell(desk, "NORTH-1", "NORTH-2")
    inbox = desk.inbox("alice")
    newest, oldest = inbox.notices(limit=9)

    inbox.read(oldest.link)
    assert inbox.unread() == 1

    tell(desk, "NORTH-3")
    inbox.read_until(newest.notice_id)
    assert [each.case_id for each in desk.notices("alice") if not each.is_read] == [
        "NORTH-3"
    ]


def test_each_is_the_way_until_another_is_chosen(desk: Desk) -> None:
    inbox = desk.inbox("alice")
    assert inbox.how() is How.EACH

    inbox.choose("daily")

    assert (inbox.how(), desk.inbox("bob").how()) == (How.DAILY, How.EACH)


def test_unknown_way_is_refused(desk: Desk) -> None:
    with pytest.raises(BadAccount, match="'hourly'.*each, daily or never"):
        desk.inbox("alice").choose("hourly")
