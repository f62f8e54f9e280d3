"""Who entered a case is told that a peer was shown it, once, and never of a test."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from matcher.case import Sharing
from matcher.storage.database import Database, connect, rows
from web.audit import Audit
from web.db import open_database
from web.mme.nodes import Nodes
from web.notices.telling import Telling
from web.work.outbox import Outbox

from ...conftest import (
    OLIGODONTIA,
    PROMINENT_JOINTS,
    SEIZURE,
    WIDE_MOUTH,
    Cast,
    case_of,
)

PATIENT: dict[str, Any] = {
    "id": "P-7",
    "label": "canary-peer-label",
    "contact": {"name": "Eve", "href": "mailto:eve@island.example"},
    "features": [
        {"id": term} for term in (OLIGODONTIA, PROMINENT_JOINTS, SEIZURE, WIDE_MOUTH)
    ],
    "genomicFeatures": [{"gene": {"id": "PHF14"}}],
}


@pytest.fixture
def token(cast: Cast) -> str:
    """Two cases of Alice that a peer would be shown, and the peer's token."""
    cast.put(case_of("NORTH-1", sharing=Sharing.EXCHANGE_1))
    cast.put(case_of("NORTH-2", sharing=Sharing.EXCHANGE_1))
    cast.put(replace(case_of("NORTH-T", sharing=Sharing.EXCHANGE_1), test=True))
    with closing(open_database(cast.settings.database)) as db:
        return Nodes(db).add("Island")


def ask(cast: Cast, token: str, **changes: Any) -> TestResponse:
    return cast.app.test_client().post(
        "/match",
        json={"patient": {**PATIENT, **changes}},
        headers={"X-Auth-Token": token},
    )


def table(cast: Cast, name: str) -> list[dict[str, Any]]:
    with closing(connect(cast.settings.database)) as db:
        return rows(db, f"SELECT * FROM {name}")


def test_owner_is_told_which_case_was_shown_to_whom(cast: Cast, token: str) -> None:
    assert len(ask(cast, token).json["results"]) == 2  # type: ignore[index]

    page = cast["alice"].get("/notices").text

    assert "Two notices you have not read" in page
    assert page.count("Island was shown this case") == 2
    assert "canary-peer-label" not in page
    assert "eve@island.example" not in page


def test_same_question_on_a_schedule_is_told_once(cast: Cast, token: str) -> None:
    for _ in range(3):
        ask(cast, token)
    ask(cast, token, features=PATIENT["features"][::-1])

    assert len(table(cast, "notices")) == 2


def test_changed_patient_is_told_again_after_it_was_read(
    cast: Cast, token: str
) -> None:
    ask(cast, token)
    cast["alice"].get("/notices")
    cast["alice"].post("/notices/read", {"until": "2"})

    ask(cast, token, features=PATIENT["features"][:3])

    assert "Two notices you have not read" in cast["alice"].get("/notices").text


def test_test_query_disturbs_nobody_but_is_audited(cast: Cast, token: str) -> None:
    found = ask(cast, token, test=True).json["results"]  # type: ignore[index]

    assert [each["patient"]["id"] for each in found] == ["NORTH-T"]
    for name in ("notices", "told", "outbox"):
        assert table(cast, name) == []
    assert [row["action"] for row in table(cast, "audit")] == ["disclosed to a peer"]


def test_peer_of_the_same_name_as_a_case_of_ours_changes_nothing(
    cast: Cast, token: str
) -> None:
    ask(cast, token, id="NORTH-1", features=PATIENT["features"][:3])

    assert cast.get("NORTH-1").case == case_of("NORTH-1", sharing=Sharing.EXCHANGE_1)
    assert {row["case_id"] for row in table(cast, "notices")} == {"NORTH-1", "NORTH-2"}


def test_notice_that_cannot_be_written_lets_nothing_leave(
    cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Telling, *arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Telling, "_notify", fail)

    answer = ask(cast, token)

    assert answer.status_code == 503
    assert "results" not in answer.json  # type: ignore[operator]
    for name in ("audit", "notices", "told"):
        assert table(cast, name) == []


def test_audit_that_cannot_be_written_leaves_no_notice(
    cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Audit, *arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Audit, "_insert", fail)

    assert ask(cast, token).status_code == 503
    assert table(cast, "notices") == []


def test_mail_goes_to_the_owner_and_never_to_an_address_of_the_peer(
    cast: Cast, token: str
) -> None:
    made = cast.app.extensions["secondcase"].current
    settings = replace(
        made.settings, mail_host="mail.example", mail_sender="site@north.example"
    )
    cast.app.extensions["secondcase"] = replace(made, settings=settings)

    ask(cast, token)

    with closing(connect(cast.settings.database)) as db:
        assert Outbox(db).waiting() == {"letter": 2}
    assert "eve" not in repr(table(cast, "outbox")) + repr(table(cast, "notices"))


def test_repeated_question_costs_one_lookup(
    cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(cast, token)
    asked: list[str] = []
    tell = Telling.tell

    def traced(self: Telling, matters: Any) -> int:
        db: Database = self._db
        db.conn.set_trace_callback(asked.append)
        try:
            return tell(self, matters)
        finally:
            db.conn.set_trace_callback(None)

    monkeypatch.setattr(Telling, "tell", traced)

    ask(cast, token)

    assert len(asked) == 1
    assert asked[0].startswith("SELECT matter, case_id FROM told")
