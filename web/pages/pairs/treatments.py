"""What was tried in a case, and how it went, as far as the reader may see it."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.case import Case, Treatment
from ontologies import Release
from web.pages.cases import profile


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentLine:
    """One treatment: what, for what, and with which response; "" where it was not given."""

    name: str
    agent_id: str
    reason: str
    response: str


def treatment_lines(case: Case, release: Release) -> list[TreatmentLine]:
    """The treatments of a case in their order; none of a case whose site keeps them."""
    return [_line(each, release) for each in case.treatments]


def _line(treatment: Treatment, release: Release) -> TreatmentLine:
    response = treatment.response or (
        profile.term_label(treatment.response_id, release)
        if treatment.response_id
        else ""
    )
    kind = "" if treatment.action == "treatment" else f" ({treatment.action})"
    reason = treatment.reason
    return TreatmentLine(
        name=(treatment.label or treatment.agent_id) + kind,
        agent_id=treatment.agent_id if treatment.label else "",
        reason=profile.term_label(reason, release) if reason else "",
        response=response,
    )
