"""The first page: my cases or my site's, with the answer they have found so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher import Match
from matcher.calibration import Band
from matcher.case import Case
from matcher.explanation.ladder import ladder
from matcher.storage.errors import DamagedCase
from matcher.storage.heads import Head, heads
from matcher.storage.store import StoredCase
from web.accounts import the_person
from web.accounts.people import Person
from web.db import connection, store
from web.pages.admission import is_clinician, the_clinician
from web.pages.cards.match import BANDS
from web.pages.cases import profile
from web.pages.damage import left_out
from web.pages.entry.autosave import unsaved, unsaved_changes
from web.pages.finding import having
from web.pages.words import SHARED_SHORT, counted, day, number_word, proband, sentence
from web.service import service
from web.viewing import ranking, told
from web.viewing.ranking import explained
from web.viewing.visibility import may_open

blueprint = Blueprint("home", __name__)

PAGE_SIZE = 20
LEADING = 2
MOST_LEADS = 5
UNREADABLE = "None of these cases can be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The most probable match of a case, with its band and frequency as printed."""

    match: Match
    band: str
    odds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case of the list; `best` is None where no candidate is worth a look."""

    case_id: str
    label: str
    proband: str
    leading: str
    genes: str
    shared: str
    changed: str
    best: Best | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A case whose best match deserves time, with the strongest reason."""

    row: Row
    best: Best
    said: str


@blueprint.get("/")
def mine() -> ResponseReturnValue:
    """The cases that I entered. Who has none by her role goes to her account."""
    if not is_clinician(the_person()):
        return redirect(url_for("pages.account.show"))
    person = the_clinician()
    return _page(person, "mine", submitter=person.name)


@blueprint.get("/site")
def site() -> ResponseReturnValue:
    """Every case of my site that I may open."""
    person = the_clinician()
    return _page(person, "site")


def _page(person: Person, of: str, *, submitter: str | None = None) -> str:
    damaged: list[DamagedCase] = []
    visible = _visible(person, submitter, damaged)
    find = request.args.get("find", "").strip()[:100]
    found = having(visible, find)
    found.sort(key=lambda head: (head.saved_at, head.case_id), reverse=True)
    pages = max(1, math.ceil(len(found) / PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    rows = _rows(person, shown, damaged)
    promising = [(row, row.best) for row in rows if row.best is not None]
    promising.sort(key=lambda each: _most_probable(each[1]))
    leads = _leads(promising)
    told.record(person, _of_other_sites(person, [best for _, best in leads]), page=of)
    is_all_damaged = bool(damaged) and not rows and len(visible) <= len(shown)
    return render_template(
        "home.html",
        of=of,
        find=find,
        heading=(
            UNREADABLE
            if is_all_damaged
            else _heading(
                of,
                [best for _, best in promising],
                len(visible),
                len(rows) if len(rows) < len(visible) else None,
            )
        ),
        subheading="" if is_all_damaged else _subheading(person, of, visible),
        left_out=left_out(len(damaged)),
        unsaved=[*unsaved(person), *unsaved_changes(person)] if of == "mine" else [],
        total=len(visible),
        rows=rows,
        leads=[_lead(person, row, best) for row, best in leads],
        page=page,
        pages=pages,
    )


def _visible(
    person: Person, submitter: str | None, damaged: list[DamagedCase]
) -> list[Head]:
    """The cases of the list that the person may open."""
    found = heads(
        connection(),
        site=person.site or "",
        submitter=submitter,
        on_damage=damaged.append,
    )
    return [head for head in found if may_open(person, head)]


def _rows(
    person: Person, shown: Sequence[Head], damaged: list[DamagedCase]
) -> list[Row]:
    """The cases of one page, read whole."""
    cases = store().get_many([head.case_id for head in shown], on_damage=damaged.append)
    stored = [cases[head.case_id] for head in shown if head.case_id in cases]
    return [_row(person, each) for each in stored if may_open(person, each.case)]


def _leads(promising: Sequence[tuple[Row, Best]]) -> list[tuple[Row, Best]]:
    """The most promising, two cases that are each other's best match once."""
    pairs: dict[frozenset[str], tuple[Row, Best]] = {}
    for row, best in promising:
        pair = frozenset((row.case_id, best.match.case_id))
        pairs.setdefault(pair, (row, best))
    return list(pairs.values())[:MOST_LEADS]


def _row(person: Person, stored: StoredCase) -> Row:
    case, release = stored.case, service().release
    observed = profile.lines((f for f in case.features if not f.excluded), release)
    return Row(
        case_id=case.case_id,
        label=case.label,
        proband=proband(case),
        leading=sentence(", ".join(line.lower for line in observed[:LEADING]))
        or "no feature yet",
        genes=", ".join(profile.gene_names(case, release)),
        shared=SHARED_SHORT[case.sharing],
        changed=day(stored.saved_at),
        best=_best(person, case),
    )


def _best(person: Person, case: Case) -> Best | None:
    """The most probable match, if it is worth a look."""
    match = ranking.best(person, case)
    if match is None or match.band is Band.BACKGROUND:
        return None
    rungs = ladder(match.evidence, match.searched, match.expected_partners)
    return Best(match=match, band=BANDS[match.band], odds=rungs.result)


def _lead(person: Person, row: Row, best: Best) -> Lead:
    reasons = explained(person, best.match).reasons
    said = f"{best.match.case_id} is the closest."
    if reasons:
        said += f" {reasons[0].text}."
    return Lead(row=row, best=best, said=said)


def _of_other_sites(person: Person, leads: Sequence[Best]) -> list[str]:
    """Ids of the matches that are named here and stand at another site."""
    met = (lead.match.pair.candidate for lead in leads)
    return sorted({case.case_id for case in met if not may_open(person, case)})


def _most_probable(best: Best) -> tuple[float, str]:
    return -best.match.probability, best.match.case_id


def _heading(of: str, leads: Sequence[Best], total: int, shown: int | None) -> str:
    """The answer; `shown` is how many were looked at where that is not all of them."""
    if not total:
        return (
            "No case of your site yet"
            if of == "site"
            else "You have not entered a case yet"
        )
    whose = "your site’s" if of == "site" else "your"
    if shown == 0:
        return f"None of {whose} cases has that text"
    calls = sum(lead.match.band is Band.CONTACT for lead in leads)
    number, worth = (calls, "call") if calls or not leads else (len(leads), "look")
    if shown == 1:
        return f"This case has {'a' if number else 'no'} match worth a {worth}"
    cases = f"{whose} cases" if shown is None else f"these {counted(shown, 'case')}"
    if not number:
        return f"None of {cases} has a match worth a call yet"
    verb = "has" if number == 1 else "have"
    return f"{sentence(number_word(number))} of {cases} {verb} a match worth a {worth}"


def _subheading(person: Person, of: str, visible: Sequence[Head]) -> str:
    if not visible:
        return "Enter one, and it is compared with every case that is shared with you."
    undiagnosed = sum(not head.solved for head in visible)
    whose = f"of {person.site}" if of == "site" else "of yours"
    cases = sentence(counted(len(visible), "case"))
    return f"{cases} {whose}, {number_word(undiagnosed)} without a diagnosis."
