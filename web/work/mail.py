"""How an e-mail reaches the mail server of the site (the only import of smtplib)."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from web.config import Settings
from web.work.outbox import NotDone

STEP_SECONDS = 20.0
# Well below the lease of the work: who is cut off here has still the right to say so.
WHOLE_SECONDS = 120.0
FOR_NOW = 400
FOR_GOOD = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The mail server of the settings.

    `step_seconds` is how long one of its answers may take, `whole_seconds` how long all of them
    together, whatever it drips meanwhile.
    """

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    step_seconds: float = STEP_SECONDS
    whole_seconds: float = WHOLE_SECONDS

    def send(self, message: EmailMessage, to: str, begin: Callable[[], None]) -> None:
        """Hand over a message; `begin` is called before the server can have taken it.

        Raises `NotDone`, whose sentence names no address.
        """
        handed_over = False

        def hand_over() -> None:
            nonlocal handed_over
            begin()
            handed_over = True

        try:
            with _Deadline(self.whole_seconds) as deadline:
                self._send(message, to, hand_over, deadline)
        except (OSError, smtplib.SMTPException) as error:
            why = self._why(error)
            raise NotDone(why, maybe=handed_over, of_all=True) from error

    def _send(
        self,
        message: EmailMessage,
        to: str,
        hand_over: Callable[[], None],
        deadline: _Deadline,
    ) -> None:
        if not to.isascii():
            raise NotDone("an address is not in ASCII", again=False)
        smtp = self._connected(deadline)
        try:
            self._log_in(smtp)
            _expect(smtp.mail(self.sender), "the sender", again=True)
            _expect(smtp.rcpt(to), "the recipient")
            hand_over()
            _expect(_handed_over(smtp, message), "the message")
            _leave(smtp)
        finally:
            smtp.close()

    def _connected(self, deadline: _Deadline) -> smtplib.SMTP:
        """A connection, encrypted and verified as the settings say."""

        class Watched(smtplib.SMTP):
            """Cut off when the time is over, from the first byte on."""

            def connect(
                self,
                host: str = "localhost",
                port: int = 0,
                source_address: Any = None,
            ) -> tuple[int, bytes]:
                deadline.watch(lambda: self.sock)
                return super().connect(host, port, source_address)

        class WatchedTls(Watched, smtplib.SMTP_SSL):
            """The same with TLS from the first byte on."""

        context = ssl.create_default_context(cafile=self.ca_file)
        host, port, seconds = self.host.strip("[]"), self.port, self.step_seconds
        if self.security == "tls":
            return WatchedTls(host, port, timeout=seconds, context=context)
        smtp = Watched(host, port, timeout=seconds)
        if self.security == "starttls":
            try:
                smtp.starttls(context=context)
            except BaseException:
                smtp.close()
                raise
        return smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self.user is not None and self.password_file is not None:
            password = self.password_file.read_text("utf-8").strip()
            smtp.login(self.user, password)

    def _why(self, error: OSError | smtplib.SMTPException) -> str:
        """What went wrong, without the server's own words: they may quote an address."""
        where = f"{self.host}:{self.port}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return f"the mail server {where} refused the log-in ({error.smtp_code})"
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return f"the mail server {where} does not offer what mail_security wants"
        if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
            return f"the mail server {where} answered with {error.smtp_code}"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the certificate of the mail server {where} is not trusted"
        # smtplib raises its own error while it handles the one of the socket.
        if isinstance(error, TimeoutError) or isinstance(
            error.__context__, TimeoutError
        ):
            return f"the mail server {where} did not answer in time"
        if isinstance(error, ConnectionRefusedError | socket.gaierror):
            return f"the mail server {where} cannot be reached"
        return f"the connection to the mail server {where} broke off"


def mail_server(settings: Settings) -> MailServer | None:
    """The mail server of the settings, None if there is to be no e-mail."""
    if settings.mail_host is None or settings.mail_sender is None:
        return None
    file, authority = settings.mail_password_file, settings.mail_ca_file
    return MailServer(
        host=settings.mail_host,
        port=settings.mail_port,
        security=settings.mail_security,
        sender=settings.mail_sender,
        user=settings.mail_user,
        password_file=Path(file) if file else None,
        ca_file=Path(authority) if authority else None,
    )


class _Deadline:
    """Shuts a socket when the time is over, so that whoever reads from it is woken."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._socket: Callable[[], socket.socket | None] = lambda: None

    def watch(self, found: Callable[[], socket.socket | None]) -> None:
        """Name the socket, which may be made later."""
        self._socket = found

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._timer.cancel()
        self._timer.join()

    def _cut(self) -> None:
        watched = self._socket()
        if watched is not None:
            try:
                watched.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


def _expect(reply: tuple[int, bytes], what: str, *, again: bool = False) -> None:
    """Raise `NotDone` unless the server took it; a 5xx is its last word unless `again`."""
    code = reply[0]
    if FOR_NOW <= code:
        is_final = code >= FOR_GOOD and not again
        why = f"the mail server refused {what} ({code})"
        raise NotDone(why, again=not is_final)
    if not 200 <= code < 300:
        raise smtplib.SMTPServerDisconnected


def _handed_over(smtp: smtplib.SMTP, message: EmailMessage) -> tuple[int, bytes]:
    """What the server says to the message, or to the announcement of one."""
    try:
        return smtp.data(message.as_bytes(policy=SMTP))
    except smtplib.SMTPDataError as error:
        return error.smtp_code, b""


def _leave(smtp: smtplib.SMTP) -> None:
    """Say goodbye; the message is delivered whatever comes back."""
    try:
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        return
