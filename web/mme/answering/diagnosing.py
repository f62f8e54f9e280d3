"""What the operator is told of a request in trouble, found while it is answered or refused."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import structlog
from flask import Flask, current_app, request

from matcher.errors import (
    ByteOrderMark,
    DuplicateKey,
    EmptyDocument,
    LoneSurrogate,
    MalformedCase,
    NotANumber,
    NotJson,
    NotText,
    TooDeep,
    TooLarge,
    TooManyValues,
)
from matcher.readers.fields import Fields, plain_text
from matcher.readers.identifiers import MAX_CASE_ID, hpo_id, is_hpo_id
from matcher.readers.mme_genomics import gene_of
from matcher.readers.report import CaseRecord, Report, Trouble, Wrong
from matcher.readers.strict_json import MAX_DEPTH, MESSAGE_BYTES, MESSAGE_VALUES
from matcher.storage.database import Database
from matcher.storage.errors import StoreError
from ontologies import Release
from web.db import connection
from web.mme.answering.diagnoses import Diagnoses, Stranger
from web.mme.nodes import Node, Nodes
from web.mme.answering.questions import READ
from web.mme.answering.wire import (
    LATEST_MINOR,
    UnsupportedType,
    UnsupportedVersion,
    content_type,
)

EXTENSION = "secondcase-strangers"
# Anybody can send requests without a token: they are counted, and written now and then.
PAUSE_SECONDS = 5.0
IN_PART = "answered as far as it was understood"
ENDED = "its token was ended"
TOO_LITTLE = "too little to search with"
ENOUGH = "three HPO terms that say something each, or a gene that is known here"
GENE_FORM = "an Ensembl, HGNC or NCBI id, or a current symbol"
ENDED_TOKEN = Trouble(
    "X-Auth-Token", Wrong.UNKNOWN, "the newest token that it was given"
)
PROFILE = Trouble("patient", Wrong.LITTLE, ENOUGH)
NO_PATIENT = Trouble("patient", Wrong.MISSING, "an object with id, contact, features")

log = structlog.get_logger(__name__)

# What is wrong with a request that is not read any further.
_ERRORS: Mapping[type[BaseException], Trouble] = {
    ByteOrderMark: Trouble("body", Wrong.FORM, "UTF-8 without a byte order mark"),
    DuplicateKey: Trouble("body", Wrong.FORM, "each key once in an object"),
    EmptyDocument: Trouble("body", Wrong.MISSING, 'an object with a "patient"'),
    LoneSurrogate: Trouble("body", Wrong.FORM, "both halves of a surrogate pair"),
    MalformedCase: Trouble(
        "patient.id",
        Wrong.FORM,
        f"text that can be printed, or a number; at most {MAX_CASE_ID} characters",
    ),
    NotANumber: Trouble(
        "body", Wrong.FORM, "null, and no NaN or Infinity, for an unknown number"
    ),
    NotText: Trouble("body", Wrong.FORM, "UTF-8"),
    TooDeep: Trouble("body", Wrong.MANY, f"at most {MAX_DEPTH} levels"),
    TooLarge: Trouble("body", Wrong.MANY, f"at most {MESSAGE_BYTES:,} bytes"),
    TooManyValues: Trouble("body", Wrong.MANY, f"at most {MESSAGE_VALUES:,} values"),
    UnsupportedType: Trouble("Content-Type", Wrong.UNKNOWN, content_type(LATEST_MINOR)),
    UnsupportedVersion: Trouble(
        "Content-Type and Accept", Wrong.UNKNOWN, content_type(LATEST_MINOR)
    ),
}


def refused(
    node: Node,
    error: Exception,
    *,
    status: int,
    reason: str,
    report: Report | None = None,
    otherwise: Trouble | None = None,
) -> None:
    """Keep that a request was refused, and everything that was wrong with it until then.

    `otherwise` is what is wrong where the error does not come from one that says more.
    """
    found = _of_error(error) or otherwise
    troubles = [*(report.troubles if report else ()), *([found] if found else ())]
    _keep(node, status=status, reason=reason, troubles=troubles)


def answered(node: Node, report: Report, *, is_enough: bool = True) -> None:
    """Keep what was wrong with a request that was answered, if anything was."""
    troubles = list(report.troubles)
    if not is_enough:
        troubles.append(PROFILE)
    if troubles:
        reason = IN_PART if is_enough else TOO_LITTLE
        _keep(node, status=200, reason=reason, troubles=troubles)


class Gate:
    """Counts in one process who comes without a good token; anybody can, and often."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._met: Counter[Stranger] = Counter()
        self._written_at = -PAUSE_SECONDS
        self._kept_at: dict[int, float] = {}

    def met(self, kind: Stranger, db: Database) -> None:
        """Count one; the database hears of it at once, or with the next after a pause."""
        with self._lock:
            self._met[kind] += 1
            if self._clock() - self._written_at < PAUSE_SECONDS:
                return
        self.write(db)

    def is_kept(self, node: Node) -> bool:
        """Whether a request with an ended token of the peer is kept; one in a pause is."""
        with self._lock:
            now = self._clock()
            if now - self._kept_at.get(node.node_id, -PAUSE_SECONDS) < PAUSE_SECONDS:
                return False
            self._kept_at[node.node_id] = now
            return True

    def waiting(self, kind: Stranger) -> int:
        """How many were counted that the database has not heard of."""
        with self._lock:
            return self._met[kind]

    def write(self, db: Database) -> None:
        """Put what was counted into the database."""
        with self._lock:
            met, self._met = self._met, Counter()
            self._written_at = self._clock()
        for kind, times in met.items():
            Diagnoses(db).met(kind, times)


