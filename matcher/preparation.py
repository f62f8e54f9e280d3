"""What counts of a case when it is compared: its phenotype as rows, its other evidence resolved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from matcher.calibration import Calibration
from matcher.case import Case
from matcher.engine.profile import Profile, ProfileReader
from matcher.evidence import EvidenceSettings, PreparedEvidence, prepare
from matcher.placement import placed

if TYPE_CHECKING:
    from ontologies import Release


class PreparedCase(NamedTuple):
    """A case as it is compared."""

    profile: Profile
    evidence: PreparedEvidence


class CaseReader:
    """Prepares cases by one release, in the rows of one calibration."""

    def __init__(self, release: Release, calibration: Calibration) -> None:
        self._release = release
        self._profiles = ProfileReader(
            release.ontology, calibration.terms, calibration.kernels
        )

    def read(
        self, cases: Sequence[Case], settings: EvidenceSettings
    ) -> list[PreparedCase]:
        """What counts of each case; many at once are much faster than one by one."""
        return [
            PreparedCase(profile, self._evidence(case, profile, settings))
            for case, profile in zip(cases, self._profiles.read_all(cases))
        ]

    def _evidence(
        self, case: Case, profile: Profile, settings: EvidenceSettings
    ) -> PreparedEvidence:
        """Onset and inheritance terms among the features of a case count as such."""
        if profile.set_aside:
            case = placed(case, self._release.ontology)
        return prepare(case, self._release, settings)
