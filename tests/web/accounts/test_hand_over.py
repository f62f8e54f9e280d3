"""A leaver's cases become her colleague's in one step, with what belongs to them."""

from __future__ import annotations

import pytest

from matcher.case import Case, Contact, PhenotypicFeature, Sharing
from matcher.storage.database import write_transaction
from web.accounts.hand_over import CannotTakeOver
from web.accounts.people import Role
from web.accounts.tending import PeopleTending
from web.audit import Audit, AuditFailed
from web.conversations.conversations import Conversations
from web.entry.kept_drafts import KeptDrafts
from web.mme.asking.reading.own_cases import CaseStore
from web.notices.inbox import Inbox
from web.notices.matters import Kind, compared
from web.notices.telling import Telling
from web.viewing.visibility import may_open
from web.work.outbox import Outbox

from .conftest import RIGHT, Office

ALICE = Contact(name="alice", href="mailto:alice@mail.example", institution="North")


def case(case_id: str, **changed: object) -> Case:
    values = {
        "submitter": "alice",
        "site": "North",
        "sharing": Sharing.PRIVATE,
        "contact": ALICE,
        **changed,
    }
    features = (PhenotypicFeature(term_id="HP:0001250"),)
    return Case(case_id=case_id, features=features, **values)  # type: ignore[arg-type]


@pytest.fixture
def cases(office: Office) -> list[Case]:
    """Two cases of Alice, one shared, and one of Bob."""
    made = [
        case("N-1"),
        case("N-2", sharing=Sharing.NETWORK),
        case("N-3", submitter="bob", contact=None),
    ]
    office.store.put_many(made, actor="alice")
    return made


def test_every_case_is_a_new_version_of_the_successor(
    office: Office, cases: list[Case]
) -> None:
    found = office.tending.hand_over("alice", "bob")

    assert found.case_ids == ("N-1", "N-2")
    stored = [office.store.get(each) for each in found.case_ids]
    assert {(s.version, s.actor, s.case.submitter) for s in stored} == {
        (2, "olga", "bob")
    }
    assert may_open(office.people.find("bob"), stored[0].case)
    assert not may_open(office.people.find("alice"), stored[0].case)
    assert office.store.get("N-3").version == 1


def test_nothing_of_the_case_changes_but_whose_it_is(
    office: Office, cases: list[Case]
) -> None:
    office.tending.hand_over("alice", "bob")

    before, after = office.store.history("N-2")
    assert before.case is not None and after.case is not None
    assert after.case.features == before.case.features
    assert after.case.sharing is Sharing.NETWORK


def test_contact_is_the_successors_where_it_was_the_leavers(office: Office) -> None:
    clinic = Contact(name="Clinic", href="mailto:clinic@mail.example")
    office.store.put_many([case("N-1"), case("N-2", contact=clinic)], actor="alice")

    found = office.tending.hand_over("alice", "bob")

    assert found.contacts == 1
    assert office.store.get("N-1").case.contact == Contact(
        name="bob", href="mailto:bob@mail.example", institution="North"
    )
    assert office.store.get("N-2").case.contact == clinic


def test_notices_follow_and_one_that_the_successor_has_is_not_doubled(
    office: Office, cases: list[Case]
) -> None:
    telling = Telling(office.db, by_mail=True)
    with write_transaction(office.db):
        telling.tell([compared("N-1", "Harbour", "H-1")])
        telling.tell([compared("N-2", "Harbour", "H-1")])
        office.db.execute(
            "INSERT INTO notices (link, person_id, case_id, kind, pair, facts, told_at)"
            " SELECT 'bobs', 2, case_id, kind, pair, facts, told_at FROM notices"
            " WHERE case_id = 'N-2'"
        )

    office.tending.hand_over("alice", "bob")

    bob, alice = office.people.find("bob"), office.people.find("alice")
    told = Inbox(office.db, bob, lambda *_: True).notices(limit=9)
    followed = [each.case_id for each in told if each.kind is Kind.COMPARED]
    assert sorted(followed) == ["N-1", "N-2"]
    assert Inbox(office.db, alice, lambda *_: True).notices(limit=9) == []
    owed = office.db.execute("SELECT DISTINCT person_id FROM outbox").fetchall()
    assert owed == [(bob.person_id,)]
    assert Outbox(office.db).waiting()


