"""A group as its pages tell it: who belongs to it, what they share, and where to go from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from matcher.wording import frequency, rarity
from web.groups.keeping import KeptGroup, Member, Tie
from web.pages.words import counted, number_word, sentence

MOST_MEMBERS, MOST_SHARED, MOST_APART = 12, 5, 3
FIRM, FAIR = 0.75, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """A case of a group; `href` is empty where nothing of hers could be set beside it."""

    case_id: str
    site: str
    is_own: bool
    has_changed: bool
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermLine:
    """A feature of a group: how many of its cases have it, and how rare it is."""

    label: str
    here: str
    elsewhere: str
    one_in: str
    exactly: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TieLine:
    """A confident match between two cases of a group."""

    one: str
    other: str
    odds: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The best pair of a case of hers and one of another site."""

    site: str
    own: str
    other: str

    @property
    def compare(self) -> str:
        """Where the two stand side by side."""
        return _pair(self.own, self.other)

    @property
    def write(self) -> str:
        """Where to write about them."""
        return f"{self.compare}#conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCard:
    """A group of the list."""

    link: str
    heading: str
    where: str
    members: tuple[MemberLine, ...]
    more: int
    shared: tuple[TermLine, ...]
    apart: tuple[TermLine, ...]
    genes: str
    firmness: str
    has_diagnosis: bool
    calls: tuple[Call, ...]


def group_card(group: KeptGroup, site: str) -> GroupCard:
    """The group in short, for a person of the site."""
    shown = group.members[:MOST_MEMBERS]
    return GroupCard(
        link=group.link,
        heading=group.body["headline"],
        where=where(group),
        members=tuple(member_lines(group, shown, site)),
        more=len(group.members) - len(shown),
        shared=shared_lines(group)[:MOST_SHARED],
        apart=apart_lines(group)[:MOST_APART],
        genes=genes_of(group),
        firmness=firmness_of(group.body["firmness"]),
        has_diagnosis=bool(group.body["diagnosed"]),
        calls=calls(group, site),
    )


def where(group: KeptGroup) -> str:
    """`2 at North, 1 at Harbour; 1 with a diagnosis`."""
    places = ", ".join(f"{n} at {site}" for site, n in group.body["sites"].items())
    diagnosed = group.body["diagnosed"]
    return f"{places}; {diagnosed} with a diagnosis" if diagnosed else places


def member_lines(
    group: KeptGroup, members: Sequence[Member], site: str
) -> Iterator[MemberLine]:
    """Each member, and where it is looked at: her own whole, another beside her closest."""
    closest = _closest(group, site)
    for member in members:
        is_own = member.site == site
        own = closest.get(member.case_id, "")
        yield MemberLine(
            case_id=member.case_id,
            site=member.site or "site not given",
            is_own=is_own,
            has_changed=member.has_changed,
            href=(
                url_for("pages.cases.show", case_id=member.case_id)
                if is_own
                else _pair(own, member.case_id) if own else ""
            ),
        )


def _closest(group: KeptGroup, site: str) -> dict[str, str]:
    """For each case of another site the one of hers that it is tied to most, else her first."""
    own = [member.case_id for member in group.members if member.site == site]
    found: dict[str, str] = {}
    for tie in group.ties:
        ends = [group.members[tie.one], group.members[tie.other]]
        for one, other in (ends, ends[::-1]):
            if one.site == site and other.site != site:
                found.setdefault(other.case_id, one.case_id)
    if own:
        for member in group.members:
            if member.site != site:
                found.setdefault(member.case_id, own[0])
    return found


def calls(group: KeptGroup, site: str) -> tuple[Call, ...]:
    """For each other site the pair that says most, the likeliest first."""
    closest = _closest(group, site)
    tied = [group.members[end] for tie in group.ties for end in (tie.one, tie.other)]
    best: dict[str, Call] = {}
    for member in [*tied, *group.members]:
        own = closest.get(member.case_id)
        if own:
            best.setdefault(
                member.site,
                Call(
                    site=member.site or "the other site", own=own, other=member.case_id
                ),
            )
    return tuple(best.values())


def ties_of(group: KeptGroup, chosen: str = "") -> list[Tie]:
    """The ties, likeliest first; of the chosen case alone if there is one."""
    ids = [member.case_id for member in group.members]
    return [tie for tie in group.ties if chosen in ("", ids[tie.one], ids[tie.other])]


def tie_lines(group: KeptGroup, ties: Sequence[Tie], site: str) -> Iterator[TieLine]:
    """These ties, each with where its two cases stand side by side."""
    for tie in ties:
        one, other = group.members[tie.one], group.members[tie.other]
        yield TieLine(
            one=one.case_id,
            other=other.case_id,
            odds=frequency(tie.probability).words,
            href=_pair(one.case_id, other.case_id) if one.site == site else "",
        )


def shared_lines(group: KeptGroup) -> tuple[TermLine, ...]:
    """What at least half of them have, rarest first."""
    found = sorted(group.body["shared"], key=lambda each: -each["one_in"])
    return tuple(_term_line(each) for each in found)


def apart_lines(group: KeptGroup) -> tuple[TermLine, ...]:
    """What they have more often than all other cases, surest first."""
    return tuple(_term_line(each) for each in group.body["distinctive"])


def _term_line(each: dict[str, Any]) -> TermLine:
    elsewhere = ""
    if "of_elsewhere" in each:
        elsewhere = f"{each['elsewhere']:,} of {each['of_elsewhere']:,}"
    return TermLine(
        label=each["term"]["label"],
        here=f"{each['cases']} of {each['of']}",
        elsewhere=elsewhere,
        one_in=rarity(each["one_in"]),
        exactly=each.get("exactly", 0),
    )


def genes_of(group: KeptGroup) -> str:
    """`PHF14 in three of them, in no other case. POLE2 in two, in four others.`"""
    lines = []
    for gene in group.body["genes"]:
        others = gene["elsewhere"]
        beside = f"in {counted(others, 'case')} elsewhere" if others else "nowhere else"
        lines.append(
            f"{gene['symbol']} in {number_word(gene['cases'])} of them, {beside}"
        )
    if not lines:
        return "No gene is listed by two of them."
    return sentence("; ".join(lines)) + "."


def firmness_of(share: float | None) -> str:
    """How often two of them stay together when the ties are drawn anew."""
    if share is None:
        return ""
    found = frequency(share)
    often = (
        f"{found.count} of {found.of}" if found.count else f"fewer than 1 of {found.of}"
    )
    word = "Firm" if share >= FIRM else "Fairly firm" if share >= FAIR else "Loose"
    return f"{word}: together in {often} redraws"


def _pair(own: str, other: str) -> str:
    return url_for("pages.matches.pair", case_id=own, other_id=other)
