"""Cases from a file: taken in, its columns named, looked over, and saved as far as chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.case import Case, Contact, Sharing
from matcher.errors import MatcherError
from matcher.storage.database import write_transaction
from web.accounts.people import Person
from web.db import connection, store
from web.entry.numbering import free_id
from web.entry.uploads import Kind, Upload, Uploads
from web.pages.admission import the_clinician
from web.pages.imports import family, review
from web.pages.imports.reading import (
    LARGEST,
    Found,
    kind_of,
    mapping_of,
    read,
    table_values,
)
from web.pages.imports.updating import external_id, update_of
from web.pages.words import counted, sentence
from web.security import accepts_upload
from web.service import service
from web.unrecognised.arriving import Arrived
from web.unrecognised.arriving import Kind as Source
from web.unrecognised.noting import note

blueprint = Blueprint("imports", __name__)

LEVELS = (
    (Sharing.PRIVATE.value, "Nobody: you alone see them"),
    (Sharing.SITE.value, "Own site: your colleagues see them"),
)


@blueprint.get("/cases/import")
def new() -> ResponseReturnValue:
    """Where a file is chosen or its text pasted."""
    the_clinician()
    return _form()


@blueprint.post("/cases/import")
@accepts_upload
def take() -> ResponseReturnValue:
    """Keep the file for an hour, unless it cannot be read at all."""
    person = the_clinician()
    sent = request.files.get("file")
    data = sent.read(LARGEST + 1) if sent else b""
    name = (sent.filename or "") if sent else ""
    data = data or request.form.get("text", "").strip().encode()
    if not data:
        return _form("Choose a file or paste its text."), 422
    if len(data) > LARGEST:
        message = (
            f"The file is over the limit of {LARGEST:,} bytes; split it, or have your operator "
            "read it with ‘secondcase import’."
        )
        return _form(message), 413
    kind = kind_of(name, data)
    try:
        _try(Upload(upload_id="", kind=kind, data=data))
    except MatcherError as error:
        return _form(sentence(str(error))), 422
    return _to(_uploads().keep(person, kind, data))


def _try(upload: Upload) -> None:
    """Raise what reading the file raises."""
    if upload.kind is Kind.PEDIGREE:
        family.members(upload)
    elif upload.kind is Kind.TABLE:
        table_values(upload)
    else:
        read(upload, service().release)


@blueprint.get("/cases/import/<upload_id>")
def show(upload_id: str) -> ResponseReturnValue:
    """The step that the file is at: its columns, its family, or its cases to look over."""
    person = the_clinician()
    upload = _upload(person, upload_id)
    if upload.kind is Kind.PEDIGREE:
        return render_template("imports/family.html", **family.values(person, upload))
    if upload.kind is Kind.TABLE and upload.columns is None:
        return render_template("imports/columns.html", **table_values(upload))
    return _review(person, upload)


@blueprint.post("/cases/import/<upload_id>/columns")
def columns(upload_id: str) -> ResponseReturnValue:
    """Say what the columns hold, or ask again."""
    person = the_clinician()
    upload = _upload(person, upload_id)
    if upload.kind is not Kind.TABLE:
        abort(404)
    if request.form.get("action") == "again":
        _uploads().map(upload_id, None)
        return _to(upload_id)
    mapping = mapping_of(upload, request.form)
    try:
        read(dataclasses.replace(upload, columns=mapping), service().release)
    except MatcherError as error:
        values = table_values(upload, mapping)
        problem = [("column-0", "Columns", sentence(str(error)))]
        return (
            render_template("imports/columns.html", **values | {"problems": problem}),
            422,
        )
    _uploads().map(upload_id, mapping)
    return _to(upload_id)


@blueprint.post("/cases/import/<upload_id>/save")
def save(upload_id: str) -> ResponseReturnValue:
    """Save the chosen cases with the guesses that were confirmed; the file is erased."""
    person = the_clinician()
    upload = _upload(person, upload_id)
    if upload.kind is Kind.PEDIGREE:
        abort(404)
    found = read(upload, service().release)
    apart = request.form.getlist(review.APART)
    chosen = review.chosen(found, [*request.form.getlist("case"), *apart])
    confirmed = review.confirmed(found, request.form.getlist("guess"))
    cases = [review.completed(case, confirmed) for case in chosen]
    problems = review.problems(person, found, cases, request.form)
    if problems:
        return _review(person, upload, problems), 422
    names = {case.case_id for case in review.chosen(found, apart)}
    saved = _saved(person, upload_id, found, cases, names)
    _note_unrecognised(person, found, chosen, saved)
    flash(f"{sentence(counted(len(saved), 'case'))} saved; the file is erased.", "good")
    if len(saved) == 1:
        return redirect(url_for("pages.cases.show", case_id=saved[0]), 303)
    return redirect(url_for("pages.home.mine"), 303)


def _saved(
    person: Person,
    upload_id: str,
    found: Found,
    cases: list[Case],
    apart: Collection[str],
) -> list[str]:
    level = request.form.get("sharing")
    sharing = Sharing.SITE if level == Sharing.SITE.value else Sharing.PRIVATE
    saved = []
    # Numbers are looked for under the write lock: two cases never take the same one.
    with write_transaction(connection()):
        for case in cases:
            is_apart = case.case_id in apart
            if not is_apart and (update := update_of(person, found, case)):
                store().put(
                    update.case,
                    actor=person.name,
                    expected_version=update.stored.version,
                )
                saved.append(update.case.case_id)
                continue
            case_id = free_id(store(), person.site or "")
            named = dataclasses.replace(
                _of_this_site(person, case), case_id=case_id, sharing=sharing
            )
            store().put(
                named,
                actor=person.name,
                expected_version=0,
                external_id=external_id(person, found, case, is_apart=is_apart),
            )
            saved.append(case_id)
        _uploads().erase(upload_id)
    return saved


def _note_unrecognised(
    person: Person, found: Found, chosen: Sequence[Case], saved: Sequence[str]
) -> None:
    """Note what of the saved cases is no term, for the curators."""
    words = found.words_by_case()
    arrived = [
        Arrived(dataclasses.replace(case, case_id=case_id), words[case.case_id])
        for case, case_id in zip(chosen, saved)
    ]
    note(Source.IMPORT, person.site or "", arrived)


def _of_this_site(person: Person, case: Case) -> Case:
    """The case as the person's own: whoever a file names is not asked about it here."""
    href = f"mailto:{person.email}" if person.email else ""
    contact = Contact(name=person.name, href=href, institution=person.site or "")
    return dataclasses.replace(
        case, site=person.site, submitter=person.name, contact=contact
    )


