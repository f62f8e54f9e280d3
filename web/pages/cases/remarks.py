"""What is worth checking in a case, worst first."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from matcher.case import Case
from matcher.validation.issues import Rule, Severity
from matcher.validation import validate
from ontologies import Release

ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
SIGNS = {
    Severity.ERROR: ("warn", "bad", "Wrong:"),
    Severity.WARNING: ("warn", "warn", "Warning:"),
    Severity.NOTE: ("maybe", "muted", "Note:"),
}
# The pages say these in their own place.
SAID_ELSEWHERE = frozenset({Rule.NOTHING_TO_MATCH, Rule.FEW_TERMS, Rule.NO_CONTACT})
# The rules name a term by its id first, as a program wants it.
_NAMED = re.compile(r"(HP:\d{7}) \(([^()]*(?:\([^()]*\)[^()]*)*)\)")


@dataclass(frozen=True, slots=True)
class Remark:
    """One line: an icon, its tone, what it says to a screen reader, and the sentence."""

    sign: str
    tone: str
    said: str
    text: str


def remarks(
    case: Case, release: Release, *, besides: Collection[Rule] = ()
) -> list[Remark]:
    """What the rules say about the case; `besides` are rules whose place is elsewhere."""
    left_out = SAID_ELSEWHERE.union(besides)
    issues = [i for i in validate(case, release) if i.rule not in left_out]
    issues.sort(key=lambda issue: ORDER.index(issue.severity))
    return [
        Remark(*SIGNS[issue.severity], _label_first(issue.message)) for issue in issues
    ]


def _label_first(message: str) -> str:
    return _NAMED.sub(r"\2 (\1)", message)
