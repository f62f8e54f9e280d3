"""Every kind of page answers, in small, and is told of with its size and time."""

from __future__ import annotations

import pytest

from benchmarks.pages import MOST_BYTES, Figures, measured, table_of, unmeasured, world
from matcher.calibration import default_calibration
from ontologies import Release


def test_every_kind_of_page_is_measured(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.pages.ASKING", 1)
    monkeypatch.setattr("benchmarks.pages.LOOKS", 2)

    with world(release, default_calibration(release), 60) as made:
        figures = measured(made, 1)
        left_out = unmeasured(made)

    assert left_out == []
    pages = {each.page: each for each in figures}
    assert {"matches", "pair", "pair, patient of a peer", "what changed"} <= set(pages)
    assert all(0 < each.bytes <= MOST_BYTES for each in figures)
    assert all(each.ratio > 0 for each in figures)
    assert table_of(figures, 60).row_count == len(figures)


@pytest.mark.parametrize(
    "size, late, is_good",
    [(300_000, 500.0, True), (300_001, 1.0, False), (1, 500.1, False)],
)
def test_page_that_is_too_large_or_too_slow_is_told(
    size: int, late: float, is_good: bool
) -> None:
    figures = Figures(
        page="matches", bytes=size, median_ms=1, p95_ms=late, processor_ms=1, ratio=1
    )

    assert figures.is_good is is_good
