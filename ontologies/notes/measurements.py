"""What a measurement in a note amounts to: OFC -3.5 SD is microcephaly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_QUANTITIES = (
    # what is measured, the term for too little, the term for too much
    (
        r"OFC|HC|(?:occipito-?frontal |occipital |head )circumference|head size",
        "HP:0000252",
        "HP:0000256",
    ),
    (r"birth ?weight|BW", "HP:0001518", "HP:0001520"),
    (r"birth length|length at birth", "HP:0003561", ""),
    (r"height|stature|body length|length|Ht", "HP:0004322", "HP:0000098"),
    (r"weight|Wt", "HP:0004325", "HP:0004324"),
    (r"BMI|body mass index", "HP:0045082", "HP:0031418"),
)
_NUMBER = r"(?P<{}>[-–−+]?\s?\d+(?:[.,]\d+)?)"
_BETWEEN = r"(?:[^.;\n]|\.(?=\d)){0,28}?"
_DEVIATION = re.compile(
    _BETWEEN
    + r"(?P<sign><|>|below|under|above|over)?\s*(?:the\s+)?"
    + _NUMBER.format("sd")
    + r"\s*(?:to\s*[-–−+]?\s?\d+(?:\.\d+)?\s*)?(?:SDs?|SDS|standard deviations?|z)\b"
    r"(?:\s*(?P<side>below|under|above|over))?",
    re.IGNORECASE,
)
_SCORE = re.compile(
    _BETWEEN
    + r"\b(?:SDS|z-?\s?score|z)\s*(?:of|was|is|=|:)?\s*"
    + _NUMBER.format("sd"),
    re.IGNORECASE,
)
_CENTILE = re.compile(
    _BETWEEN
    + r"(?P<sign><|>|below|under|less than|above|over|greater than)?\s*(?:the\s+)?"
    r"(?:(?P<centile>\d+(?:\.\d+)?)\s*(?:st|nd|rd|th)?\s*-?\s*(?:per)?centile|P(?P<p>\d+)\b)",
    re.IGNORECASE,
)
_LEAST_DEVIATION = 2.0
_LOWEST_CENTILE, _HIGHEST_CENTILE = 3.0, 97.0
_LESS = ("<", "below", "under", "less than")


@dataclass(frozen=True, slots=True)
class Measured:
    """A term that a measurement at the code points [start, end) amounts to."""

    term_id: str
    start: int
    end: int


def measured(text: str) -> Iterator[Measured]:
    """Terms for measurements beyond two standard deviations or the 3rd and 97th centile."""
    taken = 0
    for found in _ANY.finditer(text):
        if found.start() < taken:
            continue
        low, high = next(
            (low, high)
            for pattern, low, high in _QUANTITIES
            if re.fullmatch(pattern, found[0], re.IGNORECASE)
        )
        for how, value in (
            (_DEVIATION, _by_deviation),
            (_SCORE, _by_deviation),
            (_CENTILE, _by_centile),
        ):
            amount = how.match(text, found.end())
            if amount and not _ANY.search(text, found.end(), amount.end()):
                taken = amount.end()
                side = value(amount)
                term_id = low if side < 0 else high
                if side and term_id:
                    yield Measured(term_id, found.start(), amount.end())
                break


_ANY = re.compile(
    r"\b(?:" + "|".join(pattern for pattern, _, _ in _QUANTITIES) + r")\b",
    re.IGNORECASE,
)


def _by_deviation(amount: re.Match[str]) -> int:
    number = float(re.sub(r"\s", "", amount["sd"]).replace(",", ".").translate(_MINUS))
    groups = amount.groupdict()
    said = (groups.get("side") or groups.get("sign") or "").lower()
    if said in _LESS and number > 0:
        number = -number
    if abs(number) < _LEAST_DEVIATION:
        return 0
    return -1 if number < 0 else 1


def _by_centile(amount: re.Match[str]) -> int:
    number = float(amount["centile"] or amount["p"])
    sign = (amount["sign"] or "").lower()
    below, above = sign in _LESS, bool(sign) and sign not in _LESS
    if number < _LOWEST_CENTILE or (below and number <= 5):
        return -1
    if number > _HIGHEST_CENTILE or (above and number >= 95):
        return 1
    return 0


_MINUS = str.maketrans("–−", "--")
