"""Features that stand for no single term: who may decide chooses one, or lets it stay."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matcher.storage.database import write_transaction
from matcher.storage.errors import CaseChanged, UnknownCase
from ontologies import Release, open_release
from ontologies.errors import OntologyError
from web.accounts import Person
from web.audit import Audit
from web.db import connection
from web.pages.admission import is_clinician, the_decider
from web.pages.curation.open_features import Question, open_questions
from web.pages.words import counted, sentence
from web.service import service
from web.switching.unsettled import NotACandidate, NothingToSettle, UnsettledFeatures

blueprint = Blueprint("decisions", __name__)

DECIDED = "feature decided"
LEFT = "feature left as entered"
MOST_SHOWN = 200


@blueprint.get("/curation/decisions")
def show() -> ResponseReturnValue:
    """What the active release leaves open in the cases that the person may open."""
    person = the_decider()
    release = service().release
    found = open_questions(person, release)
    return render_template(
        "curation/decisions.html",
        heading=_heading(found),
        questions=found[:MOST_SHOWN],
        further=max(0, len(found) - MOST_SHOWN),
        total=UnsettledFeatures(connection(), release).count(),
        is_clinician=is_clinician(person),
        version=release.versions["hpo"],
    )


@blueprint.post("/curation/decisions/<case_id:case_id>")
def decide(case_id: str) -> ResponseReturnValue:
    """Let a chosen term stand for the feature, in a new version of the case, or leave it."""
    person = the_decider()
    term_id = request.form.get("term_id", "")[:200]
    chosen = request.form.get("chosen", "").strip()[:200]
    release = _release()
    try:
        said = _decided(person, release, case_id, term_id, chosen)
    except UnknownCase:
        abort(404)
    except (NotACandidate, NothingToSettle, CaseChanged) as error:
        flash(str(error), "alert")
    else:
        flash(said, "good")
    return _back(release)


def _decided(
    person: Person, release: Release, case_id: str, term_id: str, chosen: str
) -> str:
    queue = UnsettledFeatures(connection(), release)
    audit = Audit(connection())
    if not chosen:
        with write_transaction(connection()):
            queue.leave(case_id, term_id, actor=person.name, person=person)
            audit.record(person.name, LEFT, [case_id])
        return f"The feature of {case_id} stays as it was entered."
    active = service().release.ontology
    if active.resolve(chosen).term_id != chosen:
        raise NotACandidate(term_id, chosen, ())
    # A form without one has seen nothing.
    version = request.form.get("version", -1, type=int)
    with write_transaction(connection()):
        saved = queue.settle(
            case_id,
            term_id,
            chosen,
            actor=person.name,
            expected_version=version,
            person=person,
        )
        audit.record(person.name, DECIDED, [case_id], version=saved.version)
    return f"{sentence(active.label(chosen))} stands in version {saved.version} of {case_id}."


def _release() -> Release:
    """The release of the form: a staged one is decided for beforehand."""
    named = request.form.get("release", "")
    active = service().release
    if not named or named == active.release_id:
        return active
    try:
        return open_release(named)
    except OntologyError:
        abort(404)


def _back(release: Release) -> ResponseReturnValue:
    active = service().release
    if release.release_id == active.release_id:
        return redirect(url_for("pages.curation.decisions.show"), 303)
    address = url_for("pages.curation.update.show", release_id=release.release_id)
    return redirect(address, 303)


def _heading(found: list[Question]) -> str:
    if not found:
        return "No feature waits for a decision"
    cases = len({each.case_id for each in found})
    verb = "needs" if cases == 1 else "need"
    return sentence(f"{counted(cases, 'case')} {verb} a decision")