def init_app(app: Flask) -> None:
    """Let the endpoints of an application count strangers."""
    app.extensions[EXTENSION] = Gate()


def gate() -> Gate:
    """Where the current request is counted if it has no good token."""
    found: Gate = current_app.extensions[EXTENSION]
    return found


def stranger(token: str) -> None:
    """Count a request without a good token, or keep it with the peer whose token was ended.

    Of the token nothing is kept.
    """
    kind = Stranger.UNKNOWN if token else Stranger.MISSING
    try:
        node = Nodes(connection()).by_ended_token(token)
        if node is None:
            gate().met(kind, connection())
        elif gate().is_kept(node):
            _keep(node, status=401, reason=ENDED, troubles=[ENDED_TOKEN])
    except StoreError as error:
        log.warning("stranger not counted", error=type(error).__name__)


def note_unknown(
    message: Mapping[str, object], report: Report, release: Release
) -> None:
    """Note where terms and genes stand that are well formed and not known here."""
    # The report has heard already of all that is not well formed.
    fields = Fields(message, CaseRecord(Report(limit=0), "")).child("patient")
    for place, item in fields.placed("features", READ.features):
        said = item.get("id") if isinstance(item, dict) else item
        term_id = hpo_id(plain_text(said) or "")
        if is_hpo_id(term_id) and release.ontology.resolve(term_id).term_id is None:
            right = f"a term of HPO {release.ontology.version}"
            report.trouble(f"{place}.id", Wrong.UNKNOWN, right)
    for feature in fields.children("genomicFeatures", most=READ.genomic_features):
        name, _ = gene_of(feature)
        if name and release.genes.resolve(name).gene is None:
            report.trouble(feature.spot("gene"), Wrong.UNKNOWN, GENE_FORM)


def _of_error(error: Exception) -> Trouble | None:
    """What an error says of the request, without a word of the request."""
    cause = error.__cause__ or error
    if isinstance(cause, NotJson):
        place = f"body, line {cause.line}, column {cause.column}"
        return Trouble(place, Wrong.FORM, "one JSON object")
    return _ERRORS.get(type(cause))


def _keep(node: Node, *, status: int, reason: str, troubles: Sequence[Trouble]) -> None:
    try:
        Diagnoses(connection()).keep(
            node, path=request.path, status=status, reason=reason, troubles=troubles
        )
    except StoreError as error:
        # The answer to the peer does not hang on it.
        log.warning("diagnosis not kept", error=type(error).__name__, node=node.name)
