"""Mail servers on loopback: a good one, and others that real ones turn into."""

from __future__ import annotations

import contextlib
import email
import email.message
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

Answer = Callable[[int, SMTP], str]


@dataclass
class Mailbox:
    """What a mail server took, and what it answers to each message after it is sent whole."""

    answer: Answer = lambda number, server: "250 taken"
    recipient: str = "250 yes"
    received: list[email.message.Message] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    # What aiosmtpd calls

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        said = self.answer(len(self.received), server)
        if said.startswith("250"):
            self.received.append(email.message_from_bytes(envelope.content))
            self.to += envelope.rcpt_tos
        return said

    def authenticated(
        self, server: Any, session: Any, envelope: Any, kind: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login.decode())
        is_right = data.password == b"a good password"
        return AuthResult(success=is_right, handled=is_right)


@contextlib.contextmanager
def serving(
    mailbox: Mailbox, tls: ssl.SSLContext | None = None, **settings: Any
) -> Iterator[int]:
    """A mail server; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    if tls is not None:
        settings |= {"tls_context": tls, "require_starttls": True}
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **settings)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A server that accepts and never says anything; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]
