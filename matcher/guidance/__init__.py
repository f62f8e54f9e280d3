"""What helps to describe a case well: how specific it is, what to ask, what cannot be."""

from __future__ import annotations

from matcher.guidance.consistency import Conflict, Implied, conflicts, implied
from matcher.guidance.questions import Ask, worth_asking
from matcher.guidance.specificity import Specificity, specificity
from matcher.guidance.twins import Twin, twins

__all__ = [
    "Ask",
    "Conflict",
    "Implied",
    "Specificity",
    "Twin",
    "conflicts",
    "implied",
    "specificity",
    "twins",
    "worth_asking",
]
