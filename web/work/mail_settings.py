"""Settings of the mail server that are right alone and wrong together."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

OTHERS_MAY_READ = stat.S_IRGRP | stat.S_IROTH


class MailSettings(Protocol):
    """What of the settings concerns e-mail."""

    @property
    def is_local(self) -> bool: ...
    @property
    def public_url(self) -> str | None: ...
    @property
    def mail_host(self) -> str | None: ...
    @property
    def mail_security(self) -> str: ...
    @property
    def mail_sender(self) -> str | None: ...
    @property
    def mail_user(self) -> str | None: ...
    @property
    def mail_password_file(self) -> str | None: ...
    @property
    def mail_ca_file(self) -> str | None: ...


def mail_problems(settings: MailSettings) -> Iterator[str]:
    """A sentence for everything that would keep e-mails from being sent."""
    if settings.mail_host is None:
        yield from _useless(settings)
        return
    if settings.mail_sender is None:
        yield (
            f"mail_sender is empty while mail_host is {settings.mail_host!r}; it must be the "
            "address that e-mails come from, such as secondcase@hospital.example."
        )
    if settings.public_url is None and not settings.is_local:
        yield (
            f"public_url is empty while mail_host is {settings.mail_host!r}; it must be the "
            "address for the links in e-mails, such as https://cases.hospital.example."
        )
    yield from _log_in_problems(settings)
    yield from _authority_problems(settings)


def _useless(settings: MailSettings) -> Iterator[str]:
    for name in ("sender", "user", "password_file", "ca_file"):
        value = getattr(settings, f"mail_{name}")
        if value is not None:
            yield (
                f"mail_{name} is {value!r} without a mail_host; set the mail server too, or "
                "neither."
            )


def _log_in_problems(settings: MailSettings) -> Iterator[str]:
    user, file = settings.mail_user, settings.mail_password_file
    if (user is None) != (file is None):
        yield (
            f"mail_user is {user!r} and mail_password_file is {file!r}; "
            "they must be set together, or neither."
        )
    if file is None:
        return
    if settings.mail_security == "none":
        yield (
            "mail_security is 'none' with a mail_password_file; it must be starttls or tls, "
            "so that the password is not sent in the open."
        )
    try:
        mode = Path(file).stat().st_mode
        is_empty = not Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        yield f"mail_password_file {file!r} cannot be read: {error}."
        return
    if is_empty:
        yield f"mail_password_file {file!r} is empty; it must hold the password."
    if mode & OTHERS_MAY_READ:
        yield f"mail_password_file {file!r} may be read by others; its mode must be 600."


def _authority_problems(settings: MailSettings) -> Iterator[str]:
    file = settings.mail_ca_file
    if file is None:
        return
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        yield f"mail_ca_file {file!r} cannot be used: {error}; it must be in PEM format."
