"""Server-made SVG of groups: shape is the site, filled is yours, width is probability."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup, escape

from web.groups.keeping import KeptGroup, Member

# Where there are more sites than shapes, the smallest share the last one.
SHAPES = ("circle", "square", "diamond", "up", "down", "cross")
SHARED_SHAPE = "other sites"
COLUMNS, CELL_WIDTH, CELL_HEIGHT = 3, 310, 236
WIDTH = COLUMNS * CELL_WIDTH
# In a small picture more names would lie on each other, more shapes be a smear.
MOST_NAMED, MOST_IN_SMALL = 6, 30
MOST_NAMED_IN_LARGE = 40
# The likeliest; more would be a web of grey, and too much to send.
MOST_TIES, MOST_TIES_IN_SMALL = 400, 60
LONGEST_NAME = 16

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How cases are drawn on one page: the shape of each site, and which site is yours."""

    own: str
    shapes: Mapping[str, str]

    @classmethod
    def of(cls, own: str, groups: Iterable[KeptGroup]) -> Look:
        """The shapes for these groups: yours first, then the sites with most cases."""
        counts = Counter(each.site for group in groups for each in group.members)
        order = sorted(counts, key=lambda site: (site != own, -counts[site], site))
        last = len(SHAPES) - 1
        return cls(
            own=own,
            shapes={site: SHAPES[min(at, last)] for at, site in enumerate(order)},
        )

    def legend(self) -> list[tuple[Markup, str]]:
        """A mark and its meaning, for the key of the picture."""
        named: dict[str, list[str]] = {}
        for site, shape in self.shapes.items():
            named.setdefault(shape, []).append(site)
        lines = [
            (_mark(shape, "f-surface s-ink"), _named(names))
            for shape, names in named.items()
        ]
        if self.own in self.shapes:
            lines.append((_mark(self.shapes[self.own], "f-you s-you"), "your site"))
        return lines


def _named(sites: Sequence[str]) -> str:
    return (sites[0] or "site not given") if len(sites) == 1 else SHARED_SHAPE


def overview(
    look: Look, groups: Sequence[tuple[KeptGroup, str, str]], description: str
) -> Markup:
    """Groups side by side, each in a field with its name, which leads to an address."""
    rows = math.ceil(len(groups) / COLUMNS)
    parts = [
        _field(look, at, group, name, href)
        for at, (group, name, href) in enumerate(groups)
    ]
    # As wide for one group as for three, which a page shows at one size.
    size = (WIDTH, rows * CELL_HEIGHT)
    return _picture("groups", size, "Groups of alike cases", description, parts)


def network(
    look: Look,
    group: KeptGroup,
    hrefs: Mapping[str, str],
    description: str,
    chosen: str = "",
) -> Markup:
    """One group; each case leads to its address, the ties of the chosen one stand out."""
    drawn = _drawn(group)
    height = 190 if len(drawn) < 3 else 330 if len(drawn) <= MOST_NAMED else 520
    box = (100.0, 44.0, WIDTH - 200.0, height - 100.0)
    ground = Markup(
        '<rect class="f-softaccent s-accent" x="2" y="2" width="{}" height="{}" rx="24"/>'
    ).format(WIDTH - 4, height - 4)
    parts = [ground, *_ties(group, box, chosen)]
    is_named = len(drawn) <= MOST_NAMED_IN_LARGE
    for member in drawn:
        node = _target(member, box, is_named) + _node(
            look, member, box, is_named, "h-a", member.case_id == chosen
        )
        parts.append(
            Markup('<a href="{}" aria-label="{}">{}</a>').format(
                hrefs[member.case_id], _said(look, member), node
            )
        )
    return _picture("group", (WIDTH, height), "The group", description, parts)


def _picture(
    name: str,
    size: tuple[int, int],
    title: str,
    description: str,
    parts: Sequence[Markup],
) -> Markup:
    """An SVG with links in it, so a group and no image, which would hide them."""
    return Markup(
        '<svg width="{}" height="{}" viewBox="0 0 {} {}" role="group"'
        ' aria-labelledby="{}-t" aria-describedby="{}-d"><title id="{}-t">{}</title>'
        '<desc id="{}-d">{}</desc>{}</svg>'
    ).format(
        *size, *size, name, name, name, title, name, description, Markup("").join(parts)
    )


def _field(look: Look, at: int, group: KeptGroup, name: str, href: str) -> Markup:
    x, y = at % COLUMNS * CELL_WIDTH, at // COLUMNS * CELL_HEIGHT
    box = (x + 62.0, y + 62.0, CELL_WIDTH - 124.0, CELL_HEIGHT - 122.0)
    drawn = _drawn(group)[:MOST_IN_SMALL]
    is_named = len(drawn) <= MOST_NAMED
    # Softer where somebody has a name for it.
    ground, halo = (
        ("f-sunk s-line", "h-s")
        if group.body["diagnosed"]
        else ("f-softaccent s-accent", "h-a")
    )
    return Markup("").join(
        [
            Markup(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="24"'
                ' stroke-width="1.5"/>'
            ).format(ground, x + 6, y + 6, CELL_WIDTH - 12, CELL_HEIGHT - 12),
            Markup(
                '<a href="{}"><text class="b" x="{}" y="{}" text-anchor="middle">{}</text></a>'
            ).format(href, x + CELL_WIDTH / 2, y + 32, name),
            *_ties(group, box, "", is_small=True),
            *(_node(look, member, box, is_named, halo, False) for member in drawn),
        ]
    )


