"""A finding that a case has as uncertain and as decided is decided."""

from __future__ import annotations

from dataclasses import replace

from matcher.case import Case
from matcher.readers.report import CaseRecord


def settled(case: Case, record: CaseRecord | None = None) -> Case:
    """The case with each uncertain finding once, and none that is observed or excluded as well.

    The record is told which are left out.
    """
    decided = {feature.term_id for feature in case.features}
    doubts = {f.term_id: f for f in case.uncertain if f.term_id not in decided}
    if record is not None:
        for term_id in dict.fromkeys(f.term_id for f in case.uncertain):
            if term_id in decided:
                record.dropped(
                    "uncertain",
                    term_id,
                    f"{term_id[:80]!r} is uncertain in one place and decided in another; it is "
                    "kept as decided.",
                )
    return replace(case, uncertain=tuple(doubts.values()))
