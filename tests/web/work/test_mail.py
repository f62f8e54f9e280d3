"""A message is handed over once, or why not is said without quoting anybody."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP

from web.work.mail import MailServer
from web.work.outbox import NotDone

from ..mail_servers import Mailbox, serving, silent

TO = "alice@north.example"


def server(port: int, **changes: object) -> MailServer:
    plain = MailServer(
        host="127.0.0.1",
        port=port,
        security="none",
        sender="secondcase@north.example",
        step_seconds=20,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def message() -> EmailMessage:
    made = EmailMessage()
    made["To"] = TO
    made["Subject"] = "a notice"
    made.set_content("with a link")
    return made


class Begun:
    """How often handing over was begun."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def refusal(sender: MailServer, begun: Begun | None = None) -> NotDone:
    with pytest.raises(NotDone) as caught:
        sender.send(message(), TO, begun or Begun())
    assert "@" not in caught.value.why
    return caught.value


def drop(number: int, smtp: SMTP) -> str:
    smtp.transport.abort()
    return "250 never heard"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def test_message_is_handed_over_after_it_is_noted() -> None:
    mailbox, begun = Mailbox(), Begun()
    with serving(mailbox) as port:
        server(port).send(message(), TO, begun)

    assert [each["Subject"] for each in mailbox.received] == ["a notice"]
    assert (mailbox.to, begun.times) == ([TO], 1)


def test_starttls_with_a_trusted_certificate_and_a_log_in(
    tls: ssl.SSLContext, ca_file: Path, tmp_path: Path
) -> None:
    mailbox = Mailbox()
    (tmp_path / "password").write_text("a good password\n")
    with serving(mailbox, tls, authenticator=mailbox.authenticated) as port:
        sender = server(
            port,
            security="starttls",
            ca_file=ca_file,
            user="secondcase",
            password_file=tmp_path / "password",
        )
        sender.send(message(), TO, Begun())

    assert mailbox.users == ["secondcase"]
    assert len(mailbox.received) == 1


def test_wrong_password_is_tried_again_later(
    tls: ssl.SSLContext, ca_file: Path, tmp_path: Path
) -> None:
    mailbox = Mailbox()
    (tmp_path / "password").write_text("a bad password")
    with serving(mailbox, tls, authenticator=mailbox.authenticated) as port:
        found = refusal(
            server(
                port,
                security="starttls",
                ca_file=ca_file,
                user="secondcase",
                password_file=tmp_path / "password",
            )
        )

    assert "refused the log-in (535)" in found.why
    assert (found.again, found.maybe) == (True, False)


def test_tls_from_the_first_byte(
    tls: ssl.SSLContext, ca_file: Path, authority: trustme.CA
) -> None:
    mailbox = Mailbox()
    with serving(mailbox, ssl_context=tls) as port:
        server(port, security="tls", ca_file=ca_file).send(message(), TO, Begun())

    assert len(mailbox.received) == 1


def test_certificate_of_an_unknown_authority_gets_nothing(tls: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    with serving(mailbox, tls) as port:
        found = refusal(server(port, security="starttls"))

    assert "is not trusted" in found.why
    assert mailbox.received == []


def test_server_without_starttls_gets_nothing_in_the_open() -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        found = refusal(server(port, security="starttls"))

    assert "does not offer what mail_security wants" in found.why
    assert mailbox.received == []


@pytest.mark.parametrize(
    ("reply", "again"), [("450 later, alice@north.example", True), ("550 who", False)]
)
def test_refused_recipient_is_tried_again_only_if_the_server_says_so(
    reply: str, again: bool
) -> None:
    begun = Begun()
    with serving(Mailbox(recipient=reply)) as port:
        found = refusal(server(port), begun)

    assert (found.again, found.maybe, found.of_all) == (again, False, False)
    assert begun.times == 0


@pytest.mark.parametrize(("reply", "again"), [("451 later", True), ("554 no", False)])
def test_refused_message_was_not_taken(reply: str, again: bool) -> None:
    with serving(Mailbox(answer=lambda number, smtp: reply)) as port:
        found = refusal(server(port))

    assert (found.again, found.maybe) == (again, False)


def test_connection_that_breaks_after_the_message_leaves_it_in_doubt() -> None:
    begun = Begun()
    with serving(Mailbox(answer=drop)) as port:
        found = refusal(server(port), begun)

    assert (found.again, found.maybe, begun.times) == (True, True, 1)


def test_nobody_there() -> None:
    with silent() as port:
        pass

    found = refusal(server(port))

    assert found.why == f"the mail server 127.0.0.1:{port} cannot be reached"
    assert found.of_all


def test_server_that_says_nothing_is_not_waited_for_long() -> None:
    with silent() as port:
        found = refusal(server(port, step_seconds=0.05))

    assert "did not answer in time" in found.why


@contextlib.contextmanager
def dripping() -> Iterator[int]:
    """A server that goes on greeting, a byte at a time, as long as somebody listens."""
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listening.accept()
        pause = threading.Event()
        with connection, contextlib.suppress(OSError):
            while True:
                connection.sendall(b"2")
                pause.wait(0.01)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        thread.join()
        listening.close()


def test_server_that_drips_is_cut_off() -> None:
    with dripping() as port:
        found = refusal(server(port, step_seconds=20, whole_seconds=0.1))

    assert (found.again, found.maybe, found.of_all) == (True, False, True)


def test_address_that_mail_cannot_carry_is_given_up() -> None:
    with silent() as port, pytest.raises(NotDone) as caught:
        server(port).send(message(), "älice@north.example", Begun())

    assert not caught.value.again


def test_nothing_watches_a_message_that_is_sent() -> None:
    with serving(Mailbox()) as port:
        server(port).send(message(), TO, Begun())

    assert not any(isinstance(each, threading.Timer) for each in threading.enumerate())
