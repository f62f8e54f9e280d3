"""Server-made SVG: evidence bars, dots, rarity bars, and the grid of two profiles.

Colours come from classes of base.css and widths are attributes, so that no picture needs an
inline style. A bar beside a printed number is hidden from screen readers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

BAR_LOWEST, BAR_HIGHEST = -3.0, 9.0
RAREST = 9.1


def bar(log_likelihood_ratio: float) -> Markup:
    """A bar from the line of no difference; the scale, -3 to 9 nats, is the same everywhere."""
    width = 240.0
    value = min(max(log_likelihood_ratio, BAR_LOWEST), BAR_HIGHEST)
    per_nat = width / (BAR_HIGHEST - BAR_LOWEST)
    zero = -BAR_LOWEST * per_nat
    left = min(zero, zero + value * per_nat)
    colour = "f-accent" if value >= 0 else "f-alert"
    return Markup(
        '<svg viewBox="0 0 240 12" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="f-sunk" width="240" height="12"/>'
        f'<rect class="{colour}" x="{left:.1f}" y="1.5"'
        f' width="{abs(value) * per_nat:.1f}" height="9"/>'
        f'<rect class="f-ink" x="{zero - 0.75:.1f}" width="1.5" height="12"/></svg>'
    )


def share(part: float) -> Markup:
    """A bar that is filled as far as the share, 0 to 1."""
    width = min(max(part, 0.0), 1.0) * 240
    return Markup(
        '<svg viewBox="0 0 240 8" width="240" height="8" preserveAspectRatio="none"'
        ' aria-hidden="true"><rect class="f-sunk" width="240" height="8"/>'
        f'<rect class="f-accent" width="{width:.0f}" height="8"/></svg>'
    )


def rarity(one_in: float) -> Markup:
    """A bar that is longer the fewer diseases share a term; logarithmic."""
    width = min(math.log(max(one_in, 1.0)) / RAREST, 1.0) * 200
    return Markup(
        '<svg viewBox="0 0 200 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="f-sunk" width="200" height="8"/>'
        f'<rect class="f-accent" width="{width:.0f}" height="8"/></svg>'
    )


def specificity(place: float) -> Markup:
    """A scale from common to unmistakable, with a mark at `place`, 0 to 1."""
    width = 280.0
    at = 6 + min(max(place, 0.0), 1.0) * (width - 12)
    return Markup(
        f'<svg width="{width:.0f}" height="36" viewBox="0 0 {width:.0f} 36" aria-hidden="true">'
        f'<rect class="f-sunk" y="12" width="{width:.0f}" height="7" rx="3"/>'
        f'<rect class="f-accent" y="12" width="{at:.0f}" height="7" rx="3"/>'
        f'<path class="f-ink" d="M{at - 5:.0f} 2h10l-5 8z"/>'
        '<text class="t2" x="0" y="33">common</text>'
        f'<text class="t2" x="{width:.0f}" y="33" text-anchor="end">unmistakable</text></svg>'
    )


def dots(part: int, whole: int) -> Markup:
    """`part` filled dots of `whole`, ten in a row; empty for more than 50, where none helps."""
    if not 0 < whole <= 50:
        return Markup("")
    radius, gap = (5.0, 4.0) if whole <= 20 else (3.2, 2.6)
    step = radius * 2 + gap
    width, height = 10 * step + 2, math.ceil(whole / 10) * step + 2
    body = "".join(
        f'<circle cx="{radius + 1 + i % 10 * step:.1f}" cy="{radius + 1 + i // 10 * step:.1f}"'
        f' r="{radius - 0.5}" stroke-width="1"'
        f' class="{"f-accent s-accent" if i < part else "f-surface s-edge"}"/>'
        for i in range(whole)
    )
    return Markup(
        f'<svg width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
        f' aria-hidden="true">{body}</svg>'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one of your features and one of theirs have in common."""

    ancestor: str
    one_in: float
    identical: bool = False
    best: bool = False


CELL_WIDTH, CELL_HEIGHT, LEFT, TOP = 50, 30, 232, 134


