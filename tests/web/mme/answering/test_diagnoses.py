"""What an operator is told of the requests of peers that were refused or understood in part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from matcher.readers.report import Trouble, Wrong
from matcher.storage.database import Database, location
from matcher.storage.errors import DatabaseFull
from ontologies import Release
from web.db import open_database
from web.mme.answering.diagnoses import (
    KEPT,
    MOST_LINES,
    MOST_OF_A_PEER,
    Diagnoses,
    Diagnosis,
)
from web.mme.answering.diagnoses import Stranger
from web.mme.answering.diagnosing import EXTENSION, PAUSE_SECONDS, Gate
from web.mme.nodes import Nodes
from web.mme.answering.wire import content_type

from ..asking import AskedNode

TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263")
FEATURES = [{"id": term, "label": "", "observed": "yes"} for term in TERMS]
CANARY = "canary-4b7d"
TYPE = {"Content-Type": content_type(1)}


@dataclass
class Island:
    """A peer that sends requests to a node, and what the node keeps of them."""

    node: AskedNode
    db: Database

    def post(self, body: Any, **headers: str) -> int:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.node.post(sent, {**TYPE, **headers}).status_code

    def ask(self, **patient: Any) -> int:
        contact = {"name": "Dr Example", "href": "mailto:a@island.example"}
        told = {"id": "p1", "contact": contact, "features": FEATURES, **patient}
        return self.post({"patient": told})

    @property
    def kept(self) -> tuple[Diagnosis, ...]:
        return Diagnoses(self.db).of(Nodes(self.db).get("Island"))

    @property
    def told(self) -> list[str]:
        """The lines of the only request in trouble."""
        [diagnosis] = self.kept
        return [str(trouble) for trouble in diagnosis.troubles]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def node(folder: Path, release: Release) -> AskedNode:
    return AskedNode.with_cases(folder, release, [])


@pytest.fixture
def island(node: AskedNode, folder: Path) -> Iterator[Island]:
    """The peer as if it were new."""
    db = open_database(folder / "secondcase.db")
    for known in Nodes(db):
        Nodes(db).remove(known.name)
    db.execute("DELETE FROM strangers")
    node.client.application.extensions[EXTENSION] = Gate()
    yield Island(replace(node, token=Nodes(db).add("Island")), db)
    db.close()


def test_a_request_without_a_fault_leaves_nothing(island: Island) -> None:
    assert island.ask() == 200

    assert island.kept == ()


@pytest.mark.parametrize(
    "more, line",
    [
        (
            {"features": [*FEATURES, {"id": CANARY}]},
            "patient.features[4].id: not an HPO id; HP: and seven digits",
        ),
        (
            {"features": [None, *FEATURES, {"label": CANARY}]},
            "patient.features[5].id: missing; HP: and seven digits",
        ),
        (
            {"features": [*FEATURES, {"id": TERMS[0], "observed": CANARY}]},
            "patient.features[4].observed: not understood; yes or no",
        ),
        (
            {"features": [*FEATURES, [CANARY]]},
            "patient.features[4]: not what belongs there; an object with an id",
        ),
        (
            {"features": [{"id": "1250"}, *FEATURES]},
            "patient.features[0].id: read by a guess; HP: and seven digits",
        ),
        (
            {"features": [*FEATURES, {"id": "HP:9999999"}]},
            "patient.features[4].id: not known here; a term of HPO 2026-06-06",
        ),
        (
            {"disorders": [{"id": "MIM:610536"}, {"label": CANARY}]},
            "patient.disorders[1].id: missing; MIM: or Orphanet: and a number",
        ),
        (
            {"disorders": ["610536"]},
            "patient.disorders[0].id: read by a guess; MIM: or Orphanet: and a number",
        ),
        (
            {"genomicFeatures": [{"gene": {"id": "EFTUD2"}}, {"zygosity": CANARY}]},
            "patient.genomicFeatures[1].zygosity: not what belongs there; "
            "1 (heterozygous) or 2 (homozygous)",
        ),
        (
            {"genomicFeatures": [{"gene": {"id": CANARY}}]},
            "patient.genomicFeatures[0].gene: not known here; "
            "an Ensembl, HGNC or NCBI id, or a current symbol",
        ),
        (
            {"genomicFeatures": [{}]},
            "patient.genomicFeatures[0]: missing; a gene with an id, or a variant",
        ),
        (
            {"genomicFeatures": [{"variant": {"start": CANARY, "assembly": "b37"}}]},
            "patient.genomicFeatures[0].variant.start: not what belongs there; a number",
        ),
        (
            {"contact": {"name": "A", "href": CANARY}},
            "patient.contact.href: not understood; mailto: and an address, or a web page",
        ),
        (
            {"contact": {"href": ""}},
            "patient.contact: missing; a name, and an href with mailto: or https:",
        ),
        ({"sex": CANARY}, "patient.sex: not what belongs there; FEMALE, MALE or OTHER"),
        (
            {"ageOfOnset": CANARY},
            "patient.ageOfOnset: not what belongs there; an HPO onset term",
        ),
    ],
)
def test_each_fault_is_a_place_a_kind_and_what_would_be_right(
    island: Island, more: dict[str, Any], line: str
) -> None:
    assert island.ask(**more) == 200

    assert line in island.told
    assert island.kept[0].status == 200
    assert CANARY.encode() not in everything(island.db)


@pytest.mark.parametrize(
    "body, status, line",
    [
        (b'{"patient":\n {', 400, "body, line 2, column 3: not understood; one JSON object"),
        (b"", 400, 'body: missing; an object with a "patient"'),
        (b'{"a": 1, "a": 2}', 400, "body: not understood; each key once in an object"),
        (
            b"[NaN]",
            400,
            "body: not understood; null, and no NaN or Infinity, for an unknown number",
        ),
        (b"\xef\xbb\xbf{}", 400, "body: not understood; UTF-8 without a byte order mark"),
        (b"[" * 40 + b"]" * 40, 400, "body: more than are read; at most 32 levels"),
        (b"{}", 400, "patient: missing; an object with id, contact, features"),
        (
            b'{"patient": {"features": []}}',
            422,
            "patient.id: not understood; text that can be printed, or a number; "
            "at most 255 characters",
        ),
        (
            b'{"patient": {"id": "p1"}}',
            422,
            "patient: too little to search with; three HPO terms that say something each, "
            "or a gene that is known here",
        ),
        (
            b'{"patient": {"id": "p1", "features": [{"id": "HP:0001250"}]}}',
            200,
            "patient: too little to search with; three HPO terms that say something each, "
            "or a gene that is known here",
        ),
    ],
)  # fmt: skip
def test_a_request_that_is_not_answered_says_why(
    island: Island, body: bytes, status: int, line: str
) -> None:
    assert island.post(body) == status

    assert line in island.told
    assert island.kept[0].status == status and island.kept[0].reason


@pytest.mark.parametrize(
    "header, status, line",
    [
        (
            {"Content-Type": "application/vnd.ga4gh.matchmaker.v2.0+json"},
            406,
            f"Content-Type and Accept: not known here; {content_type(1)}",
        ),
        ({"Content-Type": "text/xml"}, 415, f"Content-Type: not known here; {content_type(1)}"),
    ],
)  # fmt: skip
def test_another_version_or_type_is_told(
    island: Island, header: dict[str, str], status: int, line: str
) -> None:
    assert island.post(b"{}", **header) == status

    assert island.told == [line] and island.kept[0].status == status


def test_what_a_query_asks_for_and_is_not_understood_is_told(island: Island) -> None:
    told = {"id": "p1", "features": FEATURES}
    query = {"minScore": CANARY, "mustHaveTerm": CANARY, CANARY: 1}

    assert island.post({"patient": told, "_query": query}) == 200

    assert (
        "_query.minScore: not what belongs there; a number from 0 to 1" in island.told
    )
    assert "_query.mustHaveTerm: not known here" in island.told
    assert CANARY.encode() not in everything(island.db)


def test_many_faults_are_kept_up_to_a_limit(island: Island) -> None:
    island.ask(features=[*FEATURES, *({"id": "x"} for _ in range(MOST_LINES + 7))])

    [kept] = island.kept
    assert len(kept.troubles) == MOST_LINES and kept.further == 7
    assert list(kept.lines())[-1] == "  and 7 more"


def test_the_latest_of_a_peer_are_kept_and_no_more(island: Island) -> None:
    node = Nodes(island.db).get("Island")
    for number in range(MOST_OF_A_PEER + 5):
        keep(Diagnoses(island.db), node.name, island.db, str(number))

    reasons = [each.reason for each in island.kept]
    assert len(reasons) == MOST_OF_A_PEER and reasons[0] == str(MOST_OF_A_PEER + 4)
    assert island.db.table("diagnoses").count == MOST_OF_A_PEER


def test_many_that_are_understood_in_part_hide_none_that_was_refused(
    island: Island,
) -> None:
    island.post(b"{")
    node = Nodes(island.db).get("Island")
    for _ in range(MOST_OF_A_PEER + 1):
        Diagnoses(island.db).keep(node, path="/match", status=200, reason="in part")

    assert [each.is_refused for each in island.kept] == [False] * MOST_OF_A_PEER + [
        True
    ]


def keep(diagnoses: Diagnoses, name: str, db: Database, reason: str) -> None:
    node = Nodes(db).get(name)
    found = [Trouble("patient", Wrong.MISSING)]
    diagnoses.keep(node, path="/match", status=400, reason=reason, troubles=found)


def test_what_is_old_is_not_shown_and_goes_with_the_next(island: Island) -> None:
    now = datetime.now(UTC)
    Nodes(island.db).add("Valley")
    keep(Diagnoses(island.db, lambda: now - KEPT), "Island", island.db, "old")

    assert island.kept == ()
    keep(Diagnoses(island.db, lambda: now), "Valley", island.db, "new")
    assert island.db.table("diagnoses").count == 1


def test_what_is_kept_goes_with_the_peer(island: Island) -> None:
    island.post(b"{")

    Nodes(island.db).remove("Island")

    assert island.db.table("diagnoses").count == 0


def test_requests_without_a_good_token_are_counted_and_nothing_of_them_kept(
    island: Island,
) -> None:
    client = island.node.client
    client.post("/match", headers={"X-Auth-Token": CANARY}, data=b"{}")
    client.get("/heartbeat")

    client.application.extensions[EXTENSION].write(island.db)

    counted = {each.kind: each.times for each in Diagnoses(island.db).strangers()}
    assert counted == {Stranger.UNKNOWN: 1, Stranger.MISSING: 1}
    assert CANARY.encode() not in everything(island.db)


def test_strangers_cost_a_write_now_and_then_only(island: Island) -> None:
    times = iter([0.0, 0.0, 1.0, PAUSE_SECONDS + 1, PAUSE_SECONDS + 1])
    gate = Gate(lambda: next(times))
    written = []
    for _ in range(3):
        gate.met(Stranger.UNKNOWN, island.db)
        [counted] = Diagnoses(island.db).strangers()
        written.append((counted.times, gate.waiting(Stranger.UNKNOWN)))

    assert written == [(1, 0), (1, 1), (3, 0)]


def test_strangers_of_long_ago_are_not_counted_on(island: Island) -> None:
    now = datetime.now(UTC)
    Diagnoses(island.db, lambda: now - KEPT - timedelta(days=1)).met(
        Stranger.UNKNOWN, 9
    )

    assert Diagnoses(island.db).strangers() == ()
    Diagnoses(island.db).met(Stranger.UNKNOWN)
    assert [each.times for each in Diagnoses(island.db).strangers()] == [1]


def test_a_token_that_was_ended_is_told_with_its_peer(island: Island) -> None:
    nodes = Nodes(island.db)
    nodes.rotate("Island")
    nodes.revoke_old("Island")

    assert island.ask() == 401

    assert island.told == [
        "X-Auth-Token: not known here; the newest token that it was given"
    ]
    assert Diagnoses(island.db).strangers() == ()


def test_a_flood_with_an_ended_token_costs_a_write_now_and_then(
    island: Island,
) -> None:
    nodes = Nodes(island.db)
    nodes.revoke("Island")

    for _ in range(5):
        assert island.ask() == 401

    assert len(island.kept) == 1


def test_no_value_and_no_key_of_a_message_is_kept(island: Island) -> None:
    term, gene = {"id": CANARY, "label": CANARY}, {"gene": {"id": CANARY, CANARY: 1}}
    variant = {"variant": dict.fromkeys(("assembly", "start", "end"), CANARY)}
    everywhere = {
        name: CANARY
        for name in ("label", "sex", "species", "ageOfOnset", "inheritanceMode", CANARY)
    }

    island.ask(
        **everywhere,
        contact={"name": CANARY, "href": CANARY, "institution": CANARY},
        features=[term, {**term, "observed": CANARY}, CANARY, [CANARY], {CANARY: 1}],
        genomicFeatures=[gene, {**gene, **variant, "zygosity": CANARY}, CANARY],
        disorders=[term, CANARY, {"label": CANARY}],
    )
    island.ask(features=CANARY, genomicFeatures=CANARY, disorders={CANARY: CANARY})
    island.ask(id=CANARY * 50)
    island.post(f'{{"{CANARY}": 1, "{CANARY}": 2}}'.encode())
    island.post(f'{{"patient": {CANARY}'.encode())
    island.post(b"{}", **{"Content-Type": f"text/{CANARY}"})

    assert len(island.kept) == 6
    kept = island.db.execute("SELECT * FROM diagnoses").fetchall()
    assert CANARY not in str(kept)


def test_a_full_disk_keeps_no_answer_back(
    island: Island, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DatabaseFull

    monkeypatch.setattr(Diagnoses, "keep", full)

    assert island.ask(features=[*FEATURES, {"id": "x"}]) == 200
    assert island.post(b"{") == 400


def everything(db: Database) -> bytes:
    """Every byte of the database and of its log."""
    path = location(db)
    log = path.with_name(path.name + "-wal")
    return path.read_bytes() + (log.read_bytes() if log.exists() else b"")
