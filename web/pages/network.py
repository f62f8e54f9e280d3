"""What other sites say of a case: ask them, and read their answers as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.readers.fields import printable
from matcher.wording import listing
from web.accounts.people import Person
from web.audit import AuditFailed
from web.db import connection
from web.errors import WebError
from web.mme.asked import KEYS
from web.mme.asking.answers import State
from web.mme.asking.aside import TooManyQuestions, aside
from web.mme.asking.asker import GRACE_SECONDS
from web.mme.asking.comparison import Comparison
from web.mme.asking.errors import NotAskable
from web.mme.asking.kept import Kept, KeptMatch, KeptState
from web.mme.asking.wishes import BadWish, Wishes, wishes_of
from web.mme.limits import Limits, Most
from web.mme.nodes import Node, Nodes
from web.mme.nodes.errors import UnknownNode
from web.mme.nodes.health import Breaker, Health
from web.pages import profile
from web.pages.admission import the_clinician
from web.pages.casehead import head_values, opened
from web.pages.colophon import bands
from web.pages.remote_cards import RemoteCard, newest, patients, remote_card, text
from web.pages.words import counted, moment, number_word, sentence
from web.service import service
from web.viewing import told
from web.viewing.visibility import may_share

blueprint = Blueprint("network", __name__)

MOST_SHOWN = 40
LOST = "asked, but the service ended before it answered; ask again"
LIMITED = {
    Most.NOTHING: "; it is to be told nothing of this case",
    Most.LEVEL_1: "; it is told of this case at level 1 only",
}
SIGNS = {
    State.ANSWERED: ("yes", "ok"),
    State.EMPTY: ("yes", "ok"),
    State.TIMED_OUT: ("clock", "warn"),
    State.WAITING: ("maybe", "muted"),
    State.SILENT: ("clock", "warn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerLine:
    """One peer: what became of asking it, and what it wants to be known of its answers."""

    name: str
    sign: str
    tone: str
    said: str
    state: State | None
    is_asked: bool
    query_keys: tuple[str, ...] = ()
    disclaimer: str = ""
    terms: str = ""

    @property
    def is_waited_for(self) -> bool:
        """Whether its answer may come yet."""
        return self.state is State.WAITING


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
    if not any(line.is_waited_for for line in _lines(case)):
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
    return redirect(url_for(".show", case_id=case.case_id), 303)


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
    lines = _lines(case)
    kept = Kept(connection()).matches(case.case_id)
    wishes = _wishes(case)
    told.record_answers(person, [case.case_id], _counts(kept), page="other sites")
    found = _cards(case, kept, [line.name for line in lines], wishes)
    why_not = _why_not(case)
    return {
        "heading": _heading(lines, found, why_not),
        "last_asked": _last_asked(case),
        "state_heading": _state_heading(lines),
        "lines": lines,
        "waiting": sum(line.is_waited_for for line in lines),
        "wished": listing(list(wishes.words(service().release))),
        "unfit": _unfit(kept, found),
        "do_not_know": [line.name for line in lines if _narrows_here(line)],
        "own_terms": profile.lines(
            (each for each in case.features if not each.excluded), service().release
        ),
        "own_genes": profile.gene_rows(case.genomic_features, service().release),
        "why_not": why_not,
        "may_share": may_share(person, case),
        "cards": found[:MOST_SHOWN],
        "further": found[MOST_SHOWN:],
        "gone": [each for each in kept if each.gone_at],
        "gone_ids": [text(each.remote.case.case_id) for each in kept if each.gone_at],
        "terms": [
            line
            for line in lines
            if (line.disclaimer or line.terms) and _has_told(line.name, kept)
        ],
        "bands": bands(),
    }


def _last_asked(case: Case) -> str:
    """When any peer was asked last, and by whom; a program asks shared cases again."""
    states = Kept(connection()).states(case.case_id)
    last = max(states, key=lambda each: each.asked_at, default=None)
    return f"Last asked {moment(last.asked_at)} by {last.asked_by}." if last else ""


def _counts(kept: Sequence[KeptMatch]) -> Counter[str]:
    """How many patients each peer told of; those that are withdrawn are named as well."""
    return Counter(each.node for each in kept)


def _wishes(case: Case) -> Wishes:
    """What was asked for last, which the page keeps to until all is to be shown."""
    if "all" in request.args:
        return Wishes()
    return Kept(connection()).wishes(case.case_id)


def _unfit(kept: Sequence[KeptMatch], found: Sequence[RemoteCard]) -> int:
    """How many patients are kept that were not asked for last."""
    shown = sum(len(card.sightings) for card in found)
    return sum(not each.gone_at for each in kept) - shown


def _narrows_here(line: PeerLine) -> bool:
    """Whether the peer understands less of what may be asked for than there is."""
    return line.is_asked and not set(KEYS) <= set(line.query_keys)


def _has_told(node: str, kept: Sequence[KeptMatch]) -> bool:
    return any(each.node == node and not each.gone_at for each in kept)


def _why_not(case: Case) -> str:
    """Why peers cannot be asked about the case, "" if they can."""
    try:
        aside().require_askable(connection(), case)
    except NotAskable as error:
        return str(error)
    return ""


def _cards(
    case: Case, kept: Sequence[KeptMatch], names: Sequence[str], wishes: Wishes
) -> list[RemoteCard]:
    release = service().release
    breaker, seen = Breaker(connection()), newest(kept)
    sizes = {
        node.name: breaker.health(node.node_id).cases
        for node in Nodes(connection())
        if node.name in names
    }
    comparison = Comparison(release, service().calibration)
    found = patients(case, kept, sizes, comparison, wishes)
    return [
        remote_card(each, rank, seen, release) for rank, each in enumerate(found, 1)
    ]


def _lines(case: Case) -> list[PeerLine]:
    """Every peer that can be asked or was, by name."""
    states = {each.node: each for each in Kept(connection()).states(case.case_id)}
    breaker = Breaker(connection())
    most = Limits(connection()).in_force(case.case_id)
    return [
        _line(
            node,
            states.get(node.name),
            breaker.health(node.node_id),
            most.get(node.name),
        )
        for node in Nodes(connection())
        if node.is_asked or node.name in states
    ]


def _line(
    node: Node, kept: KeptState | None, health: Health, most: Most | None
) -> PeerLine:
    state = kept.state if kept else None
    is_lost = kept is not None and state is State.WAITING and _is_over(kept)
    if is_lost:
        state = State.FAILED
    sign, tone = SIGNS.get(state, ("stop", "bad")) if state else ("gap", "muted")
    return PeerLine(
        name=node.name,
        sign=sign,
        tone=tone,
        said=(LOST if is_lost else _said(kept, health))
        + (LIMITED[most] if most else ""),
        state=state,
        is_asked=node.is_asked and most is not Most.NOTHING,
        query_keys=node.quirks.query_keys,
        disclaimer=text_of_terms((kept and kept.disclaimer) or node.disclaimer),
        terms=text_of_terms((kept and kept.terms) or node.terms),
    )


def _is_over(kept: KeptState) -> bool:
    """Whether the time for an answer is over, so that nobody waits for it any more."""
    seconds = service().settings.peer_seconds + 2 * GRACE_SECONDS
    end = datetime.fromisoformat(kept.asked_at) + timedelta(seconds=seconds)
    return datetime.now(UTC) > end


def _said(kept: KeptState | None, health: Health) -> str:
    """What became of asking a peer, in words."""
    if kept is None:
        return "not asked about this case yet"
    seconds = f"{kept.elapsed_ms / 1000:.1f} s"
    message = text(kept.message)
    dropped = _dropped(kept.dropped)
    since = health.failing_since
    silent = f", silent since {moment(since)}" if since else ""
    match kept.state:
        case State.ANSWERED:
            return f"answered in {seconds}, {counted(kept.results, 'patient')}{dropped}"
        case State.EMPTY:
            return f"answered in {seconds}, nothing alike{dropped}"
        case State.WAITING:
            return "asked, waiting"
        case State.TIMED_OUT:
            return f"timed out after {seconds}{silent}"
        case State.REJECTED:
            return f"refused: “{message}”"
        case State.UNREACHABLE:
            return f"not reached: {message}{silent}"
        case State.SILENT if since and health.open_until:
            return f"not asked{silent}; it is asked again after {moment(health.open_until)}"
        case State.SILENT:
            return f"not asked: {message}"
    return f"failed: {message}{silent}"


def _dropped(counts: Mapping[str, int]) -> str:
    """What was left out of a reply, by reason."""
    named = [f"{count:,} × {text(reason)}" for reason, count in counts.items()]
    return f"; left out: {', '.join(named)}" if named else ""


def _state_heading(lines: Sequence[PeerLine]) -> str:
    """Whether everybody answered; first what is not known."""
    if not lines:
        return "This site has no peers yet"
    asked = [line for line in lines if line.state is not None]
    waiting = [line for line in asked if line.is_waited_for]
    if waiting:
        answered = number_word(len(asked) - len(waiting))
        return sentence(f"{answered} of {counted(len(asked), 'site')} answered so far")
    missing = [line.name for line in asked if line.state and not line.state.is_complete]
    if missing:
        return f"Results are incomplete: no answer of {listing(missing)}"
    if not asked:
        return "Nobody was asked yet"
    left = len(lines) - len(asked)
    if left:
        return sentence(f"{counted(left, 'site')} not asked yet, the others answered")
    return "All sites answered"


def _heading(
    lines: Sequence[PeerLine], found: Sequence[RemoteCard], why_not: str
) -> str:
    """The answer in one line."""
    calls = sum(each.band == "contact" for each in found)
    looks = sum(each.band == "look" for each in found)
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


def text_of_terms(said: str) -> str:
    """A peer's disclaimer or terms: its text whole, without what steers a page."""
    return " ".join(printable(said).split())
