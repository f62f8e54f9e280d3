"""A picture of figures side by side, as SVG that needs nothing else to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH = 720
ROW = 26
LABELS = 190
VALUES = 60
TOP = 56
PLAIN, MARKED = "#9aa5b1", "#1f6f8b"


@dataclass(frozen=True, slots=True)
class Bar:
    """A value in [0, 1] with its name; the one that the picture is about is marked."""

    label: str
    value: float
    is_marked: bool = False


def bars(title: str, caption: str, rows: Sequence[Bar]) -> str:
    """Horizontal bars from 0, the longest filling the width."""
    height = TOP + ROW * len(rows) + 12
    longest = max((row.value for row in rows), default=0) or 1
    scale = (WIDTH - LABELS - VALUES) / longest
    lines = "\n".join(_bar(number, row, scale) for number, row in enumerate(rows))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"
  font-family="system-ui, sans-serif" font-size="14">
<title>{escape(title)}</title>
<desc>{escape(caption)}</desc>
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="12" y="22" font-size="16" font-weight="600" fill="#1b262c">{escape(title)}</text>
<text x="12" y="42" font-size="12" fill="#52606d">{escape(caption)}</text>
{lines}
</svg>
"""


def _bar(number: int, row: Bar, scale: float) -> str:
    y = TOP + ROW * number
    length = row.value * scale
    weight = "600" if row.is_marked else "400"
    colour = MARKED if row.is_marked else PLAIN
    return (
        f'<g font-weight="{weight}" fill="#1b262c">'
        f'<text x="{LABELS - 8}" y="{y + 16}" text-anchor="end">{escape(row.label)}</text>'
        f'<rect x="{LABELS}" y="{y + 3}" width="{length:.1f}" height="{ROW - 8}" rx="3"'
        f' fill="{colour}"/>'
        f'<text x="{LABELS + length + 6:.1f}" y="{y + 16}">{row.value:.3f}</text></g>'
    )
