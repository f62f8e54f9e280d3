"""How alike two cases are, and why; where cases are kept."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.calibration import Calibration
    from matcher.case import Case
    from matcher.engine.constraints import Constraints
    from matcher.matches import Match
    from matcher.matching import Matcher
    from matcher.readers import read_cases

__all__ = ["Calibration", "Case", "Constraints", "Match", "Matcher", "read_cases"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Numba takes a third of a second to import, which most commands do not need.
    places = {
        "Calibration": "matcher.calibration",
        "Case": "matcher.case",
        "Constraints": "matcher.engine.constraints",
        "Match": "matcher.matches",
        "Matcher": "matcher.matching",
        "read_cases": "matcher.readers",
    }
    if name not in places:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(places[name]), name)
