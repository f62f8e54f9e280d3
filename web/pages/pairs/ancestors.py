"""Where two cases meet: body system, closest common ancestor, and the terms of both below it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from matcher.explanation.term_pairs import PHENOTYPE, TermName, TermPair
from ontologies import Release
from web.pages.pictures import picture, shortened

MOST_MEETINGS = 16
# Left edge and width of each of the three columns.
SYSTEM, MEETING, LEAF = (0, 152), (210, 260), (532, 298)
WIDTH = 830
LEAF_HEIGHT, LEAF_STEP, GAP = 30, 34, 14
TOP = 12
LONGEST_SYSTEM = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A term below a common ancestor, and whose it is: "you", "they" or "both"."""

    label: str
    whose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A common ancestor, how rare it is, and the terms that meet in it."""

    label: str
    one_in: float
    leaves: tuple[Leaf, ...]

    @property
    def height(self) -> int:
        """How much room the terms take, or the ancestor with its label on two lines."""
        return max(46, LEAF_STEP * len(self.leaves) - (LEAF_STEP - LEAF_HEIGHT))


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A body system with what is shared in it, rarest first."""

    label: str
    meetings: tuple[Meeting, ...]


def systems(pairs: Sequence[TermPair], release: Release) -> list[System]:
    """What the pairs share, by body system; the system with the rarest meeting first."""
    found: dict[str, dict[TermName, list[TermPair]]] = {}
    for pair in pairs:
        system = found.setdefault(_system(pair.ancestor.term_id, release), {})
        if pair.ancestor in system or sum(map(len, found.values())) < MOST_MEETINGS:
            system.setdefault(pair.ancestor, []).append(pair)
    return [
        System(
            label=label,
            meetings=tuple(
                Meeting(
                    label=ancestor.label,
                    one_in=below[0].one_in,
                    leaves=tuple(_leaves(below)),
                )
                for ancestor, below in meetings.items()
            ),
        )
        for label, meetings in found.items()
        if meetings
    ]


def _system(term_id: str, release: Release) -> str:
    """The body system of a term; of several the one that fewest diseases touch."""
    ontology, content = release.ontology, release.information_content
    tops = [
        above
        for above in ontology.ancestors(term_id)
        if PHENOTYPE in ontology.parents(above)
    ]
    if not tops:
        return ontology.label(term_id)
    label = ontology.label(max(tops, key=lambda top: (content[top], top)))
    for opening in ("Abnormality of the ", "Abnormality of ", "Abnormal "):
        if label.startswith(opening):
            label = label.removeprefix(opening)
    # Where a name is too long for its box, its last word says least.
    label = label if len(label) <= LONGEST_SYSTEM else label.removesuffix(" system")
    return label[:1].upper() + label[1:]


def _leaves(pairs: Sequence[TermPair]) -> Iterator[Leaf]:
    """Each term once: first what both have, then yours, then theirs."""
    same = [pair.yours for pair in pairs if pair.is_identical]
    yours = [pair.yours for pair in pairs if pair.yours not in same]
    theirs = [pair.theirs for pair in pairs if pair.theirs not in same]
    for terms, whose in ((same, "both"), (yours, "you"), (theirs, "they")):
        for term in dict.fromkeys(terms):
            yield Leaf(label=term.label, whose=whose)


def drawn(found: Sequence[System]) -> Markup:
    """The three columns as a picture; empty where nothing is shared."""
    if not found:
        return Markup("")
    parts, top = [], TOP
    for system in found:
        drawn_system, top = _drawn_system(system, top)
        parts.append(drawn_system)
        top += GAP
    return picture(
        "meet",
        (WIDTH, top),
        "What the two cases share, from body system to term",
        "Left: body system. Middle: the closest common ancestor, darker when rarer. Right: your "
        "terms and theirs below it.",
        Markup("").join(parts),
    )


