"""Peers, imports and deposits all bring what is no term to one place, and no test case does."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from matcher.case import Case, PhenotypicFeature
from matcher.storage.database import Database, rows
from ontologies import Release
from web.abbreviations import Abbreviations
from web.api.tokens import Scope, Tokens
from web.db import open_database
from web.mme.nodes import Nodes
from web.unrecognised.arriving import Arrivals, Arrived, Kind
from web.unrecognised.deciding import Decision, Decisions
from web.unrecognised.queue import Queue, State, Wanted

from ..conftest import OLIGODONTIA, PROMINENT_JOINTS, SEIZURE, WIDE_MOUTH, Cast
from .conftest import UNKNOWN, WORDS

TERMS = (OLIGODONTIA, PROMINENT_JOINTS, SEIZURE, WIDE_MOUTH)


@pytest.fixture
def db(cast: Cast) -> Iterator[Database]:
    with closing(open_database(cast.settings.database)) as opened:
        yield opened


def patient(name: str, **more: Any) -> dict[str, Any]:
    features = [{"id": term} for term in TERMS]
    odd = [{"label": WORDS}, {"id": UNKNOWN}, {"id": WORDS.upper()}]
    contact = {"name": "Dr Example", "href": "mailto:a@b.example"}
    told = {"id": name, "features": [*features, *odd], "contact": contact}
    return {"patient": {**told, **more}}


def found(db: Database, kind: Kind | None = None) -> dict[str, int]:
    entries = Queue(db).page(Wanted(kind=kind))
    return {entry.said.casefold(): entry.patients for entry in entries}


BOTH = {WORDS: 3, UNKNOWN.casefold(): 3}


def test_questions_of_peers(cast: Cast, db: Database) -> None:
    token = Nodes(db).add("Island")
    client = cast.app.test_client()

    for number in range(3):
        client.post(
            "/match", json=patient("t", test=True), headers={"X-Auth-Token": token}
        )
        body = patient(f"p{number}")
        # Nothing was searched for the last, and still it may tell of a term.
        if number == 2:
            body["patient"]["features"] = body["patient"]["features"][2:]
        answer = client.post("/match", json=body, headers={"X-Auth-Token": token})
        assert answer.status_code == 200, answer.text

    assert found(db, Kind.QUESTION) == BOTH and found(db, Kind.DEPOSIT) == {}


def test_refused_questions_leave_nothing(cast: Cast, db: Database) -> None:
    Nodes(db).add("Island")

    for number in range(3):
        body = patient(f"p{number}")
        cast.app.test_client().post("/match", json=body, headers={"X-Auth-Token": "no"})

    assert Queue(db).waiting() == 0 and found(db) == {}


def test_deposits_once_for_each_case(cast: Cast, db: Database) -> None:
    token = Tokens(db).add("seqr", "North", (Scope.SUBMIT,))
    client = cast.app.test_client()

    for number in range(6):
        answer = client.put(
            f"/api/v1/cases/I{number // 2}",
            json=patient("x"),
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code in (200, 201), answer.text

    assert found(db, Kind.DEPOSIT) == BOTH


def test_imports_as_far_as_they_are_saved(cast: Cast, db: Database) -> None:
    lines = [f"{name};HP:0001250|{WORDS}|{UNKNOWN}" for name in "ABCD"]
    table = "\n".join(["patient;hpo", *lines]) + "\n"
    file = (io.BytesIO(table.encode()), "cases.csv")
    alice = cast["alice"]
    place = str(alice.post("/cases/import", {"file": file}).headers["Location"])
    columns = {"column-0": "case id", "column-1": "observed features"}
    alice.post(place + "/columns", columns)
    assert Queue(db).waiting() == 0

    answer = alice.post(place + "/save", {"case": ["0", "1", "2"]})

    assert answer.status_code == 303, answer.text
    assert found(db, Kind.IMPORT) == BOTH
    kept = json.dumps(rows(db, "SELECT code, words FROM unrecognised"))
    assert "NORTH-0001" not in kept


def test_pedigrees_too(cast: Cast, db: Database) -> None:
    file = (io.BytesIO(f"F7 kid 0 0 2 2 {UNKNOWN}\n".encode()), "family.ped")
    place = str(cast["alice"].post("/cases/import", {"file": file}).headers["Location"])

    cast["alice"].post(place + "/family", {"proband": "0"})

    assert Queue(db).waiting() == 1


def test_the_next_import_is_offered_what_was_decided(
    cast: Cast, db: Database, release: Release
) -> None:
    arrived = [Arrived(Case(case_id=f"N-{n}"), [WORDS]) for n in range(3)]
    Arrivals(db, release).note(Kind.IMPORT, "North", arrived)
    [entry] = Queue(db).page(Wanted())
    decision = Decision(state=State.TERM, term_id=SEIZURE)
    Decisions(db, release).decide(entry.number, decision, actor="dana")
    Abbreviations(db).add("XPIJ", "prominent interphalangeal joints", "dana")

    table = f"patient;hpo\nA;HP:0000252|{WORDS}|XPIJ\n".encode()
    file = (io.BytesIO(table), "cases.csv")
    place = str(cast["alice"].post("/cases/import", {"file": file}).headers["Location"])
    columns = {"column-0": "case id", "column-1": "observed features"}
    cast["alice"].post(place + "/columns", columns)
    page = cast["alice"].get(place).text

    assert f"“{WORDS}” is <b>Seizure</b>" in page
    assert "“XPIJ” is <b>Prominent interphalangeal joints</b>" in page


def test_the_clinician_of_a_stored_case_is_offered_it_too(
    cast: Cast, db: Database, release: Release
) -> None:
    odd = (PhenotypicFeature(term_id=UNKNOWN, label="Odd toes"),)
    cases = [Case(case_id=f"N-{n}", features=odd) for n in range(3)]
    Arrivals(db, release).note(Kind.DEPOSIT, "North", map(Arrived, cases))
    [entry] = Queue(db).page(Wanted())
    decision = Decision(state=State.TERM, term_id=SEIZURE)
    Decisions(db, release).decide(entry.number, decision, actor="dana")
    cast.put(replace(cases[0], site="North", submitter="alice"))

    page = cast["alice"].get("/curation/decisions").text
    sent = {"term_id": UNKNOWN, "version": "1", "chosen": SEIZURE}
    cast["alice"].post("/curation/decisions/N-0", sent)

    assert f'name="chosen" value="{SEIZURE}">Seizure' in page
    assert "as the curators read it" in page
    assert cast.get("N-0").case.observed == (SEIZURE,)
