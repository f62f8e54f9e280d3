"""A site with two small releases, its curators, and a later ontology to be uploaded.

The later one retires "Generalized-onset seizure" for two candidates, and renames short stature.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace

import pytest
from argon2 import PasswordHasher

from matcher.calibration import Calibration
from matcher.storage.database import Database
from ontologies import Release
from ontologies.pointer import Edition, pointed
from web import create_app, service
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.audit import Audit, Entry
from web.config import Settings
from web.curating import doing
from web.curating.jobs import Job, Jobs
from web.db import open_database
from web.switching import finding_out
from web.switching.following import follower_of
from web.switching.impacts import Impact

from ....conftest import ANNOTATIONS, HpoSlice
from ....matcher.kept.conftest import SmallReleases, small_calibration
from ...conftest import PASSWORD, Cast, Visitor
from ...switching.conftest import Place, place, small_calibrations, small_releases

__all__ = ["place", "small_calibrations", "small_releases"]

GENERALIZED = "HP:0002197"
FOCAL = "HP:0007359"
SEIZURE = "HP:0001250"
SHORT = "HP:0004322"
# Further ids of the term that is retired.
OTHER_IDS = ("HP:0002409", "HP:0007114", "HP:0007339")
LATER = "2026-07-01"
REASON = "Read it with the team, all as announced."


@dataclass
class Curation:
    """The pages of the curators, and what lies behind them."""

    cast: Cast
    place: Place
    db: Database

    @property
    def dana(self) -> Visitor:
        return self.cast["dana"]

    @property
    def active(self) -> Edition:
        active = pointed(self.place.directory).active
        assert active is not None
        return active

    @property
    def newer(self) -> str:
        return f"/curation/releases/{self.place.newer.release_id}"

    def audited(self) -> list[Entry]:
        return list(Audit(self.db).entries())

    def latest_job(self) -> Job:
        return Jobs(self.db).latest(1)[0]

    def stage(self, files: Mapping[str, str], **fields: str) -> Job:
        """Upload files and have them staged together."""
        self.dana.get("/curation")
        given = [(io.BytesIO(text.encode()), name) for name, text in files.items()]
        answer = self.dana.post(
            "/curation/stage", {"source": "files", "files": given, **fields}
        )
        assert answer.status_code == 303
        return self.latest_job()

    def activate(self, address: str, who: str = "dana", reason: str = REASON) -> int:
        """Activate the release of a page; the status of the answer."""
        visitor = self.cast[who]
        visitor.get(address)
        return visitor.post(f"{address}/activate", self.form(reason)).status_code

    def form(self, reason: str = REASON) -> dict[str, object]:
        """What a page made now would send."""
        active = self.active
        expected = f"{active.release_id} {active.calibration}".strip()
        return {"expected": expected, "reason": reason}

    def follow(self) -> None:
        """Let the application see what is active, as its thread does."""
        follower_of(self.cast.app).follow()


def later_files(hpo_slice: HpoSlice) -> dict[str, str]:
    """Ontology and annotations of a month later."""
    header, *stanzas = hpo_slice.ontology_path.read_text("utf-8").split("\n\n")
    lines = [
        (
            f"data-version: hp/releases/{LATER}/hp-base.owl"
            if line.startswith("data-version:")
            else line
        )
        for line in header.splitlines()
    ]
    annotations = ANNOTATIONS.replace("#version: 2026-06-06", f"#version: {LATER}")
    return {
        "hp.obo": "\n\n".join(["\n".join(lines), *map(_later, stanzas)]),
        "phenotype.hpoa": annotations.replace(GENERALIZED, SEIZURE),
    }


def _later(stanza: str) -> str:
    if f"\nid: {GENERALIZED}\n" not in f"{stanza}\n":
        other_ids = "".join(f"alt_id: {each}\n" for each in OTHER_IDS)
        stanza = stanza.replace("name: Short stature\n", "name: Low height\n")
        return stanza.replace(f"id: {FOCAL}\n", f"id: {FOCAL}\n{other_ids}")
    return (
        f"[Term]\nid: {GENERALIZED}\nname: obsolete Generalized-onset seizure\n"
        f"is_obsolete: true\nconsider: {SEIZURE}\nconsider: {FOCAL}"
    )


@pytest.fixture
def later(hpo_slice: HpoSlice) -> dict[str, str]:
    return later_files(hpo_slice)


def at_once(job: Job, settings: Settings) -> None:
    """Do a job here instead of in a process of its own."""
    with closing(open_database(settings.database)) as db:
        doing.run(db, settings, job.job_id)


def found_out(impact: Impact, settings: Settings) -> None:
    """The same for an impact."""
    with closing(open_database(settings.database)) as db:
        finding_out.run(db, settings, impact.impact_id)


@pytest.fixture
def curation(
    place: Place,
    small_releases: SmallReleases,
    small_calibrations: dict[str, Calibration],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Curation]:
    """Dana of North and Carl of no site are curators, Cleo is a clinician as well."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    shutil.copytree(small_releases.directory / "sources", place.directory / "sources")
    made = dict(small_calibrations)

    def calibrated(release: Release, **arguments: object) -> Calibration:
        """Against made cases, since the slice has too few diseases to simulate any."""
        return made.setdefault(release.release_id, small_calibration(release))

    monkeypatch.setattr(service, "default_calibration", calibrated)
    release = Release.open(place.older.folder)
    app = create_app(
        place.settings,
        release=release,
        calibration=small_calibrations[release.release_id],
        passwords=passwords,
    )
    with closing(open_database(place.settings.database)) as db:
        people = Accounts(db, passwords)
        people.add("alice", PASSWORD, roles=[Role.CLINICIAN], site="North")
        people.add("dana", PASSWORD, roles=[Role.CURATOR], site="North")
        people.add("carl", PASSWORD, roles=[Role.CURATOR], site=None)
        both = [Role.CURATOR, Role.CLINICIAN]
        people.add("cleo", PASSWORD, roles=both, site="North")

        monkeypatch.setattr(doing, "start", at_once)
        monkeypatch.setattr(finding_out, "start", found_out)
        cast = Cast(app=app, settings=replace(place.settings))
        yield Curation(cast, place, db)
