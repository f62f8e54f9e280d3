"""Why a case cannot be asked about, and what can go wrong on the way to a peer."""

from __future__ import annotations

from web.errors import WebError


class NotAskable(WebError):
    """A case that no peer may be asked about, or that no peer could answer."""

    def __init__(self, case_id: str, why: str) -> None:
        super().__init__(f"Peers cannot be asked about the case {case_id!r}: {why}.")


class CallFailed(Exception):
    """A call of a peer that brought no reply. Its text says why, without the peer's name."""


class Unreachable(CallFailed):
    """No connection came about."""


class Refused(Unreachable):
    """No connection came about, at once: the one thing that is worth a second attempt."""


class ForbiddenAddress(Unreachable):
    """The peer's name leads to an address at which no peer may be."""


class OutOfTime(CallFailed):
    """The time for the call was over."""

    def __init__(self) -> None:
        super().__init__("it did not answer in time")


class BrokenReply(CallFailed):
    """A reply that cannot be read to its end."""
