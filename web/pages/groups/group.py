"""Groups of alike cases: the list with its picture, and a page for each group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.wording import frequency
from web.accounts.people import Person
from web.db import connection, store
from web.groups.keeping import KeptGroup, KeptGroups, View, Wanted
from web.groups.making import basis_of
from web.pages.admission import the_clinician
from web.pages.cards.match import origin
from web.pages.colophon import bands
from web.pages.groups import cards as group_cards, pictures
from web.pages.words import counted, moment, sentence
from web.service import service
from web.viewing import told

blueprint = Blueprint("groups", __name__)

PAGE_SIZE = 9
MOST_MEMBERS, MOST_TIES = 100, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A chip above the list: how many groups it leaves, and where it leads."""

    name: str
    count: int
    is_on: bool
    href: str


@blueprint.get("/groups")
def everything() -> ResponseReturnValue:
    """The groups that the person's site sees, those without any diagnosis first."""
    person = the_clinician()
    kept, site = KeptGroups(connection()), person.site or ""
    view = kept.view(site)
    if view is None:
        return render_template("groups/waiting.html")
    wanted, page = asked_for()
    total = kept.count(site, wanted)
    pages = max(1, math.ceil(total / PAGE_SIZE))
    page = min(page, pages)
    shown = listed(kept, site, wanted, page)
    named = [group.members[: group_cards.MOST_MEMBERS] for group in shown]
    others = [each.case_id for some in named for each in some if each.site != site]
    told.record(person, sorted(set(others)), page="groups")
    look = pictures.Look.of(site, shown)
    cards = [group_cards.group_card(group, site) for group in shown]
    first = (page - 1) * PAGE_SIZE + 1
    return render_template(
        "groups/all.html",
        heading=_heading(shown, kept.count(site)),
        subheading=_among(view),
        total=total,
        cards=list(enumerate(cards, first)),
        filters=_filters(kept, site, wanted),
        is_filtered=wanted != Wanted(),
        picture=pictures.overview(
            look,
            [
                (group, f"Group {number}", f"#group-{number}")
                for number, group in enumerate(shown, first)
            ],
            "; ".join(
                f"group {n}: {card.where}" for n, card in enumerate(cards, first)
            ),
        ),
        legend=look.legend(),
        page=page,
        pages=pages,
        here=_arguments(wanted),
        **_made(kept, view),
    )


@blueprint.get("/groups/<group>")
def one(group: str) -> ResponseReturnValue:
    """A group: its picture and the same as tables, what its cases share, whom to write to."""
    person = the_clinician()
    kept, site = KeptGroups(connection()), person.site or ""
    view, found = kept.view(site), kept.get(site, group)
    if view is None or found is None:
        abort(404)
    case_ids = [member.case_id for member in found.members]
    chosen = request.args.get("case", "")
    chosen = chosen if chosen in case_ids else ""
    others = [each.case_id for each in found.members if each.site != site]
    told.record(person, others, page="group")
    look = pictures.Look.of(site, [found])
    ties = group_cards.ties_of(found, chosen)
    return render_template(
        "groups/one.html",
        group=group_cards.group_card(found, site),
        chosen=chosen,
        members=_members(person, found),
        more_members=max(0, len(found.members) - MOST_MEMBERS),
        ties=list(group_cards.tie_lines(found, ties[:MOST_TIES], site)),
        more_ties=max(0, len(ties) - MOST_TIES),
        shared=group_cards.shared_lines(found),
        apart=group_cards.apart_lines(found),
        is_simulated=bool(found.body["simulated"]),
        picture=pictures.network(
            look,
            found,
            {
                each: url_for("pages.groups.one", group=group, case=each)
                for each in case_ids
            },
            f"{group_cards.where(found)}. The tables below say the same.",
            chosen,
        ),
        legend=look.legend(),
        **_made(kept, view),
    )


def asked_for() -> tuple[Wanted, int]:
    """Which groups the address asks for, and which page of them."""
    sites = request.args.get("sites", 0, type=int)
    wanted = Wanted(
        undiagnosed="undiagnosed" in request.args,
        gene="gene" in request.args,
        own="own" in request.args,
        sites=sites if sites in (2, 3) else 0,
    )
    return wanted, min(max(request.args.get("page", 1, type=int), 1), 1_000_000)


def listed(
    kept: KeptGroups, site: str, wanted: Wanted, page: int
) -> tuple[KeptGroup, ...]:
    """The groups of a page."""
    return kept.found(site, wanted, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)


def _heading(shown: Sequence[KeptGroup], total: int) -> str:
    """The first group in a sentence: the one that most deserves to be read."""
    if shown:
        return str(shown[0].body["headline"])
    if total:
        return "None of the groups fits the filter"
    return "No two cases are confidently the same disorder yet"


def _among(view: View) -> str:
    cases, undiagnosed = view.facts["cases"], view.facts["undiagnosed"]
    return (
        f"Found among {counted(cases, 'case')} that your site may see, "
        f"{undiagnosed:,} of them with no diagnosis."
    )


def _made(kept: KeptGroups, view: View) -> dict[str, Any]:
    """When the groups were made, from what, and whether that has changed since."""
    basis = basis_of(service().settings, service().release.release_id)
    return {
        "made_at": moment(view.made_at),
        "facts": view.facts,
        "alone": frequency(view.facts["alone"]).words,
        "mutual": bands()["contact"],
        "is_current": view.basis == basis and kept.is_current(view),
    }


def _filters(kept: KeptGroups, site: str, wanted: Wanted) -> list[Filter]:
    """A chip for each condition, on or off beside the others that are on."""
    choices = (
        ("No diagnosis", wanted.undiagnosed, {"undiagnosed": not wanted.undiagnosed}),
        ("Shares a gene", wanted.gene, {"gene": not wanted.gene}),
        ("My site among them", wanted.own, {"own": not wanted.own}),
        (
            "2 sites or more",
            wanted.sites == 2,
            {"sites": 0 if wanted.sites == 2 else 2},
        ),
        (
            "3 sites or more",
            wanted.sites == 3,
            {"sites": 0 if wanted.sites == 3 else 3},
        ),
    )
    everything = Filter(
        name="All",
        count=kept.count(site),
        is_on=wanted == Wanted(),
        href=url_for("pages.groups.everything"),
    )
    return [everything] + [
        Filter(
            name=name,
            count=kept.count(site, wanted if is_on else replace(wanted, **change)),
            is_on=is_on,
            href=_address(replace(wanted, **change)),
        )
        for name, is_on, change in choices
    ]


def _address(wanted: Wanted) -> str:
    arguments: dict[str, Any] = _arguments(wanted)
    return url_for("pages.groups.everything", **arguments)


def _arguments(wanted: Wanted) -> dict[str, str]:
    """The same as an address says it."""
    said = {
        name: "1" for name in ("undiagnosed", "gene", "own") if getattr(wanted, name)
    }
    return said | ({"sites": str(wanted.sites)} if wanted.sites else {})


def _members(person: Person, group: KeptGroup) -> list[dict[str, Any]]:
    """Each member with where it comes from; a damaged case has nothing but its id."""
    shown = group.members[:MOST_MEMBERS]
    stored = store().get_many(
        [each.case_id for each in shown], on_damage=lambda _: None
    )
    lines = group_cards.member_lines(group, shown, person.site or "")
    return [
        {
            "line": line,
            "origin": (
                sentence(origin(person, stored[line.case_id].case))
                if line.case_id in stored
                else "cannot be read"
            ),
            "firmness": group_cards.firmness_of(member.firmness),
        }
        for line, member in zip(lines, shown)
    ]
