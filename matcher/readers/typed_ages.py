"""What age a person typed: `4`, `4.5`, `4 y 2 m`, `18 months`, `3 weeks`."""

from __future__ import annotations

import math
import re

OLDEST = 120.0
_YEARS_IN = {"y": 1.0, "m": 1 / 12, "w": 1 / 52.18, "d": 1 / 365.25}
_UNITS = "years?|yrs?|y|a|months?|mos?|m|weeks?|wks?|w|days?|d"
_PART = re.compile(rf"(\d+(?:[.,]\d+)?)\s*({_UNITS})?(?![a-z.,])", re.IGNORECASE)


def typed_years(entered: str) -> float | None:
    """The age in years, a number alone counting years; None for what is no age up to 120."""
    text = entered.strip()
    parts = _PART.findall(text)
    rest = _PART.sub("", text).replace("and", "").strip(" ,;")
    if not parts or rest or len({_unit(unit) for _, unit in parts}) < len(parts):
        return None
    total = sum(
        float(number.replace(",", ".")) * _YEARS_IN[_unit(unit)]
        for number, unit in parts
    )
    return round(total, 4) if math.isfinite(total) and total <= OLDEST else None


def _unit(unit: str) -> str:
    first = unit[:1].lower() or "y"
    return "y" if first == "a" else first
