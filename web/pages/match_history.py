"""What came, went and changed among the matches of a case, from list to list, and why."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matcher.storage.errors import UnknownCase
from web.accounts.people import Person
from web.db import store
from web.pages.admission import the_clinician
from web.pages.casehead import head_values, opened
from web.pages.pair_history import History, Turn
from web.pages.words import counted, sentence
from web.viewing import told
from web.viewing.visibility import may_open

blueprint = Blueprint("match_history", __name__)


@blueprint.get("/cases/<case_id:case_id>/match-history")
def show(case_id: str) -> ResponseReturnValue:
    """Each time that the list of matches changed, latest first, with everything that did it."""
    person = the_clinician()
    stored = opened(person, case_id)
    until = request.args.get("until", type=int)
    found = History(person).of_case(case_id, until)
    turns = found.turns
    told.record(
        person, _of_other_sites(person, turns), page="match history", query=case_id
    )
    return render_template(
        "matches/history.html",
        **head_values(stored),
        heading=_heading(turns, until),
        turns=turns,
        older=found.older,
    )


def _heading(turns: Sequence[Turn], until: int | None) -> str:
    if not turns:
        return "Nothing has changed from list to list yet"
    changes = sum(len(turn.steps) for turn in turns)
    words = sentence(counted(changes, "change") if changes else "no frequency changed")
    return f"{words} {'before' if until else 'among the latest lists'}"


def _of_other_sites(person: Person, turns: Sequence[Turn]) -> list[str]:
    named = dict.fromkeys(step.other_id for turn in turns for step in turn.steps)
    return [case_id for case_id in named if not _is_own(person, case_id)]


def _is_own(person: Person, case_id: str) -> bool:
    """Whether it is the person's to open; one that was deleted counts as another's."""
    try:
        return may_open(person, store().get(case_id).case)
    except UnknownCase:
        return False
