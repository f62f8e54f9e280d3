"""The peers of this site one by one: what became of asking each about a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matcher.case import Case
from matcher.readers.fields import printable
from matcher.wording import listing
from web.db import connection
from web.mme.asking.answers import State
from web.mme.asking.asker import GRACE_SECONDS
from web.mme.asking.kept import Kept, KeptState
from web.mme.disclosing.limits import Limits, Most
from web.mme.nodes import Node, Nodes
from web.mme.nodes.health import Breaker, Health
from web.pages.cards.remote import text
from web.pages.words import counted, moment, number_word, sentence
from web.service import service

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
    """One peer: what became of asking it, and what it wants to be known of its answers.

    `cases` is how many it says to have, 0 where it does not; `query_keys` are the wishes that
    it understands.
    """

    name: str
    sign: str
    tone: str
    said: str
    state: State | None
    is_asked: bool
    cases: int = 0
    query_keys: tuple[str, ...] = ()
    disclaimer: str = ""
    terms: str = ""

    @property
    def is_waited_for(self) -> bool:
        """Whether its answer may come yet."""
        return self.state is State.WAITING

    @property
    def is_missing(self) -> bool:
        """Whether it was asked and gave no answer, so that nobody looked at its cases."""
        if self.state is None or self.is_waited_for:
            return False
        return not self.state.is_complete


def peer_lines(case: Case) -> list[PeerLine]:
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
        cases=health.cases or 0,
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


def state_heading(lines: Sequence[PeerLine]) -> str:
    """Whether everybody answered; first what is not known."""
    if not lines:
        return "This site has no peers yet"
    asked = [line for line in lines if line.state is not None]
    waiting = [line for line in asked if line.is_waited_for]
    if waiting:
        answered = number_word(len(asked) - len(waiting))
        return sentence(f"{answered} of {counted(len(asked), 'site')} answered so far")
    missing = [line.name for line in asked if line.is_missing]
    if missing:
        return f"Results are incomplete: no answer of {listing(missing)}"
    if not asked:
        return "Nobody was asked yet"
    left = len(lines) - len(asked)
    if left:
        return sentence(f"{counted(left, 'site')} not asked yet, the others answered")
    return "All sites answered"


def text_of_terms(said: str) -> str:
    """A peer's disclaimer or terms: its text whole, without what steers a page."""
    return " ".join(printable(said).split())
