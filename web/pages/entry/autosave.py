"""A case form is kept as it is typed, and answered with what there is to say of it.

One answer has all of it: when the form was kept, who else has the case open, and the advice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from matcher.case import Case
from matcher.storage.errors import DamagedCase, UnknownCase
from matcher.storage.store import StoredCase
from web.accounts.people import Person
from web.db import connection, store
from web.entry.kept_drafts import DraftTooLarge, Editor, Editors, KeptDraft, KeptDrafts
from web.pages import one_time
from web.pages.admission import the_clinician
from web.pages.cases import profile
from web.pages.cases.head import opened
from web.pages.entry.advice import advice
from web.pages.entry.bases import as_of, begun, empty_case
from web.pages.entry.drafts import Draft
from web.pages.words import counted, moment
from web.service import service
from web.viewing.visibility import may_open

blueprint = Blueprint("autosave", __name__)

# A pasted note is never kept, nor what belongs to one page or one press of a button.
NEVER_KEPT = frozenset(
    "csrf_token form_id pasted keep_pasted action observe exclude turn doubt pass_over "
    "remove drop choose_gene erase_conversations "
    "add_variant drop_variant choose_disease drop_disease dismiss genes proband mother father vcf "
    "pedigree".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaved:
    """A draft in a line. `case_id` is empty where its case is not entered yet."""

    form_id: str
    saved: str
    said: str
    case_id: str = ""


@blueprint.post("/cases/new/draft")
def keep_new() -> ResponseReturnValue:
    """Keep the form of a case that is not entered yet."""
    person = the_clinician()
    base, draft = begun(person, request.form)
    return jsonify(**_told(person, draft, base, keep(person, draft, base)))


@blueprint.post("/cases/<case_id:case_id>/draft")
def keep_change(case_id: str) -> ResponseReturnValue:
    """Keep the form of a case, and note that the person has it open."""
    person = the_clinician()
    stored = opened(person, case_id)
    base = as_of(person, stored, request.form.get("version", 0, type=int))
    draft = Draft.from_form(request.form, base)
    kept = keep(person, draft, base)
    Editors(connection()).seen(case_id, person.person_id)
    return jsonify(
        **_told(person, draft, base, kept),
        others=editing(person, case_id),
        changed=changed(stored, draft.version),
    )


@blueprint.post("/cases/new/draft/discard")
def discard_new() -> ResponseReturnValue:
    """Throw away the form of a case that is not entered."""
    KeptDrafts(connection()).discard(the_clinician().person_id, one_time.sent())
    flash("The draft is thrown away.", "good")
    return redirect(url_for("pages.cases.new"), 303)


@blueprint.post("/cases/<case_id:case_id>/draft/discard")
def discard_change(case_id: str) -> ResponseReturnValue:
    """Throw away what was typed and not saved; the case stays as it is."""
    person = the_clinician()
    opened(person, case_id)
    KeptDrafts(connection()).discard(person.person_id, case_id)
    Editors(connection()).left(case_id, person.person_id)
    flash("Your draft is thrown away; the case is as it was saved.", "good")
    return redirect(url_for("pages.cases.show", case_id=case_id), 303)


def keep(person: Person, draft: Draft, base: Case) -> str:
    """Keep the form of this request; when it was kept, empty where there is nothing to keep."""
    drafts = KeptDrafts(connection())
    form_id = base.case_id or one_time.sent()
    is_saved = not base.case_id and one_time.made_of(connection(), person) is not None
    if not form_id or is_saved:
        return ""
    if is_untouched(draft, base if base.case_id else empty_case(person)):
        drafts.discard(person.person_id, form_id)
        return ""
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in NEVER_KEPT
    ]
    try:
        return drafts.keep(person.person_id, form_id, base.case_id or None, fields)
    except DraftTooLarge:
        return ""


def is_untouched(draft: Draft, base: Case) -> bool:
    """Whether the form says nothing that the case does not."""
    plain = replace(draft, pasted="", keeps_pasted=False, unexamined=())
    return plain == Draft.from_case(base, draft.version)


def restored(kept: KeptDraft, base: Case) -> Draft:
    """The form as it was kept."""
    return Draft.from_form(MultiDict(kept.fields), base)


def unsaved(person: Person) -> list[Unsaved]:
    """The person's drafts of cases that are not entered yet, the latest first."""
    base = empty_case(person)
    return [
        Unsaved(
            form_id=kept.form_id,
            saved=moment(kept.saved_at),
            said=_in_a_line(restored(kept, base)),
        )
        for kept in KeptDrafts(connection()).all_of(person.person_id)
        if kept.case_id is None
    ]


def unsaved_changes(person: Person) -> list[Unsaved]:
    """What the person typed into cases that are entered and did not save, the latest first."""
    return [
        Unsaved(
            form_id=kept.form_id,
            saved=moment(kept.saved_at),
            said=f"Changes to {kept.case_id}",
            case_id=kept.case_id,
        )
        for kept in KeptDrafts(connection()).all_of(person.person_id)
        if kept.case_id is not None and _may_change(person, kept.case_id)
    ]


def _may_change(person: Person, case_id: str) -> bool:
    try:
        return may_open(person, store().get(case_id).case)
    except (UnknownCase, DamagedCase):
        return False


def _in_a_line(draft: Draft) -> str:
    features = counted(len(draft.features), "feature")
    genes = profile.gene_lines(draft.listed_genes, service().release)
    return ", ".join(
        filter(None, (draft.label, features, *(g.label for g in genes[:3])))
    )


def editing(person: Person, case_id: str) -> list[str]:
    """Who else has the case open, a sentence each."""
    return list(map(_editing, Editors(connection()).others(case_id, person.person_id)))


def _editing(editor: Editor) -> str:
    return f"{editor.name} has this case open since {moment(editor.since)}."


def changed(stored: StoredCase, version: int) -> str:
    """What somebody saved since the form was opened; empty where nobody did."""
    if stored.version <= version:
        return ""
    return (
        f"{stored.actor} saved version {stored.version} at {moment(stored.saved_at)}. When you "
        "save, you see what changed and nothing of either is lost."
    )


def _told(person: Person, draft: Draft, base: Case, kept: str) -> dict[str, Any]:
    return {
        "kept": f"Draft kept {moment(kept)}" if kept else "",
        "advice": render_template(
            "cases/_advice.html",
            advice=advice(person, draft, base),
            person=person,
            case=base,
        ),
    }
