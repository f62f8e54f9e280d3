"""A match or a list of them to take along: JSON, CSV, Phenopackets; each is recorded first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from matcher.evidence import EvidenceKind
from matcher.explanation import Explanation
from matcher.readers import phenopackets
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.cli.cases.spreadsheet import harmless
from web.mme.asking.reading import comparison
from web.pages.admission import the_clinician
from web.pages.cards.entries import EXCHANGE, Entry
from web.pages.cases.head import opened
from web.pages.files import as_csv, attached
from web.pages.matches.ranked import can_be_compared, found_for
from web.pages.pairs.view import PairView, at_peer, here
from web.viewing import told
from web.viewing.ranking import explained

blueprint = Blueprint("exports", __name__)

ACTION = "exported by a clinician"
LIST_COLUMNS = (
    "case_id",
    "rank",
    "other",
    "from",
    "band",
    "frequency",
    "probability",
    "expected_false_matches",
    *(f"lnlr_{kind}" for kind in EvidenceKind),
    "reasons",
    "verdict",
)
PAIR_COLUMNS = ("yours_id", "yours", "theirs_id", "theirs", "in_common", "one_in", "is")


@blueprint.get("/cases/<case_id:case_id>/matches.json")
def json_of_list(case_id: str) -> ResponseReturnValue:
    """The list as it was chosen, each match with the explanation that the programs get."""
    person, stored, shown, searched = _list(case_id, "list as JSON")
    body = {
        "case_id": case_id,
        "version": stored.version,
        "searched": searched,
        "matches": [
            _match_object(person, rank, each) for rank, each in enumerate(shown, 1)
        ],
    }
    return _as_json(body, f"{case_id} matches")


@blueprint.get("/cases/<case_id:case_id>/matches.csv")
def csv_of_list(case_id: str) -> ResponseReturnValue:
    """The list as it was chosen as a table, a row a match."""
    person, _, shown, _ = _list(case_id, "list as CSV")
    rows = (
        _list_row(person, case_id, rank, each) for rank, each in enumerate(shown, 1)
    )
    return as_csv(LIST_COLUMNS, rows, f"{case_id} matches")


@blueprint.get("/cases/<case_id:case_id>/phenopacket.json")
def phenopacket(case_id: str) -> ResponseReturnValue:
    """The case itself as a Phenopacket."""
    person = the_clinician()
    stored = opened(person, case_id)
    told.record(person, [case_id], page="phenopacket", action=ACTION)
    return _as_json(phenopackets.to_json(stored.case), case_id)


@blueprint.get("/cases/<case_id:case_id>/matches/<case_id:other_id>/pair.json")
def json_of_pair(case_id: str, other_id: str) -> ResponseReturnValue:
    """The explanation of a pair, the same object that the programs get."""
    return _pair_json(_pair(case_id, other_id, "pair as JSON"))


@blueprint.get("/cases/<case_id:case_id>/matches/<case_id:other_id>/pair.csv")
def csv_of_pair(case_id: str, other_id: str) -> ResponseReturnValue:
    """The features of a pair as a table."""
    return _pair_csv(_pair(case_id, other_id, "pair as CSV"))


@blueprint.get("/cases/<case_id:case_id>/matches/<case_id:other_id>/phenopacket.json")
def phenopacket_of_pair(case_id: str, other_id: str) -> ResponseReturnValue:
    """The other case as a Phenopacket, as much of it as may be read."""
    view = _pair(case_id, other_id, "phenopacket of the other case")
    return _as_json(phenopackets.to_json(view.seen), other_id)


_PATIENT = "/cases/<case_id:case_id>/other-sites/<case_id:node>/<case_id:remote_id>"


@blueprint.get(f"{_PATIENT}/pair.json")
def json_of_patient(case_id: str, node: str, remote_id: str) -> ResponseReturnValue:
    """The explanation of a case and a patient of a peer."""
    return _pair_json(_patient(case_id, node, remote_id, "pair as JSON"))


@blueprint.get(f"{_PATIENT}/pair.csv")
def csv_of_patient(case_id: str, node: str, remote_id: str) -> ResponseReturnValue:
    """The features of a case and a patient of a peer as a table."""
    return _pair_csv(_patient(case_id, node, remote_id, "pair as CSV"))


@blueprint.get(f"{_PATIENT}/phenopacket.json")
def phenopacket_of_patient(
    case_id: str, node: str, remote_id: str
) -> ResponseReturnValue:
    """A patient of a peer as a Phenopacket, as the peer told of it."""
    view = _patient(case_id, node, remote_id, "phenopacket of the patient")
    return _as_json(phenopackets.to_json(view.seen), remote_id)


def _list(case_id: str, page: str) -> tuple[Person, StoredCase, Sequence[Entry], int]:
    """The matches that the page of the list shows under the same choice, recorded."""
    person = the_clinician()
    stored = opened(person, case_id)
    if not can_be_compared(stored.case):
        abort(404)
    found = found_for(person, stored.case)
    here_ids = [each.other_id for each in found.shown if each.kind != EXCHANGE]
    told.record(person, [case_id, *here_ids], page=page, query=case_id, action=ACTION)
    at_peers = Counter(each.node for each in found.shown if each.node)
    told.record_answers(person, [case_id], at_peers, page=page)
    return person, stored, found.shown, found.answer.searched


def _pair(case_id: str, other_id: str, page: str) -> PairView:
    person = the_clinician()
    view = here(person, opened(person, case_id).case, other_id)
    told.record(person, [case_id, other_id], page=page, query=case_id, action=ACTION)
    return view


def _patient(case_id: str, node: str, remote_id: str, page: str) -> PairView:
    person = the_clinician()
    view = at_peer(opened(person, case_id).case, node, remote_id)
    told.record(person, [case_id], page=f"{page}, of {node}", action=ACTION)
    return view


def _match_object(person: Person, rank: int, each: Entry) -> dict[str, Any]:
    judged = each.verdict.judged if each.verdict else None
    explanation = _explanation(person, each)
    return {
        "rank": rank,
        "case_id": each.other_id,
        "node": each.node or None,
        "from": each.place,
        "band": each.card.band or None,
        "verdict": judged.words if judged else None,
        "explanation": explanation and explanation.to_json(),
    }


def _explanation(person: Person, each: Entry) -> Explanation | None:
    """Why the two match; None of a patient of a peer where that cannot be said."""
    if each.kind == EXCHANGE:
        return comparison.explained(each.match, each.node)
    return explained(person, each.match)


def _list_row(person: Person, case_id: str, rank: int, each: Entry) -> list[object]:
    explanation = _explanation(person, each)
    ratios = {
        e.kind: "" if e.missing else e.log_likelihood_ratio for e in each.match.evidence
    }
    reasons = explanation.reasons if explanation else ()
    is_known = bool(each.card.band)
    return [
        harmless(case_id),
        rank,
        harmless(each.other_id),
        harmless(each.place),
        each.card.band,
        each.card.odds,
        each.match.probability if is_known else "",
        each.match.efm if is_known and each.match.efm is not None else "",
        *(ratios.get(kind, "") for kind in EvidenceKind),
        harmless(" | ".join(reason.text for reason in reasons)),
        harmless(each.verdict.judged.words) if each.verdict else "",
    ]


def _pair_json(view: PairView) -> Response:
    body = {
        "node": view.key.node or None,
        "origin": view.origin,
        "band": view.band or None,
        "explanation": view.explanation.to_json(),
    }
    return _as_json(body, f"{view.key.case_id} and {view.name}")


def _pair_csv(view: PairView) -> Response:
    return as_csv(PAIR_COLUMNS, _pair_rows(view), f"{view.key.case_id} and {view.name}")


def _pair_rows(view: PairView) -> Iterable[list[object]]:
    features = view.explanation.features
    for pair in (*features.pairs, *features.too_usual):
        kind = (
            "too usual"
            if pair.is_too_usual
            else "same" if pair.is_identical else "near"
        )
        yield [
            *_named(pair.yours.term_id, pair.yours.label),
            *_named(pair.theirs.term_id, pair.theirs.label),
            harmless(pair.ancestor.label),
            pair.one_in,
            kind,
        ]
    for conflict in features.conflicts:
        by = "you" if conflict.excluded_by == "you" else "them"
        yield [
            *_named(conflict.yours.term_id, conflict.yours.label),
            *_named(conflict.theirs.term_id, conflict.theirs.label),
            "",
            conflict.one_in,
            f"conflict, excluded by {by}",
        ]
    for term in features.unmatched_yours:
        yield [*_named(term.term_id, term.label), "", "", "", "", "only yours"]
    for term in features.unmatched_theirs:
        yield ["", "", *_named(term.term_id, term.label), "", "", "only theirs"]


def _named(term_id: str, label: str) -> tuple[str, str]:
    return harmless(term_id), harmless(label)


def _as_json(body: Mapping[str, Any], name: str) -> Response:
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1)
    return attached(text, "application/json", f"{name}.json")
