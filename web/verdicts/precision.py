"""How often each band was right at a site: settled pairs that were the same disorder."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matcher.calibration import Band
from web.verdicts.verdict import REASONS, Said, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class BandRecord:
    """The settled pairs of one band, as it was when they were judged.

    `expected` is how many of them their probabilities promised, None without any.
    """

    band: str
    settled: int
    same: int
    expected: float | None


def precision(verdicts: Iterable[Verdict]) -> tuple[BandRecord, ...]:
    """A record for each band, contact first, also where nothing is settled."""
    judged = [each.judged for each in verdicts if each.judged.is_settled]
    return tuple(
        BandRecord(
            band=str(band),
            settled=len(of_band),
            same=sum(each.said is Said.SAME for each in of_band),
            expected=_expected([each.probability for each in of_band]),
        )
        for band in Band
        for of_band in [[each for each in judged if each.band == band]]
    )


def _expected(probabilities: Sequence[float | None]) -> float | None:
    known = [each for each in probabilities if each is not None]
    return math.fsum(known) if known else None


def why_not(verdicts: Iterable[Verdict]) -> list[tuple[str, int]]:
    """The reasons of pairs that were no match, the most frequent first."""
    counts = Counter(
        each.judged.reason for each in verdicts if each.judged.said is Said.NOT
    )
    return [(REASONS[reason], count) for reason, count in counts.most_common()]
