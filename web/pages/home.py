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
from matcher.storage.store import StoredCase
from web.accounts import the_person
from web.accounts.people import Person
from web.db import store
from web.pages import profile
from web.pages.admission import is_clinician, the_clinician
from web.pages.cards import BANDS
from web.pages.damage import left_out
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
    cases = store().cases(
        site=person.site, submitter=submitter, on_damage=damaged.append
    )
    visible = [stored for stored in cases if may_open(person, stored.case)]
    find = request.args.get("find", "").strip()[:100]
    found = [stored for stored in visible if _has(stored.case, find.casefold())]
    found.sort(key=lambda stored: (stored.saved_at, stored.case.case_id), reverse=True)
    pages = max(1, math.ceil(len(found) / PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = [
        _row(person, each) for each in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    ]
    promising = [(row, row.best) for row in rows if row.best is not None]
    promising.sort(key=lambda each: _most_probable(each[1]))
    leads = promising[:MOST_LEADS]
    told.record(person, _of_other_sites(person, [best for _, best in leads]), page=of)
    return render_template(
        "home.html",
        of=of,
        find=find,
        heading=(
            _heading(of, [best for _, best in promising], len(visible))
            if visible or not damaged
            else UNREADABLE
        ),
        subheading="" if damaged and not visible else _subheading(person, of, visible),
        left_out=left_out(len(damaged)),
        total=len(visible),
        rows=rows,
        leads=[_lead(person, row, best) for row, best in leads],
        page=page,
        pages=pages,
    )


def _has(case: Case, find: str) -> bool:
    """Whether the id, a gene or a feature has the text in it."""
    if not find:
        return True
    release = service().release
    features = (profile.term_label(f.term_id, release) for f in case.features)
    said = (case.case_id, case.label, *profile.gene_names(case, release), *features)
    return any(find in text.casefold() for text in said)


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


def _heading(of: str, leads: Sequence[Best], total: int) -> str:
    calls = sum(lead.match.band is Band.CONTACT for lead in leads)
    whose = "your site’s" if of == "site" else "your"
    if not total:
        return (
            "No case of your site yet"
            if of == "site"
            else "You have not entered a case yet"
        )
    if calls:
        verb = "has" if calls == 1 else "have"
        return f"{sentence(number_word(calls))} of {whose} cases {verb} a match worth a call"
    if leads:
        verb = "has" if len(leads) == 1 else "have"
        return f"{sentence(number_word(len(leads)))} of {whose} cases {verb} a match worth a look"
    return f"None of {whose} cases has a match worth a call yet"


def _subheading(person: Person, of: str, visible: Sequence[StoredCase]) -> str:
    if not visible:
        return "Enter one, and it is compared with every case that is shared with you."
    undiagnosed = sum(not stored.case.solved for stored in visible)
    whose = f"of {person.site}" if of == "site" else "of yours"
    cases = sentence(counted(len(visible), "case"))
    return f"{cases} {whose}, {number_word(undiagnosed)} without a diagnosis."