def test_successor_is_told_once_of_all_cases_and_by_mail_where_mail_is_sent(
    office: Office, cases: list[Case]
) -> None:
    tending = PeopleTending(office.db, office.people, "olga", sends_mail=True)

    tending.hand_over("alice", "bob")

    inbox = Inbox(office.db, office.people.find("bob"), may_open)
    [notice] = inbox.notices(limit=9)
    assert (notice.kind, notice.case_id) == (Kind.HANDED_OVER, "N-1")
    assert notice.facts == {"leaver": "alice", "cases": "2 cases"}
    assert Outbox(office.db).waiting()


def test_unsaved_forms_follow_and_the_successors_own_stays(
    office: Office, cases: list[Case]
) -> None:
    drafts = KeptDrafts(office.db)
    drafts.keep(1, "N-1", "N-1", [("label", "of alice")])
    drafts.keep(1, "0" * 32, None, [("label", "never saved")])
    drafts.keep(1, "N-2", "N-2", [("label", "of alice")])
    drafts.keep(2, "N-2", "N-2", [("label", "of bob")])

    found = office.tending.hand_over("alice", "bob")

    assert found.drafts == 2
    kept = {draft.form_id: draft.fields[0][1] for draft in drafts.all_of(2)}
    assert kept == {"N-1": "of alice", "0" * 32: "never saved", "N-2": "of bob"}


def test_conversation_is_carried_on_without_the_leavers_address(
    office: Office, cases: list[Case]
) -> None:
    theirs = case("H-1", site="Harbour", submitter="charlie", sharing=Sharing.NETWORK)
    office.store.put(theirs, actor="charlie")
    alice, bob = office.people.find("alice"), office.people.find("bob")
    mine = Conversations(office.db, alice)
    mine.start(office.store.get("N-2").case, theirs, "a question", "")
    talk = mine.between("N-2", "H-1")
    assert talk is not None
    mine.accept(talk)

    office.tending.hand_over("alice", "bob")

    carried = Conversations(office.db, bob).between("N-2", "H-1")
    assert carried is not None and carried.messages[0].text == "a question"
    assert Conversations(office.db, alice).between("N-2", "H-1") is None
    left = office.db.execute("SELECT count(*) FROM conversation_acceptances").fetchone()
    assert left == (0,)


def test_it_is_one_entry_of_the_audit_with_every_id(
    office: Office, cases: list[Case]
) -> None:
    office.tending.hand_over("alice", "bob")

    entry = office.audited()[-1]
    assert (entry.actor, entry.action) == ("olga", "handed cases over")
    assert entry.case_ids == ("N-1", "N-2")
    assert entry.facts == {"leaver": "alice", "successor": "bob", "cases": 2}


def test_nothing_is_handed_over_that_cannot_be_audited(
    office: Office, cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AuditFailed

    monkeypatch.setattr(Audit, "record", fail)

    with pytest.raises(AuditFailed):
        office.tending.hand_over("alice", "bob")

    assert office.store.get("N-1").case.submitter == "alice"
    assert office.store.revision() == 3


@pytest.mark.parametrize(
    ("leaver", "successor", "why"),
    [
        ("alice", "alice", "one person"),
        ("alice", "charlie", "different ones"),
        ("alice", "dana", "active clinician"),
        ("alice", "erin", "active clinician"),
        ("olga", "bob", "no site"),
    ],
)
def test_who_cannot_take_over_is_told_why(
    office: Office, cases: list[Case], leaver: str, successor: str, why: str
) -> None:
    office.people.add("erin", RIGHT, roles=[Role.CLINICIAN], site="North")
    office.people.deactivate("erin")
    office.people.add("olga", RIGHT, roles=[Role.OPERATOR], site=None)

    with pytest.raises(CannotTakeOver, match=why):
        office.tending.hand_over(leaver, successor)

    assert office.store.revision() == 3


def test_leaver_may_be_deactivated_before(office: Office, cases: list[Case]) -> None:
    office.people.deactivate("alice")

    assert len(office.tending.hand_over("alice", "bob").case_ids) == 2


def test_damaged_case_stays_and_is_named(office: Office, cases: list[Case]) -> None:
    office.db.execute("UPDATE revisions SET body = '{}' WHERE case_id = 'N-1'")

    found = office.tending.hand_over("alice", "bob")

    assert (found.case_ids, found.damaged) == (("N-2",), ("N-1",))


def test_nobody_with_cases_is_no_error(office: Office) -> None:
    assert office.tending.hand_over("alice", "bob").case_ids == ()


def test_matchers_follow_the_change_feed(office: Office, cases: list[Case]) -> None:
    office.tending.hand_over("alice", "bob")

    changed = [change.case_id for change in CaseStore(office.db).changes(3)]
    assert changed == ["N-1", "N-2"]
