"""Whether a peer keeps to the protocol, and what its messages must be like: a probe, and a report.

A probe asks about a test patient only, marked as one. What it finds becomes the peer's quirks;
what an operator set by hand and a probe cannot see (where coordinates begin, plain labels) stays.
"""

from __future__ import annotations

import enum
import secrets
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from matcher.case import Case, Contact, GenomicFeature, PhenotypicFeature, Sharing
from matcher.errors import UnreadableInput
from matcher.readers.fields import as_object, plain_text, printable
from matcher.readers.strict_json import parse_json
from ontologies import Release
from web.mme.answering.asked import KEYS
from web.mme.asking.answers import Answer, State
from web.mme.asking.calling.connections import MOST_BYTES, Deadline, Reply
from web.mme.asking.errors import CallFailed
from web.mme.asking.calling.messages import body_of, patient_for
from web.mme.asking.calling.posting import WRONG_VERSION, Line
from web.mme.asking.reading.replies import read_reply
from web.mme.nodes import Node
from web.mme.nodes.quirks import GeneIds, Quirks
from web.mme.answering.wire import content_type

SLOW_MS = 1000
LONGEST_LIST = 200
MOVED = (301, 302, 303, 307, 308, 404, 405)
# The gene and the leading signs of the disorder that the exchange's own test patients share.
TEST_CASE = Case(
    case_id="secondcase-probe",
    features=tuple(
        PhenotypicFeature(term_id=each)
        for each in ("HP:0000252", "HP:0001263", "HP:0000347", "HP:0000405")
    ),
    genomic_features=(GenomicFeature(gene="EFTUD2"),),
    contact=Contact(
        name="Secondcase test patient", href="https://github.com/ga4gh/mme-apis"
    ),
    sharing=Sharing.EXCHANGE_1,
    test=True,
)


class Verdict(enum.StrEnum):
    """How one thing was found."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and the sentence about it."""

    name: str
    verdict: Verdict
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """What a probe of one peer found. `cases` is how many it says to have."""

    node: str
    address: str
    checks: tuple[Check, ...]
    quirks: Quirks
    latency_ms: int | None
    cases: int | None
    state: State

    @property
    def is_usable(self) -> bool:
        """Whether the test patient was answered."""
        return self.state.is_complete

    def to_json(self) -> dict[str, Any]:
        """The report for other programs."""
        return {**asdict(self), "is_usable": self.is_usable}

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield f"{self.node} at {self.address}"
        for each in self.checks:
            yield f"  {each.verdict.upper():5} {each.name:18} {each.found}"
        keys = " ".join(self.quirks.query_keys) or "none"
        told = {**asdict(self.quirks), "query_keys": keys}
        quirks = ", ".join(f"{k} {v}" for k, v in told.items())
        yield f"  Asked from now on with: {quirks}."


def probe(line: Line, release: Release, seconds: float) -> Conformance:
    """The conformance of one peer, each call within so many seconds; never raises."""
    return _Probe(line, release, seconds).report()


