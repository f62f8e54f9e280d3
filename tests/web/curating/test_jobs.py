"""Jobs of curators are followed in one row each, and leave no file behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matcher.storage.database import Database
from matcher.storage.errors import DatabaseBusy
from ontologies.errors import NoReason
from web.config import Settings
from web.curating import doing
from web.curating.doing import given_folder, keep_given, run, sweep
from web.curating.jobs import KEPT, SILENT, Job, Jobs, Kind, State, UnknownJob
from web.db import open_database
from web.switching import apart

WANTED = {"source": "files", "date": "", "names": ["hp.obo"]}
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def db(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("SECONDCASE_DATA", str(settings.directory))
    with closing(open_database(settings.database)) as opened:
        yield opened


def begun(db: Database, at: datetime = NOON) -> Job:
    return Jobs(db, lambda: at).begin(Kind.STAGE, actor="dana", wanted=WANTED)


def test_job_that_is_silent_for_long_is_lost(db: Database) -> None:
    job = begun(db)

    assert job.state(NOON + SILENT) is State.RUNNING
    assert job.state(NOON + SILENT + timedelta(seconds=1)) is State.LOST


def test_job_that_says_nothing_for_long_shows_that_it_lives(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begun(db)
    states = [job.state()]

    def read_silently(*arguments: object, **named: object) -> None:
        with closing(open_database(settings.database)) as other:
            while states[-1] is not State.RUNNING:
                states.append(Jobs(other).get(job.job_id).state())
        raise NoReason("none")

    monkeypatch.setattr(apart, "LIFE_SECONDS", 0.01)
    monkeypatch.setattr(doing, "stage", read_silently)
    assert run(db, settings, job.job_id).state() is State.FAILED

    assert {*states} == {State.LOST, State.RUNNING}
    assert apart.THREAD not in {thread.name for thread in threading.enumerate()}
    Jobs(db).show_life(job.job_id)
    assert Jobs(db).get(job.job_id).state() is State.FAILED


def test_sign_of_life_that_cannot_be_written_is_left_out(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LIFE_SECONDS", 0.01)
    shown, signs = threading.Event(), iter([DatabaseBusy(), None])

    def note(db: Database) -> None:
        sign = next(signs, None)
        if sign is not None:
            raise sign
        shown.set()

    with apart.showing_life(settings.database, note):
        assert shown.wait(60)


def test_progress_and_end_are_noted(db: Database) -> None:
    jobs, job = Jobs(db), begun(db)

    jobs.note(job.job_id, "Reading", 3, 7)
    noted = jobs.get(job.job_id)
    assert (noted.task, noted.done, noted.total) == ("Reading", 3, 7)
    assert noted.state() is State.RUNNING

    jobs.end(job.job_id, release_id="0123456789abcdef")
    assert jobs.get(job.job_id).state() is State.DONE
    jobs.end(job.job_id, problems=["It is no ontology."])
    assert jobs.get(job.job_id).state() is State.FAILED


def test_only_the_latest_jobs_are_kept(db: Database) -> None:
    jobs = Jobs(db)
    for _ in range(KEPT + 3):
        jobs.end(begun(db).job_id)

    begun(db)

    assert len(jobs.latest(1000)) == KEPT
    with pytest.raises(UnknownJob, match="There is no job 1;"):
        jobs.get(1)


def test_a_file_of_no_use_ends_in_sentences_and_is_removed(
    db: Database, settings: Settings
) -> None:
    job = begun(db)
    keep_given(job, [("hp.obo", b"this is no ontology")])

    ended = run(db, settings, job.job_id)

    assert ended.state() is State.FAILED
    assert "hp.obo" in ended.problems[0]
    assert not given_folder(job.job_id).exists()


def test_files_of_a_job_that_was_killed_are_swept_up(db: Database) -> None:
    killed, running = begun(db), begun(db, datetime.now(UTC))
    for job in (killed, running):
        keep_given(job, [("hp.obo", b"")])

    sweep(Jobs(db))

    assert not given_folder(killed.job_id).exists()
    assert given_folder(running.job_id).exists()


def test_files_that_another_curator_leaves_meanwhile_are_not_swept_up(
    db: Database,
) -> None:
    class Busy(Jobs):
        """While it tells of the jobs, another one begins."""

        def latest(self, limit: int) -> list[Job]:
            known = super().latest(limit)
            keep_given(begun(db, datetime.now(UTC)), [("hp.obo", b"")])
            return known

    sweep(Busy(db))

    assert given_folder(Jobs(db).latest(1)[0].job_id).exists()


def test_what_somebody_is_activating_is_not_discarded(
    db: Database, settings: Settings
) -> None:
    jobs = Jobs(db)
    jobs.begin(Kind.ACTIVATE, actor="cleo", wanted={}, release_id="abc1")
    job = jobs.begin(Kind.DISCARD, actor="dana", wanted={}, release_id="abc1")

    ended = run(db, settings, job.job_id)

    assert ended.state() is State.FAILED
    assert "cleo is activating it at this moment" in ended.problems[0]


def test_job_is_left_to_a_process_of_its_own_in_the_same_database(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(
        apart.subprocess, "Popen", lambda said, **named: started.append(said)
    )

    doing.start(begun(db), settings)

    (said,) = started
    assert said[-5:-2] == ["ontology", "curate", "1"]
    assert Path(said[-1]) == settings.directory
