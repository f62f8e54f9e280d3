"""What is to be said about a release, as data: one finding, how grave it is, and which ids."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ontologies.errors import InvalidFile, OntologyError, RefusedFiles

_SHOWN = 3


class Severity(enum.StrEnum):
    """An error keeps a release from being activated, a warning needs a reason, a note nothing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Kind(enum.StrEnum):
    """The rule that a finding is about."""

    REFUSED_FILE = "refused file"
    MISSING_ROOT = "missing root"
    OTHER_ROOT = "other root"
    MISSING_BRANCH = "missing branch"
    LOST_SUCCESSOR = "lost successor"
    LIVE_ALTERNATIVE = "live alternative"
    UNKNOWN_PREFIX = "unknown prefix"
    SAME_LABEL = "same label"
    SWAPPED_NAMES = "swapped names"
    MOVED_NAME = "moved name"
    VANISHED = "vanished"
    RETURNED = "returned"
    SHRUNK = "shrunk"
    SHRUNK_BRANCH = "shrunk branch"
    OLDER_VERSION = "older version"
    SAME_VERSION = "same version"
    VERSION_AHEAD = "version ahead"
    UNKNOWN_TERM = "unknown term"
    OBSOLETE_TERM = "obsolete term"
    SAME_SYMBOL = "same symbol"
    SAME_RELEASE = "same release"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a release; `ids` are what it is about, in order, all of them."""

    kind: Kind
    severity: Severity
    sentence: str
    ids: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What stays the same while the finding does, for whoever accepted it."""
        content = "\n".join((self.kind, self.severity, self.sentence, *self.ids))
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.severity}: {self.sentence}"


def of_severity(findings: Iterable[Finding], severity: Severity) -> tuple[Finding, ...]:
    """Those that are as grave as this."""
    return tuple(each for each in findings if each.severity is severity)


def refused(error: OntologyError) -> tuple[Finding, ...]:
    """Why files could not be used, each reason a finding."""
    return tuple(_refused(error))


def _refused(error: OntologyError) -> Iterator[Finding]:
    if isinstance(error, RefusedFiles):
        for each in error.errors:
            yield from _refused(each)
    elif isinstance(error, InvalidFile):
        for finding in error.findings:
            ids = (getattr(finding, "term_id", ""),)
            sentence = f"{error.path.name}, {finding}"
            yield Finding(
                Kind.REFUSED_FILE, Severity.ERROR, sentence, tuple(filter(None, ids))
            )
    else:
        yield Finding(Kind.REFUSED_FILE, Severity.ERROR, str(error))


def listed(ids: Sequence[str]) -> str:
    """The first few of many in words."""
    more = len(ids) - _SHOWN
    return ", ".join(ids[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