@dataclass(slots=True)
class _Probe:
    """Calls one peer in several ways and notes what it does."""

    line: Line
    release: Release
    seconds: float
    checks: list[Check] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    # None while the heartbeat has said nothing of it.
    query_keys: tuple[str, ...] | None = None

    def report(self) -> Conformance:
        node = self.line.node
        listed = self._heartbeat()
        self._wrong_token()
        answer, quirks = self._match(listed)
        if answer.state.is_complete:
            quirks = self._later_version(listed, quirks)
            self._charset(quirks)
            answer, quirks = self._gene_ids(answer, quirks)
            self._answer(answer)
        cases = self._metrics()
        latency = round(1000 * statistics.median(self.times)) if self.times else None
        if latency is not None:
            slow = latency > SLOW_MS
            self._say(
                "latency", not slow, f"{latency} ms, the median of its replies", slow
            )
        return Conformance(
            node=node.name,
            address=node.address,
            checks=tuple(self.checks),
            quirks=quirks,
            latency_ms=latency,
            cases=cases,
            state=answer.state,
        )

    def _say(self, name: str, is_well: bool, found: str, mild: bool = False) -> None:
        worse = Verdict.WARN if mild else Verdict.FAIL
        self.checks.append(Check(name, Verdict.PASS if is_well else worse, found))

    def _call(self, method: str, url: str, minor: int = 0, **more: Any) -> Reply | str:
        """The reply, or why there is none."""
        body = more.pop("body", b"")
        line = more.pop("line", self.line)
        start = time.monotonic()
        try:
            found: Reply = line.call(
                method, url, minor, body, Deadline(self.seconds), **more
            )
        except CallFailed as error:
            return str(error)
        self.times.append(time.monotonic() - start)
        return found

    def _heartbeat(self) -> frozenset[str]:
        """The content types that the peer lists."""
        reply = self._call("GET", self.line.address.heartbeat)
        if isinstance(reply, str) or reply.status != 200:
            self._say("heartbeat", False, _why(reply), mild=True)
            return frozenset()
        told = as_object(_object(reply).get("heartbeat")) or {}
        accepts = told.get("accept")
        listed = frozenset(
            (plain_text(each) or "").lower().replace(" ", "")
            for each in (accepts if isinstance(accepts, list) else [])[:LONGEST_LIST]
        )
        version = printable(plain_text(told.get("version")) or "none")[:40]
        kind = "production" if told.get("production") is True else "not production"
        self._say("heartbeat", bool(told), f"version {version}, {kind}", mild=True)
        known = [minor for minor in (0, 1) if content_type(minor) in listed]
        names = ", ".join(f"1.{minor}" for minor in known) or "none that we know"
        self._wishes(told.get("_query"))
        self._say("versions listed", bool(known), names, mild=True)
        return listed

    def _wishes(self, said: object) -> None:
        """Which keys of `_query` the peer understands, of those that we send."""
        given = (
            [plain_text(each) for each in said[:LONGEST_LIST]]
            if isinstance(said, list)
            else []
        )
        self.query_keys = tuple(key for key in KEYS if key in given)
        if self.query_keys:
            self._say("wishes", True, f"takes {', '.join(self.query_keys)}")

    def _wrong_token(self) -> None:
        stranger = replace(self.line, token=secrets.token_urlsafe(32))
        reply = self._call("GET", self.line.address.heartbeat, line=stranger)
        if isinstance(reply, Reply):
            is_refused = reply.status in (401, 403)
            found = "refused" if is_refused else f"answered with HTTP {reply.status}"
            self._say("wrong token", is_refused, found, mild=True)

    def _match(self, listed: frozenset[str]) -> tuple[Answer, Quirks]:
        """The answer to the test patient, and the address and version that brought it."""
        known = self.line.node.quirks
        if self.query_keys is not None:
            known = replace(known, query_keys=self.query_keys)
        tries = [(False, 0), (True, 0), (False, 1), (True, 1)]
        answer = Answer(state=State.UNREACHABLE)
        for slash, minor in tries:
            if minor and content_type(minor) not in listed:
                break
            quirks = replace(known, minor=minor, trailing_slash=slash)
            reply = self._posted(quirks)
            answer = self._read(reply)
            if answer.state.is_complete:
                path = "/match/" if slash else "/match"
                self._say("address", True, f"answers at {path}")
                self._say("version 1.0", minor == 0, f"answered 1.{minor}", mild=True)
                return answer, quirks
            if isinstance(reply, str):
                break
            if not slash and reply.status not in (*MOVED, *WRONG_VERSION):
                break
        self._say("test patient", False, answer.message or "no answer")
        return answer, known

    def _later_version(self, listed: frozenset[str], quirks: Quirks) -> Quirks:
        """Version 1.1 where the peer lists it and answers in it."""
        later = replace(quirks, minor=1)
        if quirks.minor or content_type(1) not in listed:
            return quirks
        reply = self._posted(later)
        works = self._read(reply).state.is_complete
        found = "answered" if works else f"listed, but {_why(reply)}"
        self._say("version 1.1", works, found, mild=True)
        return later if works else quirks

    def _charset(self, quirks: Quirks) -> None:
        reply = self._posted(quirks, charset="utf-8")
        works = self._read(reply).state.is_complete
        self._say("charset", works, "taken" if works else _why(reply), mild=True)

    def _gene_ids(self, answer: Answer, quirks: Quirks) -> tuple[Answer, Quirks]:
        """Gene symbols as ids where only they find anything."""
        if answer.remotes:
            return answer, replace(quirks, gene_ids=GeneIds.ENSEMBL)
        by_symbol = replace(quirks, gene_ids=GeneIds.SYMBOL)
        found = self._read(self._posted(by_symbol))
        if not found.remotes:
            return answer, quirks
        self._say("gene ids", True, "finds a gene by its symbol alone", mild=True)
        return found, by_symbol

    def _answer(self, answer: Answer) -> None:
        """What is to be said of the patients that the test patient brought."""
        number = len(answer.remotes)
        some = f"{number} of its patients" if number else "none of its patients"
        self._say("test patient", number > 0, f"brings {some}", mild=True)
        odd = {**answer.dropped, **answer.noted}
        if odd:
            named = ", ".join(f"{count:,} x {name}" for name, count in odd.items())
            self._say("results", False, named, mild=True)

    def _metrics(self) -> int | None:
        """How many cases the peer says it has."""
        reply = self._call("GET", self.line.address.metrics)
        if isinstance(reply, str) or reply.status != 200:
            self._say("metrics", False, _why(reply), mild=True)
            return None
        told = as_object(_object(reply).get("metrics")) or _object(reply)
        said = plain_text(told.get("numberOfCases")) or ""
        is_number = said.isascii() and said.isdigit() and len(said) <= 12
        shown = f"{int(said):,} cases" if is_number else "numberOfCases is no number"
        self._say("metrics", is_number, shown, mild=True)
        return int(said) if is_number else None

    def _posted(self, quirks: Quirks, **more: Any) -> Reply | str:
        node: Node = replace(self.line.node, quirks=quirks)
        body = body_of(patient_for(node, TEST_CASE, self.release))
        url = self.line.address.match(quirks.trailing_slash)
        return self._call("POST", url, quirks.minor, body=body, **more)

    def _read(self, reply: Reply | str) -> Answer:
        if isinstance(reply, str):
            return Answer(state=State.UNREACHABLE, message=reply)
        return read_reply(reply, self.line.node, test=True)


def _why(reply: Reply | str) -> str:
    if isinstance(reply, str):
        return reply
    return f"HTTP {reply.status}"


def _object(reply: Reply) -> Mapping[str, object]:
    """The JSON object in a reply, an empty one if it is anything else."""
    try:
        value = parse_json(reply.body, max_bytes=MOST_BYTES, nan_is_null=True)
    except UnreadableInput:
        return {}
    return as_object(value) or {}
