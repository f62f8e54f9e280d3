"""Why a message is not taken, said to who wrote it."""

from __future__ import annotations

from web.errors import WebError


class NotTaken(WebError):
    """Something that cannot be sent or done in a conversation; the sentence says what can."""


class NoText(NotTaken):
    """A message, or a reason, without a word."""

    def __init__(self, what: str = "message") -> None:
        super().__init__(f"The {what} has no text, so nothing was sent; write a line.")


class TooLong(NotTaken):
    """A text beyond the limit."""

    def __init__(self, length: int, most: int) -> None:
        super().__init__(
            f"The text has {length:,} characters, so nothing was sent; "
            f"it may have {most:,}."
        )


class NoAttachments(NotTaken):
    """A message that came with a file."""

    def __init__(self) -> None:
        super().__init__(
            "Attachments are not taken, so nothing was sent: a file may name the patient. "
            "Write what it says."
        )


class NoAddress(NotTaken):
    """Direct contact offered by somebody without an address."""

    def __init__(self) -> None:
        super().__init__(
            "Your account has no address to share; the operator of your site can add one."
        )


class Refused(NotTaken):
    """A message to a side that declined."""

    def __init__(self, site: str) -> None:
        super().__init__(f"{site} declined, so nothing more can be sent to it.")


class Unanswered(NotTaken):
    """One more message to somebody who has not answered many."""

    def __init__(self, site: str, most: int, where: str) -> None:
        super().__init__(
            f"{site} has not answered your last {most} messages {where}, so nothing was sent. "
            "Wait for an answer, or ask the other site in another way."
        )


class OftenWithdrawn(NotTaken):
    """A new conversation with somebody from whom others were taken back."""

    def __init__(self, site: str, number: int) -> None:
        super().__init__(
            f"{number} conversations with the same person at {site} were erased because a case "
            "of yours was shared less far, so nothing was sent. Ask her in another way."
        )


class NotForYou(NotTaken):
    """A conversation that this person cannot begin."""
