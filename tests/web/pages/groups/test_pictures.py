"""Pictures of groups: marks that mean something, links to follow, and no more than helps."""

from __future__ import annotations

import re

import pytest

from web.groups.keeping import KeptGroup, Member, Tie
from web.pages.groups.pictures import (
    MOST_IN_SMALL,
    MOST_TIES,
    MOST_TIES_IN_SMALL,
    SHAPES,
    Look,
    network,
    overview,
)


def group_of(count: int, sites: int = 2, places: int | None = None) -> KeptGroup:
    """So many cases, each tied to each; those from `places` on have none in the picture."""
    members = tuple(
        Member(
            case_id=f"CASE-{n}",
            revision=1,
            firmness=None,
            x=n / count if n < (count if places is None else places) else None,
            y=n % 3 / 2 if n < (count if places is None else places) else None,
            site=f"Site {n % sites}",
        )
        for n in range(count)
    )
    ties = tuple(
        Tie(one=one, other=other, probability=0.5)
        for one in range(count)
        for other in range(one + 1, count)
    )
    return KeptGroup(body={"diagnosed": 0}, members=members, ties=ties, own=1)


def large(group: KeptGroup, chosen: str = "") -> str:
    hrefs = {member.case_id: f"?case={member.case_id}" for member in group.members}
    look = Look.of("Site 0", [group])
    return str(network(look, group, hrefs, "described", chosen))


def test_each_site_has_a_shape_and_yours_is_filled() -> None:
    group = group_of(3, sites=3)
    look = Look.of("Site 1", [group])

    assert look.shapes == {"Site 1": "circle", "Site 0": "square", "Site 2": "diamond"}
    assert [name for _, name in look.legend()] == [
        *("Site 1", "Site 0", "Site 2"),
        "your site",
    ]
    assert large(group).count('class="f-you s-you"') == 1


def test_where_sites_outnumber_shapes_the_last_is_shared() -> None:
    look = Look.of("Site 0", [group_of(9, sites=9)])

    assert set(look.shapes.values()) == set(SHAPES)
    assert "other sites" in [name for _, name in look.legend()]


def test_a_wider_line_is_a_more_probable_pair() -> None:
    group = group_of(3)
    ties = (Tie(one=0, other=1, probability=1.0), Tie(one=1, other=2, probability=0.25))
    text = large(KeptGroup(body={}, members=group.members, ties=ties, own=1))

    widths = re.findall(r'<line [^>]*stroke-width="([\d.]+)"', text)
    assert [float(width) for width in widths] == pytest.approx([5.0, 1.85], abs=0.06)


def test_a_chosen_case_has_a_ring_and_its_ties_stand_out() -> None:
    text = large(group_of(4), chosen="CASE-2")

    assert text.count('<line class="s-accent"') == 3
    assert text.count('<line class="s-line"') == 3
    assert text.count('class="s-accent" fill="none"') == 1


def test_each_case_is_a_link_with_a_name() -> None:
    text = large(group_of(3))

    names = re.findall(r'<a href="\?case=CASE-\d" aria-label="([^"]+)"', text)
    assert names == ["CASE-0, your site", "CASE-1, Site 1", "CASE-2, your site"]


def test_no_more_is_drawn_than_helps() -> None:
    group = group_of(60, places=50)
    look = Look.of("Site 0", [group])

    assert large(group).count("<a ") == 50
    assert large(group).count("<line") == MOST_TIES
    small = str(overview(look, [(group, "Group 1", "#group-1")], "described"))
    assert small.count("<title>CASE") == MOST_IN_SMALL
    assert small.count("<line") == MOST_TIES_IN_SMALL
    assert len(large(group)) < 100_000


def test_nothing_of_an_id_is_markup() -> None:
    evil = Member(
        case_id="<script>", revision=1, firmness=None, x=0.5, y=0.5, site="<b>"
    )
    group = KeptGroup(body={"diagnosed": 0}, members=(evil,), ties=(), own=0)
    look = Look.of("North", [group])
    small = str(overview(look, [(group, "Group 1", "#group-1")], "<i>"))

    for text in (small, str(network(look, group, {"<script>": "#"}, "<i>"))):
        assert not re.search("<(script|b|i)>", text)
