"""Which releases are on this disk, what curators have going on, and where a new one is staged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ontologies.curation.records import read_record
from ontologies.errors import OntologyError, UnknownRelease
from ontologies.files.sources import CURRENT, read_catalogue
from ontologies.library import State, data_directory, folder_of, state_of
from ontologies.pointer import Pointed, pointed
from ontologies.release import Release
from web import matching
from web.curating.doing import FILES, LATEST
from web.curating.jobs import Job, Jobs, Kind
from web.curating.jobs import State as JobState
from web.db import connection, store
from web.pages.admission import the_curator
from web.pages.words import counted, moment, sentence
from web.service import service
from web.switching.preparing import is_prepared

blueprint = Blueprint("library", __name__)

MOST_JOBS = 5
TAGS = {State.ACTIVE: "tag-new", State.STAGED: "tag-look", State.ARCHIVED: ""}
OFFERS = {
    "all": "What HPO, HGNC and Orphanet offer now",
    "hpo": "What the HPO project offers now",
    "hgnc": "What HGNC offers now, genes",
    "orphanet": "What Orphanet offers now, names of diseases",
}
DOES = {
    Kind.STAGE: "Staging a release",
    Kind.ACTIVATE: "Activating a release",
    Kind.ROLL_BACK: "Rolling back",
    Kind.DISCARD: "Discarding a release",
}
DID = {
    Kind.STAGE: "staged a release",
    Kind.ACTIVATE: "activated a release",
    Kind.ROLL_BACK: "rolled back",
    Kind.DISCARD: "discarded a release",
}
TRIED = {
    Kind.STAGE: "No release was staged",
    Kind.ACTIVATE: "The release was not activated",
    Kind.ROLL_BACK: "Nothing was rolled back",
    Kind.DISCARD: "The release was not discarded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A release of the list."""

    release_id: str
    version: str
    editions: str
    state: State
    tag: str
    since: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job as it is told; `share` is how much is done, in hundredths, None if not known."""

    job_id: int
    said: str
    step: str
    share: int | None
    is_running: bool
    is_bad: bool
    problems: Sequence[str]
    release_id: str
    when: str


@blueprint.get("/curation")
def show() -> ResponseReturnValue:
    """The releases, the jobs, and the form to stage one."""
    the_curator()
    return page()


def page(problems: Sequence[tuple[str, str, str]] = ()) -> str:
    """The page, with what was wrong about the form that was sent."""
    state = pointed(data_directory())
    lines = list(release_lines(state))
    jobs = job_lines(MOST_JOBS)
    return render_template(
        "curation/library.html",
        heading=_heading(lines, jobs),
        lines=lines,
        jobs=jobs,
        is_running=any(job.is_running for job in jobs),
        expected=said(state),
        before=_before(state, lines),
        unread=_unread(state),
        sources=_sources(),
        entered=request.form,
        problems=problems,
        wrong={field: message for field, _, message in problems},
        largest=service().settings.upload_limit,
    )


def said(state: Pointed) -> str:
    """The active edition as a form carries it, to be the same when something is decided."""
    if state.active is None:
        return ""
    return f"{state.active.release_id} {state.active.calibration}".rstrip()


def release_lines(state: Pointed) -> Iterator[Line]:
    """Every release: the active one, then the staged, then the archived; newest first."""
    folders = (data_directory() / "releases").glob("[!.]*/")
    lines = [_line(folder, state) for folder in folders]
    order = [State.ACTIVE, State.STAGED, State.ARCHIVED]
    lines.sort(key=lambda line: line.release_id)
    lines.sort(key=lambda line: line.version, reverse=True)
    yield from sorted(lines, key=lambda line: order.index(line.state))


def _line(folder: Path, state: Pointed) -> Line:
    directory = folder.parents[1]
    found = state_of(folder.name, directory)
    version, editions, problem = "", "", ""
    try:
        versions = Release.open(folder).versions
        version = versions["hpo"]
        editions = ", ".join(f"{k} {v}" for k, v in versions.items() if k != "hpo")
        stagings = read_record(folder.name, directory).stagings
    except OntologyError as error:
        problem, stagings = str(error), ()
    since = (
        f"staged by {stagings[-1].by}, {moment(stagings[-1].at)}" if stagings else ""
    )
    return Line(
        release_id=folder.name,
        version=version,
        editions=editions.replace("_", " "),
        state=found,
        tag=TAGS[found],
        since=since,
        problem=problem,
    )


def is_stored(release_id: str) -> bool:
    """Whether there is such a release on this disk, of use or not."""
    try:
        folder_of(release_id, data_directory())
    except UnknownRelease:
        return False
    return True


def job_lines(limit: int) -> list[JobLine]:
    """The last jobs as they are told."""
    return [job_line(job) for job in Jobs(connection()).latest(limit)]


def job_line(job: Job) -> JobLine:
    """A job as it is told."""
    state = job.state()
    is_running = state is JobState.RUNNING
    text = {
        JobState.RUNNING: f"{DOES[job.kind]}, begun by {job.actor}",
        JobState.DONE: f"{sentence(job.actor)} {DID[job.kind]}",
        JobState.FAILED: f"{TRIED[job.kind]}, as {job.actor} wanted",
        JobState.LOST: f"{TRIED[job.kind]}: its process was ended from outside",
    }[state]
    total = job.total if is_running else 0
    counts = f", {job.done:,} of {job.total:,}" if total else ""
    return JobLine(
        job_id=job.job_id,
        said=text,
        step=f"{job.task or 'Beginning'}{counts}" if is_running else "",
        share=100 * min(job.done, total) // total if total else None,
        is_running=is_running,
        is_bad=state in (JobState.FAILED, JobState.LOST),
        problems=job.problems,
        # What was discarded since has no page.
        release_id=job.release_id if is_stored(job.release_id) else "",
        when=moment(job.ended_at or job.begun_at),
    )


def _heading(lines: Sequence[Line], jobs: Sequence[JobLine]) -> str:
    running = [job for job in jobs if job.is_running]
    if running:
        return running[0].said.partition(",")[0]
    active = [line for line in lines if line.state is State.ACTIVE]
    staged = [line for line in lines if line.state is State.STAGED]
    if not active:
        return "No release is active yet"
    used = f"HPO {active[0].version or active[0].release_id} is in use"
    if not staged:
        return used
    if len(staged) == 1:
        return f"{used}; {staged[0].version or staged[0].release_id} waits for you"
    return f"{used}; {counted(len(staged), 'other')} wait for you"


def _before(state: Pointed, lines: Sequence[Line]) -> Line | None:
    """What rolling back leads to."""
    if not state.before:
        return None
    named = state.before[0].release_id
    return next((line for line in lines if line.release_id == named), None)


def _unread(state: Pointed) -> int:
    """How many cases are read first if the last switch is undone; 0 where that takes no time."""
    settings = service().settings
    if not state.before or is_prepared(settings, state.before[0].release_id):
        return 0
    count = store().count()
    return count if count >= matching.WORTH_KEEPING else 0


def _sources() -> list[tuple[str, str]]:
    """Where a release may come from: the values and words of a choice."""
    catalogue = read_catalogue()
    pinned = [name for name in catalogue.bundles if name != CURRENT]
    current = catalogue.bundle(CURRENT)[0].release
    return [
        (FILES, "Files that I choose below"),
        *((value, OFFERS[publisher]) for value, publisher in LATEST.items()),
        (CURRENT, f"HPO {current}, pinned"),
        *((name, f"HPO {name}, pinned") for name in pinned),
    ]
