"""What every answer rests on, for the foot of each page."""

from __future__ import annotations

from matcher import __version__
from matcher.wording import number
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


def bands() -> dict[str, str]:
    """From which frequency, or below how many false matches, a band begins at this site."""
    rules = service().calibration.bands
    return {
        "contact": _frequency(rules.contact),
        "look": _frequency(rules.look),
        "false_matches": number(rules.look_false_matches),
    }


def _frequency(probability: float) -> str:
    return f"1 in {number(1 / probability)}" if probability else "any of all"


def colophon() -> str:
    """One line: the software, what it knows and by which editions, the calibration, the licence."""
    said = dict(foundations())
    return (
        f"Secondcase {said['Secondcase']} · HPO {said['HPO']} · annotations "
        f"{said['annotations']} · genes {said['genes']} · calibration {said['calibration']} · "
        "HPO is used unaltered under its licence"
    )
