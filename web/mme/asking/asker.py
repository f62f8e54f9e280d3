"""Asks peers about a case of ours: which, in what order it happens, and what is told as it comes.

The connection to the database stays with the thread that asks; the threads that talk to peers
have none. Before anything is sent, the audit says to whom.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from matcher import Calibration
from matcher.case import Case
from matcher.storage.database import Database, write_transaction
from matcher.storage.store import CaseStore
from ontologies import Release
from web.audit import Audit
from web.errors import WebError, frames
from web.mme.asking.answers import PUT_ASIDE, Answer, RemoteCase, State
from web.mme.asking.calling.authorities import Authorities
from web.mme.asking.reading.comparison import Comparison, RemoteMatch
from web.mme.asking.calling.connections import Deadline, Resolve, addresses_of
from web.mme.asking.errors import BrokenReply, NotAskable, OutOfTime, Unreachable
from web.mme.asking.calling.fan_out import fan_out
from web.mme.asking.kept import Kept, News
from web.mme.asking.calling.messages import body_of, patient_for, require_askable
from web.mme.asking.reading.own_cases import without_own
from web.mme.asking.calling.posting import Line
from web.mme.asking.reading.replies import read_reply
from web.mme.asking.wishes import UNWANTED, Wishes
from web.mme.disclosing.consents import Consents, ConsentMissing
from web.mme.disclosing.disclosures import Disclosures
from web.mme.disclosing.generalisation import Generalisation
from web.mme.disclosing.limits import Limits, Most, limited
from web.mme.nodes import Node, Nodes
from web.mme.nodes.health import Breaker
from web.unrecognised.arriving import AFTER, Arrivals, Arrived, Kind

SENT = "sent to peers"
# A lookup of a name cannot be interrupted; nobody waits for one longer than this.
GRACE_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long all peers together may take, how many are asked at a time, what is remembered."""

    seconds: float = 20.0
    threads: int = 32
    remembered_days: int = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of asking one node.

    `results` are its patients, best by our score first; `news` says of each remote id whether
    it was told of before, and `gone` names those that are withdrawn. `dropped` and `noted` count
    by reason. `silent_since` is when its present silence began. Disclaimer and terms are those
    of the reply or, where it has none, those that are stored. `narrowed_here` names the wishes
    that the peer does not know, so that we alone hold to them.
    """

    node: Node
    state: State
    message: str = ""
    results: tuple[RemoteMatch, ...] = ()
    news: Mapping[str, News] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)
    elapsed: float = 0.0
    silent_since: str = ""
    disclaimer: str = ""
    terms: str = ""
    narrowed_here: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that is recorded, and of which nothing was sent yet.

    It may be handed to another thread. `left_out` are peers that cannot be asked now, and what
    is to be said of them.
    """

    ask_id: int
    case: Case
    lines: tuple[Line, ...]
    left_out: tuple[tuple[Node, Answer], ...]
    wishes: Wishes = Wishes()


Outcome = tuple[Answer, float]


