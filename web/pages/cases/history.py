"""Every version of a case: who saved it and when, any two side by side, an old one restored."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.case import Case
from matcher.storage.errors import CaseChanged
from matcher.storage.rows import Revision
from matcher.storage.store import StoredCase
from ontologies import Release
from web.accounts.people import Person
from web.db import connection, store
from web.entry.kept_drafts import KeptDrafts
from web.pages.admission import the_clinician
from web.pages.cases import versions
from web.pages.cases.head import head_values, opened
from web.pages.words import counted, moment
from web.service import service
from web.viewing.visibility import may_open

blueprint = Blueprint("history", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One line of the history, and the case as it was."""

    number: int
    saved: str
    actor: str
    changed: str
    case: Case


@blueprint.get("/cases/<case_id:case_id>/history")
def show(case_id: str) -> ResponseReturnValue:
    """The versions of a case, newest first, and what changed between two of them."""
    person = the_clinician()
    stored = opened(person, case_id)
    listed = _versions(person, stored)
    before, after = _chosen(listed)
    groups = versions.compared(before.case, after.case, service().release)
    differing = sum(len(group.changed) for group in groups)
    return render_template(
        "cases/history.html",
        **head_values(stored),
        versions=listed,
        before=before,
        after=after,
        groups=groups,
        heading=_heading(before, after, differing),
        whole=request.args.get("whole") == "1",
    )


@blueprint.post("/cases/<case_id:case_id>/history")
def restore(case_id: str) -> ResponseReturnValue:
    """Save an old version again as the next one, shared as far as the case is now."""
    person = the_clinician()
    stored = opened(person, case_id)
    wanted = request.form.get("restore", 0, type=int)
    expected = request.form.get("version", 0, type=int)
    found = [each for each in _versions(person, stored) if each.number == wanted]
    if not found:
        abort(404)
    try:
        saved = store().put(
            _as_now(found[0].case, stored.case),
            actor=person.name,
            expected_version=expected,
        )
    except CaseChanged:
        flash(
            "The case was changed meanwhile, so nothing was restored. See what changed first.",
            "look",
        )
        return redirect(url_for("pages.history.show", case_id=case_id), 303)
    KeptDrafts(connection()).discard(person.person_id, case_id)
    flash(
        f"What version {wanted} said is saved as version {saved.version}; who sees the case "
        "has not changed.",
        "good",
    )
    return redirect(url_for("pages.history.show", case_id=case_id), 303)


def _as_now(old: Case, now: Case) -> Case:
    """What the old version says of the person; whose the case is and who sees it stays."""
    return dataclasses.replace(
        old,
        site=now.site,
        submitter=now.submitter,
        contact=now.contact,
        sharing=now.sharing,
        test=now.test,
        simulated=now.simulated,
    )


def _versions(person: Person, stored: StoredCase) -> list[Version]:
    """The versions that the person may read, newest first.

    What a case held while it was private stays with whoever entered it.
    """
    release = service().release
    found: list[Version] = []
    previous: Case | None = None
    for revision in store().history(stored.case.case_id):
        case = revision.case
        if case is None or not may_open(person, case):
            continue
        found.append(_version(revision, case, previous, release))
        previous = case
    return found[::-1]


def _version(
    revision: Revision, case: Case, previous: Case | None, release: Release
) -> Version:
    changed = versions.changes(previous, case, release) if previous else ["entered"]
    return Version(
        number=revision.version,
        saved=moment(revision.saved_at),
        actor=revision.actor,
        changed=versions.summary(changed) or "Nothing",
        case=case,
    )


def _chosen(listed: list[Version]) -> tuple[Version, Version]:
    """The two versions to compare, the earlier first: those asked for, else the last two."""
    by_number = {each.number: each for each in listed}
    after = by_number.get(request.args.get("to", 0, type=int), listed[0])
    earlier = [each for each in listed if each.number < after.number] or [after]
    before = by_number.get(request.args.get("from", 0, type=int), earlier[0])
    first, second = sorted((before, after), key=lambda each: each.number)
    return first, second


def _heading(before: Version, after: Version, differing: int) -> str:
    if before.number == after.number:
        return f"Version {after.number} is the only one to see"
    if not differing:
        return f"Versions {before.number} and {after.number} say the same"
    things = counted(differing, "thing differs", "things differ")
    return f"{things[:1].upper()}{things[1:]} between versions {before.number} and {after.number}"
