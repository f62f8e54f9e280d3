"""What a curator has done: a release staged, its impact found out, activated, undone, discarded."""

from __future__ import annotations

from werkzeug.datastructures import FileStorage
from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ontologies.errors import ActiveReleaseChanged, NothingBefore, ReleaseWasActive
from ontologies.library import State, data_directory, state_of
from ontologies.pointer import Edition, pointed
from ontologies.files.sources import read_catalogue
from web.accounts import Person
from web.curating import doing
from web.curating.doing import FILES, LATEST
from web.curating.jobs import Jobs, Kind
from web.db import connection
from web.pages.admission import the_curator
from web.pages.curation import library, update
from web.pages.curation.studies import Studied, studied_release
from web.pages.words import sentence
from web.security import accepts_upload
from web.service import service
from web.switching import finding_out
from web.switching.activating import LONGEST_REASON
from web.switching.impacts import Impacts, NothingToCompare, UnknownImpact

blueprint = Blueprint("actions", __name__)

MOST_FILES = 5


@blueprint.post("/curation/stage")
@accepts_upload
def stage() -> ResponseReturnValue:
    """Begin to stage a release; what came of it stands on the page of all releases."""
    person = the_curator()
    source = request.form.get("source", "")
    date = request.form.get("date", "").strip()[:40]
    files = [each for each in request.files.getlist("files") if each.filename]
    if problem := _problem(source, files):
        return library.page([problem]), 422
    given = _contents(files) if source == FILES else []
    jobs = Jobs(connection())
    doing.sweep(jobs)
    names = [name for name, _ in given]
    wanted = {"source": source, "date": date, "names": names}
    job = jobs.begin(Kind.STAGE, actor=person.name, wanted=wanted)
    if given:
        doing.keep_given(job, given)
    doing.start(job, service().settings)
    return redirect(url_for("pages.curation.library.show"), 303)


@blueprint.post("/curation/releases/<release_id>/impact")
def find_out(release_id: str) -> ResponseReturnValue:
    """Begin to find out what the release would do to the matches of cases."""
    person = the_curator()
    studied = studied_release(release_id)
    try:
        begun = Impacts(connection()).begin(release_id, actor=person.name)
    except NothingToCompare as error:
        flash(str(error), "alert")
    else:
        finding_out.start(begun, service().settings)
    return _to(studied, "impact")


@blueprint.post("/curation/releases/<release_id>/impact/cancel")
def cancel(release_id: str) -> ResponseReturnValue:
    """Let the run that is under way end."""
    the_curator()
    studied = studied_release(release_id)
    known = Impacts(connection())
    try:
        known.cancel(known.latest(release_id).impact_id)
    except UnknownImpact as error:
        flash(str(error), "alert")
    return _to(studied, "impact")


@blueprint.post("/curation/releases/<release_id>/activate")
def activate(release_id: str) -> ResponseReturnValue:
    """Begin to make the release the active one, if it may be and nobody was faster."""
    person = the_curator()
    studied = studied_release(release_id)
    reason = request.form.get("reason", "").strip()
    expected = _expected()
    try:
        pointed(data_directory()).require(expected)
    except ActiveReleaseChanged as error:
        flash(str(error), "alert")
        return _to(studied)
    if wrong := _wrong(studied, reason):
        return update.page(person, studied, wrong), 422
    _begin(person, Kind.ACTIVATE, expected, reason, release_id)
    return _to(studied)


@blueprint.post("/curation/releases/<release_id>/discard")
def discard(release_id: str) -> ResponseReturnValue:
    """Begin to remove a release that was never active; also one that is of no use."""
    person = the_curator()
    if not library.is_stored(release_id):
        abort(404)
    state = state_of(release_id, data_directory())
    if state is State.STAGED:
        jobs = Jobs(connection())
        job = jobs.begin(
            Kind.DISCARD, actor=person.name, wanted={}, release_id=release_id
        )
        doing.start(job, service().settings)
    else:
        flash(str(ReleaseWasActive(release_id, state)), "alert")
    return redirect(url_for("pages.curation.library.show"), 303)


@blueprint.post("/curation/roll-back")
def roll_back() -> ResponseReturnValue:
    """Begin to go back to what was active before the last switch."""
    person = the_curator()
    expected = _expected()
    state = pointed(data_directory())
    try:
        state.require(expected)
        state.undone()
    except (ActiveReleaseChanged, NothingBefore) as error:
        flash(str(error), "alert")
    else:
        reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
        _begin(person, Kind.ROLL_BACK, expected, reason)
    return redirect(url_for("pages.curation.library.show"), 303)


def _problem(source: str, files: list[FileStorage]) -> tuple[str, str, str] | None:
    """What is wrong about the form: a field, its name, and why."""
    if source == FILES:
        if not files:
            return "files", "Files", "Choose a file, or another source above."
        if len(files) > MOST_FILES:
            problem = f"{len(files)} were chosen; a release has at most {MOST_FILES}."
            return "files", "Files", problem
        return None
    if source not in LATEST and source not in read_catalogue().bundles:
        return "source", "From where", "Choose where the release comes from."
    return None


def _contents(files: list[FileStorage]) -> list[tuple[str, bytes]]:
    return [(each.filename or "", each.read()) for each in files]


def _wrong(studied: Studied, reason: str) -> str:
    """Why the release may not be activated with this reason, "" if it may."""
    verdict = studied.verdict()
    if verdict.errors:
        return sentence("A release with errors cannot be activated.")
    if len(reason) > LONGEST_REASON:
        return f"It has {len(reason):,} characters; say it in at most {LONGEST_REASON}."
    if verdict.open_warnings and (len(reason.split()) < 2 or len(reason) < 10):
        return (
            "Say in a few words why these warnings are acceptable; it is kept with the "
            "release and in the audit."
        )
    return ""


def _expected() -> Edition | None:
    """The edition that was active when the page was made."""
    words = request.form.get("expected", "").split()[:2]
    return Edition(*words) if words else None


def _begin(
    person: Person,
    kind: Kind,
    expected: Edition | None,
    reason: str,
    release_id: str = "",
) -> None:
    edition = [expected.release_id, expected.calibration] if expected else []
    wanted = {"expected": edition, "reason": reason}
    jobs = Jobs(connection())
    job = jobs.begin(kind, actor=person.name, wanted=wanted, release_id=release_id)
    doing.start(job, service().settings)


def _to(studied: Studied, part: str = "") -> ResponseReturnValue:
    address = url_for(
        "pages.curation.update.show",
        release_id=studied.release.release_id,
        _anchor=part or None,
    )
    return redirect(address, 303)
