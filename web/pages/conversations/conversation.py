"""The conversations of a clinician: all of them, one, and the panel beside a pair of cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.storage.errors import UnknownCase
from matcher.storage.store import StoredCase
from web.accounts import Person
from web.audit import Audit
from web.conversations import drafts
from web.conversations.conversation import YOURS_TO_DO, Conversation, State, Withdrawn
from web.conversations.conversations import Conversations
from web.conversations.drafts import Reply
from web.conversations.errors import NoAttachments, NotTaken
from web.conversations.outside import letters_by
from web.conversations.speaking import Reader, why_not
from web.conversations.texts import MOST_NOTE, MOST_TEXT
from web.db import connection, store
from web.pages import one_time
from web.pages.admission import the_clinician
from web.pages.cases.head import head_values, opened
from web.pages.conversations.outside_letters import letter_line
from web.pages.words import counted, moment, on, recently, sentence
from web.service import service
from web.viewing import ranking, told
from web.viewing.visibility import disclosed, may_meet, may_open

blueprint = Blueprint("conversations", __name__)
Listed = TypeVar("Listed")

WROTE = "wrote about a case"
ACCEPTED = "address offered"
# In the panel beside a pair, on the page of one, in each list; the rest is a link away.
MOST_IN_PANEL = 3
MOST_MESSAGES = 50
MOST_LISTED = 100
STATES = {
    State.WAITS_FOR_YOU: "{site} waits for your answer since {since}",
    State.ANSWERED: "{site} answered {on}",
    State.WAITS_FOR_THEM: "{site} has not answered since {since}",
    State.ACCEPTED_BY_THEM: "{site} accepts direct contact",
    State.ACCEPTED_BY_YOU: "You accept direct contact, {site} has not yet",
    State.EXCHANGED: "You and {site} talk directly",
    State.DECLINED_BY_YOU: "You declined {on}",
    State.DECLINED_BY_THEM: "{site} declined {on}",
    State.CLOSED: "Closed {on}",
}
REPLIES = (
    (Reply.QUESTIONS, "What is worth asking"),
    (Reply.VARIANT, "Ask for the variant"),
    (Reply.ACCEPT, "Accept"),
    (Reply.DECLINE, "Decline"),
)


@blueprint.get("/conversations")
def everything() -> ResponseReturnValue:
    """Every conversation that the person takes part in, those that wait for her first."""
    person = the_clinician()
    mine = _mine(person)
    found = mine.all()
    waiting = [each for each in found if each.state in YOURS_TO_DO]
    others = [each for each in found if each not in waiting]
    letters = letters_by(connection(), person)
    withdrawn = mine.withdrawn()
    foreign = [each.other_id for each in found if each.other_site != person.site]
    told.record(person, sorted(set(foreign)), page="conversations")
    return render_template(
        "conversations/all.html",
        heading=_heading_of_all(person, waiting, [*found, *letters, *withdrawn]),
        waiting=[_line(person, each) for each in waiting],
        others=[_line(person, each) for each in _listed(others)],
        older=max(0, len(others) - MOST_LISTED) if "all" not in request.args else 0,
        letters=[letter_line(each) for each in _listed(letters)],
        withdrawn=[_withdrawn_line(each) for each in _listed(withdrawn)],
    )


@blueprint.get("/conversations/<link>")
def show(link: str) -> ResponseReturnValue:
    """One conversation, or that it was withdrawn."""
    person = the_clinician()
    for gone in _mine(person).withdrawn(link):
        return render_template(
            "conversations/withdrawn.html", gone=_withdrawn_line(gone)
        )
    return _page(person, _one(person, link))


@blueprint.post("/conversations/<link>/messages")
def write(link: str) -> ResponseReturnValue:
    """Send a message."""

    def send(person: Person, talk: Conversation) -> None:
        _refuse_files()
        mine, text = _mine(person), request.form.get("text", "")
        audit = Audit(connection())
        with audit.together():
            mine.write(talk, text, one_time.sent())
            _record(audit, person, talk, WROTE)
        flash("The message is sent.", "good")

    return _done(link, send)


@blueprint.post("/conversations/<link>/read")
def read(link: str) -> ResponseReturnValue:
    """Tell the other side that its messages are read."""
    return _done(link, lambda person, talk: _mine(person).mark_read(talk))


@blueprint.post("/conversations/<link>/accept")
def accept(link: str) -> ResponseReturnValue:
    """Agree to direct contact."""

    def agree(person: Person, talk: Conversation) -> None:
        audit = Audit(connection())
        with audit.together():
            now = _mine(person).accept(talk)
            _record(audit, person, talk, ACCEPTED)
        if now.state is State.EXCHANGED:
            flash("Both sides have accepted; the addresses are shown below.", "good")
        else:
            site = _site(person, talk)
            flash(
                f"{site} is told; addresses are shown when both have accepted.", "good"
            )

    return _done(link, agree)


@blueprint.post("/conversations/<link>/end")
def end(link: str) -> ResponseReturnValue:
    """Decline with a reason, decline silently, or close."""

    def stop(person: Person, talk: Conversation) -> None:
        mine, how = _mine(person), request.form.get("how", "")
        if how == "close":
            mine.close(talk)
        elif how == "silently":
            mine.decline(talk, "", silently=True)
        else:
            audit = Audit(connection())
            with audit.together():
                mine.decline(talk, request.form.get("reason", ""), silently=False)
                _record(audit, person, talk, WROTE)

    return _done(link, stop)


@blueprint.get("/cases/<case_id:case_id>/matches/<case_id:other_id>/conversation")
def begin(case_id: str, other_id: str) -> ResponseReturnValue:
    """A draft of the first message about a pair, or the conversation that there is."""
    person = the_clinician()
    stored, other = _pair(person, case_id, other_id)
    if found := _mine(person).between(case_id, other_id):
        return redirect(url_for(".show", link=found.link))
    return _draft_page(person, stored, other)


@blueprint.post("/cases/<case_id:case_id>/matches/<case_id:other_id>/conversation")
def start(case_id: str, other_id: str) -> ResponseReturnValue:
    """Send the first message about a pair."""
    person = the_clinician()
    stored, other = _pair(person, case_id, other_id)
    text = request.form.get("text", "")
    audit = Audit(connection())
    try:
        _refuse_files()
        with audit.together():
            mine = _mine(person)
            begun = mine.start(stored.case, other, text, one_time.sent())
            _record(audit, person, begun, WROTE)
    except NotTaken as error:
        return _draft_page(person, stored, other, text, str(error)), 422
    flash("The message is sent.", "good")
    return redirect(url_for(".show", link=begun.link), 303)


def panel(person: Person, case: Case, other: Case) -> dict[str, Any]:
    """What `conversations/_panel.html` shows beside a pair; `other` is the whole case."""
    values = {"site": _site_of(person, other.site), "why_not": "", "talk": None}
    if found := _mine(person).between(case.case_id, other.case_id):
        text = "" if found.has_answered else _reply(case, other, Reply.QUESTIONS)
        return values | {"talk": _talk(person, found, text, most=MOST_IN_PANEL)}
    if why := why_not(connection(), person, case, other):
        return values | {"why_not": why}
    return values | {"draft": _first(case, other), **_limits()}


def _listed(found: list[Listed]) -> list[Listed]:
    """The first of a list, or all where she asks for them."""
    return found if "all" in request.args else found[:MOST_LISTED]


def _mine(person: Person) -> Conversations:
    return Conversations(connection(), person, by_mail=service().settings.sends_mail)


def _one(person: Person, link: str) -> Conversation:
    """A conversation of hers. Missing and forbidden end in the same 404."""
    found = _mine(person).get(link)
    if found is None:
        abort(404)
    return found


def _pair(person: Person, case_id: str, other_id: str) -> tuple[StoredCase, Case]:
    """A case of hers and one that a page would set beside it."""
    stored = opened(person, case_id)
    other = store().get(other_id).case
    if not may_meet(person, other) or ranking.pair(person, stored.case, other) is None:
        raise UnknownCase(other_id)
    return stored, other


def _refuse_files() -> None:
    if request.files:
        raise NoAttachments


def _record(audit: Audit, person: Person, talk: Conversation, action: str) -> None:
    """Record that the other site is told something of our case."""
    audit.record(
        person.name,
        action,
        [talk.case_id],
        site=talk.other_site,
        about=talk.other_id,
    )


def _done(
    link: str, act: Callable[[Person, Conversation], None]
) -> ResponseReturnValue:
    """Do something in a conversation; what is not taken stands in its form again."""
    person = the_clinician()
    talk = _one(person, link)
    try:
        act(person, talk)
    except NotTaken as error:
        return _page(person, _one(person, link), str(error)), 422
    return redirect(url_for(".show", link=link), 303)


def _page(person: Person, talk: Conversation, problem: str = "") -> str:
    stored, other = opened(person, talk.case_id), store().get(talk.other_id).case
    if not may_open(person, other):
        told.record(person, [other.case_id], page="conversation", query=talk.case_id)
    wanted = request.args.get("draft", "")
    text = request.form.get("text", "")
    if not text and wanted in list(Reply):
        text = _reply(stored.case, other, Reply(wanted))
    most = None if "all" in request.args else MOST_MESSAGES
    field = "reason" if "reason" in request.form else "text"
    return render_template(
        "conversations/show.html",
        **head_values(stored),
        talk=_talk(person, talk, text, most),
        site=_site(person, talk),
        reason=request.form.get("reason", ""),
        replies=[(str(key), name) for key, name in REPLIES],
        problem=problem,
        said={field: problem} if problem else {},
    )


def _draft_page(
    person: Person, stored: StoredCase, other: Case, text: str = "", problem: str = ""
) -> str:
    if not may_open(person, other):
        told.record(
            person, [other.case_id], page="conversation", query=stored.case.case_id
        )
    return render_template(
        "conversations/begin.html",
        **head_values(stored),
        other_id=other.case_id,
        site=_site_of(person, other.site),
        why_not=why_not(connection(), person, stored.case, other),
        draft=text or _first(stored.case, other),
        problem=problem,
        **_limits(),
    )


def _limits() -> dict[str, Any]:
    return {"most": MOST_TEXT, "form_id": one_time.new()}


def _talk(
    person: Person, talk: Conversation, text: str, most: int | None = None
) -> dict[str, Any]:
    """A conversation as the templates show it, its last `most` messages."""
    messages = talk.messages[-most:] if most else talk.messages
    return {
        "link": talk.link,
        "case_id": talk.case_id,
        "other_id": talk.other_id,
        "heading": _heading(person, talk),
        "earlier": len(talk.messages) - len(messages),
        "messages": [
            {
                "text": message.text,
                "is_mine": message.side is talk.side,
                "who": person.site if message.side is talk.side else talk.other_site,
                "when": moment(message.sent_at),
                "is_read": bool(message.read_at),
            }
            for message in messages
        ],
        "unread": talk.unread,
        "may_write": talk.may_write,
        "is_over": talk.is_over,
        "reason": talk.reason,
        "yours": talk.yours,
        "theirs": talk.theirs,
        "address": person.email or "",
        "text": text,
        "most_reason": MOST_NOTE,
        **_limits(),
    }


def _site(person: Person, talk: Conversation) -> str:
    return _site_of(person, talk.other_site)


def _site_of(person: Person, site: str | None) -> str:
    """Who the other side is, by site alone: names are told with the addresses."""
    return "your colleague" if site == person.site else site or "the other site"


def _heading(person: Person, talk: Conversation) -> str:
    said = STATES[talk.state].format(
        site=_site(person, talk), since=recently(talk.since), on=on(talk.since)
    )
    return sentence(said)


def _heading_of_all(
    person: Person, waiting: Sequence[Conversation], found: Sequence[object]
) -> str:
    """What waits for her; `found` is all that was ever written."""
    if len(waiting) == 1:
        return _heading(person, waiting[0])
    if waiting:
        oldest = min(each.since for each in waiting)
        said = f"{counted(len(waiting), 'conversation')} wait for you"
        return sentence(f"{said}, the longest since {recently(oldest)}")
    return "Nobody waits for your answer" if found else "You have not written yet"


def _line(person: Person, talk: Conversation) -> dict[str, Any]:
    return {
        "link": talk.link,
        "case_id": talk.case_id,
        "other_id": talk.other_id,
        "said": _heading(person, talk),
        "last": " ".join(talk.last.text.split())[:160],
        "is_mine": talk.last.side is talk.side,
        "unread": talk.unread,
    }


def _withdrawn_line(gone: Withdrawn) -> dict[str, Any]:
    who = "You" if gone.by_us else gone.other_site or "The other site"
    whose = "your" if gone.by_us else "its"
    return {
        "case_id": gone.case_id,
        "said": f"{who} withdrew {whose} case {on(gone.withdrawn_at)}",
        "when": moment(gone.withdrawn_at),
    }


def _first(case: Case, other: Case) -> str:
    return drafts.first_message(_compared(case, other))


def _reply(case: Case, other: Case, kind: Reply) -> str:
    return drafts.reply(_compared(case, other), kind)


def _compared(case: Case, other: Case) -> drafts.Compared:
    """Each case as the other side sees it."""
    ours = disclosed(Reader(site=other.site), case)
    theirs = disclosed(Reader(site=case.site), other)
    return drafts.compared(service().release, ours, theirs)
