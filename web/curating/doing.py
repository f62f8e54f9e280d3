"""A job of a curator done: a release staged, activated, undone or discarded, on the record."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from matcher.errors import MatcherError
from matcher.readers.fields import printable
from matcher.storage.database import Database
from ontologies.curation.findings import refused
from ontologies.curation.latest import PUBLISHED, latest
from ontologies.curation.staging import stage
from ontologies.curation.uploads import Given
from ontologies.errors import OntologyError
from ontologies.files.sources import Source, read_catalogue
from ontologies.library import data_directory
from ontologies.pointer import Edition
from ontologies.progress import Progress
from web.audit import Audit
from web.config import Settings
from web.curating.jobs import KEPT, Job, Jobs, Kind, State
from web.errors import WebError
from web.switching.activating import Curator
from web.switching.apart import run_apart, showing_life
from web.switching.discarding import discard

STAGED = "ontology staged"
REFUSED = "ontology refused"
# The values of a form, and whose newest files each means.
LATEST = MappingProxyType({f"latest {each}": each for each in PUBLISHED})
FILES = "files"
# Of a file of nothing but errors so many are kept; the count of all is said beside them.
MOST_PROBLEMS = 500
NOTED_SECONDS = 0.5
_GIVEN = ".given-"


class BeingActivated(WebError):
    """A release that another curator is about to make the active one."""

    def __init__(self, release_id: str, actor: str) -> None:
        super().__init__(
            f"Release {release_id} cannot be discarded: {actor} is activating it at this moment."
        )


def start(job: Job, settings: Settings) -> None:
    """Let a process of its own do it, in the same database."""
    run_apart(settings.directory, "ontology", "curate", str(job.job_id))


def run(db: Database, settings: Settings, job_id: int) -> Job:
    """Do a job and note what came of it; whatever goes wrong ends in a sentence, not an error."""
    jobs = Jobs(db)
    job = jobs.get(job_id)
    try:
        # A child may read, and a package may be on its way, for many silent minutes.
        with showing_life(settings.database, lambda db: Jobs(db).show_life(job_id)):
            release_id = _DOING[job.kind](db, settings, job, _noting(jobs, job_id))
    except (OntologyError, MatcherError, WebError, OSError) as error:
        problems = _sentences(error)
        if job.kind is Kind.STAGE:
            Audit(db).record(job.actor, REFUSED, problems=len(problems))
        jobs.end(job_id, problems=_shown(problems))
    except BaseException as error:
        name = type(error).__name__
        jobs.end(job_id, problems=[f"The program failed with {name}."])
        raise
    else:
        jobs.end(job_id, release_id=release_id)
    finally:
        shutil.rmtree(given_folder(job_id), ignore_errors=True)
    return jobs.get(job_id)


def given_folder(job_id: int) -> Path:
    """Where the uploaded files of a job wait for it."""
    return data_directory() / "curation" / f"{_GIVEN}{job_id}"


def keep_given(job: Job, files: Sequence[tuple[str, bytes]]) -> None:
    """Leave uploaded files, each with its name, for the process of the job."""
    folder = given_folder(job.job_id)
    folder.mkdir(parents=True)
    for number, (_, content) in enumerate(files):
        (folder / str(number)).write_bytes(content)


def sweep(jobs: Jobs) -> None:
    """Remove files whose job is over or was killed."""
    # Looked for first: whoever leaves files meanwhile has begun a job that is not known yet.
    found = list((data_directory() / "curation").glob(f"{_GIVEN}*"))
    running = (job for job in jobs.latest(100) if job.state() is State.RUNNING)
    waiting = {given_folder(job.job_id) for job in running}
    for folder in found:
        if folder not in waiting:
            shutil.rmtree(folder, ignore_errors=True)


def _stage(db: Database, settings: Settings, job: Job, told: Progress) -> str:
    with _parts(job, told) as parts:
        staged = stage(parts, by=job.actor, progress=told)
    release_id = staged.release.release_id
    Audit(db).record(job.actor, STAGED, release=release_id, is_new=staged.is_new)
    return release_id


@contextmanager
def _parts(job: Job, told: Progress) -> Iterator[Sequence[Given | Source]]:
    """What the release is to be made of."""
    source = job.wanted["source"]
    if source in LATEST:
        with latest(read_catalogue(), LATEST[source], told) as given:
            yield given
    elif source == FILES:
        folder = given_folder(job.job_id)
        yield [
            Given(folder / str(number), name=name, release=job.wanted["date"])
            for number, name in enumerate(job.wanted["names"])
        ]
    else:
        yield read_catalogue().named(source)


def _activate(db: Database, settings: Settings, job: Job, told: Progress) -> str:
    reason = job.wanted["reason"]
    switched = Curator(db, settings, job.actor).activate(
        job.release_id,
        expected=_expected(job),
        reasons=[reason] if reason else [],
        progress=told,
    )
    return switched.after.release_id


def _roll_back(db: Database, settings: Settings, job: Job, told: Progress) -> str:
    reason = job.wanted["reason"]
    switched = Curator(db, settings, job.actor).roll_back(
        expected=_expected(job),
        reasons=[reason] if reason else [],
        progress=told,
    )
    return switched.after.release_id


def _discard(db: Database, settings: Settings, job: Job, told: Progress) -> str:
    for other in Jobs(db).latest(KEPT):
        is_activating = other.kind is Kind.ACTIVATE and other.state() is State.RUNNING
        if is_activating and other.release_id == job.release_id:
            raise BeingActivated(job.release_id, other.actor)
    told("Waiting for others who stage or switch", 0, 0)
    discard(db, settings, job.release_id, actor=job.actor)
    return job.release_id


def _expected(job: Job) -> Edition | None:
    words = job.wanted["expected"]
    return Edition(*words) if words else None


Doing = Callable[[Database, Settings, Job, Progress], str]

_DOING: Mapping[Kind, Doing] = MappingProxyType(
    {
        Kind.STAGE: _stage,
        Kind.ACTIVATE: _activate,
        Kind.ROLL_BACK: _roll_back,
        Kind.DISCARD: _discard,
    }
)


def _noting(jobs: Jobs, job_id: int) -> Progress:
    """Progress that is noted now and then, since each note waits for the disk."""
    noted = ("", 0.0)

    def told(task: str, done: int, total: int) -> None:
        nonlocal noted
        now = time.monotonic()
        if task != noted[0] or now - noted[1] > NOTED_SECONDS:
            noted = (task, now)
            jobs.note(job_id, task, done, total)

    return told


def _sentences(error: Exception) -> list[str]:
    if isinstance(error, OntologyError):
        return [printable(finding.sentence) for finding in refused(error)]
    return [printable(str(error))]


def _shown(problems: Sequence[str]) -> list[str]:
    more = len(problems) - MOST_PROBLEMS
    last = [f"And {more:,} more of the kind."] if more > 0 else []
    return [*problems[:MOST_PROBLEMS], *last]
