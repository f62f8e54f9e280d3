"""Settings that are right alone and wrong together."""

from __future__ import annotations

from collections.abc import Iterator

from web.config.log_in import log_in_problems
from web.config.mail import mail_problems
from web.config.settings import Settings


def inconsistencies(settings: Settings) -> Iterator[str]:
    """A sentence for each."""
    if not settings.is_local and not settings.trusted_hosts:
        yield (
            f"trusted_hosts is empty while host is {settings.host!r}; it must name the host "
            "names under which the site is reached, as in SECONDCASE_TRUSTED_HOSTS="
            "cases.hospital.example."
        )
    if settings.band_look > settings.band_contact:
        yield (
            f"band_look is {settings.band_look}, but it must not be above band_contact, "
            f"which is {settings.band_contact}."
        )
    if settings.session_idle_minutes > 60 * settings.session_hours:
        yield (
            f"session_idle_minutes is {settings.session_idle_minutes}, but it must not be "
            f"longer than session_hours, which is {settings.session_hours}."
        )
    yield from mail_problems(settings)
    yield from log_in_problems(settings)
