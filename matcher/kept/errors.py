"""What can keep an old match from being computed again."""

from __future__ import annotations

from pathlib import Path

from matcher.errors import MatcherError


class KeptError(MatcherError):
    """Base of what can be wrong with a kept ranking and what it was computed with."""


class MissingCalibration(KeptError):
    """A calibration that a kept ranking names and that is not on this disk."""

    def __init__(self, calibration_id: str, folder: Path) -> None:
        super().__init__(
            f"Calibration {calibration_id} is not in {folder.parent}; put its folder back "
            "from a backup, or have 'secondcase calibrate' build it again from the same cases."
        )
        self.calibration_id = calibration_id


class DamagedCalibration(KeptError):
    """A calibration on this disk whose numbers are not those of its id."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"The calibration in {folder} is damaged: {reason}; put its folder back from a "
            "backup."
        )
        self.folder = folder


class MissingChainFile(KeptError):
    """A ranking that compared positions of two assemblies, replayed without the chain file."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Kept ranking {number} compared variants of two assemblies through a chain file; "
            "it is replayed with the same one only."
        )
        self.number = number


class NotInRanking(KeptError):
    """A case that a kept ranking does not name."""

    def __init__(self, number: int, case_id: str) -> None:
        super().__init__(
            f"Kept ranking {number} does not name case {case_id!a}; "
            f"'secondcase kept show {number}' lists those it names."
        )
        self.case_id = case_id


class OtherQuery(KeptError):
    """Two rankings that answer different questions."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(
            f"Kept rankings {first} and {second} are of two different cases; "
            "only rankings of one case are compared."
        )
