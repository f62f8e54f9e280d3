"""Settings of the mail server that are right alone and wrong together."""

from __future__ import annotations

from collections.abc import Iterator

from web.config.given_files import authority_problems, secret_problems
from web.config.settings import Settings


def mail_problems(settings: Settings) -> Iterator[str]:
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
    if settings.mail_ca_file is not None:
        yield from authority_problems("mail_ca_file", settings.mail_ca_file)


def _useless(settings: Settings) -> Iterator[str]:
    for name in ("sender", "user", "password_file", "ca_file"):
        value = getattr(settings, f"mail_{name}")
        if value is not None:
            yield (
                f"mail_{name} is {value!r} without a mail_host; set the mail server too, or "
                "neither."
            )


def _log_in_problems(settings: Settings) -> Iterator[str]:
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
    yield from secret_problems("mail_password_file", file, "the password")
