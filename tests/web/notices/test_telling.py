"""Whoever entered a case is told, once for each thing, and nobody who may not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from matcher.case import (
    Case,
    Contact,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sharing,
)
from matcher.storage.database import rows, write_transaction
from matcher.storage.store import CaseStore
from web.notices.matters import Kind, Matter, asked, content_digest
from web.notices.telling import MOST_LETTERS

from .conftest import Desk

QUESTION = Case(
    case_id="P-7",
    features=(
        PhenotypicFeature(term_id="HP:0001250"),
        PhenotypicFeature(term_id="HP:0000252", excluded=True),
    ),
    genomic_features=(GenomicFeature(gene="PHF14"),),
)


def by(node: str, question: Case, case_id: str = "NORTH-1") -> Matter:
    return asked(node, question, [case_id])[0]


def shown(case_id: str = "NORTH-1", node: str = "Island") -> Matter:
    return by(node, QUESTION, case_id)


def test_who_entered_the_case_is_told_what_happened(desk: Desk) -> None:
    assert desk.telling.tell([shown()]) == 1

    (notice,) = desk.notices("alice")
    assert (notice.case_id, notice.kind) == ("NORTH-1", Kind.ASKED)
    assert notice.facts == {"node": "Island", "remote": "P-7"}
    assert [desk.notices(name) for name in ("bob", "charlie")] == [[], []]


def test_same_question_is_told_once_also_after_it_was_read(desk: Desk) -> None:
    desk.telling.tell([shown()])
    desk.inbox("alice").read(desk.notices("alice")[0].link)

    assert desk.telling.tell([shown()]) == 0
    assert len(desk.notices("alice")) == 1


@pytest.mark.parametrize(
    "other",
    [
        by("Harbour", QUESTION, "NORTH-1"),
        by("Island", replace(QUESTION, case_id="P-8"), "NORTH-1"),
        by("Island", QUESTION, "NORTH-2"),
    ],
)
def test_other_node_or_patient_or_case_is_another_thing(
    desk: Desk, other: Matter
) -> None:
    desk.put("NORTH-2")
    desk.telling.tell([shown()])

    desk.telling.tell([other])

    assert len(desk.notices("alice")) == 2


def test_changed_patient_is_told_again_in_place_while_it_is_not_read(
    desk: Desk,
) -> None:
    changed = replace(QUESTION, features=QUESTION.features[:1])
    desk.telling.tell([shown()])
    desk.telling.tell([by("Island", changed, "NORTH-1")])
    (first,) = desk.notices("alice")
    desk.inbox("alice").read(first.link)

    again = replace(QUESTION, genomic_features=())
    desk.telling.tell([by("Island", again, "NORTH-1")])

    assert [each.is_read for each in desk.notices("alice")] == [False, True]


@pytest.mark.parametrize(
    "same",
    [
        replace(QUESTION, features=QUESTION.features[::-1]),
        replace(QUESTION, label="another", contact=Contact(name="Eve")),
        replace(
            QUESTION, features=tuple(replace(f, label="x") for f in QUESTION.features)
        ),
    ],
)
def test_patient_said_otherwise_is_the_same(same: Case) -> None:
    assert content_digest(same) == content_digest(QUESTION)


@pytest.mark.parametrize(
    "other",
    [
        replace(QUESTION, features=QUESTION.features[:1]),
        replace(
            QUESTION,
            features=tuple(replace(f, excluded=True) for f in QUESTION.features),
        ),
        replace(QUESTION, genomic_features=()),
    ],
)
def test_patient_described_otherwise_is_another(other: Case) -> None:
    assert content_digest(other) != content_digest(QUESTION)


def test_colleagues_are_told_when_the_owner_has_left(desk: Desk) -> None:
    desk.people.deactivate("alice")

    desk.telling.tell([shown()])

    assert [len(desk.notices(name)) for name in ("bob", "charlie", "dana")] == [1, 0, 0]


def test_nobody_is_told_of_a_private_case_of_somebody_who_left(desk: Desk) -> None:
    desk.put("NORTH-1", sharing=Sharing.PRIVATE)
    desk.people.deactivate("alice")

    desk.telling.tell([shown()])

    assert rows(desk.db, "SELECT * FROM notices") == []


def test_namesake_at_another_site_is_not_told(desk: Desk) -> None:
    desk.put("NORTH-2", submitter="charlie")

    desk.telling.tell([shown("NORTH-2")])

    assert desk.notices("charlie") == []
    assert len(desk.notices("bob")) == 1


def test_notice_and_mail_are_written_with_what_they_tell_of(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError):
        with write_transaction(desk.db):
            desk.telling.tell([shown()])
            raise ZeroDivisionError

    assert desk.notices("alice") == []
    assert desk.outbox.waiting() == {}
    assert desk.telling.tell([shown()]) == 1


def test_case_that_is_gone_has_nobody_to_be_told(desk: Desk) -> None:
    CaseStore(desk.db).delete("NORTH-1", "alice")

    desk.telling.tell([shown()])

    assert rows(desk.db, "SELECT * FROM told") == []


def test_nobody_is_told_of_a_test_case(desk: Desk) -> None:
    desk.put("NORTH-T", test=True)

    desk.telling.tell([shown("NORTH-T")])

    assert rows(desk.db, "SELECT * FROM notices") == []


def test_repeated_question_writes_nothing(desk: Desk) -> None:
    desk.telling.tell([shown()])
    before = desk.db.conn.total_changes

    desk.telling.tell([shown()])

    assert desk.db.conn.total_changes == before
    assert not desk.db.conn.in_transaction


@pytest.mark.parametrize(
    ("how", "waiting"),
    [("each", {"letter": 1}), ("daily", {"digest": 1}), ("never", {})],
)
def test_mail_is_left_as_she_chose(
    desk: Desk, how: str, waiting: dict[str, int]
) -> None:
    desk.inbox("alice").choose(how)

    desk.telling.tell([shown()])

    assert desk.outbox.waiting() == waiting
    assert len(desk.notices("alice")) == 1


def test_peer_that_asks_under_many_names_fills_no_mailbox(desk: Desk) -> None:
    named = [replace(QUESTION, case_id=f"P-{n}") for n in range(MOST_LETTERS + 5)]
    desk.telling.tell([by("Island", each) for each in named])
    changed = [
        replace(named[0], onset=Onset(years=age), features=QUESTION.features[:1])
        for age in range(5)
    ]
    for each in changed:
        desk.telling.tell([by("Island", each)])

    assert desk.outbox.waiting() == {"letter": MOST_LETTERS, "digest": 1}
    assert len(desk.notices("alice")) == MOST_LETTERS + 5
    desk.pass_by(timedelta(days=2))
    desk.telling.tell([by("Harbour", QUESTION)])
    assert desk.outbox.waiting()["letter"] == MOST_LETTERS + 1


def test_site_without_a_mail_server_leaves_no_mail(desk: Desk) -> None:
    desk.by_mail = False

    desk.telling.tell([shown()])

    assert desk.outbox.waiting() == {}
    assert len(desk.notices("alice")) == 1


@pytest.mark.parametrize("how", ["delete", "erase"])
def test_everything_goes_with_the_case(desk: Desk, how: str) -> None:
    desk.telling.tell([shown()])

    getattr(CaseStore(desk.db), how)("NORTH-1", "alice")

    for table in ("notices", "told", "outbox"):
        assert rows(desk.db, f"SELECT * FROM {table}") == []


def test_erased_case_leaves_no_byte_of_its_notices(desk: Desk) -> None:
    canary = replace(QUESTION, case_id="canary-remote-id")
    desk.telling.tell([by("Island", canary, "NORTH-1")])

    CaseStore(desk.db).erase("NORTH-1", "alice")

    beside = desk.path.parent.glob("secondcase.db*")
    assert all(b"canary-remote-id" not in each.read_bytes() for each in beside)
