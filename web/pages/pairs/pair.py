"""A pair side by side: what the two share, what speaks against it, and what became of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.audit import Audit
from web.db import connection
from web.pages.admission import the_clinician
from web.pages.cards.remote import reach
from web.pages.cases.head import head_values, opened
from web.pages.conversations import conversation
from web.pages.pairs import ancestors, comparison, genes, history
from web.pages.pairs.treatments import treatment_lines
from web.pages.pairs.view import PairView, at_peer, here
from web.pages.peers.network import why_not_asked
from web.pages.words import day
from web.service import service
from web.verdicts.kept import Verdicts
from web.verdicts.verdict import LONGEST_NOTE, REASONS, BadVerdict, Judged, Said
from web.viewing import told

blueprint = Blueprint("pairs", __name__)

ACTION = "verdict given"
SAID = ((Said.SAME, "Same disorder"), (Said.UNDECIDED, "Undecided"))


def of_this_node(case_id: str, other_id: str) -> ResponseReturnValue:
    """The page of a case and another one of this node."""
    person, stored, view = _here(case_id, other_id)
    _recorded(person, view)
    return _page(person, stored, view)


@blueprint.get(
    "/cases/<case_id:case_id>/other-sites/<case_id:node>/<case_id:remote_id>"
)
def patient(case_id: str, node: str, remote_id: str) -> ResponseReturnValue:
    """The page of a case and a patient that a peer told of."""
    person, stored, view = _at_peer(case_id, node, remote_id)
    _recorded(person, view)
    return _page(person, stored, view)


@blueprint.post("/cases/<case_id:case_id>/matches/<case_id:other_id>/verdict")
def judge(case_id: str, other_id: str) -> ResponseReturnValue:
    """Keep what the site says of two cases of this node."""
    return _judged(*_here(case_id, other_id))


@blueprint.post(
    "/cases/<case_id:case_id>/other-sites/<case_id:node>/<case_id:remote_id>/verdict"
)
def judge_patient(case_id: str, node: str, remote_id: str) -> ResponseReturnValue:
    """Keep what the site says of a case and a patient of a peer."""
    return _judged(*_at_peer(case_id, node, remote_id))


def _here(case_id: str, other_id: str) -> tuple[Person, StoredCase, PairView]:
    person = the_clinician()
    stored = opened(person, case_id)
    return person, stored, here(person, stored.case, other_id)


def _at_peer(
    case_id: str, node: str, remote_id: str
) -> tuple[Person, StoredCase, PairView]:
    person = the_clinician()
    stored = opened(person, case_id)
    return person, stored, at_peer(stored.case, node, remote_id)


def _recorded(person: Person, view: PairView) -> None:
    told.record(
        person, view.of_other_sites, page=told.SIDE_BY_SIDE, query=view.key.case_id
    )
    if view.key.node:
        told.record_answers(
            person, [view.key.case_id], {view.key.node: 1}, page=told.SIDE_BY_SIDE
        )


def _judged(person: Person, stored: StoredCase, view: PairView) -> ResponseReturnValue:
    try:
        judged = _read(view)
    except BadVerdict as error:
        _recorded(person, view)
        return _page(person, stored, view, error), 422
    audit = Audit(connection())
    with audit.together():
        if Verdicts(connection(), person.site or "").give(
            view.key, judged, person.name
        ):
            named = [view.key.case_id, *filter(None, [view.key.other_id])]
            audit.record(person.name, ACTION, named, node=view.key.node)
    flash(f"Kept for your site: {judged.words}.", "good")
    return redirect(f"{address(view)}#verdict", 303)


def _read(view: PairView) -> Judged:
    """The verdict of the form, with what the page shows of the pair. Raises `BadVerdict`."""
    said = request.form.get("said", "")
    if said not in list(Said):
        raise BadVerdict(
            "said",
            f"{said[:40]!r} is no verdict; choose same disorder, undecided or not a match.",
        )
    return Judged(
        said=Said(said),
        reason=request.form.get("reason", "") if said == Said.NOT else "",
        note=" ".join(request.form.get("note", "").split()),
        band=str(view.match.band) if view.band else "",
        probability=view.probability,
    )


def address(view: PairView, endpoint: str = "") -> str:
    """Where the page of a pair is, or another one about it."""
    key = view.key
    if key.node:
        return url_for(
            endpoint or "pages.pairs.patient",
            case_id=key.case_id,
            node=key.node,
            remote_id=key.remote_id,
        )
    return url_for(
        endpoint or "pages.matches.pair", case_id=key.case_id, other_id=key.other_id
    )


def _page(
    person: Person, stored: StoredCase, view: PairView, wrong: BadVerdict | None = None
) -> str:
    release, explanation = service().release, view.explanation
    pairs = explanation.features.pairs
    return render_template(
        "matches/pair.html",
        **head_values(stored),
        **_verdict_values(person, view, wrong),
        **_talk_values(person, stored.case, view),
        other={"case_id": view.name},
        view=view,
        explanation=explanation,
        pair_rows=comparison.pair_rows(explanation.features),
        genes=genes.genes(stored.case, view.seen, release, service().chain),
        treatments=treatment_lines(view.seen, release),
        meetings=ancestors.drawn(ancestors.systems(pairs, release)),
        grid=comparison.grid(explanation, release),
        grid_rows=comparison.grid_rows(explanation, release),
        history=_history(person, view),
        page=address(view),
        exports=_exports(view),
    )


def _talk_values(person: Person, case: Case, view: PairView) -> dict[str, Any]:
    """The conversation with another site of this node, or how to write to whom a peer names."""
    if view.kept is None:
        other = view.match.pair.candidate
        talk = conversation.panel(person, case, other)
        return {"conversation": talk, "letter": "", "no_letter": ""}
    why_not = why_not_asked(case)
    is_named = reach(view.seen.contact) is not None
    letter = url_for(
        "pages.outside_letters.show",
        case_id=case.case_id,
        node=view.key.node,
        remote=view.key.remote_id,
    )
    return {
        "conversation": None,
        "letter": letter if is_named and not why_not else "",
        "no_letter": why_not if is_named else "",
    }


def _history(person: Person, view: PairView) -> tuple[history.Step, ...]:
    if view.kept is not None:
        return history.of_patient(view.key.case_id, view.kept)
    return history.History(person).of_pair(view.key.case_id, view.key.other_id)


def _exports(view: PairView) -> list[tuple[str, str]]:
    """What a pair can be taken along as: a name and an address each."""
    at = "_of_patient" if view.is_remote else "_of_pair"
    return [
        ("JSON, the whole explanation", address(view, f"pages.exports.json{at}")),
        ("CSV, feature by feature", address(view, f"pages.exports.csv{at}")),
        (
            f"Phenopacket of {view.name}",
            address(view, f"pages.exports.phenopacket{at}"),
        ),
    ]


def _verdict_values(
    person: Person, view: PairView, wrong: BadVerdict | None
) -> dict[str, Any]:
    past = Verdicts(connection(), person.site or "").history(view.key)
    now = past[0].judged if past else None
    entered = request.form if wrong else {}
    at = "judge_patient" if view.is_remote else "judge"
    return {
        "judge": address(view, f"pages.pairs.{at}"),
        "said_options": SAID,
        "reasons": [("", "choose a reason"), *REASONS.items()],
        "said": entered.get("said", "") if wrong else str(now.said if now else ""),
        "reason": entered.get("reason", "") if wrong else now.reason if now else "",
        "note": entered.get("note", "") if wrong else now.note if now else "",
        "longest_note": LONGEST_NOTE,
        "past": [
            (each.judged.words, each.judged.note, each.given_by, day(each.given_at))
            for each in past
        ],
        "problem_of": {
            field: str(wrong) if wrong and wrong.field == field else ""
            for field in ("said", "reason", "note")
        },
        "problems": [(wrong.field, "Your verdict", str(wrong))] if wrong else [],
    }
