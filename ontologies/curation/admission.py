"""Whether a release may be activated: no error, and a reason on record for every warning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ontologies.curation.findings import Finding, Severity, of_severity
from ontologies.curation.records import (
    Acceptance,
    Record,
    accepted_keys,
    note_acceptance,
    now,
    read_record,
)
from ontologies.curation.validation import validate
from ontologies.errors import BlockedRelease, NoReason, UnacceptedWarnings
from ontologies.library import active_release_id, data_directory, open_release
from ontologies.release import Release

_SHORTEST_REASON = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings about a release beside the active one, and what people said to them."""

    release: Release
    active: Release | None
    findings: tuple[Finding, ...]
    record: Record

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps the release from being activated."""
        return of_severity(self.findings, Severity.ERROR)

    @property
    def open_warnings(self) -> tuple[Finding, ...]:
        """The warnings that nobody has accepted yet."""
        accepted = accepted_keys(self.record.acceptances)
        warnings = of_severity(self.findings, Severity.WARNING)
        return tuple(each for each in warnings if each.key not in accepted)

    @property
    def is_admitted(self) -> bool:
        """Whether the release may be activated."""
        return not self.errors and not self.open_warnings

    def require(self) -> None:
        """Raise `BlockedRelease` or `UnacceptedWarnings` unless it may be activated."""
        if self.errors:
            raise BlockedRelease(self.release.release_id, self.errors)
        if self.open_warnings:
            raise UnacceptedWarnings(self.release.release_id, self.open_warnings)


def judge(release_id: str, *, directory: Path | None = None) -> Verdict:
    """The verdict on a release on this disk, beside the one that is active now."""
    directory = directory or data_directory()
    release = open_release(release_id, directory=directory)
    release.verify()
    named = active_release_id(directory)
    active = open_release(named, directory=directory) if named else None
    findings = validate(release, active, directory=directory)
    return Verdict(release, active, findings, read_record(release_id, directory))


def accept_warnings(
    release_id: str, reason: str, *, by: str, directory: Path | None = None
) -> Verdict:
    """The verdict once somebody took the open warnings upon themselves, with the reason why.

    What is recorded covers these findings and no others: a warning that comes later, because
    another release became active, needs a reason of its own. NoReason for a reason that says
    nothing.
    """
    directory = directory or data_directory()
    verdict = judge(release_id, directory=directory)
    if len(reason.split()) < 2 or len(reason.strip()) < _SHORTEST_REASON:
        raise NoReason(reason)
    keys = tuple(each.key for each in verdict.open_warnings)
    if not keys:
        return verdict
    acceptance = Acceptance(by, now(), reason.strip(), keys)
    record = note_acceptance(release_id, acceptance, directory)
    return Verdict(verdict.release, verdict.active, verdict.findings, record)
