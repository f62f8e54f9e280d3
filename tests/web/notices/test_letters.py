"""An e-mail says that there is something to read, where, and nothing else."""

from __future__ import annotations

import email.message
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage

import pytest

from matcher.case import Case, Contact, GenomicFeature, PhenotypicFeature, Sharing
from web.notices.letters import Letters
from web.notices.matters import asked
from web.notices.telling import DIGEST, LETTER
from web.viewing.visibility import may_open
from web.work.mail import MailServer
from web.work.outbox import NotDone
from web.worker import Done, Worker

from ..mail_servers import Mailbox, serving
from .conftest import Desk

CANARIES = ("NORTH-1", "canary", "HP:0001250", "eve@island.example", "Island", "PHF14")
QUESTION = Case(
    case_id="canary-id",
    label="canary-label",
    features=(PhenotypicFeature(term_id="HP:0001250", label="canary-term"),),
    genomic_features=(GenomicFeature(gene="PHF14"),),
    contact=Contact(name="canary-name", href="mailto:eve@island.example"),
)


def letters(desk: Desk, server: MailServer) -> Worker:
    made = Letters(
        server=server,
        site_name="North",
        site_url="https://north.example",
        may_see=may_open,
        clock=desk.clock,
    )
    handlers = {LETTER: made.letter, DIGEST: made.digest}
    return Worker(path=desk.path, handlers=handlers, clock=desk.clock)


def at(port: int) -> MailServer:
    return MailServer(
        host="127.0.0.1", port=port, security="none", sender="site@north.example"
    )


@dataclass(frozen=True, kw_only=True)
class Kept(MailServer):
    """A mail server that keeps what it is given, or raises."""

    host: str = "mail.example"
    port: int = 25
    security: str = "none"
    sender: str = "site@north.example"
    sent: list[tuple[str, EmailMessage]] = field(default_factory=list)
    errors: list[NotDone] = field(default_factory=list)

    def send(self, message: EmailMessage, to: str, begin: Callable[[], None]) -> None:
        begin()
        if self.errors:
            raise self.errors.pop()
        self.sent.append((to, message))


def tell(desk: Desk, case_id: str = "NORTH-1") -> str:
    desk.telling.tell(asked("Island", QUESTION, [case_id]))
    return desk.notices("alice")[0].link


def body(message: email.message.Message) -> str:
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_letter_over_a_real_server_holds_a_link_and_nothing_of_a_patient(
    desk: Desk,
) -> None:
    link, mailbox = tell(desk), Mailbox()
    with serving(mailbox) as port:
        assert letters(desk, at(port)).once() == Done(done=1)

    (message,) = mailbox.received
    assert mailbox.to == ["alice@north.example"]
    assert message["Subject"] == "North: a new notice"
    assert f"https://north.example/notices/{link}\n" in body(message).replace("\r", "")
    assert not [word for word in CANARIES if word in message.as_string()]
    assert message["Auto-Submitted"] == "auto-generated"
    assert desk.outbox.waiting() == {}


def test_refused_for_now_is_sent_at_the_next_attempt(desk: Desk) -> None:
    tell(desk)
    answers = ["250 taken", "451 later"]
    mailbox = Mailbox(answer=lambda number, smtp: answers.pop())
    with serving(mailbox) as port:
        worker = letters(desk, at(port))
        assert worker.once() == Done(failed=1)
        assert worker.once() == Done()
        desk.pass_by(timedelta(minutes=1))
        assert worker.once() == Done(done=1)

    assert len(mailbox.received) == 1


def test_message_in_doubt_is_sent_twice_at_most_with_the_same_id(desk: Desk) -> None:
    tell(desk)
    mailbox = Mailbox()

    def take_and_drop(number: int, smtp: object) -> str:
        smtp.transport.abort()  # type: ignore[attr-defined]
        return "250 never heard"

    mailbox.answer = take_and_drop
    with serving(mailbox) as port:
        for _ in range(5):
            letters(desk, at(port)).once()
            desk.pass_by(timedelta(hours=1))

    assert len(mailbox.received) == 2
    assert len({message["Message-ID"] for message in mailbox.received}) == 1
    assert len(list(desk.outbox.given_up())) == 1
    assert len(desk.notices("alice")) == 1


def test_server_that_is_down_is_tried_once_a_round(desk: Desk) -> None:
    desk.put("NORTH-2")
    tell(desk), tell(desk, "NORTH-2")
    server = Kept(errors=[NotDone("down", of_all=True)])

    assert letters(desk, server).once() == Done(failed=1)
    assert letters(desk, server).once() == Done(done=1)


def test_one_refused_recipient_keeps_nobody_waiting(desk: Desk) -> None:
    desk.put("NORTH-2")
    tell(desk), tell(desk, "NORTH-2")
    server = Kept(errors=[NotDone("who", again=False)])

    assert letters(desk, server).once() == Done(done=1, failed=1)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda desk: desk.inbox("alice").read(desk.notices("alice")[0].link),
        lambda desk: desk.put("NORTH-1", sharing=Sharing.PRIVATE, submitter="bob"),
        lambda desk: desk.people.deactivate("alice"),
        lambda desk: desk.inbox("alice").choose("never"),
        lambda desk: desk.pass_by(timedelta(days=8)),
    ],
)
def test_letter_that_became_needless_is_not_sent(
    desk: Desk, meanwhile: Callable[[Desk], None]
) -> None:
    tell(desk)
    meanwhile(desk)
    server = Kept()

    letters(desk, server).once()

    assert server.sent == []
    assert desk.outbox.waiting() == {}


def test_letter_of_who_chose_a_digest_meanwhile_waits_for_it(desk: Desk) -> None:
    tell(desk)
    desk.inbox("alice").choose("daily")

    letters(desk, Kept()).once()

    assert desk.outbox.waiting() == {"digest": 1}


def test_digest_is_one_mail_in_the_morning_for_all_that_is_not_read(desk: Desk) -> None:
    desk.inbox("alice").choose("daily")
    for name in ("NORTH-1", "NORTH-2", "NORTH-3"):
        desk.put(name)
        tell(desk, name)
    desk.inbox("alice").read(desk.notices("alice")[0].link)
    server = Kept()
    worker = letters(desk, server)
    assert worker.once() == Done()

    desk.pass_by(timedelta(hours=21))

    assert worker.once() == Done(done=1)
    ((to, message),) = server.sent
    assert (to, message["Subject"]) == (
        "alice@north.example",
        "North: 2 notices not read",
    )
    assert "https://north.example/notices\n" in message.get_content()
    assert not [word for word in CANARIES if word in message.as_string()]


def test_digest_of_nothing_is_not_sent(desk: Desk) -> None:
    desk.inbox("alice").choose("daily")
    tell(desk)
    desk.inbox("alice").read(desk.notices("alice")[0].link)
    desk.pass_by(timedelta(days=1))
    server = Kept()

    assert letters(desk, server).once() == Done(done=1)
    assert server.sent == []