class Asker:
    """Asks the peers of one installation, over a connection of the calling thread."""

    def __init__(
        self,
        db: Database,
        release: Release,
        calibration: Calibration,
        patience: Patience = Patience(),
        *,
        nodes: Nodes | None = None,
        breaker: Breaker | None = None,
        kept: Kept | None = None,
        authorities: Authorities | None = None,
        resolve: Resolve = addresses_of,
        consent_from_level: int = 2,
        rare_below: int = 0,
        singled_out_by: int = 0,
        readable_from: int = AFTER,
    ) -> None:
        self._db = db
        self._store = CaseStore(db)
        self._release = release
        self._comparison = Comparison(release, calibration)
        self._consents = Consents(db, consent_from_level)
        self._generalisation = Generalisation(db, release, rare_below, singled_out_by)
        self._patience = patience
        self._nodes = nodes or Nodes(db)
        self._breaker = breaker or Breaker(db)
        self._kept = kept or Kept(db)
        self._authorities = authorities or Authorities()
        self._resolve = resolve
        self._arrivals = Arrivals(db, release, readable_from)

    def ask(
        self,
        case_id: str,
        *,
        by: str,
        names: Sequence[str] = (),
        wishes: Wishes = Wishes(),
    ) -> Generator[Asked, None, None]:
        """What each peer says of a case, or only those named, as the answers come.

        Nothing is asked before the first is taken. Raises what `begin` raises.
        """
        begun = self.begin(case_id, by=by, names=names, wishes=wishes)
        yield from self.answers(begun)

    def begin(
        self,
        case_id: str,
        *,
        by: str,
        names: Sequence[str] = (),
        wishes: Wishes = Wishes(),
    ) -> Question:
        """Record whom a case is asked about, all peers or those named.

        Raises `UnknownCase`, `UnknownNode`, `NotAskable`, and `AuditFailed`.
        """
        self._kept.forget_older(self._patience.remembered_days)
        with write_transaction(self._db):
            case = self._store.get(case_id).case
            self.require_askable(case)
            most = Limits(self._db).in_force(case_id)
            chosen = self._chosen(case, names, most)
            ask_id = self._kept.begin(case, by, wishes)
        lines, left_out = self._lines(chosen)
        if lines:
            # Before anything leaves: what cannot be recorded is not sent.
            shown = [] if case.test else [line.node for line in lines]
            Audit(self._db).record(
                by,
                SENT,
                [case_id],
                also=lambda: Disclosures(self._db).sent(shown, case_id),
                nodes=[line.node.name for line in lines],
                sharing=str(case.sharing),
                test=case.test,
                **({"wishes": list(wishes.query())} if wishes else {}),
                **({"limited": sorted(most)} if most else {}),
            )
        self._kept.expect(ask_id, chosen)
        return Question(
            ask_id=ask_id,
            case=case,
            lines=tuple(lines),
            left_out=tuple(left_out),
            wishes=wishes,
        )

    def answers(self, question: Question) -> Generator[Asked, None, None]:
        """Put a question; what each peer says, as the answers come."""
        for node, answer in question.left_out:
            yield self._told(question, node, (answer, 0.0))
        yield from self._answers(question)

    def require_askable(self, case: Case) -> None:
        """Raise `NotAskable` if peers may not be asked about the case, or could not answer."""
        require_askable(self._generalisation.of(case), self._release)
        self._require_consent(case)

    def _require_consent(self, case: Case) -> None:
        try:
            self._consents.require(case)
        except ConsentMissing as error:
            why = f"it is shared as {case.sharing} without a consent that is good today"
            raise NotAskable(case.case_id, why) from error

    def _chosen(
        self, case: Case, names: Sequence[str], most: Mapping[str, Most]
    ) -> list[Node]:
        never = {name for name, limit in most.items() if limit is Most.NOTHING}
        if not names:
            return [n for n in self._nodes if n.is_asked and n.name not in never]
        chosen = [self._nodes.get(name) for name in dict.fromkeys(names)]
        for node in chosen:
            if node.name in never:
                raise NotAskable(
                    case.case_id,
                    f"the node {node.name!r} is to be told nothing of it, as the page 'What "
                    "peers see' says",
                )
            if not node.is_asked:
                raise NotAskable(
                    case.case_id,
                    f"the node {node.name!r} is revoked, or has no address or no token for us "
                    f"to send; see 'secondcase node show {node.name}'",
                )
        return chosen

    def _lines(
        self, chosen: Sequence[Node]
    ) -> tuple[list[Line], list[tuple[Node, Answer]]]:
        """The peers that can be asked now, and what is to be said of the others."""
        lines, left_out = [], []
        for node in chosen:
            try:
                token = self._nodes.outbound_token(node)
                tls = self._authorities.context(node.ca_file)
            except (WebError, OSError) as error:
                why = str(error) if isinstance(error, WebError) else _unusable(node)
                left_out.append((node, Answer(state=State.UNREACHABLE, message=why)))
                continue
            if self._breaker.admits(node.node_id):
                lines.append(
                    Line(node=node, token=token, tls=tls, resolve=self._resolve)
                )
            else:
                left_out.append((node, self._silence(node)))
        return lines, left_out

    def _silence(self, node: Node) -> Answer:
        health = self._breaker.health(node.node_id)
        since = health.failing_since
        why = f"it has not answered since {since}" if since else "it asked for a pause"
        message = f"{why}; it is asked again after {health.open_until}"
        return Answer(state=State.SILENT, message=message)

    def _answers(self, question: Question) -> Iterator[Asked]:
        case, wishes = question.case, question.wishes
        deadline = Deadline(self._patience.seconds)
        calls: dict[Node, Callable[[], Outcome]] = {}
        most = Limits(self._db).in_force(case.case_id)
        for line in question.lines:
            case_here = limited(case, most.get(line.node.name))
            if case_here is None:
                continue
            told = self._generalisation.of(case_here)
            patient = patient_for(line.node, told, self._release)
            body = body_of(patient, wishes.query_for(line.node.quirks.query_keys))
            calls[line.node] = partial(_question, line, body, deadline, case.test)
        found = fan_out(
            calls,
            seconds=self._patience.seconds + GRACE_SECONDS,
            threads=self._patience.threads,
        )
        for node, outcome in found:
            late = Answer(state=State.TIMED_OUT, message=str(OutOfTime()))
            done = outcome or (late, self._patience.seconds)
            self._note(node, *done)
            yield self._told(question, node, done)

    def _note(self, node: Node, answer: Answer, elapsed: float) -> None:
        """Tell the breaker how the peer fared."""
        if answer.state.is_complete:
            self._breaker.succeeded(node.node_id, round(1000 * elapsed))
        elif answer.state.is_failure:
            self._breaker.failed(node.node_id, answer.retry_after)
        else:
            self._breaker.refused(node.node_id, answer.retry_after)

    def _told(self, question: Question, node: Node, outcome: Outcome) -> Asked:
        case, wishes = question.case, question.wishes
        answer, elapsed = outcome
        answer = without_own(answer, case, self._store, self._release)
        arrived = [Arrived(each.case, each.uncoded) for each in answer.remotes]
        self._arrivals.note(Kind.ANSWER, node.name, arrived)
        health = self._breaker.health(node.node_id)
        aside: list[RemoteCase] = []
        results = self._comparison.ranked(
            case, answer.remotes, health.cases, wishes, aside
        )
        answer = answer.without(aside, PUT_ASIDE)
        if wishes:
            answer = _narrowed(answer, len(results))
        recorded = self._kept.record(
            question.ask_id, node, answer, round(1000 * elapsed), results
        )
        return Asked(
            node=node,
            state=answer.state,
            message=answer.message,
            results=tuple(results),
            news=recorded.news,
            gone=recorded.gone,
            dropped=answer.dropped,
            noted=answer.noted,
            elapsed=elapsed,
            silent_since=health.failing_since or "",
            disclaimer=answer.disclaimer or node.disclaimer,
            terms=answer.terms or node.terms,
            narrowed_here=wishes.unknown_to(node.quirks.query_keys),
        )