@blueprint.post("/cases/import/<upload_id>/family")
def save_family(upload_id: str) -> ResponseReturnValue:
    """Put what a pedigree says of the chosen person into a case; the file is erased."""
    person = the_clinician()
    upload = _upload(person, upload_id)
    if upload.kind is not Kind.PEDIGREE:
        abort(404)
    try:
        with write_transaction(connection()):
            case_id = family.saved(person, upload, request.form, _of_this_site)
            _uploads().erase(upload_id)
    except family.NotChosen as error:
        values = family.values(person, upload)
        problem = [(error.field, error.label, str(error))]
        return (
            render_template("imports/family.html", **values | {"problems": problem}),
            422,
        )
    note(Source.IMPORT, person.site or "", [Arrived(store().get(case_id).case)])
    flash(f"The family is in {case_id}; the file is erased.", "good")
    return redirect(url_for("pages.cases.show", case_id=case_id), 303)


@blueprint.post("/cases/import/<upload_id>/discard")
def discard(upload_id: str) -> ResponseReturnValue:
    """Erase the file and save nothing."""
    _uploads().erase(_upload(the_clinician(), upload_id).upload_id)
    flash("Nothing was saved; the file is erased.", "good")
    return redirect(url_for("pages.imports.new"), 303)


def _uploads() -> Uploads:
    return Uploads(connection(), service().settings.secret_key)


def _upload(person: Person, upload_id: str) -> Upload:
    """A file of this person; another's, an expired and a missing one end in the same 404."""
    found = _uploads().find(person, upload_id)
    if found is None:
        abort(404)
    return found


def _to(upload_id: str) -> ResponseReturnValue:
    return redirect(url_for("pages.imports.show", upload_id=upload_id), 303)


def _form(problem: str = "") -> str:
    problems = [("file", "File", problem)] if problem else []
    return render_template("imports/new.html", problems=problems, largest=LARGEST)


def _review(person: Person, upload: Upload, problems: list[Any] | None = None) -> str:
    found = read(upload, service().release)
    return render_template(
        "imports/review.html",
        **review.values(person, found, request.form if problems else None),
        upload_id=upload.upload_id,
        is_table=upload.kind is Kind.TABLE,
        levels=LEVELS,
        problems=problems or [],
    )
