"""The cast: Alice the clinician, Bob her colleague, Charlie a stranger, Dana the curator."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from playwright.sync_api import Browser, sync_playwright
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from matcher.calibration import Calibration, default_calibration
from matcher.case import (
    Case,
    Contact,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from matcher.storage.database import Database
from matcher.storage.store import CaseStore, StoredCase
from ontologies import Release
from web import create_app
from web.config import Settings
from web.db import open_database
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.mme.disclosing.consents import Consents

PASSWORD = "a second case is a disease"

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()

FLOPPY_INFANT = "HP:0008947"
MICROCEPHALY = "HP:0000252"
OLIGODONTIA = "HP:0000677"
PROMINENT_JOINTS = "HP:0006237"
SEIZURE = "HP:0001250"
WIDE_MOUTH = "HP:0000154"
PHF14 = "HGNC:22203"


@dataclass(kw_only=True)
class Cast:
    """An application with four people, and the store behind it."""

    app: Flask
    settings: Settings
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Visitor:
        """The browser of a person, logged in; of "nobody" if it is not."""
        if name not in self.visitors:
            self.visitors[name] = Visitor(self.app.test_client())
            if name != "nobody":
                answer = self.visitors[name].log_in(name)
                assert answer.status_code == 303, answer.text
        return self.visitors[name]

    @contextmanager
    def unrecordable(self) -> Iterator[None]:
        """The same for what requests do, which note when somebody was seen last."""
        with closing(open_database(self.settings.database)) as db:
            with unrecordable(db, but="sessions"):
                yield

    @contextmanager
    def store(self) -> Iterator[CaseStore]:
        """The cases, over a connection of their own."""
        with CaseStore.open(self.settings.database) as opened:
            yield opened

    def put(self, case: Case, actor: str = "alice") -> StoredCase:
        """Save a case, as another process would."""
        with self.store() as store:
            return store.put(case, actor=actor)

    def get(self, case_id: str) -> StoredCase:
        """A case as it is stored now."""
        with self.store() as store:
            return store.get(case_id)


@dataclass
class Visitor:
    """A browser that sends the CSRF token of the last page it was on."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str, **arguments: str) -> TestResponse:
        answer = self.client.get(path, query_string=arguments or None, buffered=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        self.token = found.group(1) if found else self.token
        return answer

    def post(self, path: str, data: Mapping[str, object] | None = None) -> TestResponse:
        if not self.token:
            self.get("/log-in")
        return self.client.post(path, data={"csrf_token": self.token, **(data or {})})

    def log_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        self.get("/log-in")
        answer = self.post("/log-in", {"name": name, "password": password})
        self.token = ""
        if answer.status_code == 303:
            self.get("/account")
        return answer


class Compiled(BytecodeCache):
    """Templates as bytecode, kept between the applications of a run."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if compiled := self.kept.get(bucket.key):
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def applications_are_compiled_once() -> Iterator[None]:
    """Each test has an application of its own, and most of its time went into compiling
    templates and routes that are the same in all of them.
    """
    build, built = Rule._compile_builder, {}

    def builder(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        key = (*rule._trace, rule.rule, repr(rule.defaults), append_unknown)
        if key not in built:
            built[key] = build(rule, append_unknown)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": Compiled()})
        patch.setattr(Rule, "_compile_builder", builder)
        yield


@pytest.fixture(autouse=True)
def log_is_nobodys() -> Iterator[None]:
    """A command sets up the log of its process, here that of all tests after it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def calibration(release: Release) -> Calibration:
    """The calibration of a new site."""
    return default_calibration(release)


@pytest.fixture
def everybody_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A consent of the furthest scope on record for every case; see `mme/test_consents.py`."""

    def scopes(consents: Consents, case_ids: Iterable[str]) -> dict[str, int]:
        return dict.fromkeys(case_ids, 2)

    monkeypatch.setattr(Consents, "_scopes", scopes)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a directory of its own."""
    return settings_of(tmp_path)


def settings_of(directory: Path) -> Settings:
    return Settings(directory=directory, secret_key="0123456789abcdef" * 4)


QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose database has everybody at her place, to be copied by each test."""
    directory = tmp_path_factory.mktemp("furnished")
    with closing(open_database(settings_of(directory).database)) as db:
        people = Accounts(db, QUICK)
        clinician = [Role.CLINICIAN]
        people.add(
            "alice", PASSWORD, roles=clinician, site="North", email="a@north.example"
        )
        people.add("bob", PASSWORD, roles=clinician, site="North")
        people.add("charlie", PASSWORD, roles=clinician, site="Harbour")
        people.add("dana", PASSWORD, roles=[Role.CURATOR], site="North")
    return directory


@pytest.fixture
def cast(
    settings: Settings, furnished: Path, release: Release, calibration: Calibration
) -> Cast:
    """Everybody at her place: three people at North, Charlie at Harbour."""
    shutil.copytree(furnished, settings.directory, dirs_exist_ok=True)
    app = create_app(
        settings, release=release, calibration=calibration, passwords=QUICK
    )
    return Cast(app=app, settings=settings)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each visit has a profile of its own."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@contextmanager
def unrecordable(db: Database, *, but: str = "audit") -> Iterator[None]:
    """A block in which the audit takes no entry; sees that no other table changes either."""

    def written() -> list[str]:
        return [line for line in db.conn.iterdump() if f'INTO "{but}"' not in line]

    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'no'); END"
    )
    before = written()
    yield
    assert written() == before
    db.execute("DROP TRIGGER full")


def case_of(
    case_id: str,
    *,
    site: str = "North",
    submitter: str = "alice",
    sharing: Sharing = Sharing.SITE,
    observed: tuple[str, ...] = (OLIGODONTIA, PROMINENT_JOINTS, SEIZURE, WIDE_MOUTH),
    excluded: tuple[str, ...] = (MICROCEPHALY,),
    genes: tuple[str, ...] = (PHF14,),
) -> Case:
    """A case with a canary in every field that is told to no other site."""
    features = [
        PhenotypicFeature(term_id=i, label="canary-term", onset=Onset(years=3.25))
        for i in observed
    ]
    features += [PhenotypicFeature(term_id=i, excluded=True) for i in excluded]
    return Case(
        case_id=case_id,
        label="canary-label",
        features=tuple(features),
        genomic_features=tuple(
            GenomicFeature(
                gene=gene,
                gene_label="canary-gene",
                variant=Variant(hgvs=("canary-variant",)),
            )
            for gene in genes
        ),
        age_years=4.1875,
        onset=Onset(years=3.25),
        contact=Contact(
            name="canary-name",
            href="mailto:canary@mail.example",
            institution=f"Clinical genetics, {site}",
        ),
        site=site,
        submitter=submitter,
        family="canary-family",
        sharing=sharing,
        note="canary-note",
    )
