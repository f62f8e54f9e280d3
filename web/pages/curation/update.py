"""The page of one release: what it changes, whom it touches, and whether it is put to use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ontologies.curation.admission import Verdict
from ontologies.curation.differences import Part, What
from ontologies.curation.findings import Finding, Severity
from ontologies.library import State, data_directory, state_of
from ontologies.pointer import pointed
from web.accounts import Person
from web.curating.jobs import Jobs, Kind
from web.curating.jobs import State as JobState
from web.db import connection, store
from web.pages.admission import is_clinician, the_curator
from web.pages.curation.impact import ImpactView, impact_view
from web.pages.curation.library import JobLine, job_line, release_lines, said
from web.pages.curation.open_features import open_questions, undecided
from web.pages.curation.studies import Row, Studied, Study, studied_release
from web.pages.words import counted, moment

blueprint = Blueprint("update", __name__)

MOST_ROWS = 12
SHOWN_IDS = 200
SIGNS = {
    Severity.ERROR: ("warn", "bad", "Error"),
    Severity.WARNING: ("warn", "warn", "Warning"),
    Severity.NOTE: ("maybe", "muted", "Note"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """A kind of change: how many terms, in how many cases, and what happens to those."""

    name: str
    what: str
    terms: int
    cases: int
    happens: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """A finding as it is shown; `ids` are the first of `total`."""

    key: str
    sign: str
    tone: str
    name: str
    text: str
    ids: Sequence[str]
    total: int
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedLine:
    """A retired term that cases name, and what stands for it."""

    row: Row
    cases: int


@blueprint.get("/curation/releases/<release_id>")
def show(release_id: str) -> ResponseReturnValue:
    """What the release changes beside the active one."""
    return page(the_curator(), studied_release(release_id))


def page(person: Person, studied: Studied, wrong: str = "") -> str:
    """The page, with what was wrong about a reason that was sent."""
    verdict = studied.verdict()
    impact = impact_view(person, studied)
    is_new = not studied.is_active
    questions = open_questions(person, studied.release, is_new) if is_new else []
    to_decide = undecided(studied.release) if is_new else 0
    job = _job(studied)
    problems = [("reason", "Reason", wrong)] if wrong else []
    return render_template(
        "curation/update.html",
        heading=_heading(studied, verdict, to_decide, job),
        studied=studied,
        verdict=verdict,
        steps=_steps(studied, verdict, impact),
        changes=_changes(studied.study, to_decide),
        touched=_touched(studied.study),
        retired=len(_retired(studied.study)),
        most_rows=MOST_ROWS,
        shifts=studied.study.shifts[:MOST_ROWS],
        other_parts=_other_parts(studied.study),
        impact=impact,
        questions=questions,
        to_decide=to_decide,
        is_clinician=is_clinician(person),
        findings=finding_lines(verdict),
        errors=len(verdict.errors),
        acceptances=[
            (each.by, moment(each.at), each.reason)
            for each in verdict.record.acceptances
        ],
        releases=list(release_lines(pointed(data_directory()))),
        expected=said(pointed(data_directory())),
        job=job,
        is_staged=state_of(studied.release.release_id, data_directory())
        is State.STAGED,
        entered=request.form.get("reason", ""),
        problems=problems,
        wrong=wrong,
    )


def finding_lines(verdict: Verdict) -> list[FindingLine]:
    """The findings, the gravest first."""
    waiting = {each.key for each in verdict.open_warnings}
    return [_finding(each, waiting) for each in verdict.findings]


def _finding(finding: Finding, waiting: set[str]) -> FindingLine:
    sign, tone, name = SIGNS[finding.severity]
    is_warning = finding.severity is Severity.WARNING
    return FindingLine(
        key=finding.key,
        sign=sign,
        tone=tone,
        name=name,
        text=finding.sentence,
        ids=finding.ids[:SHOWN_IDS],
        total=len(finding.ids),
        is_accepted=is_warning and finding.key not in waiting,
    )


def _heading(
    studied: Studied, verdict: Verdict, to_decide: int, job: JobLine | None
) -> str:
    """The answer: whether it can be used, and what is still to be done."""
    name = f"HPO {studied.version}"
    if job is not None and job.is_running:
        return f"HPO {studied.version} is being activated"
    if studied.is_active:
        return f"{name} is in use"
    if verdict.errors:
        errors = counted(len(verdict.errors), "error")
        return f"{name} cannot be used: {errors}"
    if to_decide:
        need = "case needs" if to_decide == 1 else "cases need"
        return f"{name} is ready; {to_decide:,} {need} a decision"
    return f"{name} is ready"


def _job(studied: Studied) -> JobLine | None:
    """The last attempt to activate this release, while it is not in use."""
    found = [
        job
        for job in Jobs(connection()).latest(20)
        if job.kind is Kind.ACTIVATE and job.release_id == studied.release.release_id
    ]
    if not found or (found[0].state() is JobState.DONE):
        return None
    if studied.is_active and found[0].state() is not JobState.RUNNING:
        return None
    return job_line(found[0])


def _steps(
    studied: Studied, verdict: Verdict, impact: ImpactView
) -> list[tuple[str, bool]]:
    """What is done already, in order."""
    return [
        ("Staged", True),
        ("Validated", not verdict.errors),
        ("Compared", studied.beside is not None),
        ("Impact known", impact.is_known),
        ("Active", studied.is_active),
    ]


def _retired(study: Study) -> list[Row]:
    return study.of(Part.TERMS, What.OBSOLETED, What.MERGED)


def _changes(study: Study, to_decide: int) -> list[ChangeLine]:
    decisions = f"; {counted(to_decide, 'case')} to decide" if to_decide else ""
    lines = (
        ("Merged", What.MERGED, "Each counts as the term it was merged into"),
        (
            "Obsoleted",
            What.OBSOLETED,
            f"Each counts as its replacement where it has one{decisions}",
        ),
        ("Returned", What.RETURNED, "They count again as entered"),
        ("Moved", What.MOVED, "Shared ancestors shift; see matches below"),
        ("Renamed", What.RENAMED, "The new name is shown, with the same meaning"),
        ("Added", What.ADDED, "Offered in the search"),
        ("New synonyms", What.NAMED, "The search finds more"),
        ("Lost synonyms", What.UNNAMED, "The search finds less"),
    )
    found = []
    for name, what, happens in lines:
        rows = study.of(Part.TERMS, what)
        if rows:
            cases = store().count_with_terms(row.entry for row in rows)
            found.append(
                ChangeLine(
                    name=name,
                    what=what.value,
                    terms=len(rows),
                    cases=cases,
                    happens=happens,
                )
            )
    return found


def _touched(study: Study) -> list[TouchedLine]:
    """Retired terms that cases name, those of most cases first."""
    counts = store().term_counts()
    found = [
        TouchedLine(row=row, cases=counts[row.entry])
        for row in _retired(study)
        if row.entry in counts
    ]
    return sorted(found, key=lambda line: (-line.cases, line.row.entry))


def _other_parts(study: Study) -> list[tuple[str, str, int]]:
    """Changes of annotations, genes and diseases: part, kind and count."""
    return [
        (part, what, count)
        for (part, what), count in study.counts.items()
        if part != Part.TERMS
    ]
