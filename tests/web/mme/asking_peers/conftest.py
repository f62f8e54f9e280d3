"""A site with a shared case, and peers to ask about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matcher.calibration import Calibration
from matcher.case import Case, Contact, GenomicFeature, PhenotypicFeature, Sharing
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies import Release
from web.audit import Audit, Entry
from web.db import open_database
from web.mme.asking.asker import Asked, Asker, Patience
from web.mme.asking.kept import Kept
from web.mme.nodes import Node, Nodes
from web.mme.nodes.health import Breaker
from web.mme.nodes.register import Description

from .. import faults

TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263", "HP:0000518")
OURS = "ours-1"
TOKEN = "theirs-5f1c9a"
ADDRESS = "mailto:genetics@north.example"
PATIENCE = 30.0


@dataclass
class Clock:
    """What time it is, moved on by hand."""

    now: datetime = field(default=datetime(2026, 11, 24, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)


def our_case(**more: Any) -> Case:
    values: dict[str, Any] = {
        "case_id": OURS,
        "features": tuple(PhenotypicFeature(term_id=each) for each in TERMS),
        "genomic_features": (GenomicFeature(gene="EFTUD2"),),
        "contact": Contact(name="Dr North", href=ADDRESS),
        "sharing": Sharing.EXCHANGE_1,
        **more,
    }
    return Case(**values)


def patient(name: str, *terms: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "contact": {"name": "Dr Island", "href": f"mailto:{name}@island.example"},
        "features": [{"id": term} for term in terms or TERMS[:4]],
        **more,
    }


def result(name: str, *terms: str, score: Any = 0.5, **more: Any) -> dict[str, Any]:
    return {"score": {"patient": score}, "patient": patient(name, *terms, **more)}


def results(*given: Any, **more: Any) -> dict[str, Any]:
    return {"results": list(given), **more}


@dataclass
class Site:
    """Our node: its database, and who it asks."""

    db: Database
    release: Release
    calibration: Calibration
    clock: Clock
    peers: ExitStack

    def put(self, case: Case) -> None:
        CaseStore(self.db).put(case, actor="test")

    def peer(self, name: str, behaviour: faults.Behaviour, **more: Any) -> faults.Peer:
        """A peer that behaves so, known here under this name."""
        served = self.peers.enter_context(faults.serving(behaviour))
        self.know(name, served.address, **more)
        return served

    def know(self, name: str, address: str, **more: Any) -> Node:
        described = {"outbound_token": TOKEN, "allow_private": True, **more}
        self.nodes.add(name, Description(address=address, **described))
        return self.nodes.get(name)

    @property
    def nodes(self) -> Nodes:
        return Nodes(self.db, self.clock)

    @property
    def breaker(self) -> Breaker:
        return Breaker(self.db, self.clock, chance=lambda: 0.0)

    @property
    def kept(self) -> Kept:
        return Kept(self.db, self.clock)

    def asker(self, seconds: float = PATIENCE, **more: Any) -> Asker:
        return Asker(
            self.db,
            self.release,
            self.calibration,
            Patience(seconds=seconds),
            nodes=self.nodes,
            breaker=self.breaker,
            kept=self.kept,
            **more,
        )

    def ask(self, *names: str, seconds: float = PATIENCE) -> dict[str, Asked]:
        found = self.asker(seconds).ask(OURS, by="alice", names=names)
        return {each.node.name: each for each in found}

    def audited(self) -> list[Entry]:
        return list(Audit(self.db).entries(OURS))


@pytest.fixture
def site(tmp_path: Path, release: Release, calibration: Calibration) -> Iterator[Site]:
    db = open_database(tmp_path / "secondcase.db")
    with ExitStack() as peers:
        found = Site(db, release, calibration, Clock(), peers)
        found.put(our_case())
        yield found
    db.close()
