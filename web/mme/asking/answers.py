"""What became of asking one peer: its state, and the patients it told of."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from matcher.case import Case


class State(enum.StrEnum):
    """What became of a question. Only the first two say something about the peer's cases.

    Waiting is a question that was put, and that nothing became of yet.
    """

    ANSWERED = "answered"
    EMPTY = "empty"
    TIMED_OUT = "timed out"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    SILENT = "silent"
    WAITING = "waiting"

    @property
    def is_complete(self) -> bool:
        """Whether the peer looked at its cases and told of them."""
        return self in (State.ANSWERED, State.EMPTY)

    @property
    def is_failure(self) -> bool:
        """Whether the peer is to be left alone for a while."""
        return self in (State.TIMED_OUT, State.UNREACHABLE, State.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCase:
    """A patient in a peer's reply: untrusted, and only ever shown as what that peer says.

    `case.case_id` is the peer's id, unique with the node alone. `peer_score` is the text of the
    peer's own score, "" for none; `score_in_range` the same as a number if it lies in [0, 1].
    `uncoded` are features in words alone, which are not compared and not kept with the patient.
    """

    node: str
    case: Case
    peer_score: str = ""
    score_in_range: float | None = None
    uncoded: tuple[str, ...] = ()


def score_in_range(given: str) -> float | None:
    """A peer's score as a number, None unless it lies in [0, 1]."""
    try:
        number = float(given)
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one peer said.

    `message` is the peer's word, or ours about what went wrong; text, never markup. `dropped`
    counts what was left out of the reply by its reason, `noted` what was odd and kept.
    `disclaimer` and `terms` supersede those that are stored of the peer, where it sent any.
    `is_narrowed` says that only some of its patients were asked for.
    """

    state: State
    message: str = ""
    remotes: tuple[RemoteCase, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)
    disclaimer: str = ""
    terms: str = ""
    retry_after: float = 0.0
    is_narrowed: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether what it does not tell of, the peer does not have."""
        is_cut = self.is_narrowed or not CUT.isdisjoint(self.dropped)
        return self.state.is_complete and not is_cut

    def without(self, remotes: Sequence[RemoteCase], reason: str) -> Answer:
        """The answer without some of its patients, which are counted by the reason."""
        if not remotes:
            return self
        ids = {each.case.case_id for each in remotes}
        kept = tuple(each for each in self.remotes if each.case.case_id not in ids)
        count = self.dropped.get(reason, 0) + len(remotes)
        return replace(self, remotes=kept, dropped={**self.dropped, reason: count})


BEYOND = "beyond the limit"
PUT_ASIDE = "patient that could not be compared here"
# The peer has them all the same.
CUT = frozenset({BEYOND, PUT_ASIDE})
