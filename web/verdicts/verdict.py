"""What can be said of a pair of cases: the same disorder, not a match for a reason, undecided."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from web.errors import WebError

LONGEST_NOTE = 300


class Said(enum.StrEnum):
    """What a pair was found to be."""

    SAME = "same"
    NOT = "not"
    UNDECIDED = "undecided"


SAME_PERSON = "same person"
# Why a pair is no match, as a continuation of "Not a match: ".
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "gene": "another gene explains one of them",
        "features": "the features differ on a closer look",
        "course": "the onset or the course differs",
        "inheritance": "the inheritance or the family does not fit",
        "diagnosis": "one of them has another diagnosis",
        SAME_PERSON: "both are the same person, or of one family",
        "other": "another reason",
    }
)


class BadVerdict(WebError):
    """A verdict that cannot be kept; `field` is the field of the form that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class PairKey:
    """Two cases of this node, or one and the patient `remote_id` of the peer `node`.

    Of two cases of this node either may stand first.
    """

    case_id: str
    other_id: str = ""
    node: str = ""
    remote_id: str = ""

    @property
    def ordered(self) -> PairKey:
        """The same pair as it is kept, whichever of the two asked."""
        if not self.other_id:
            return self
        first, second = sorted((self.case_id, self.other_id))
        return PairKey(case_id=first, other_id=second)

    def beside(self, case_id: str) -> tuple[str, str]:
        """The other one, seen from a case: its node, "" for this one, and its id there."""
        if self.node:
            return self.node, self.remote_id
        return "", self.other_id if self.case_id == case_id else self.case_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is said of a pair, and what had been shown of it: its band and its probability.

    Raises `BadVerdict` where a reason is missing or the note too long.
    """

    said: Said
    reason: str = ""
    note: str = ""
    band: str = ""
    probability: float | None = None

    def __post_init__(self) -> None:
        if self.said is Said.NOT and self.reason not in REASONS:
            raise BadVerdict(
                "reason",
                f"{self.reason[:40]!r} is no reason why two cases do not match; "
                "choose one of the list.",
            )
        if len(self.note) > LONGEST_NOTE or not self.note.isprintable():
            raise BadVerdict(
                "note",
                f"The note has {len(self.note)} characters; at most {LONGEST_NOTE} on one line "
                "are kept.",
            )

    @property
    def is_settled(self) -> bool:
        """Whether it tells if the band was right; of one person twice there is nothing to tell."""
        return self.said is Said.SAME or (
            self.said is Said.NOT and self.reason != SAME_PERSON
        )

    @property
    def words(self) -> str:
        """Such as "Not a match: another gene explains one of them"."""
        if self.said is Said.NOT:
            return f"Not a match: {REASONS[self.reason]}"
        return "Same disorder" if self.said is Said.SAME else "Undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was said of a pair, by whom and when."""

    pair: PairKey
    judged: Judged
    given_by: str
    given_at: str
