"""The notices of a person: what happened to cases she may open, latest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.accounts import Person
from web.db import connection
from web.notices.inbox import Inbox, Notice
from web.notices.matters import Kind
from web.notices.telling import How
from web.pages.admission import the_clinician
from web.pages.words import counted, moment, sentence
from web.service import service
from web.viewing import told
from web.viewing.visibility import may_open

blueprint = Blueprint("notices", __name__)

PAGE_SIZE = 30
# What happened, as a sentence about the case that is named before it.
SAID = {
    Kind.ASKED: "{node} was shown this case, as a candidate for its patient {remote}.",
    Kind.COMPARED: "A clinician of {site} compared this case with one of theirs.",
    Kind.NEW_MATCH: "{node} has a new match, its patient {remote}.",
    Kind.CHANGED_MATCH: "A match at {node}, its patient {remote}, has changed.",
    Kind.WITHDRAWN_MATCH: "A match at {node}, its patient {remote}, is withdrawn.",
    Kind.MESSAGE: "{site} wrote to you about this case.",
    Kind.ACCEPTED: "{site} accepts direct contact about this case.",
    Kind.DECLINED: "{site} declines to talk about this case.",
    Kind.REMINDER: "{site} waits for your answer about this case.",
    Kind.WITHDRAWN_CASE: "{site} withdrew its case, so the conversation about this one is erased.",
    Kind.FEATURE_WAITS: (
        "HPO {version} has no single term for a feature of this case; it counts for nothing until "
        "you decide."
    ),
    Kind.HANDED_OVER: "{cases} of {leaver} became yours, this one among them.",
}
OF_MATCHES = frozenset({Kind.NEW_MATCH, Kind.CHANGED_MATCH, Kind.WITHDRAWN_MATCH})


def inbox_of(person: Person) -> Inbox:
    """The notices of a person, over the connection of this request."""
    return Inbox(connection(), person, may_open)


def no_mail(person: Person) -> str:
    """Why no e-mail comes, whatever she chooses; empty if one does."""
    if not service().settings.sends_mail:
        return "This site sends no e-mail, so you are told on these pages only."
    if person.email is None:
        return (
            "Your account has no address, so you are told on these pages only; "
            "the operator of your site can add one."
        )
    return ""


@blueprint.get("/notices")
def all_notices() -> ResponseReturnValue:
    """What happened to my cases, a page at a time."""
    person = the_clinician()
    inbox = inbox_of(person)
    before = request.args.get("before", type=int)
    found = inbox.notices(limit=PAGE_SIZE + 1, before=_bounded(before))
    shown = found[:PAGE_SIZE]
    _record(person, shown)
    unread = inbox.unread()
    return render_template(
        "notices/inbox.html",
        heading=_heading(unread, bool(found)),
        notices=[_line(notice) for notice in shown],
        unread=unread,
        newest=shown[0].notice_id if shown else 0,
        older=shown[-1].notice_id if len(found) > PAGE_SIZE else None,
        is_first=before is None,
        how=How.NEVER if no_mail(person) else inbox.how(),
    )


@blueprint.get("/notices/<notice>")
def one(notice: str) -> ResponseReturnValue:
    """One notice, which an e-mail leads to."""
    found = _mine(notice)
    _record(the_clinician(), [found])
    return render_template("notices/one.html", notice=_line(found))


@blueprint.post("/notices/<notice>/read")
def read(notice: str) -> ResponseReturnValue:
    """Mark one notice as read."""
    found = _mine(notice)
    inbox_of(the_clinician()).read(found.link)
    return redirect(url_for("pages.notices.all_notices"), 303)


@blueprint.post("/notices/read")
def read_all() -> ResponseReturnValue:
    """Mark as read what was shown and all before it; what came meanwhile stays unread."""
    until = _bounded(request.form.get("until", 0, type=int))
    inbox_of(the_clinician()).read_until(until or 0)
    flash("Those notices are marked as read.", "good")
    return redirect(url_for("pages.notices.all_notices"), 303)


def _mine(link: str) -> Notice:
    found = inbox_of(the_clinician()).get(link)
    if found is None:
        abort(404)
    return found


def _record(person: Person, shown: Sequence[Notice]) -> None:
    """Record what of peers' answers is shown: which patient, and why it matches."""
    matches = [each for each in shown if each.kind in OF_MATCHES]
    nodes = Counter(each.facts["node"] for each in matches)
    case_ids = list(dict.fromkeys(each.case_id for each in matches))
    told.record_answers(person, case_ids, nodes, page="notices")


def _bounded(number: int | None) -> int | None:
    """A number that SQLite takes."""
    return None if number is None else max(0, min(number, 2**62))


def _heading(unread: int, has_any: bool) -> str:
    if unread:
        return f"{sentence(counted(unread, 'notice'))} you have not read"
    return "You have read all your notices" if has_any else "Nothing to tell you yet"


def _line(notice: Notice) -> dict[str, Any]:
    return {
        "link": notice.link,
        "case_id": notice.case_id,
        "is_read": notice.is_read,
        **_leads_to(notice),
        "said": SAID[notice.kind].format_map(notice.facts),
        "why": notice.facts.get("why", ""),
        "when": moment(notice.told_at),
    }


def _leads_to(notice: Notice) -> dict[str, str]:
    """Where there is more of it, and what the button that leads there says."""
    case_id = notice.case_id
    if link := notice.facts.get("conversation"):
        href = url_for("pages.conversations.show", link=link)
        return {"href": href, "next": "See the conversation"}
    if notice.kind is Kind.FEATURE_WAITS:
        href = url_for("pages.curation.decisions.show")
        return {"href": href, "next": "Decide"}
    if notice.kind in OF_MATCHES:
        href = url_for("pages.network.show", case_id=case_id)
        return {"href": href, "next": "See what other sites said"}
    if notice.kind is Kind.HANDED_OVER:
        return {"href": url_for("pages.home.mine"), "next": "See your cases"}
    href = url_for("pages.cases.show", case_id=case_id)
    return {"href": href, "next": "See the case"}
