"""What every answer rests on, for the foot of each page."""

from __future__ import annotations

from matcher import __version__
from web.service import service


def foundations() -> list[tuple[str, str]]:
    """Software, data and calibration by name and version."""
    versions = service().release.versions
    return [
        ("Secondcase", __version__),
        ("HPO", versions["hpo"]),
        ("annotations", versions["annotations"]),
        ("genes", versions["genes"]),
        ("diseases", versions["diseases"]),
        ("release", service().release.release_id),
        ("calibration", service().calibration.calibration_id[:8]),
    ]


def colophon() -> str:
    """One line: the software, the ontology, the annotations, the calibration, the licence."""
    said = dict(foundations())
    return (
        f"Secondcase {said['Secondcase']} · HPO {said['HPO']} · annotations "
        f"{said['annotations']} · calibration {said['calibration']} · "
        "HPO is used unaltered under its licence"
    )
