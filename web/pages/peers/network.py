"""What other sites say of a case: ask them, and read their answers as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.wording import listing
from web.accounts.people import Person
from web.audit import AuditFailed
from web.db import connection
from web.errors import WebError
from web.mme.answering.asked import KEYS
from web.mme.asking.aside import TooManyQuestions, aside
from web.mme.asking.answers import RemoteCase
from web.mme.asking.reading.comparison import Card
from web.mme.asking.errors import NotAskable
from web.mme.asking.kept import Kept, KeptMatch
from web.mme.asking.wishes import BadWish, Wishes, wishes_of
from web.mme.nodes.errors import UnknownNode
from web.pages.admission import the_clinician
from web.pages.cards.entries import peers_patients
from web.pages.cards.remote import band_of, newest, remote_card, remote_row, text
from web.pages.cases import profile
from web.pages.cases.head import head_values, opened
from web.pages.colophon import bands
from web.pages.peers.lines import PeerLine, peer_lines, state_heading
from web.pages.words import counted, moment, number_word, sentence
from web.service import service
from web.viewing import told
from web.viewing.visibility import may_share

blueprint = Blueprint("network", __name__)

MOST_SHOWN = 40


class NobodyChosen(WebError):
    """A question without anybody to be asked."""

    def __init__(self) -> None:
        super().__init__(
            "No site was chosen, so nothing was sent; choose one, or ask all."
        )


@blueprint.get("/cases/<case_id:case_id>/other-sites")
def show(case_id: str) -> ResponseReturnValue:
    """What peers answered about the case so far, and a form to ask them."""
    person = the_clinician()
    stored = opened(person, case_id)
    return render_template(
        "network/show.html", **head_values(stored), **_values(person, stored.case)
    )


@blueprint.post("/cases/<case_id:case_id>/other-sites")
def ask(case_id: str) -> ResponseReturnValue:
    """Ask the chosen peers, or all; the answer does not wait for theirs."""
    person = the_clinician()
    case = opened(person, case_id).case
    if not any(line.is_waited_for for line in peer_lines(case)):
        try:
            names = _chosen()
            wishes = wishes_of(request.form, service().release)
            aside().ask(
                connection(),
                case.case_id,
                by=person.name,
                names=names,
                wishes=wishes,
            )
        except (
            BadWish,
            NotAskable,
            TooManyQuestions,
            UnknownNode,
            AuditFailed,
            NobodyChosen,
        ) as error:
            flash(str(error), "alert")
    page = "matches.ranked" if request.form.get("to") == "matches" else "network.show"
    return redirect(url_for(f"pages.{page}", case_id=case.case_id), 303)


def _chosen() -> list[str]:
    """The names of the chosen peers, none for all of them."""
    if "all" in request.form:
        return []
    names = request.form.getlist("node")
    if not names:
        raise NobodyChosen
    return names


def _values(person: Person, case: Case) -> dict[str, Any]:
    """What the page shows: the peers, and the patients that they told of."""
    # The states first: what is told of as answered is then among the matches.
    lines = peer_lines(case)
    waiting = sum(line.is_waited_for for line in lines)
    answers = Kept(connection())
    # Before the matches: what comes between the two is looked for again.
    seen = answers.fingerprint(case.case_id)
    # Who looks again while sites are waited for is told nothing that stands there already.
    is_seen = bool(seen) and request.args.get("seen") == seen
    # Nor is anything scored for that, until all have answered and the heading is final.
    kept = [] if is_seen and waiting else answers.matches(case.case_id)
    if not is_seen:
        told.record_answers(person, [case.case_id], _counts(kept), page="other sites")
    wishes = _wishes(case)
    aside: list[RemoteCase] = []
    found = peers_patients(case, kept, wishes, aside)
    why_not = why_not_asked(case)
    shown = [] if is_seen else found
    gone = [] if is_seen else [each for each in kept if each.gone_at]
    release, told_of = service().release, newest(kept)
    return {
        "heading": _heading(lines, found, why_not),
        "last_asked": _last_asked(case),
        "state_heading": state_heading(lines),
        "lines": lines,
        "waiting": waiting,
        "wished": listing(list(wishes.words(service().release))),
        "unfit": _unfit(kept, found) - len(aside),
        "put_aside": Counter(each.node for each in aside),
        "do_not_know": [line.name for line in lines if _narrows_here(line)],
        "own_terms": profile.lines(
            (each for each in case.features if not each.excluded), service().release
        ),
        "own_genes": profile.gene_rows(case.genomic_features, service().release),
        "why_not": why_not,
        "may_share": may_share(person, case),
        "seen": seen,
        "is_seen": is_seen,
        "count": min(len(found), MOST_SHOWN),
        "cards": [
            remote_card(each, rank, told_of, release)
            for rank, each in enumerate(shown[:MOST_SHOWN], 1)
        ],
        "further": [remote_row(each) for each in shown[MOST_SHOWN:]],
        "gone": gone,
        "gone_ids": [text(each.remote.case.case_id) for each in gone],
        "terms": [] if is_seen else terms_of_peers(case, lines),
        "bands": bands(),
    }


def _last_asked(case: Case) -> str:
    """When any peer was asked last, and by whom; a program asks shared cases again."""
    states = Kept(connection()).states(case.case_id)
    last = max(states, key=lambda each: each.asked_at, default=None)
    return f"Last asked {moment(last.asked_at)} by {last.asked_by}." if last else ""


def terms_of_peers(case: Case, lines: Sequence[PeerLine]) -> list[PeerLine]:
    """The peers with a patient among the matches, and terms under which they answer."""
    telling = Kept(connection()).telling(case.case_id)
    return [
        line
        for line in lines
        if (line.disclaimer or line.terms) and line.name in telling
    ]


def _counts(kept: Sequence[KeptMatch]) -> Counter[str]:
    """How many patients each peer told of; those that are withdrawn are named as well."""
    return Counter(each.node for each in kept)


def _wishes(case: Case) -> Wishes:
    """What was asked for last, which the page keeps to until all is to be shown."""
    if "all" in request.args:
        return Wishes()
    return Kept(connection()).wishes(case.case_id)


def _unfit(kept: Sequence[KeptMatch], found: Sequence[Card]) -> int:
    """How many patients are kept that were not asked for last."""
    shown = sum(len(card.sightings) for card in found)
    return sum(not each.gone_at for each in kept) - shown


def _narrows_here(line: PeerLine) -> bool:
    """Whether the peer understands less of what may be asked for than there is."""
    return line.is_asked and not set(KEYS) <= set(line.query_keys)


def why_not_asked(case: Case) -> str:
    """Why peers cannot be asked about the case, "" if they can."""
    try:
        aside().require_askable(connection(), case)
    except NotAskable as error:
        return str(error)
    return ""


def _heading(lines: Sequence[PeerLine], found: Sequence[Card], why_not: str) -> str:
    """The answer in one line."""
    bands_found = [band_of(each) for each in found]
    calls, looks = bands_found.count("contact"), bands_found.count("look")
    said = [counted(calls, "patient") + " worth a call"] if calls else []
    if looks:
        said.append(
            f"{number_word(looks) if calls else counted(looks, 'patient')} worth a look"
        )
    if said:
        return sentence(", ".join(said)) + " at other sites"
    if found:
        return sentence(
            f"{counted(len(found), 'patient')} of other sites, none worth a call yet"
        )
    if any(line.state is not None for line in lines):
        is_waiting = any(line.is_waited_for for line in lines)
        return (
            "Other sites are being asked"
            if is_waiting
            else "No other site has a patient like this"
        )
    if why_not:
        return "Other sites cannot be asked about this case yet"
    return "Other sites were not asked about this case yet"
