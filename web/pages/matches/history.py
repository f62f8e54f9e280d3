"""What came, went and changed among the matches of a case, from list to list, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.storage.errors import UnknownCase
from web.db import connection, store
from web.mme.asking.kept import Kept
from web.pages.admission import the_clinician
from web.pages.cases.head import head_values, opened
from web.pages.pairs.history import History, Step, Turn, of_patient
from web.pages.words import counted, sentence
from web.viewing import told
from web.viewing.visibility import may_meet, may_open

blueprint = Blueprint("match_history", __name__)

MOST_PATIENTS = 20


@blueprint.get("/cases/<case_id:case_id>/match-history")
def show(case_id: str) -> ResponseReturnValue:
    """Each time that the list of matches changed, latest first, with everything that did it."""
    person = the_clinician()
    stored = opened(person, case_id)
    until = request.args.get("until", type=int)
    found = History(person).of_case(case_id, until)
    turns = found.turns
    cases = _cases(turns)
    others = [i for i, case in cases.items() if not (case and may_open(person, case))]
    told.record(person, others, page="match history", query=case_id)
    patients = [] if until else _patients(case_id)
    nodes = Counter(node for node, _ in patients)
    told.record_answers(person, [case_id], nodes, page="match history")
    return render_template(
        "matches/history.html",
        **head_values(stored),
        heading=_heading(turns, until, len(patients)),
        turns=turns,
        older=found.older,
        patients=patients,
        there={i for i, case in cases.items() if case and may_meet(person, case)},
    )


def _patients(case_id: str) -> list[tuple[str, tuple[Step, ...]]]:
    """The patients of peers of which more was heard than once: the peer, and what was heard."""
    kept = Kept(connection()).matches(case_id)
    steps = [(each.node, of_patient(case_id, each)) for each in kept]
    return [(node, told_of) for node, told_of in steps if len(told_of) > 1][
        :MOST_PATIENTS
    ]


def _heading(turns: Sequence[Turn], until: int | None, patients: int) -> str:
    if not turns and patients:
        told = counted(patients, "patient")
        return f"Other sites said something else of {told} since"
    if not turns:
        return "Nothing has changed from list to list yet"
    changes = sum(len(turn.steps) for turn in turns)
    words = sentence(counted(changes, "change") if changes else "no frequency changed")
    return f"{words} {'before' if until else 'among the latest lists'}"


def _cases(turns: Sequence[Turn]) -> dict[str, Case | None]:
    """Every case that is named, None for one that is deleted."""
    named = dict.fromkeys(step.other_id for turn in turns for step in turn.steps)
    return {case_id: _case(case_id) for case_id in named}


def _case(case_id: str) -> Case | None:
    try:
        return store().get(case_id).case
    except UnknownCase:
        return None
