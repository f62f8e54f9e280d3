"""The matches of a case, here and at peers: ranked, with a reason for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.evidence import EvidenceSettings, prepare
from matcher.explanation.term_pairs import usable_features
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import connection, store
from web.pages.admission import the_clinician
from web.pages.cards.entries import OWN, EXCHANGE, Entry, entries
from web.pages.cases.head import head_values, opened
from web.pages.colophon import bands
from web.pages.matches import keeping, site_record
from web.pages.matches.sifting import SORTS, Choice, chips, choice, places, terms
from web.pages.pairs import pair as pairs
from web.pages.peers.lines import PeerLine, peer_lines, state_heading
from web.pages.peers.network import terms_of_peers, why_not_asked
from web.pages.words import counted, moment, number_word, sentence
from web.service import service
from web.viewing import ranking, told

blueprint = Blueprint("matches", __name__)

MOST_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer of a page: what stands near, far, and what was chosen of the near ones."""

    answer: ranking.Answer
    near: tuple[Entry, ...]
    far: tuple[Entry, ...]
    chosen: Choice
    shown: tuple[Entry, ...]

    @property
    def of_other_sites(self) -> list[str]:
        """Ids of the cases that are shown and stand at another site of this node."""
        return [
            each.other_id
            for each in (*self.shown, *self.far)
            if each.kind not in (OWN, EXCHANGE)
        ]

    @property
    def of_peers(self) -> Counter[str]:
        """How many patients of each peer are shown."""
        return Counter(each.node for each in (*self.shown, *self.far) if each.node)


def found_for(person: Person, case: Case) -> Found:
    """The matches of a case as this request chooses them."""
    answer = ranking.answer(person, case, MOST_SHOWN)
    every = entries(person, case, answer)
    near = tuple(each for each in every if each.band != "none")
    chosen = choice(request.args, service().release, _last_look(case))
    return Found(
        answer=answer,
        near=near,
        far=tuple(each for each in every if each.band == "none")[:MOST_SHOWN],
        chosen=chosen,
        shown=tuple(chosen.sifted(near)[: 2 * MOST_SHOWN]),
    )


def _last_look(case: Case) -> date | None:
    """The day before today on which the matches were looked at last and had changed."""
    midnight = f"{datetime.now(UTC):%Y-%m-%d}"
    last = KeptRankings(connection()).last_kept(case.case_id, midnight)
    return date.fromisoformat(last[:10]) if last else None


@blueprint.get("/cases/<case_id:case_id>/matches")
def ranked(case_id: str) -> ResponseReturnValue:
    """All cases that may be the same disorder, most probable first."""
    person = the_clinician()
    as_of = store().revision()
    stored = opened(person, case_id)
    if not can_be_compared(stored.case):
        return render_template("matches/nothing.html", **head_values(stored))
    # The states first: what is told of as answered is then among the matches.
    lines = peer_lines(stored.case)
    found = found_for(person, stored.case)
    told.record(person, found.of_other_sites, page="matches", query=case_id)
    told.record_answers(person, [case_id], found.of_peers, page="matches")
    is_kept = keeping.is_kept(
        person, stored, found.answer, at_most=MOST_SHOWN, as_of=as_of
    )
    return render_template(
        "matches/ranked.html",
        **head_values(stored),
        **_answer_values(person, stored, found),
        **_choice_values(stored.case, found),
        **_peer_values(stored.case, lines),
        is_kept=is_kept,
        bands=bands(),
        records=site_record.sentences(person),
    )


def _answer_values(person: Person, stored: StoredCase, found: Found) -> dict[str, Any]:
    near, far = found.near, found.far
    return {
        "heading": heading(near),
        "subheading": _subheading(found),
        "advice": _advice(stored.case, found.answer),
        "near": found.shown,
        "most_cards": MOST_SHOWN,
        "far": far,
        "far_heading": _far_heading(near, far),
        "has_near": bool(near),
        "own_site": person.site,
        **_empty(near, found.answer),
    }


def _choice_values(case: Case, found: Found) -> dict[str, Any]:
    release = service().release
    return {
        "chosen": found.chosen,
        "chips": chips(found.chosen, found.near),
        "places": places(found.near),
        "terms": terms(case, found.near, release) if len(found.near) > 1 else (),
        "sorts": SORTS,
    }


def _peer_values(case: Case, lines: Sequence[PeerLine]) -> dict[str, Any]:
    missing = [line for line in lines if line.is_missing]
    return {
        "lines": lines,
        "state_heading": state_heading(lines),
        "waiting": sum(line.is_waited_for for line in lines),
        "is_incomplete": bool(missing),
        "not_searched": sum(line.cases for line in missing),
        "why_not": why_not_asked(case) if lines else "",
        "peer_terms": terms_of_peers(case, lines),
        "node_name": service().settings.site_name,
    }


def _subheading(found: Found) -> str:
    searched = f"{found.answer.searched:,} cases searched here, all of them scored"
    patients = sum(each.kind == EXCHANGE for each in (*found.near, *found.far))
    if patients:
        searched += f"; {counted(patients, 'patient')} of peers beside them"
    return f"{searched}. {moment(datetime.now(UTC).isoformat())}."


def can_be_compared(case: Case) -> bool:
    """Whether a feature, a gene or a variant of it can be held against those of others."""
    release = service().release
    prepared = prepare(case, release, EvidenceSettings())
    usable = usable_features(case, release).observed
    named = any(allele.is_placed or allele.hgvs for allele in prepared.alleles)
    return bool(usable or prepared.genes or named)


def _far_heading(near: Sequence[Entry], far: Sequence[Entry]) -> str:
    which = "next" if near else "nearest"
    return f"The {which} {len(far)} cases" if len(far) > 1 else f"The {which} case"


def heading(near: Sequence[Entry]) -> str:
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


def _advice(case: Case, answer: ranking.Answer) -> str:
    """What would make the answer better, where the case says little."""
    if answer.is_calibrated:
        return ""
    return (
        f"This case has {counted(len(case.observed), 'feature')}. From three on the frequencies "
        "below are calibrated; five or more specific ones separate look-alikes."
    )


def _empty(near: Sequence[Entry], answer: ranking.Answer) -> dict[str, str]:
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
    return pairs.of_this_node(case_id, other_id)
