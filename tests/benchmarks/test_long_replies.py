"""The pages that show what peers told of are measured where there is much of it."""

from __future__ import annotations

from benchmarks.long_replies import measured
from matcher.calibration import default_calibration
from ontologies import Release


def test_looking_again_is_smaller_than_the_first_look(release: Release) -> None:
    rules = default_calibration(release)
    found = measured(release, rules, peers=1, patients=2, rounds=1)
    figures = {each.page: each for each in found}

    first, again = figures["other sites"], figures["other sites, looked at again"]
    assert again.bytes < first.bytes
    assert all(each.processor_ms > 0 and each.ratio > 0 for each in figures.values())
