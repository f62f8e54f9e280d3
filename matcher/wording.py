"""How numbers are said to a clinician: frequencies instead of scores, whole words, no jargon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# From 1 in 10 down, only these are said; a finer step would claim more than is known.
_RARER_STEPS = (10, 20, 40, 50)


@dataclass(frozen=True, slots=True)
class Frequency:
    """A probability as people count it: `count` in `of`; 0 in 50 is "less likely than 1 in 50"."""

    count: int
    of: int

    @property
    def words(self) -> str:
        """Such as "9 in 10"; never 0 and never certain."""
        if not self.count:
            return f"less likely than 1 in {self.of}"
        return f"{self.count} in {self.of}"


def frequency(probability: float) -> Frequency:
    """The frequency that is printed for a probability; at most 9 in 10.

    k in 10 down to 2 in 10, 1 in 7 to 1 in 10, then the nearest of 1 in 10, 20, 40 and 50.
    """
    if probability >= 0.15:
        return Frequency(min(9, math.floor(10 * probability + 0.5)), 10)
    if probability < 1 / 50:
        return Frequency(0, 50)
    if probability > 1 / 10:
        return Frequency(1, round(1 / probability))
    nearest = min(_RARER_STEPS, key=lambda n: abs(math.log(n * probability)))
    return Frequency(1, nearest)


def significant(value: float, digits: int = 2) -> float:
    """`value` with so many significant digits: 1283 -> 1300, 0.0672 -> 0.067."""
    return float(f"{value:.{digits - 1}e}")


def number(value: float) -> str:
    """`value` written out with thousands commas and no idle zeros: "1,300", "80", "1.2"."""
    if value >= 1e15 or 0 < value < 1e-6:
        return f"{value:.1e}"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.7f}".rstrip("0").rstrip(".")


def printed_factor(log_ratio: float) -> float:
    """The factor of a log likelihood ratio as it is printed, two significant digits."""
    # Beyond e^±100 nothing changes for a reader, and the product of all factors stays finite.
    return significant(math.exp(max(-100.0, min(100.0, log_ratio))))


def rarity(one_in: float, noun: str = "diseases") -> str:
    """Such as "1 in 1,077 diseases"."""
    return f"1 in {max(1, round(one_in)):,} {noun}"


def look_alikes(expected: float) -> str:
    """The expected false matches of a search, by its features alone, as a sentence."""
    if expected >= 1:
        return f"By features alone, {_how_many(expected)} expected by chance."
    return f"By features alone, a look-alike this close turns up in {_how_often(expected)}."


def _how_often(expected: float) -> str:
    if expected >= 0.15:
        return f"{min(9, math.floor(10 * expected + 0.5))} of 10 searches"
    # Below one in ten thousand the tail is extrapolated, not observed.
    if expected < 1e-4:
        return "fewer than 1 of 10,000 searches"
    return f"1 of {number(significant(1 / expected))} searches"


def _how_many(expected: float) -> str:
    if expected > 2000:
        return "thousands of unrelated cases this alike are"
    if expected > 200:
        return "hundreds of unrelated cases this alike are"
    if expected > 20:
        return "dozens of unrelated cases this alike are"
    count = math.floor(expected + 0.5)
    return f"about {count} unrelated case{' this alike is' if count == 1 else 's this alike are'}"


def age(years: float) -> str:
    """An age, exact to what matters: "birth", "12 days", "5 months", "6 y 9 m", "40 y"."""
    days = round(max(years, 0.0) * 365.25)
    if days == 0:
        return "birth"
    if days < 61:
        return f"{days} day{'s' if days > 1 else ''}"
    months = round(years * 12)
    if months < 24:
        return f"{months} months"
    if months >= 18 * 12 or not months % 12:
        return f"{round(years)} y"
    return f"{months // 12} y {months % 12} m"


def listing(items: Sequence[str], word: str = "and") -> str:
    """Items as a person lists them: "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def alleles_in_common(share: float, count: int, gene: str = "") -> str:
    """That `count` alleles agree, which are `share` of all; of a gene if one is named."""
    if share < 1:
        words = "One allele in common" if count == 1 else "Some alleles in common"
    else:
        words = "Same variant" if count == 1 else "Same variants"
    return f"{words} in {gene}" if gene else words
