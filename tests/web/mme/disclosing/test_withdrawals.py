"""A withdrawal is told to every peer that has seen the case: by e-mail, or by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import Message
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher.case import Case, Contact, GenomicFeature, PhenotypicFeature, Sharing
from matcher.storage.database import Database, write_transaction
from matcher.storage.store import CaseStore
from web.cli import main
from web.cli.running.work import undone_work
from web.config import Settings
from web.db import open_database
from web.mme.disclosing.consents import ConsentFacts, Consents
from web.mme.disclosing.disclosures import Disclosures
from web.mme.disclosing.limits import Limits, Most
from web.mme.nodes import Nodes
from web.mme.nodes.register import Description
from web.mme.disclosing.withdrawals import WITHDRAWAL, Withdrawals
from web.notices.withdrawal_letters import WithdrawalLetters
from web.work.mail import mail_server
from web.work.outbox import Outbox
from web.worker import Done, worker_of

from ...mail_servers import Mailbox, serving

CASE = "NORTH-7"
REGISTERED = "ops@island.example"
CANARIES = ("canary", "HP:0001250", "PHF14", "eve@")
FACTS = ConsentFacts(
    scope=2, given_by="person", given_on=date(2026, 1, 5), form="Matching 3.1"
)


def case(**more: object) -> Case:
    made = Case(
        case_id=CASE,
        label="canary-label",
        features=(PhenotypicFeature(term_id="HP:0001250", label="canary-term"),),
        genomic_features=(GenomicFeature(gene="PHF14"),),
        contact=Contact(name="canary-name", href="mailto:eve@north.example"),
        note="canary-note",
        sharing=Sharing.EXCHANGE_2,
    )
    return replace(made, **more)  # type: ignore[arg-type]


@dataclass
class Site:
    """A site with a case that two peers have seen; of one no address is known."""

    db: Database
    settings: Settings

    @property
    def withdrawals(self) -> Withdrawals:
        return Withdrawals(self.db)

    def withdraw(self) -> None:
        Consents(self.db).withdraw(CASE, "alice")

    def by_hand(self, sends_mail: bool = True) -> list[str]:
        return list(self.withdrawals.by_hand(sends_mail))

    def letters(self) -> int:
        return Outbox(self.db).waiting().get(WITHDRAWAL, 0)

    def work(self, mailbox: Mailbox) -> Done:
        with serving(mailbox) as port:
            return worker_of(self.mailing(port)).once()

    def mailing(self, port: int) -> Settings:
        return replace(
            self.settings,
            mail_host="127.0.0.1",
            mail_port=port,
            mail_security="none",
            mail_sender="site@north.example",
        )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    settings = Settings(
        directory=tmp_path, secret_key="0123456789abcdef" * 4, site_name="North"
    )
    with closing(open_database(settings.database)) as db:
        CaseStore(db).put(case(), actor="alice")
        Consents(db).record(CASE, FACTS, "alice", is_saved_next=False)
        Nodes(db).add("Island", Description(contact=f"mailto:{REGISTERED}"))
        Nodes(db).add("Hill", Description(contact="Dr Hill, by telephone"))
        Nodes(db).add("Never asked", Description(contact="n@never.example"))
        island, hill = Nodes(db).get("Island"), Nodes(db).get("Hill")
        with write_transaction(db):
            Disclosures(db).take(island, [CASE])
        Disclosures(db).sent([hill], CASE)
        yield Site(db, settings)


def text(message: Message) -> str:
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_the_registered_contact_is_told_the_id_and_nothing_of_a_patient(
    site: Site,
) -> None:
    mailbox = Mailbox()
    site.withdraw()

    assert site.work(mailbox) == Done(done=1)

    [message] = mailbox.received
    assert mailbox.to == [REGISTERED]
    assert message["Subject"] == "North: a case was withdrawn"
    assert CASE in text(message) and "Island was told of this case" in text(message)
    assert not [word for word in CANARIES if word in message.as_string()]
    of_case = site.withdrawals.of_case(CASE)
    owed, told = sorted(of_case, key=lambda each: each.node)
    assert (told.node, told.told_by) == ("Island", "e-mail") and told.told_at
    assert (owed.node, owed.told_at) == ("Hill", None)


def test_the_letter_is_left_in_the_transaction_of_the_withdrawal(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Outbox, "add", broken)

    with pytest.raises(ZeroDivisionError):
        site.withdraw()

    assert CaseStore(site.db).get(CASE).case.sharing is Sharing.EXCHANGE_2
    assert site.withdrawals.owed() == []


def test_an_expiry_is_told_as_well(site: Site) -> None:
    site.db.execute("DELETE FROM consents")
    expiring = replace(FACTS, expires_on=date(2199, 1, 1))
    Consents(site.db).record(CASE, expiring, "alice", is_saved_next=False)

    Consents(site.db, clock=lambda: datetime(2199, 1, 2, tzinfo=UTC)).lapse()

    assert {each.node for each in site.withdrawals.owed()} == {"Island", "Hill"}
    assert site.letters() == 1


def test_nobody_is_told_twice_of_one_withdrawal(site: Site) -> None:
    mailbox = Mailbox()
    site.withdraw()
    site.withdraw()

    assert site.work(mailbox) == Done(done=1) and site.work(mailbox) == Done()
    assert len(mailbox.received) == 1


def test_a_later_withdrawal_is_told_again(site: Site) -> None:
    mailbox = Mailbox()
    site.withdraw()
    site.work(mailbox)
    again = replace(FACTS, given_on=date(2026, 2, 1))
    Consents(site.db).record(CASE, again, "alice", is_saved_next=False)
    site.withdraw()

    site.work(mailbox)

    assert len(mailbox.received) == 2


def test_the_letter_goes_out_when_the_case_is_gone(site: Site) -> None:
    mailbox = Mailbox()
    site.withdraw()
    CaseStore(site.db).delete(CASE, actor="alice")

    assert site.work(mailbox) == Done(done=1)


def taken_back(db: Database, level: Sharing) -> None:
    CaseStore(db).put(case(sharing=level), actor="alice")


BY_HAND: list[tuple[str, Callable[[Database], None]]] = [
    ("private", lambda db: taken_back(db, Sharing.PRIVATE)),
    ("site", lambda db: taken_back(db, Sharing.SITE)),
    ("network", lambda db: taken_back(db, Sharing.NETWORK)),
    ("deleted", lambda db: CaseStore(db).delete(CASE, actor="alice")),
    ("erased", lambda db: CaseStore(db).erase(CASE, actor="alice")),
]


@pytest.mark.parametrize("change", [c for _, c in BY_HAND], ids=[n for n, _ in BY_HAND])
def test_a_case_that_is_taken_back_by_hand_is_told_alike(
    site: Site, change: Callable[[Database], None]
) -> None:
    mailbox = Mailbox()
    change(site.db)

    assert site.work(mailbox) == Done(done=1)

    assert mailbox.to == [REGISTERED]
    [said] = site.by_hand()
    assert said.startswith(f"Hill is still to be told by hand that {CASE}")
    told = {each.node: each.told_by for each in site.withdrawals.of_case(CASE)}
    assert told == {"Island": "e-mail", "Hill": None}


@pytest.mark.parametrize("level", [Sharing.EXCHANGE_1, Sharing.EXCHANGE_2])
def test_a_case_that_peers_still_find_is_not_withdrawn(
    site: Site, level: Sharing
) -> None:
    taken_back(site.db, level)

    assert site.withdrawals.owed() == []


def test_a_case_that_is_shared_again_at_once_is_told_to_nobody(site: Site) -> None:
    mailbox = Mailbox()
    taken_back(site.db, Sharing.SITE)
    taken_back(site.db, Sharing.EXCHANGE_1)
    assert not [said for said in undone_work() if CASE in said]

    assert site.work(mailbox) == Done()

    assert mailbox.received == [] and site.withdrawals.owed() == []
    taken_back(site.db, Sharing.SITE)
    assert site.work(mailbox) == Done(done=1)


def test_a_case_that_is_shared_again_but_not_with_the_peer_is_told(site: Site) -> None:
    mailbox = Mailbox()
    taken_back(site.db, Sharing.SITE)
    taken_back(site.db, Sharing.EXCHANGE_1)
    Limits(site.db).set(CASE, "Island", Most.NOTHING, "alice")

    assert site.work(mailbox) == Done(done=1)

    assert [each.node for each in site.withdrawals.of_case(CASE)] == ["Island"]


def test_a_case_that_nobody_agrees_to_any_more_is_told(site: Site) -> None:
    mailbox = Mailbox()
    site.withdraw()
    # By a program that asks nobody.
    taken_back(site.db, Sharing.EXCHANGE_2)

    assert site.work(mailbox) == Done(done=1)


def test_that_a_case_is_shared_again_is_looked_at_when_the_message_goes(
    site: Site,
) -> None:
    mailbox = Mailbox()
    taken_back(site.db, Sharing.SITE)
    site.withdrawals.leave_due()
    work = Outbox(site.db).take(WITHDRAWAL)
    taken_back(site.db, Sharing.EXCHANGE_1)
    assert work is not None

    with serving(mailbox) as port:
        server = mail_server(site.mailing(port))
        assert server is not None
        letters = WithdrawalLetters(server=server, site_name="North", site_url="")
        letters.letter(site.db, work)

    assert mailbox.received == [] and site.withdrawals.owed() == []


def test_a_note_makes_no_case_a_simulated_one(site: Site) -> None:
    CaseStore(site.db).put(case(note='"simulated":true'), actor="alice")

    taken_back(site.db, Sharing.SITE)

    assert {each.node for each in site.withdrawals.owed()} == {"Island", "Hill"}


def test_what_is_owed_is_undone_with_the_change(site: Site) -> None:
    with pytest.raises(ZeroDivisionError), write_transaction(site.db):
        taken_back(site.db, Sharing.SITE)
        raise ZeroDivisionError

    assert site.withdrawals.owed() == []


def test_a_damaged_case_can_be_deleted_and_is_told(site: Site) -> None:
    site.db.execute("UPDATE revisions SET body = '{' WHERE body IS NOT NULL")

    CaseStore(site.db).delete(CASE, actor="alice")

    assert {each.node for each in site.withdrawals.owed()} == {"Island", "Hill"}


@pytest.mark.parametrize("what", ["test", "simulated"])
@pytest.mark.parametrize("change", [c for _, c in BY_HAND], ids=[n for n, _ in BY_HAND])
def test_nobody_is_told_by_hand_either_of_a_case_of_nobody(
    site: Site, change: Callable[[Database], None], what: str
) -> None:
    CaseStore(site.db).put(case(**{what: True}), actor="alice")

    change(site.db)

    assert site.withdrawals.owed() == []


@pytest.mark.parametrize("what", ["test", "simulated"])
def test_nobody_is_told_of_a_case_of_nobody(site: Site, what: str) -> None:
    CaseStore(site.db).put(case(**{what: True}), actor="alice")

    site.withdraw()

    assert site.withdrawals.owed() == []


def test_the_operator_is_reminded_of_whom_no_mail_reaches(site: Site) -> None:
    site.withdraw()

    [said] = site.by_hand()
    assert said.startswith(
        f"Hill is still to be told by hand that {CASE} was withdrawn"
    )
    assert "node set --contact" in said
    assert len(site.by_hand(sends_mail=False)) == 2
    assert said in list(undone_work())
    told = CliRunner().invoke(main, ["node", "told", "Hill"])
    assert told.output == "1 withdrawn case noted as told.\n"
    assert site.by_hand() == []
    by = {each.node: each.told_by for each in site.withdrawals.of_case(CASE)}
    assert by == {"Hill": "command line", "Island": None}


def test_an_address_that_is_registered_later_gets_its_letter(site: Site) -> None:
    mailbox = Mailbox()
    site.withdraw()
    site.work(mailbox)
    Nodes(site.db).set("Hill", Description(contact="h@hill.example"))

    assert site.work(mailbox) == Done(done=1)

    assert mailbox.to == [REGISTERED, "h@hill.example"] and site.by_hand() == []


def test_a_removed_peer_is_told_by_hand_whoever_has_its_name_now(site: Site) -> None:
    mailbox = Mailbox()
    Nodes(site.db).remove("Island")
    Nodes(site.db).add("Island", Description(contact="other@elsewhere.example"))
    site.withdraw()

    site.work(mailbox)

    assert mailbox.to == []
    assert "the peer was removed" in site.by_hand()[0]


def test_a_letter_that_is_refused_is_told_by_hand(site: Site) -> None:
    site.withdraw()

    assert site.work(Mailbox(recipient="550 no")) == Done(failed=1)

    assert "Island" in site.by_hand()[0] and "given up" in site.by_hand()[0]
    # It is not begun again by itself.
    assert site.work(Mailbox()) == Done()


def test_an_expiry_is_noticed_without_any_question(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime(2199, 1, 2, tzinfo=UTC)
    site.db.execute("DELETE FROM consents")
    expiring = replace(FACTS, expires_on=date(2199, 1, 1))
    Consents(site.db).record(CASE, expiring, "alice", is_saved_next=False)
    monkeypatch.setattr(Consents, "_today", lambda consents: later.date())
    mailbox = Mailbox()

    assert site.work(mailbox) == Done(done=1)

    assert mailbox.to == [REGISTERED]
    assert CaseStore(site.db).get(CASE).case.sharing is Sharing.SITE
