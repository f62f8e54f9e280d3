"""What came, went and changed among the matches of a case, from list to list, and why."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.storage.errors import UnknownCase
from web.db import store
from web.pages.admission import the_clinician
from web.pages.cases.head import head_values, opened
from web.pages.pairs.history import History, Turn
from web.pages.words import counted, sentence
from web.viewing import told
from web.viewing.visibility import may_meet, may_open

blueprint = Blueprint("match_history", __name__)


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
    return render_template(
        "matches/history.html",
        **head_values(stored),
        heading=_heading(turns, until),
        turns=turns,
        older=found.older,
        there={i for i, case in cases.items() if case and may_meet(person, case)},
    )


def _heading(turns: Sequence[Turn], until: int | None) -> str:
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