def _narrowed(answer: Answer, wanted: int) -> Answer:
    """The answer to a question that asked for some patients only, of which so many fit."""
    dropped = dict(answer.dropped)
    if unwanted := len(answer.remotes) - wanted:
        dropped[UNWANTED] = unwanted
    return replace(answer, dropped=dropped, is_narrowed=True)


def _question(line: Line, body: bytes, deadline: Deadline, test: bool) -> Outcome:
    """What one peer answers and how long it took; whatever goes wrong is an answer too."""
    start = time.monotonic()
    try:
        answer = read_reply(line.post(body, deadline), line.node, test=test)
    except Unreachable as error:
        answer = Answer(state=State.UNREACHABLE, message=str(error))
    except OutOfTime as error:
        answer = Answer(state=State.TIMED_OUT, message=str(error))
    except BrokenReply as error:
        answer = Answer(state=State.FAILED, message=str(error))
    except Exception as error:
        # One peer's reply, whatever is in it, must not cost the answers of the others.
        log.error(
            "reply not understood",
            node=line.node.name,
            error=type(error).__name__,
            frames=frames(error),
        )
        answer = Answer(
            state=State.FAILED, message="its reply could not be understood here"
        )
    # Some repeat the token that they do not know, and the message is shown and kept.
    said = answer.message.replace(line.token, "(token)")
    return replace(answer, message=said), time.monotonic() - start


def _unusable(node: Node) -> str:
    return f"the CA file {node.ca_file!r} cannot be used; give one in PEM format"
