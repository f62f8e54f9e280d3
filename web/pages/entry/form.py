"""The form of a case: a new one entered, one that is stored changed.

Its routes belong to the blueprint of the page that shows a case, and are registered with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from matcher.case import Case, Sharing
from matcher.storage.database import write_transaction
from matcher.storage.errors import CaseChanged
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.conversations.hiding import erased_with, erased_words
from web.db import connection, store
from web.entry.kept_drafts import Editors, KeptDraft, KeptDrafts
from web.entry.numbering import free_id
from web.pages import one_time
from web.pages.admission import the_clinician
from web.pages.cases.head import head_values, opened
from web.pages.cases.show import blueprint
from web.pages.entry import checks
from web.pages.entry.advice import advice
from web.pages.entry.autosave import (
    changed,
    editing,
    is_untouched,
    keep,
    restored,
    unsaved,
)
from web.pages.entry.bases import as_of, begun, empty_case
from web.pages.entry.buttons import Answer, answer, unfinished, with_typed_gene
from web.pages.entry.checks import Problem
from web.pages.entry.differences import differences
from web.pages.entry.drafts import Draft
from web.pages.entry.found import Seal, offered
from web.pages.entry.levels import sharing_problems
from web.pages.entry.merging import Merge, merge
from web.pages.entry.shown import draft_values, offered_choices
from web.pages.words import moment
from web.security import accepts_upload
from web.service import service
from web.viewing.visibility import may_share

Save = Callable[[Person, Case, Case, int], ResponseReturnValue]


@blueprint.get("/cases/new")
def new() -> ResponseReturnValue:
    """The form for a case that is not entered yet."""
    person = the_clinician()
    kept = KeptDrafts(connection()).of(person.person_id, request.args.get("draft", ""))
    if kept is None or kept.case_id is not None:
        base = empty_case(person)
        return _form(person, base, Answer(draft=Draft.from_case(base, 0)))
    base, draft = begun(person, MultiDict(kept.fields))
    return _form(person, base, Answer(draft=draft), kept=kept)


@blueprint.post("/cases/new")
@accepts_upload
def create() -> ResponseReturnValue:
    """Enter a case."""
    person = the_clinician()
    base, draft = begun(person, request.form)
    return _answered(person, base, draft, _save_new)


@blueprint.get("/cases/<case_id:case_id>/edit")
def edit(case_id: str) -> ResponseReturnValue:
    """The form with a case as it is now."""
    person = the_clinician()
    stored = opened(person, case_id)
    kept = _kept(person, stored)
    if kept is None:
        draft = Draft.from_case(stored.case, stored.version)
        return _form(person, stored.case, Answer(draft=draft))
    base, draft = kept
    return _form(person, base, Answer(draft=draft), kept=_draft_of(person, case_id))


def _draft_of(person: Person, case_id: str) -> KeptDraft | None:
    return KeptDrafts(connection()).of(person.person_id, case_id)


def _kept(person: Person, stored: StoredCase) -> tuple[Case, Draft] | None:
    """What the person typed and did not save, and the case that she typed it on."""
    kept = _draft_of(person, stored.case.case_id)
    if kept is None:
        return None
    version = dict(kept.fields).get("version", "")
    base = as_of(person, stored, int(version) if version.isdecimal() else 0)
    draft = restored(kept, base)
    return None if is_untouched(draft, base) else (base, draft)


@blueprint.post("/cases/<case_id:case_id>/edit")
def change(case_id: str) -> ResponseReturnValue:
    """Change a case; two people who do so at once both keep what they typed."""
    person = the_clinician()
    stored = opened(person, case_id)
    before = as_of(person, stored, request.form.get("version", 0, type=int))
    draft = Draft.from_form(request.form, before)
    return _answered(person, before, draft, _save_change)


def _answered(
    person: Person, base: Case, draft: Draft, save: Save
) -> ResponseReturnValue:
    release = service().release
    pressed = answer(draft, request.form, release)
    if pressed is not None:
        _noted(person, base, draft)
        return _form(person, base, pressed)
    draft = with_typed_gene(draft, release).draft
    problems = checks.problems(draft, release, base)
    if not any(problem.field == "sharing" for problem in problems):
        problems += sharing_problems(person, draft, base)
    if problems:
        _noted(person, base, draft)
        return _form(person, base, unfinished(draft, problems, release)), 422
    return save(person, base, draft.case(base), draft.version)


def _noted(person: Person, base: Case, draft: Draft) -> None:
    """Keep what was sent, for who goes away without having saved it."""
    keep(person, draft, base)
    if base.case_id:
        Editors(connection()).seen(base.case_id, person.person_id)


def _save_new(
    person: Person, base: Case, case: Case, version: int
) -> ResponseReturnValue:
    # The number is looked for under the write lock: two cases never take the same one.
    with write_transaction(connection()):
        made = one_time.made_of(connection(), person)
        if made is None:
            case_id = free_id(store(), person.site or "")
            named = dataclasses.replace(case, case_id=case_id)
            stored = store().put(named, actor=person.name, expected_version=0)
            one_time.remember(connection(), person, case_id)
    KeptDrafts(connection()).discard(person.person_id, one_time.sent())
    if made is not None:
        return _sent_again(person, case, opened(person, made))
    return _saved(stored)


def _sent_again(person: Person, case: Case, stored: StoredCase) -> ResponseReturnValue:
    """The answer to a form that became the case `stored` before, perhaps changed since."""
    first = as_of(person, stored, 1)
    again = dataclasses.replace(case, case_id=first.case_id)
    if again == first:
        return _saved(stored)
    said = (
        f"This form is saved as {first.case_id} already. What you sent now differs from it and "
        "stands below; save again to change that case."
    )
    draft = Draft.from_case(again, 1)
    problem = Problem("q", first.case_id, said)
    return _form(person, first, Answer(draft=draft, problems=(problem,))), 409


def _save_change(
    person: Person, base: Case, case: Case, version: int
) -> ResponseReturnValue:
    try:
        stored = store().put(case, actor=person.name, expected_version=version)
        KeptDrafts(connection()).discard(person.person_id, case.case_id)
        Editors(connection()).left(case.case_id, person.person_id)
        return _saved(stored)
    except CaseChanged:
        now = opened(person, case.case_id)
        merged = merge(base, now.case, case)
        draft = Draft.from_case(merged.case, now.version)
        return (
            _form(person, now.case, Answer(draft=draft), _conflict(base, merged, now)),
            409,
        )


def _conflict(base: Case, merged: Merge, now: StoredCase) -> dict[str, Any]:
    return {
        "merge": merged,
        "differences": differences(base, merged, service().release),
        "changed_by": now.actor,
        "changed_at": moment(now.saved_at),
    }


def _saved(stored: StoredCase) -> ResponseReturnValue:
    case_id = stored.case.case_id
    flash(f"{case_id} is saved as version {stored.version}.", "good")
    return redirect(url_for("pages.matches.ranked", case_id=case_id), 303)


def _form(
    person: Person,
    base: Case,
    shown: Answer,
    conflict: dict[str, Any] | None = None,
    kept: KeptDraft | None = None,
) -> str:
    form_id = one_time.sent() or (kept.form_id if kept else one_time.new())
    others = [] if kept else unsaved(person)
    values: dict[str, Any] = {
        "head_template": "layout.html",
        "case": base,
        "unsaved": [each for each in others if each.form_id != form_id],
        "others": [],
        "changed": "",
    }
    if not base.case_id:
        seal = Seal(person, "")
        taken = (v.known for v in shown.draft.variants if v.known)
        values |= {"taken": map(seal.closed, taken), **offered(shown.from_file, seal)}
    else:
        stored = store().get(base.case_id)
        values |= {
            **head_values(stored),
            "head_template": "cases/_head.html",
            "others": editing(person, base.case_id),
            "changed": "" if conflict else changed(stored, shown.draft.version),
        }
    return render_template(
        "cases/edit.html",
        **values,
        **draft_values(shown),
        **offered_choices(base, shown.draft),
        **(conflict or {}),
        is_new=not base.case_id,
        action=_target(base.case_id),
        form_id=form_id,
        kept_at=moment(kept.saved_at) if kept else "",
        keep_at=_keep_at(base.case_id),
        advice=advice(person, shown.draft, base),
        person=person,
        can_share=may_share(person, base),
        erased=erased_words(erased_with(connection(), base, Sharing.PRIVATE)),
    )


def _target(case_id: str) -> str:
    if not case_id:
        return url_for("pages.cases.create")
    return url_for("pages.cases.change", case_id=case_id)


def _keep_at(case_id: str) -> str:
    if not case_id:
        return url_for("pages.autosave.keep_new")
    return url_for("pages.autosave.keep_change", case_id=case_id)