def _drawn_system(system: System, top: int) -> tuple[Markup, int]:
    """The system, what is below it, and where the next one begins."""
    y, lines, boxes = top, [], []
    for meeting in system.meetings:
        middle = y + meeting.height / 2
        lines.append(middle)
        boxes.append(_drawn_meeting(meeting, y))
        y += meeting.height + GAP
    middle = (lines[0] + lines[-1]) / 2
    branch = MEETING[0] - 28
    paths = [f"M{SYSTEM[1]} {middle:.0f} H{branch}"]
    paths += [f"M{branch} {middle:.0f} V{line:.0f} H{MEETING[0]}" for line in lines]
    box = _box(SYSTEM, middle - 16, 32, "f-sunk s-line")
    label = _label(SYSTEM, middle + 4.5, shortened(system.label, LONGEST_SYSTEM))
    return Markup("").join([_path(paths, "s-line"), box, label, *boxes]), y


def _drawn_meeting(meeting: Meeting, top: float) -> Markup:
    middle = top + meeting.height / 2
    wrapped = textwrap.wrap(meeting.label, 34) or [""]
    if len(wrapped) > 2:
        wrapped = [wrapped[0], shortened(" ".join(wrapped[1:]), 34)]
    height = 28 + 16 * len(wrapped)
    above = middle - height / 2
    shade = 0.03 + min(1.0, math.log(max(meeting.one_in, 1.0)) / 7) * 0.22
    ground = _box(MEETING, above, height, "f-surface")
    tint = _box(
        MEETING, above, height, "f-accent s-accent", f' fill-opacity="{shade:.2f}"'
    )
    words = [
        _label(MEETING, above + 17 + 16 * line, said, "b")
        for line, said in enumerate(wrapped)
    ]
    rarity = f"1 in {max(1, round(meeting.one_in)):,} diseases"
    words.append(_label(MEETING, above + 17 + 16 * len(wrapped), rarity, "t2"))
    used = LEAF_STEP * len(meeting.leaves) - (LEAF_STEP - LEAF_HEIGHT)
    first = top + (meeting.height - used) / 2
    leaves = [
        _drawn_leaf(leaf, first + LEAF_STEP * place, middle, meeting)
        for place, leaf in enumerate(meeting.leaves)
    ]
    stem = _path([f"M{sum(MEETING)} {middle:.0f} H{LEAF[0] - 20}"], "s-edge")
    return Markup("").join([stem, *leaves, ground, tint, *words])


LOOKS = {
    "both": ("f-surface s-ink", "Both: "),
    "you": ("f-yousoft s-you", "Yours: "),
    "they": ("f-theysoft s-they", "Theirs: "),
}


def _drawn_leaf(leaf: Leaf, top: float, middle: float, meeting: Meeting) -> Markup:
    classes, said = LOOKS[leaf.whose]
    at = top + LEAF_HEIGHT / 2
    line = _path([f"M{LEAF[0] - 20} {middle:.0f} V{at:.0f} H{LEAF[0]}"], "s-edge")
    label = "the same term" if leaf.label == meeting.label else leaf.label
    words = shortened(said + label, 40)
    strong = "b" if leaf.whose == "both" else ""
    box = _box(LEAF, top, LEAF_HEIGHT, classes)
    return line + box + _label(LEAF, at + 4.5, words, strong)


def _box(
    column: tuple[int, int], top: float, height: float, classes: str, more: str = ""
) -> Markup:
    x, width = column
    return Markup(
        f'<rect class="{classes}" x="{x + 1}" y="{top:.1f}" width="{width - 2}"'
        f' height="{height:.0f}" rx="5"{more}/>'
    )


def _label(
    column: tuple[int, int], baseline: float, words: str, classes: str = ""
) -> Markup:
    kind = f' class="{classes}"' if classes else ""
    return Markup(
        f'<text{kind} x="{column[0] + 12}" y="{baseline:.1f}">{escape(words)}</text>'
    )


def _path(paths: Sequence[str], stroke: str) -> Markup:
    return Markup(f'<path fill="none" class="{stroke}" d="{" ".join(paths)}"/>')
