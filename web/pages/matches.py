"""The matches of a case: ranked with a reason for each, and one side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.evidence import EvidenceSettings, prepare
from matcher.explanation.term_pairs import usable_features
from matcher.storage.errors import UnknownCase
from web.accounts.people import Person
from web.db import store
from web.pages import comparison, conversations, keeping
from web.pages.admission import the_clinician
from web.pages.cards import BANDS, Card, card, origin
from web.pages.casehead import head_values, opened
from web.pages.colophon import bands
from web.pages.words import counted, number_word, sentence
from web.service import service
from web.viewing import ranking, told
from web.viewing.ranking import explained
from web.viewing.visibility import disclosed, may_meet, may_open

blueprint = Blueprint("matches", __name__)

MOST_SHOWN = 40
FILTERS = (
    ("", "All"),
    ("gene", "Shares a gene"),
    ("own", "Own site"),
    ("network", "Network"),
)


@blueprint.get("/cases/<case_id:case_id>/matches")
def ranked(case_id: str) -> ResponseReturnValue:
    """All cases that may be the same disorder, most probable first."""
    person = the_clinician()
    as_of = store().revision()
    stored = opened(person, case_id)
    if not _can_be_compared(stored.case):
        return render_template("matches/nothing.html", **head_values(stored))
    answer = ranking.answer(person, stored.case, MOST_SHOWN)
    cards = [card(person, match, rank) for rank, match in enumerate(answer.matches, 1)]
    near = [each for each in cards if each.band != "none"]
    far = [each for each in cards if each.band == "none"]
    wanted = request.args.get("show", "")
    near_shown = [each for each in near if _is_wanted(each, wanted)]
    others = [each.case_id for each in (*near_shown, *far) if not each.is_own]
    told.record(person, others, page="matches", query=stored.case.case_id)
    is_kept = keeping.is_kept(person, stored, answer, at_most=MOST_SHOWN, as_of=as_of)
    return render_template(
        "matches/ranked.html",
        **head_values(stored),
        heading=heading(near),
        subheading=f"{answer.searched:,} cases searched, all of them scored.",
        advice=_advice(stored.case, answer),
        is_kept=is_kept,
        filters=_filters(near, wanted),
        near=near_shown,
        far=far,
        far_heading=_far_heading(near, far),
        has_near=bool(near),
        bands=bands(),
        **_empty(near, answer),
    )


def _can_be_compared(case: Case) -> bool:
    """Whether a feature, a gene or a variant of it can be held against those of others."""
    release = service().release
    prepared = prepare(case, release, EvidenceSettings())
    usable = usable_features(case, release).observed
    named = any(allele.is_placed or allele.hgvs for allele in prepared.alleles)
    return bool(usable or prepared.genes or named)


def _far_heading(near: Sequence[Card], far: Sequence[Card]) -> str:
    which = "next" if near else "nearest"
    return f"The {which} {len(far)} cases" if len(far) > 1 else f"The {which} case"


def heading(near: Sequence[Card]) -> str:
    """The answer in one line: how many are worth a call, and a look."""
    calls = sum(each.band == "contact" for each in near)
    looks = len(near) - calls
    if not near:
        return "No case here is worth a call yet"
    said = []
    if calls:
        said.append(counted(calls, "case") + " worth a call")
    if looks:
        said.append(
            f"{number_word(looks) if calls else counted(looks, 'case')} worth a look"
        )
    return sentence(", ".join(said))


def _is_wanted(each: Card, wanted: str) -> bool:
    tests = {"gene": each.shares_gene, "own": each.is_own, "network": not each.is_own}
    return tests.get(wanted, True)


def _filters(near: Sequence[Card], wanted: str) -> list[dict[str, Any]]:
    if len(near) < 2:
        return []
    return [
        {
            "key": key,
            "name": name,
            "count": sum(_is_wanted(each, key) for each in near),
            "on": key == wanted,
        }
        for key, name in FILTERS
    ]


def _advice(case: Case, answer: ranking.Answer) -> str:
    """What would make the answer better, where the case says little."""
    if answer.is_calibrated:
        return ""
    return (
        f"This case has {counted(len(case.observed), 'feature')}. From three on the frequencies "
        "below are calibrated; five or more specific ones separate look-alikes."
    )


def _empty(near: Sequence[Card], answer: ranking.Answer) -> dict[str, str]:
    """What an empty list says: what is known, and what would help."""
    if near:
        return {
            "empty_heading": "None of these fits the filter",
            "empty_text": "Show all of them, or choose another filter.",
        }
    if not answer.searched:
        return {
            "empty_heading": "There is no other case to compare with yet",
            "empty_text": "Matches appear here as soon as another case is entered or shared.",
        }
    return {
        "empty_heading": f"The closest is less likely than {bands()['look']}",
        "empty_text": "A rarer feature or a candidate gene may bring more. Every later look "
        "searches again, with every case entered since.",
    }


@blueprint.get("/cases/<case_id:case_id>/matches/<case_id:other_id>")
def pair(case_id: str, other_id: str) -> ResponseReturnValue:
    """Two cases side by side: what they share, what speaks against it, what is missing."""
    person = the_clinician()
    stored = opened(person, case_id)
    other = _met(person, other_id)
    match = ranking.pair(person, stored.case, other)
    if match is None:
        raise UnknownCase(other_id)
    is_own = may_open(person, other)
    told.record(
        person,
        [] if is_own else [other.case_id],
        page="side by side",
        query=stored.case.case_id,
    )
    release = service().release
    explanation = explained(person, match)
    seen = disclosed(person, other)
    return render_template(
        "matches/pair.html",
        **head_values(stored),
        other=seen,
        band=BANDS[match.band],
        origin=origin(person, other),
        explanation=explanation,
        is_own=is_own,
        pair_rows=comparison.pair_rows(explanation.features),
        genes=comparison.genes(stored.case, seen, release),
        grid=comparison.grid(explanation, release),
        conversation=conversations.panel(person, stored.case, other),
    )


def _met(person: Person, case_id: str) -> Case:
    """A candidate that the person may see. Missing and hidden are one."""
    other = store().get(case_id).case
    if not may_meet(person, other):
        raise UnknownCase(case_id)
    return other
