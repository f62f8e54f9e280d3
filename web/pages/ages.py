"""What age a clinician typed: `4`, `4.5`, `4 y 2 m`, `18 months`, `3 weeks`."""

from __future__ import annotations

import math
import re

OLDEST = 120.0
YEARS_IN = {"y": 1.0, "m": 1 / 12, "w": 1 / 52.18, "d": 1 / 365.25}
UNITS = "years?|yrs?|y|a|months?|mos?|m|weeks?|wks?|w|days?|d"
PART = re.compile(rf"(\d+(?:[.,]\d+)?)\s*({UNITS})?(?![a-z.,])", re.IGNORECASE)


class NotAnAge(ValueError):
    """A text that is no age; the sentence says what would be one."""

    def __init__(self, entered: str) -> None:
        super().__init__(
            f"“{entered}” is not an age up to 120 years. Write it like 4, 4 y 2 m or 5 m."
        )


def years(entered: str) -> float | None:
    """The age in years, None for an empty text. A number alone counts years."""
    text = entered.strip()
    if not text:
        return None
    parts = PART.findall(text)
    rest = PART.sub("", text).replace("and", "").strip(" ,;")
    if not parts or rest or len({_unit(unit) for _, unit in parts}) < len(parts):
        raise NotAnAge(entered)
    total = sum(
        float(number.replace(",", ".")) * YEARS_IN[_unit(unit)]
        for number, unit in parts
    )
    if not math.isfinite(total) or total > OLDEST:
        raise NotAnAge(entered)
    return round(total, 4)


def _unit(unit: str) -> str:
    first = unit[:1].lower() or "y"
    return "y" if first == "a" else first


def typed(age: float | None) -> str:
    """An age as one would type it: whole months, so that it reads back the same."""
    if age is None:
        return ""
    whole, months = divmod(round(age * 12), 12)
    return (
        f"{whole} y {months} m"
        if whole and months
        else f"{whole} y" if whole else f"{months} m"
    )
