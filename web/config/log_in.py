"""Settings of how people log in that are right alone and wrong together."""

from __future__ import annotations

from collections.abc import Iterator

from web.config.given_files import authority_problems, secret_problems
from web.config.settings import Settings


def log_in_problems(settings: Settings) -> Iterator[str]:
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


def _useless(settings: Settings) -> Iterator[str]:
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


def _file_problems(settings: Settings) -> Iterator[str]:
    if settings.openid_client_secret_file is not None:
        yield from secret_problems(
            "openid_client_secret_file",
            settings.openid_client_secret_file,
            "the secret",
        )
    if settings.openid_ca_file is not None:
        yield from authority_problems("openid_ca_file", settings.openid_ca_file)
