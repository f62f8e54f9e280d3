"""Olga the operator, who is no clinician and of no site, and a node with peers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher

from matcher.calibration import Calibration
from matcher.storage.database import Database
from ontologies import Release
from web import create_app
from web.accounts.passwords import Passwords
from web.accounts.people import Accounts, Role
from web.audit import HEAD, Audit, Entry
from web.config import load_settings
from web.db import open_database
from web.mme.nodes import Node, Nodes
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description
from web.pages.node import checks

from ...conftest import PASSWORD, Cast, Visitor

URL = "https://island.example/mme"
TOKEN = "theirs-5f1c9a"


@dataclass
class Operations:
    """The browser of Olga, and the database behind her pages."""

    cast: Cast
    db: Database

    @property
    def olga(self) -> Visitor:
        return self.cast["olga"]

    @property
    def nodes(self) -> Nodes:
        return Nodes(self.db)

    @property
    def breaker(self) -> Breaker:
        return Breaker(self.db)

    def know(self, name: str, **described: object) -> Node:
        """A peer that asks, and is asked if it is given an address and a token."""
        self.nodes.add(name, Description(**described))  # type: ignore[arg-type]
        return self.nodes.get(name)

    def asked(self, name: str, **described: object) -> Node:
        """A peer that is asked."""
        return self.know(name, address=URL, outbound_token=TOKEN, **described)

    def audited(self) -> list[Entry]:
        return list(Audit(self.db).entries())


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, release: Release, calibration: Calibration
) -> Cast:
    """An application that the tests of a module share; Alice and Dana are there as well."""
    settings = load_settings({}, directory=tmp_path_factory.mktemp("node"))
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app = create_app(
        settings, release=release, calibration=calibration, passwords=passwords
    )
    with closing(open_database(settings.database)) as db:
        people = Accounts(db, passwords)
        people.add("olga", PASSWORD, roles=[Role.OPERATOR], site=None)
        people.add("alice", PASSWORD, roles=[Role.CLINICIAN], site="North")
        people.add("dana", PASSWORD, roles=[Role.CURATOR], site="North")
    return Cast(app=app, settings=settings)


@pytest.fixture
def operations(site: Cast) -> Iterator[Operations]:
    """The pages of a node that nobody knows yet."""
    with closing(open_database(site.settings.database)) as db:
        for table in ("audit", "strangers", "nodes", "cases"):
            db.execute(f"DELETE FROM {table}")
        (site.settings.directory / HEAD).unlink(missing_ok=True)
        site.app.extensions.pop(checks.EXTENSION, None)
        yield Operations(site, db)
