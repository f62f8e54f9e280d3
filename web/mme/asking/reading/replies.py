"""What a peer's reply says: every valid item of it, and counts of the rest by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from matcher.case import Case
from matcher.errors import UnreadableInput
from matcher.readers import Report, mme
from matcher.readers.fields import as_object, plain_text, printable
from matcher.readers.strict_json import MAX_VALUES, parse_json
from web.mme.asking.answers import BEYOND, Answer, RemoteCase, State, score_in_range
from web.mme.asking.calling.connections import MOST_BYTES, Reply
from web.mme.nodes import Node
from web.mme.answering.questions import READ, bounded

MOST_RESULTS = 200
LONGEST_MESSAGE = 300
LONGEST_TERMS = 5_000
LONGEST_SCORE = 20
BOM = b"\xef\xbb\xbf"

NO_OBJECT = "no object"
NO_PATIENT = "no patient"
UNREADABLE = "unreadable patient"
REPEATED = "repeated id"
TEST_CASE = "test case in the answer to a real question"
NO_SCORE = "no score"
ODD_SCORE = "score that is not between 0 and 1"
NO_CONTACT = "no contact"
CUT = "profile cut short"
ODD_RESULTS = "results that are no list"


def read_reply(reply: Reply, node: Node, *, test: bool) -> Answer:
    """The answer in a reply to a question about a real case or, with `test`, a test case."""
    if reply.status >= 300:
        return _refusal(reply)
    if reply.status == 204:
        return Answer(state=State.EMPTY)
    report = Report(limit=0)
    try:
        # A null where NaN stands costs that score; refusing it would cost the whole reply.
        value = parse_json(
            reply.body.removeprefix(BOM),
            max_bytes=MOST_BYTES,
            max_values=MAX_VALUES,
            report=report,
            nan_is_null=True,
        )
    except UnreadableInput as error:
        return Answer(state=State.FAILED, message=_no_json(reply.body, str(error)))
    return _Reading(node, test).answer(value)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds after which the peer wants to be asked again, 0 if it does not say."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _refusal(reply: Reply) -> Answer:
    """What a status other than success means, with the peer's own word if it sent one."""
    said = _message(reply.body)
    told = f"HTTP {reply.status}{f': {said}' if said else ''}"
    if reply.status < 400:
        where = printable(reply.headers.get("location", "another address"))[:100]
        told = f"HTTP {reply.status}: it redirects to {where}, which is never followed"
    is_refusal = 400 <= reply.status < 500
    return Answer(
        state=State.REJECTED if is_refusal else State.FAILED,
        message=told,
        retry_after=retry_after(reply.headers),
    )


def _message(body: bytes) -> str:
    """The sentence in the body of a refusal: an object's message, or a bare string."""
    try:
        value = parse_json(body.removeprefix(BOM), nan_is_null=True)
    except UnreadableInput:
        return ""
    return _sentence(value if isinstance(value, str) else as_object(value) or {})


def _sentence(value: str | Mapping[str, object]) -> str:
    if isinstance(value, str):
        return _text(value, LONGEST_MESSAGE)
    said = (plain_text(value.get(key)) for key in ("message", "error", "detail"))
    return _text(next(filter(None, said), ""), LONGEST_MESSAGE)


def _text(value: object, longest: int) -> str:
    return printable(plain_text(value) or "")[:longest].strip()


def _no_json(body: bytes, why: str) -> str:
    if body.lstrip()[:1] == b"<":
        return "it answered with a web page instead of JSON"
    return f"its reply cannot be read: {why}"


@dataclass(slots=True)
class _Reading:
    """Reads the items of one reply, and counts what is odd."""

    node: Node
    test: bool
    dropped: Counter[str]
    noted: Counter[str]
    seen: set[str]

    def __init__(self, node: Node, test: bool) -> None:
        self.node = node
        self.test = test
        self.dropped = Counter()
        self.noted = Counter()
        self.seen = set()

    def answer(self, value: object) -> Answer:
        message = as_object(value)
        if message is None:
            why = _text(value, LONGEST_MESSAGE) or "its reply is no JSON object"
            return Answer(state=State.FAILED, message=why)
        results = message.get("results")
        if results is None and "results" not in message:
            said = _sentence(message)
            return Answer(
                state=State.REJECTED if said else State.FAILED,
                message=said or "its reply has no results in it",
            )
        remotes = tuple(self._remotes(results))
        return Answer(
            state=State.ANSWERED if remotes else State.EMPTY,
            message=_sentence(message),
            remotes=remotes,
            dropped=dict(self.dropped),
            noted=dict(self.noted),
            disclaimer=_either(message, "disclaimer"),
            terms=_either(message, "terms"),
        )

    def _remotes(self, results: object) -> Iterator[RemoteCase]:
        if not isinstance(results, list):
            if results:
                self.dropped[ODD_RESULTS] += 1
            return
        kept = 0
        for number, result in enumerate(results):
            if kept == MOST_RESULTS:
                self.dropped[BEYOND] = len(results) - number
                return
            found = self._remote(result)
            if found is not None:
                kept += 1
                yield found

    def _remote(self, value: object) -> RemoteCase | None:
        result = as_object(value)
        if result is None:
            self.dropped[NO_OBJECT] += 1
            return None
        patient = as_object(result.get("patient"))
        if patient is None:
            self.dropped[NO_PATIENT] += 1
            return None
        report = Report(limit=0)
        case = self._case(patient, report)
        if case is None:
            return None
        given, in_range = self._score(result.get("score"))
        if case.contact is None:
            self.noted[NO_CONTACT] += 1
        return RemoteCase(
            node=self.node.name,
            case=case,
            peer_score=given,
            score_in_range=in_range,
            uncoded=tuple(each.words for each in report.uncoded),
        )

    def _case(self, patient: Mapping[str, object], report: Report) -> Case | None:
        try:
            case = mme.from_json(
                patient,
                report,
                self.node.name,
                coordinate_base=self.node.quirks.coordinates.read,
                limits=READ,
            )
        except UnreadableInput:
            self.dropped[UNREADABLE] += 1
            return None
        if case.case_id in self.seen:
            self.dropped[REPEATED] += 1
            return None
        if case.test and not self.test:
            self.dropped[TEST_CASE] += 1
            return None
        self.seen.add(case.case_id)
        cut: list[str] = []
        case = bounded(case, cut)
        if cut:
            self.noted[CUT] += 1
        # Few peers say so of the patients that they answer a test question with.
        return replace(case, test=self.test)

    def _score(self, value: object) -> tuple[str, float | None]:
        """The peer's score as given, and as a number if it can be one."""
        score = as_object(value)
        given = plain_text(score.get("patient") if score else value)
        if not given:
            self.noted[NO_SCORE] += 1
            return "", None
        number = score_in_range(given)
        if number is not None:
            return given[:LONGEST_SCORE], number
        self.noted[ODD_SCORE] += 1
        return printable(given)[:LONGEST_SCORE], None


def _either(message: Mapping[str, object], name: str) -> str:
    said = message.get(name) or message.get(f"_{name}")
    return _text(said, LONGEST_TERMS)
