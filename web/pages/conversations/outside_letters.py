"""A letter to a clinician at another node: drafted here, written and sent by a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.storage.store import StoredCase
from web.accounts import Person
from web.audit import Audit
from web.conversations import drafts
from web.conversations.errors import NotTaken
from web.conversations.outside import OutsideLetter, OutsideLetters
from web.conversations.texts import MOST_NOTE
from web.db import connection
from web.mme.asking.kept import Kept, KeptMatch
from web.mme.disclosing.consents import Consents
from web.mme.disclosing.generalisation import Generalisation
from web.mme.answering.view import told
from web.pages.admission import the_clinician
from web.pages.cards.remote import reach, text
from web.pages.cases.head import head_values, opened
from web.pages.words import on
from web.service import service
from web.viewing.told import record_answers

blueprint = Blueprint("outside_letters", __name__)

WROTE = "wrote outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A case of ours as a peer sees it, beside the patient of the peer."""

    stored: StoredCase
    ours: Case
    kept: KeptMatch

    @property
    def address(self) -> dict[str, Any]:
        """What leads to the page of it."""
        return {
            "case_id": self.stored.case.case_id,
            "node": self.kept.node,
            "remote": self.kept.remote.case.case_id,
        }


@blueprint.get("/cases/<case_id:case_id>/other-sites/letter")
def show(case_id: str) -> ResponseReturnValue:
    """A draft to copy, whom to send it to, and what came of it."""
    return _page(_matched(the_clinician(), case_id))


@blueprint.post("/cases/<case_id:case_id>/other-sites/letter")
def written(case_id: str) -> ResponseReturnValue:
    """Note that she wrote."""
    person = the_clinician()
    found = _matched(person, case_id)
    audit = Audit(connection())
    try:
        with audit.together():
            _letters(found).written(*_of(found), person.name)
            audit.record(person.name, WROTE, [case_id], node=found.kept.node)
    except NotTaken as error:
        return _page(found, str(error)), 422
    flash("It is noted that you wrote.", "good")
    return redirect(url_for(".show", **found.address), 303)


@blueprint.post("/cases/<case_id:case_id>/other-sites/letter/answer")
def answered(case_id: str) -> ResponseReturnValue:
    """Note what came back."""
    found = _matched(the_clinician(), case_id)
    try:
        _letters(found).answered(*_of(found), request.form.get("answer", ""))
    except NotTaken as error:
        return _page(found, str(error)), 422
    flash("The note is kept.", "good")
    return redirect(url_for(".show", **found.address), 303)


def letter_line(letter: OutsideLetter) -> dict[str, Any]:
    """A letter in the list of all conversations."""
    return {
        "case_id": letter.case_id,
        "remote": text(letter.remote_id),
        "said": f"You wrote to {letter.node} {on(letter.written_at)}",
        "answer": letter.answer,
        "href": url_for(
            "pages.outside_letters.show",
            case_id=letter.case_id,
            node=letter.node,
            remote=letter.remote_id,
        ),
    }


def _matched(person: Person, case_id: str) -> Matched:
    """A case of hers that peers see, and a patient that one of them told of."""
    stored = opened(person, case_id)
    ours = _as_peers_see(stored.case)
    names = request.values.get("node", ""), request.values.get("remote", "")
    for kept in Kept(connection()).matches(case_id):
        if (kept.node, kept.remote.case.case_id) == names and not kept.gone_at:
            if ours is not None and kept.remote.case.contact is not None:
                record_answers(person, [case_id], {kept.node: 1}, page="letter")
                return Matched(stored=stored, ours=ours, kept=kept)
    abort(404)


def _as_peers_see(case: Case) -> Case | None:
    """By the function that writes the message to peers; None if they do not see it."""
    settings, release = service().settings, service().release
    if not Consents(connection(), settings.consent_from_level).allowed([case]):
        return None
    general = Generalisation(
        connection(), release, settings.rare_below, settings.singled_out_by
    )
    found = told(general.of(case), release)
    return found.case if found else None


def _letters(found: Matched) -> OutsideLetters:
    return OutsideLetters(connection(), found.stored.case.case_id)


def _of(found: Matched) -> tuple[str, str]:
    return found.kept.node, found.kept.remote.case.case_id


def _page(found: Matched, problem: str = "") -> str:
    letter, remote = _letters(found).get(*_of(found)), found.kept.remote.case
    pair = drafts.compared(service().release, found.ours, remote)
    return render_template(
        "conversations/outside.html",
        **head_values(found.stored),
        heading=_heading(letter, found.kept.node),
        node=found.kept.node,
        remote=remote.case_id,
        remote_name=text(remote.case_id),
        reach=reach(remote.contact),
        draft=drafts.first_message(pair, their_name=text(remote.case_id)),
        letter=letter,
        answer=request.form.get("answer", letter.answer if letter else ""),
        most=MOST_NOTE,
        problem=problem,
    )


def _heading(letter: OutsideLetter | None, node: str) -> str:
    if letter is None:
        return f"Nobody has written to {node} about this match yet"
    said = f"{letter.written_by} wrote to {node} {on(letter.written_at)}"
    return f"{said}, and was answered" if letter.answer else said
