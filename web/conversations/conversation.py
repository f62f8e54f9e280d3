"""A conversation as one of its two sides has it: what was said, and who waits for whom."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Side(enum.StrEnum):
    """Whose case a message speaks for: that of who began, or the other one."""

    ASKING = "asking"
    ANSWERING = "answering"

    @property
    def other(self) -> Side:
        """The side that this one writes to."""
        return Side.ANSWERING if self is Side.ASKING else Side.ASKING


class End(enum.StrEnum):
    """How a conversation was ended, if it was."""

    OPEN = ""
    DECLINED = "declined"
    DECLINED_SILENTLY = "declined silently"
    CLOSED = "closed"


class State(enum.StrEnum):
    """How a conversation stands for one side."""

    WAITS_FOR_YOU = "waits for you"
    ANSWERED = "answered"
    WAITS_FOR_THEM = "waits for them"
    ACCEPTED_BY_THEM = "accepted by them"
    ACCEPTED_BY_YOU = "accepted by you"
    EXCHANGED = "addresses exchanged"
    DECLINED_BY_YOU = "declined by you"
    DECLINED_BY_THEM = "declined by them"
    CLOSED = "closed"


# Where the next step is hers.
YOURS_TO_DO = frozenset({State.WAITS_FOR_YOU, State.ANSWERED, State.ACCEPTED_BY_THEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Plain text that one side wrote. `read_at` is "" until the other side says that it read it."""

    message_id: int
    side: Side
    text: str
    sent_at: str
    read_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One side's wish to talk directly, and where to: "" where she has left since."""

    name: str
    address: str
    accepted_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """All that was said about a pair of cases, as the side of `case_id` is told of it.

    Of being declined silently the other side is told nothing: to it the conversation is open,
    and `is_unheard` says that nothing it writes reaches anybody. No page shows that.
    """

    conversation_id: int
    link: str
    side: Side
    case_id: str
    other_id: str
    other_site: str
    messages: tuple[Message, ...]
    yours: Acceptance | None
    theirs: Acceptance | None
    end: End
    ended_by: Side | None
    ended_at: str
    reason: str
    is_unheard: bool

    @property
    def last(self) -> Message:
        """The latest message; who begins one writes the first."""
        return self.messages[-1]

    @property
    def has_answered(self) -> bool:
        """Whether this side has ever written."""
        return any(message.side is self.side for message in self.messages)

    @property
    def unread(self) -> int:
        """How many messages of the other side are not read."""
        return sum(not m.read_at for m in self.messages if m.side is not self.side)

    @property
    def is_over(self) -> bool:
        """Whether it was declined or closed, as far as this side is told."""
        return self.end is not End.OPEN

    @property
    def may_write(self) -> bool:
        """Whether a message would be taken: who was declined does not write again."""
        return self.state is not State.DECLINED_BY_THEM

    @property
    def state(self) -> State:
        """How it stands for this side."""
        if self.end is End.CLOSED:
            return State.CLOSED
        if self.is_over:
            is_mine = self.ended_by is self.side
            return State.DECLINED_BY_YOU if is_mine else State.DECLINED_BY_THEM
        if self.yours and self.theirs:
            return State.EXCHANGED
        if self.theirs:
            return State.ACCEPTED_BY_THEM
        if self.last.side is self.side:
            return State.ACCEPTED_BY_YOU if self.yours else State.WAITS_FOR_THEM
        if self.yours:
            return State.ACCEPTED_BY_YOU
        return State.ANSWERED if self.has_answered else State.WAITS_FOR_YOU

    @property
    def since(self) -> str:
        """When it came to stand as it does."""
        if self.is_over:
            return self.ended_at
        accepted = [each.accepted_at for each in (self.yours, self.theirs) if each]
        return max(accepted, default=self.last.sent_at)

    @property
    def changed_at(self) -> str:
        """When anything last happened in it."""
        return max(self.since, self.last.sent_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What is left of a conversation whose case was erased or is not shared any more."""

    link: str
    case_id: str
    other_site: str
    by_us: bool
    withdrawn_at: str
