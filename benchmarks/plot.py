"""Figures as pictures: SVG that needs nothing else to be shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 720
ROW = 26
LABELS = 190
VALUES = 60
TOP = 56
PLAIN, MARKED = "#9aa5b1", "#1f6f8b"
INK, QUIET, GRID = "#1b262c", "#52606d", "#e4e7eb"
# Of a drawing with axes: its height, and the room for their numbers and for names at line ends.
PLOT_HEIGHT = 320
LEFT, RIGHT, BOTTOM = 84, 110, 52


@dataclass(frozen=True, slots=True)
class Bar:
    """A value in [0, 1] with its name; the one that the picture is about is marked."""

    label: str
    value: float
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y), both above 0, in order of x; the one the picture is about is marked."""

    label: str
    points: tuple[tuple[float, float], ...]
    is_marked: bool = False


def bars(title: str, caption: str, rows: Sequence[Bar]) -> str:
    """Horizontal bars from 0, the longest filling the width."""
    longest = max((row.value for row in rows), default=0) or 1
    scale = (WIDTH - LABELS - VALUES) / longest
    drawn = (_bar(number, row, scale) for number, row in enumerate(rows))
    return _picture(title, caption, TOP + ROW * len(rows) + 12, drawn)


def lines(
    title: str, caption: str, axes: tuple[str, str], series: Sequence[Line]
) -> str:
    """Lines over two logarithmic axes, each named at its end, grid lines at powers of ten.

    `axes` are the units of x and y. Raises `ValueError` where there is no point at all.
    """
    across = _Axis.over(
        [x for line in series for x, _ in line.points], LEFT, WIDTH - RIGHT
    )
    upward = _Axis.over(
        [y for line in series for _, y in line.points], PLOT_HEIGHT - BOTTOM, TOP + 8
    )
    drawn = [*_grid(across, upward, axes)]
    drawn += [_line(line, across, upward) for line in series if line.points]
    return _picture(title, caption, PLOT_HEIGHT, drawn)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Whole powers of ten from `low` to `high`, drawn between two places."""

    low: int
    high: int
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> _Axis:
        low = math.floor(math.log10(min(values)))
        return cls(low, max(low + 1, math.ceil(math.log10(max(values)))), start, end)

    def place(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def _grid(across: _Axis, upward: _Axis, axes: tuple[str, str]) -> Iterator[str]:
    for tick in across.ticks:
        x = across.place(tick)
        yield (
            f'<path d="M{x:.1f} {upward.end}V{upward.start}" stroke="{GRID}"/>'
            f'<text x="{x:.1f}" y="{upward.start + 18}" text-anchor="middle" font-size="12"'
            f' fill="{QUIET}">{tick:,.0f}</text>'
        )
    for tick in upward.ticks:
        y = upward.place(tick)
        yield (
            f'<path d="M{across.start} {y:.1f}H{across.end}" stroke="{GRID}"/>'
            f'<text x="{across.start - 8}" y="{y + 4:.1f}" text-anchor="end" font-size="12"'
            f' fill="{QUIET}">{tick:,g} {escape(axes[1])}</text>'
        )
    yield (
        f'<text x="{(across.start + across.end) / 2}" y="{upward.start + 38}"'
        f' text-anchor="middle" font-size="12" fill="{QUIET}">{escape(axes[0])}</text>'
    )


def _line(line: Line, across: _Axis, upward: _Axis) -> str:
    places = [(across.place(x), upward.place(y)) for x, y in line.points]
    colour = MARKED if line.is_marked else PLAIN
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places)
    end_x, end_y = places[-1]
    return (
        f'<g fill="{colour}"><path d="M{path}" fill="none" stroke="{colour}"'
        f' stroke-width="2.5"/>{dots}'
        f'<text x="{end_x + 9:.1f}" y="{end_y + 5:.1f}" font-weight="600"'
        f' fill="{INK}">{escape(line.label)}</text></g>'
    )


def _picture(title: str, caption: str, height: float, drawn: Iterable[str]) -> str:
    content = "\n".join(drawn)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"
  font-family="system-ui, sans-serif" font-size="14">
<title>{escape(title)}</title>
<desc>{escape(caption)}</desc>
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="12" y="22" font-size="16" font-weight="600" fill="{INK}">{escape(title)}</text>
<text x="12" y="42" font-size="12" fill="{QUIET}">{escape(caption)}</text>
{content}
</svg>
"""


def _bar(number: int, row: Bar, scale: float) -> str:
    y = TOP + ROW * number
    length = row.value * scale
    weight = "600" if row.is_marked else "400"
    colour = MARKED if row.is_marked else PLAIN
    return (
        f'<g font-weight="{weight}" fill="{INK}">'
        f'<text x="{LABELS - 8}" y="{y + 16}" text-anchor="end">{escape(row.label)}</text>'
        f'<rect x="{LABELS}" y="{y + 3}" width="{length:.1f}" height="{ROW - 8}" rx="3"'
        f' fill="{colour}"/>'
        f'<text x="{LABELS + length + 6:.1f}" y="{y + 16}">{row.value:.3f}</text></g>'
    )
