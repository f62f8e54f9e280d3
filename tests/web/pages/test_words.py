"""Ages, days, devices, pictures: what the pages say and draw, without a request."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from matcher.case import Case, Sex
from web.pages import pictures
from web.pages.people.devices import device
from web.pages.pictures import Cell
from web.pages.typed import ages
from web.pages.words import counted, day, moment, proband


@pytest.mark.parametrize(
    ("entered", "years"),
    [
        ("", None),
        ("4", 4),
        ("4.5", 4.5),
        ("4,5 y", 4.5),
        ("4 y 2 m", 4.1667),
        ("4y2m", 4.1667),
        ("4 years and 2 months", 4.1667),
        ("18 mo", 1.5),
        ("0", 0),
        ("10 days", 0.0274),
        ("120", 120),
    ],
)
def test_age_is_read_as_it_is_spoken(entered: str, years: float | None) -> None:
    assert ages.years(entered) == years


@pytest.mark.parametrize(
    "entered",
    ["four", "-1", "121", "4 y 4 y", "4.2.1", "1e3", "4 q", "y", "9" * 400],
)
def test_what_is_no_age_is_refused_with_its_value(entered: str) -> None:
    with pytest.raises(ages.NotAnAge, match="is not an age"):
        ages.years(entered)


@pytest.mark.parametrize(
    ("sex", "years", "said"),
    [
        (Sex.FEMALE, 4.2, "girl, 4 y 2 m"),
        (Sex.MALE, 40, "man, 40 y"),
        (Sex.UNKNOWN, 3, "child, 3 y"),
        (Sex.OTHER, 30, "person, 30 y"),
        (Sex.FEMALE, None, "female"),
        (Sex.UNKNOWN, None, "sex and age not given"),
    ],
)
def test_proband_is_said_by_sex_and_age(
    sex: Sex, years: float | None, said: str
) -> None:
    assert proband(Case(case_id="x", sex=sex, age_years=years)) == said


def test_small_counts_are_words_and_large_ones_figures() -> None:
    assert [counted(n, "case") for n in (0, 1, 12, 1240)] == [
        "no cases",
        "one case",
        "twelve cases",
        "1,240 cases",
    ]


def test_days_are_told_from_today() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    stamps = (
        "2026-11-23T01:00:00+00:00",
        "2026-11-19T23:00:00+00:00",
        "2025-10-30T01:00:00+00:00",
    )

    assert [day(stamp, now) for stamp in stamps] == ["today", "19 Nov", "30 Oct 2025"]
    assert moment(stamps[0]) == "23 Nov 2026, 01:00 UTC"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537.36", "Chrome on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537.36 Edg/140",
            "Edge on Windows",
        ),
        ("", "Unknown browser"),
    ],
)
def test_browser_is_named_as_its_owner_knows_it(agent: str, said: str) -> None:
    assert device(agent) == said


def widths(picture: str, cls: str) -> list[float]:
    """Widths of the rectangles of a class."""
    root = ElementTree.fromstring(picture)
    return [
        float(r.get("width", "")) for r in root.iter("rect") if r.get("class") == cls
    ]


def test_evidence_for_goes_right_and_against_left_of_the_line() -> None:
    assert widths(pictures.bar(4.5), "f-accent") == [90]
    assert widths(pictures.bar(-1.5), "f-alert") == [30]


@pytest.mark.parametrize("value", [-1000.0, 1000.0])
def test_bar_ends_where_its_scale_ends(value: float) -> None:
    drawn = widths(pictures.bar(value), "f-accent") + widths(
        pictures.bar(value), "f-alert"
    )

    assert drawn in ([60], [180])


@pytest.mark.parametrize(
    ("part", "whole", "circles"), [(9, 10, 10), (1, 40, 40), (0, 50, 50), (1, 51, 0)]
)
def test_dots_are_drawn_up_to_fifty(part: int, whole: int, circles: int) -> None:
    drawn = pictures.dots(part, whole)

    assert drawn.count("<circle") == circles
    assert drawn.count("f-accent") == (part if circles else 0)


def test_rarer_terms_have_longer_bars() -> None:
    lengths = [
        widths(pictures.rarity(n), "f-accent")[0] for n in (0.5, 1, 7, 1000, 1e9)
    ]

    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert lengths[-1] == 200


def test_grid_is_announced_and_escapes_its_labels() -> None:
    cells = {(0, 0): Cell(ancestor="A & B", one_in=1077.4, best=True)}

    drawn = pictures.grid(["<yours>"], ['their "term"'], cells)

    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "grid-t grid-d"
    assert "1,077" in "".join(root.itertext())
    assert "<yours>" in "".join(root.itertext())
    assert "style" not in drawn
