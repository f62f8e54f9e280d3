"""How ages are written: ISO 8601 durations, weeks of gestation, ranges; and in years here."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

MAX_YEARS = 150.0
DAYS_PER_YEAR = 365.25

_DURATION = re.compile(
    r"P(?=.)(?:(\d+(?:[.,]\d+)?)Y)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)W)?"
    r"(?:(\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?=.)(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
_PARTS_PER_YEAR = (
    1.0,
    12.0,
    DAYS_PER_YEAR / 7,
    DAYS_PER_YEAR,
    DAYS_PER_YEAR * 24,
    DAYS_PER_YEAR * 1440,
    DAYS_PER_YEAR * 86400,
)


def years(duration: str) -> float | None:
    """An ISO 8601 duration such as `P4Y6M` in years; None where it is not one."""
    match = _DURATION.fullmatch(duration.strip())
    if not match or not any(match.groups()):
        return None
    total = sum(
        float(part.replace(",", ".")) / per_year
        for part, per_year in zip(match.groups(), _PARTS_PER_YEAR, strict=True)
        if part
    )
    return total if total <= MAX_YEARS else None


def duration(age: float) -> str:
    """Years as an ISO 8601 duration that `years` reads back without loss."""
    months = round(age * 12)
    whole, rest = divmod(months, 12)
    candidates = (
        f"P{whole}Y{rest}M" if whole and rest else f"P{whole}Y" if whole else "",
        f"P{rest}M" if rest and not whole else "",
        f"P{round(age * DAYS_PER_YEAR)}D",
    )
    for text in candidates:
        if text and years(text) == age:
            return text
    return f"P{Decimal(repr(age)):f}Y"


def gestation_onset(weeks: float) -> str:
    """The HPO onset term for weeks of gestation (weeks after the last menstrual period)."""
    if weeks < 11:
        return "HP:0011460"
    if weeks < 14:
        return "HP:0034199"
    return "HP:0034198" if weeks < 28 else "HP:0034197"


def years_between(birth: str, event: str) -> float | None:
    """Years from one ISO timestamp to another; None where either cannot be read."""
    try:
        days = (_day(event) - _day(birth)).days
    except ValueError:
        return None
    age = days / DAYS_PER_YEAR
    return age if 0 <= age <= MAX_YEARS else None


def _day(timestamp: str) -> datetime.date:
    return datetime.date.fromisoformat(timestamp.strip()[:10])
