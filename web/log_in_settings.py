"""Settings of how people log in that are right alone and wrong together."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

OTHERS_MAY_READ = stat.S_IRGRP | stat.S_IROTH


class LogInSettings(Protocol):
    """What of the settings concerns the log-in."""

    @property
    def is_local(self) -> bool: ...
    @property
    def public_url(self) -> str | None: ...
    @property
    def password_log_in(self) -> bool: ...
    @property
    def openid_issuer(self) -> str | None: ...
    @property
    def openid_client_id(self) -> str | None: ...
    @property
    def openid_client_secret_file(self) -> str | None: ...
    @property
    def openid_ca_file(self) -> str | None: ...


def log_in_problems(settings: LogInSettings) -> Iterator[str]:
    """A sentence for everything that would keep people from logging in."""
    if settings.openid_issuer is None:
        yield from _useless(settings)
        return
    if settings.openid_client_id is None:
        yield (
            f"openid_client_id is empty while openid_issuer is {settings.openid_issuer!r}; it "
            "must be the id that the provider gave this site."
        )
    if settings.public_url is None and not settings.is_local:
        yield (
            f"public_url is empty while openid_issuer is {settings.openid_issuer!r}; it must be "
            "the address that the provider sends people back to."
        )
    yield from _file_problems(settings)


def _useless(settings: LogInSettings) -> Iterator[str]:
    if not settings.password_log_in:
        yield (
            "password_log_in is false without an openid_issuer, so nobody could log in; set the "
            "provider too, or leave password_log_in out."
        )
    for name in ("client_id", "client_secret_file", "ca_file"):
        value = getattr(settings, f"openid_{name}")
        if value is not None:
            yield (
                f"openid_{name} is {value!r} without an openid_issuer; set the provider too, or "
                "neither."
            )


def _file_problems(settings: LogInSettings) -> Iterator[str]:
    file = settings.openid_client_secret_file
    if file is not None:
        try:
            mode = Path(file).stat().st_mode
            is_empty = not Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            yield f"openid_client_secret_file {file!r} cannot be read: {error}."
            return
        if is_empty:
            yield f"openid_client_secret_file {file!r} is empty; it must hold the secret."
        if mode & OTHERS_MAY_READ:
            yield (
                f"openid_client_secret_file {file!r} may be read by others; its mode must be "
                "600."
            )
    if settings.openid_ca_file is not None:
        try:
            ssl.create_default_context(cafile=settings.openid_ca_file)
        except OSError as error:
            yield (
                f"openid_ca_file {settings.openid_ca_file!r} cannot be used: {error}; it must "
                "be in PEM format."
            )
