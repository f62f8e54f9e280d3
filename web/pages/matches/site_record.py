"""How often the bands were right at the reader's site: a sentence each, and a page of its own."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from matcher.wording import number
from web.accounts.people import Person
from web.db import connection
from web.pages.admission import the_clinician
from web.pages.cards.remote import text
from web.pages.colophon import bands
from web.pages.words import day
from web.verdicts.kept import Verdicts
from web.verdicts.precision import BandRecord, precision, why_not
from web.verdicts.verdict import Said, Verdict

blueprint = Blueprint("site_record", __name__)

KEYS = {"contact": "contact", "look": "look", "background": "none"}
CONTACT = "Contact"
MOST_LISTED = 100


@blueprint.get("/verdicts")
def show() -> ResponseReturnValue:
    """Precision by band, why pairs were no match, and the pairs that were judged."""
    person = the_clinician()
    judged = _verdicts(person)
    settled = [each for each in judged if each.judged.is_settled]
    return render_template(
        "verdicts/show.html",
        heading=_heading(judged),
        site=person.site,
        records=[
            {
                "key": KEYS[each.band],
                "said": _sentence(each),
                "expected": _promised(each),
            }
            for each in precision(judged)
        ],
        reasons=why_not(settled),
        rows=[_row(each) for each in judged[:MOST_LISTED]],
        further=max(0, len(judged) - MOST_LISTED),
        bands=bands(),
    )


def sentences(person: Person) -> Mapping[str, str]:
    """What the site found of each band, by the key of its badge; "" where nothing is settled."""
    return {
        KEYS[each.band]: (
            f"Of the last {each.settled:,} at {person.site}, {each.same:,} "
            f"{'was' if each.same == 1 else 'were'} judged the same disorder."
            if each.settled
            else ""
        )
        for each in precision(_verdicts(person))
    }


def _verdicts(person: Person) -> list[Verdict]:
    return Verdicts(connection(), person.site or "").seen_by(person)


def _heading(judged: list[Verdict]) -> str:
    """The answer in one line: the record of the band that leads to a call."""
    contact, *_ = precision(judged)
    if contact.settled:
        return f"{CONTACT}: {_sentence(contact)}"
    if any(each.judged.is_settled for each in judged):
        return "No pair of the band Contact is settled yet"
    return "No pair is settled yet"


def _sentence(each: BandRecord) -> str:
    if not each.settled:
        return "nothing settled yet"
    was = "was" if each.same == 1 else "were"
    pairs = "pair" if each.settled == 1 else "pairs"
    return f"{each.same:,} of {each.settled:,} settled {pairs} {was} the same disorder"


def _promised(each: BandRecord) -> str:
    """How many the frequencies had promised, to hold the record against."""
    if each.expected is None:
        return ""
    amount = number(round(each.expected, 1))
    return f"The frequencies shown with them promised about {amount}."


def _row(each: Verdict) -> dict[str, object]:
    pair, judged = each.pair, each.judged
    return {
        "case_id": pair.case_id,
        "other_id": pair.other_id,
        "node": pair.node,
        "remote_id": pair.remote_id,
        "other": text(pair.remote_id) if pair.node else pair.other_id,
        "band": KEYS.get(judged.band, ""),
        "words": judged.words,
        "note": judged.note,
        "is_same": judged.said is Said.SAME,
        "who": f"{each.given_by}, {day(each.given_at)}",
    }