def grid(
    yours: Sequence[str], theirs: Sequence[str], cells: Mapping[tuple[int, int], Cell]
) -> Markup:
    """Your features down, theirs across; darker where they share a rarer ancestor."""
    # The last label leans out to the right, and the scale is as wide as its words.
    width = LEFT + max(CELL_WIDTH * len(theirs) + 150, 440)
    height = TOP + CELL_HEIGHT * len(yours) + 46
    parts = [_across(j, label) for j, label in enumerate(theirs)]
    for i, label in enumerate(yours):
        parts.append(_down(i, label))
        parts.extend(_cell(i, j, cells.get((i, j))) for j in range(len(theirs)))
    parts.append(_scale(TOP + CELL_HEIGHT * len(yours) + 14))
    return picture(
        "grid",
        (width, height),
        "Match grid: your features down, theirs across",
        "Darker cells share a rarer ancestor. Outlined cells are the best pairs; an equals sign "
        "marks the identical term, a number the rarity 1 in N of the common ancestor.",
        Markup("").join(parts),
    )


def picture(
    name: str, size: tuple[int, int], title: str, description: str, body: Markup
) -> Markup:
    """An SVG that screen readers announce by title and description. `name` is unique in a page."""
    return Markup(
        '<svg width="{}" height="{}" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>'
    ).format(*size, *size, name, name, name, title, name, description, body)


def _across(column: int, label: str) -> Markup:
    x, y = LEFT + column * CELL_WIDTH + CELL_WIDTH / 2 - 4, TOP - 10
    return Markup(
        f'<text class="t-they" x="{x:.0f}" y="{y}" transform="rotate(-38 {x:.0f} {y})">'
        f"{escape(shortened(label, 28))}</text>"
    )


def _down(row: int, label: str) -> Markup:
    return Markup(
        f'<text class="t-you" x="{LEFT - 10}" y="{TOP + row * CELL_HEIGHT + 20}"'
        f' text-anchor="end">{escape(shortened(label, 32))}</text>'
    )


def _cell(row: int, column: int, cell: Cell | None) -> Markup:
    x, y = LEFT + column * CELL_WIDTH, TOP + row * CELL_HEIGHT
    box = f'x="{x + 1}" y="{y + 1}" width="{CELL_WIDTH - 2}" height="{CELL_HEIGHT - 2}" rx="2"'
    ground = Markup(f'<rect class="f-sunk" {box}/>')
    if cell is None:
        return ground
    told = escape(f"{cell.ancestor}, 1 in {cell.one_in:,.0f} diseases")
    shade = _shade(cell.one_in)
    tint = (
        Markup(
            f'<rect class="f-accent" fill-opacity="{shade:.2f}" {box}><title>{told}</title></rect>'
        )
        if shade
        else Markup("")
    )
    return ground + tint + (_outline(x, y, cell) if cell.best else Markup(""))


def _outline(x: int, y: int, cell: Cell) -> Markup:
    sign = "=" if cell.identical else f"{cell.one_in:,.0f}"
    return Markup(
        f'<rect x="{x + 2}" y="{y + 2}" width="{CELL_WIDTH - 4}" height="{CELL_HEIGHT - 4}" rx="2"'
        ' fill="none" class="s-ink" stroke-width="2"/>'
        f'<rect class="f-surface" x="{x + 6}" y="{y + 6}" width="{CELL_WIDTH - 12}"'
        f' height="{CELL_HEIGHT - 12}" rx="4"/><text class="b" x="{x + CELL_WIDTH / 2}"'
        f' y="{y + 20}" text-anchor="middle">{sign}</text>'
    )


def _shade(one_in: float) -> float:
    """0 for what most diseases share (up to 1 in 3), 1 from 1 in 1,000 on."""
    information = math.log(max(one_in, 1.0))
    return (
        0.0 if information < 1.0 else min(1.0, 0.08 + (information - 1.0) / 5.95 * 0.92)
    )


def _scale(y: int) -> Markup:
    steps = "".join(
        f'<rect class="f-accent" fill-opacity="{0.08 + 0.92 * k / 5:.2f}" x="{LEFT + 52 + k * 30}"'
        f' y="{y}" width="30" height="14"/>'
        for k in range(6)
    )
    return Markup(
        f'<text class="t2" x="{LEFT}" y="{y + 12}">1 in 3</text>{steps}'
        f'<text class="t2" x="{LEFT + 242}" y="{y + 12}">1 in 1,000 diseases share it</text>'
    )


def shortened(label: str, length: int) -> str:
    """The label, cut where it is longer than a picture has room for."""
    return label if len(label) <= length else label[: length - 1].rstrip() + "…"
