"""The switch itself: one file says which release is active, and the audit who changed it and why.

Of two who switch at once one wins, and the other is told that what was looked at is no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matcher.storage.beside import drop_other_indexes
from matcher.storage.database import Database
from ontologies.curation import admission
from ontologies.curation.admission import Verdict
from ontologies.curation.findings import Severity, of_severity
from ontologies.library import data_directory, open_release
from ontologies.pointer import Edition, Pointed, Switching, pointed, switching
from ontologies.progress import Progress, silent
from web.audit import Audit
from web.config import Settings
from web.errors import WebError
from web.service import fitting_setting
from web.switching.preparing import prepare

ACTIVATED = "ontology activated"
ROLLED_BACK = "ontology rolled back"
# Said when the file is not as the last entry has it: a switch that was cut off before it took
# place, or one by a command that keeps no audit.
FOUND = "ontology found active"
SWITCHES = (ACTIVATED, ROLLED_BACK, FOUND)

LONGEST_REASON = 500


Judge = Callable[[str], Verdict]


class TooLongReason(WebError):
    """A reason that is no sentence any more."""

    def __init__(self, length: int) -> None:
        super().__init__(
            f"A reason of {length:,} characters cannot be recorded; say it in at most "
            f"{LONGEST_REASON}."
        )


class AlreadyActive(WebError):
    """A switch to what is active."""

    def __init__(self, release_id: str) -> None:
        super().__init__(
            f"Release {release_id} is active already, with this calibration."
        )


class OtherCalibrationSet(WebError):
    """A calibration for a release to which the settings give another one."""

    def __init__(self, wanted: str, release_id: str) -> None:
        super().__init__(
            f"The setting 'calibration' names {wanted}, which was made with release "
            f"{release_id}, and every process would go by it; change the setting, or name no "
            "other calibration."
        )


@dataclass(frozen=True, slots=True)
class Switched:
    """A switch that took place."""

    before: Edition | None
    after: Edition


@dataclass(frozen=True, slots=True)
class Curator:
    """Who switches, in which installation; the connection is one of the calling thread."""

    db: Database
    settings: Settings
    actor: str
    judge: Judge = admission.judge

    def activate(
        self,
        release_id: str,
        *,
        expected: Edition | None,
        calibration: str | None = None,
        reasons: Sequence[str] = (),
        progress: Progress = silent,
    ) -> Switched:
        """Make a release the active one, with its calibration, once all is ready for it.

        `expected` is the edition that was active when the decision was made. Raises
        `ActiveReleaseChanged`, `BlockedRelease`, `UnacceptedWarnings`, `AlreadyActive`, and what
        `prepare` raises; then nothing was changed.
        """
        _require_short(reasons)
        pointed(data_directory()).require(expected)
        wanted = fitting_setting(self.settings, release_id)
        if wanted and calibration not in (None, wanted):
            raise OtherCalibrationSet(wanted, release_id)
        verdict = self._admitted(release_id, reasons)
        prepared = prepare(
            self.db,
            self.settings,
            release_id,
            calibration=calibration,
            progress=progress,
        )
        if prepared.edition == expected:
            raise AlreadyActive(release_id)
        return self._switch(
            ACTIVATED,
            expected,
            lambda state: state.switched(prepared.edition),
            reasons,
            warnings=len(of_severity(verdict.findings, Severity.WARNING)),
        )

    def roll_back(
        self,
        *,
        expected: Edition | None,
        reasons: Sequence[str] = (),
        progress: Progress = silent,
    ) -> Switched:
        """Go back to the release and calibration from before the last switch.

        Nothing is parsed again. Raises `NothingBefore`, `ActiveReleaseChanged`, and what
        `prepare` raises if the earlier release was lost since.
        """
        _require_short(reasons)
        state = pointed(data_directory())
        state.require(expected)
        back = state.undone()
        assert back.active is not None
        wanted = fitting_setting(self.settings, back.active.release_id)
        prepared = prepare(
            self.db,
            self.settings,
            back.active.release_id,
            calibration=wanted or back.active.calibration or None,
            progress=progress,
        )
        return self._switch(
            ROLLED_BACK,
            expected,
            lambda state: replace(state.undone(), active=prepared.edition),
            reasons,
        )

    def _admitted(self, release_id: str, reasons: Sequence[str]) -> Verdict:
        """The verdict on a release that may be activated; reasons answer for its warnings."""
        verdict = self.judge(release_id)
        if verdict.open_warnings and reasons and not verdict.errors:
            verdict = admission.accept_warnings(
                release_id, " ".join(reasons), by=self.actor
            )
        verdict.require()
        return verdict

    def _switch(
        self,
        action: str,
        expected: Edition | None,
        change: Callable[[Pointed], Pointed],
        reasons: Sequence[str],
        **facts: Any,
    ) -> Switched:
        audit = Audit(self.db)
        with switching(data_directory()) as held:
            held.pointed.require(expected)
            after = change(held.pointed)
            assert after.active is not None
            # Somebody may have discarded it since it was prepared.
            open_release(after.active.release_id)
            self._note_found(audit, held)
            audit.record(
                self.actor,
                action,
                before=expected.release_id if expected else "",
                release=after.active.release_id,
                calibration=after.active.calibration,
                reasons=list(reasons),
                **facts,
            )
            held.point(after)
        used = {after.active.release_id, *(e.release_id for e in after.before[:1])}
        used |= {expected.release_id} if expected else set()
        drop_other_indexes(self.settings.database, used)
        return Switched(expected, after.active)

    def _note_found(self, audit: Audit, held: Switching) -> None:
        """Say what is active where the last entry says otherwise."""
        last, active = audit.latest(SWITCHES), held.pointed.active
        if last is None or active is None:
            return
        said = Edition(last.facts["release"], last.facts["calibration"])
        if said != active:
            audit.record(
                self.actor,
                FOUND,
                release=active.release_id,
                calibration=active.calibration,
            )


def _require_short(reasons: Sequence[str]) -> None:
    for reason in reasons:
        if len(reason) > LONGEST_REASON:
            raise TooLongReason(len(reason))
