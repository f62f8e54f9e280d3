"""The attacks on a node over HTTP, in small, with its guards off and on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.attack_climbing import Climbed, climb
from benchmarks.attack_climbing import table_of as climbed_table
from benchmarks.attack_enumeration import Seen, enumerate_cases
from benchmarks.attack_enumeration import table_of as seen_table
from benchmarks.target_node import OFF, ON, Guards, shared_with_peers
from matcher import Case
from matcher.case import Sharing
from matcher.simulation import demonstration_cases
from ontologies import Release

STRICT = Guards("on", daily_budget=5, near_duplicates=3)


@pytest.fixture(scope="module")
def cases(release: Release) -> list[Case]:
    made = demonstration_cases(release, per_site=20)
    bare = (replace(each, genomic_features=(), test=False) for each in made)
    return shared_with_peers(bare, Sharing.EXCHANGE_1)


def test_made_up_questions_see_no_more_cases_than_the_budget(
    release: Release, cases: list[Case]
) -> None:
    off = enumerate_cases(release, cases, OFF, 300)
    on = enumerate_cases(release, cases, STRICT, 300)

    assert off.seen > 5 and off.refused == 0
    assert on.seen == 5 and on.refused > 0
    assert seen_table([off, on]).row_count == 2


def test_climbing_is_stopped_after_a_few_steps(
    release: Release, cases: list[Case]
) -> None:
    guards = replace(STRICT, daily_budget=50)

    off = climb(release, cases, OFF, targets=4, pool=60)
    on = climb(release, cases, guards, targets=4, pool=60)

    assert off.refused == 0 and off.recovered > 0
    assert on.recovered < off.recovered and on.refused > 0
    assert climbed_table([off, on]).row_count == 2


def test_climbing_ends_after_its_minutes_and_says_how_far_it_is(
    release: Release, cases: list[Case]
) -> None:
    said: list[str] = []

    off = climb(release, cases, OFF, 4, 20, minutes=0, tell=said.append)
    on = climb(release, cases, STRICT, 4, 20, most=off.targets, tell=said.append)

    assert (off.targets, on.targets) == (1, 1) and off.hidden == on.hidden
    assert [each.partition(",")[0] for each in said] == [
        "guards off: 1 of 4 cases",
        "guards on: 1 of 4 cases",
    ]


def test_the_guards_of_the_figures_are_those_of_a_new_node() -> None:
    assert (ON.daily_budget, ON.near_duplicates) == (50, 20)


def test_what_was_seen_and_learned_is_counted_apart() -> None:
    seen = Seen(guards="on", cases=10, seen=5, questions=20, refused=3)
    learned = Climbed(
        guards="on", targets=1, questions=9, refused=1, hidden=0, recovered=0, wrong=2
    )

    assert list(seen_table([seen]).columns[5].cells) == ["50.0%"]
    assert list(climbed_table([learned]).columns[7].cells) == ["0.0%"]