def _drawn(group: KeptGroup) -> list[Member]:
    return [member for member in group.members if member.x is not None]


def _place(member: Member, box: Box) -> tuple[float, float]:
    x, y, width, height = box
    return x + (member.x or 0.0) * width, y + (member.y or 0.0) * height


def _ties(
    group: KeptGroup, box: Box, chosen: str, is_small: bool = False
) -> Iterator[Markup]:
    """Wider lines are more probable pairs; faint ones do not touch the chosen case."""
    drawn = _drawn(group)[: MOST_IN_SMALL if is_small else None]
    shown = {member.case_id for member in drawn}
    pairs = (
        (tie.probability, group.members[tie.one], group.members[tie.other])
        for tie in group.ties
    )
    there = (pair for pair in pairs if {pair[1].case_id, pair[2].case_id} <= shown)
    for probability, *ends in islice(
        there, MOST_TIES_IN_SMALL if is_small else MOST_TIES
    ):
        (x1, y1), (x2, y2) = (_place(end, box) for end in ends)
        touches = chosen in (end.case_id for end in ends)
        colour = "s-accent" if touches else "s-line" if chosen else "s-edge"
        yield Markup(
            f'<line class="{colour}" x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
            f' stroke-width="{0.8 + 4.2 * probability:.1f}"/>'
        )


def _node(
    look: Look, member: Member, box: Box, is_named: bool, halo: str, is_chosen: bool
) -> Markup:
    x, y = _place(member, box)
    is_own = member.site == look.own
    colours = "f-you s-you" if is_own else "f-surface s-ink"
    radius = 9.0 if is_named else 6.5
    shape = _shape(look.shapes[member.site], x, y, radius, colours)
    told = Markup("<g><title>{}</title>{}").format(_said(look, member), shape)
    if is_chosen:
        told += Markup(
            f'<circle class="s-accent" fill="none" cx="{x:.0f}" cy="{y:.0f}"'
            f' r="{radius + 6}" stroke-width="2"/>'
        )
    if is_named:
        tone = " b t-you" if is_own else ""
        # Away from the middle, where the ties are.
        below = y + 26 if (member.y or 0.0) >= 0.5 else y - 16
        told += Markup(
            f'<text class="t3 {halo}{tone}" x="{x:.0f}" y="{below:.0f}"'
            f' text-anchor="middle">{escape(_shortened(member.case_id))}</text>'
        )
    return told + Markup("</g>")


def _target(member: Member, box: Box, is_named: bool) -> Markup:
    """What takes a click: the shape, its name, and what lies between them."""
    x, y = _place(member, box)
    above = 30 if is_named and (member.y or 0.0) < 0.5 else 13
    height = 43 if is_named else 26
    return Markup(
        f'<rect class="f-surface" fill-opacity="0" x="{x - 22:.0f}" y="{y - above:.0f}"'
        f' width="44" height="{height}"/>'
    )


def _said(look: Look, member: Member) -> str:
    whose = "your site" if member.site == look.own else member.site or "site not given"
    return f"{member.case_id}, {whose}"


def _shape(shape: str, x: float, y: float, r: float, colours: str) -> Markup:
    """A mark around a point; all of them cover about the same area."""
    if shape == "circle":
        body = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}"'
    elif shape == "square":
        side = 2 * r - 1
        body = (
            f'<rect x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side}"'
            f' height="{side}" rx="2"'
        )
    else:
        points = " ".join(
            f"{x + a * r:.1f},{y + b * r:.1f}" for a, b in _CORNERS[shape]
        )
        body = f'<polygon points="{points}"'
    return Markup(f'{body} class="{colours}" stroke-width="2"/>')


_CORNERS: Mapping[str, Sequence[tuple[float, float]]] = {
    "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    "up": ((0, -1.2), (1.2, 0.9), (-1.2, 0.9)),
    "down": ((0, 1.2), (1.2, -0.9), (-1.2, -0.9)),
    "cross": (
        *((-0.4, -1.1), (0.4, -1.1), (0.4, -0.4), (1.1, -0.4), (1.1, 0.4), (0.4, 0.4)),
        *(
            (0.4, 1.1),
            (-0.4, 1.1),
            (-0.4, 0.4),
            (-1.1, 0.4),
            (-1.1, -0.4),
            (-0.4, -0.4),
        ),
    ),
}


def _mark(shape: str, colours: str) -> Markup:
    return Markup('<svg viewBox="0 0 20 20" aria-hidden="true">{}</svg>').format(
        _shape(shape, 10, 10, 7, colours)
    )


def _shortened(case_id: str) -> str:
    if len(case_id) <= LONGEST_NAME:
        return case_id
    return case_id[: LONGEST_NAME - 1] + "…"
