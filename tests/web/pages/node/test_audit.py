"""Whether the audit is whole, and who was told of a case."""

from __future__ import annotations

import pytest

from matcher.case import Sharing
from web.audit import Audit
from web.mme.actions import DISCLOSED
from web.audit import LOOKED_UP
from web.pages.node.audit import MOST_SHOWN

from ...conftest import case_of
from .conftest import Operations


def look_up(operations: Operations, case_id: str) -> str:
    answer = operations.olga.post("/node/audit", {"case_id": case_id})
    assert answer.status_code == 200
    return answer.text


def test_a_whole_audit_is_said_to_be(operations: Operations) -> None:
    Audit(operations.db).record("Island", DISCLOSED, ["NORTH-1"])

    assert "The audit is whole, one entry" in operations.olga.get("/node/audit").text


def test_a_broken_one_is_found_when_it_is_verified_again(
    operations: Operations,
) -> None:
    audit = Audit(operations.db)
    audit.record("Island", DISCLOSED, ["NORTH-1"])
    operations.olga.get("/node/audit")
    operations.db.execute("DELETE FROM audit")

    operations.olga.post("/node/audit/verify")

    told = operations.olga.get("/node/audit").text
    assert "The audit cannot be trusted any more" in told
    assert "Keep a copy before you do anything else" in told


def test_who_was_told_of_a_case_is_shown_latest_first(operations: Operations) -> None:
    audit = Audit(operations.db)
    audit.record("Island", DISCLOSED, ["NORTH-1", "NORTH-2"], query="theirs-1")
    audit.record("Valley", DISCLOSED, ["NORTH-1"], query="theirs-2")
    audit.record("Harbour", DISCLOSED, ["NORTH-2"])

    told = look_up(operations, " NORTH-1 ")

    assert "Two entries name NORTH-1" in told
    assert told.index("query theirs-2") < told.index("query theirs-1")
    assert "Harbour" not in told


def test_a_look_up_is_an_entry_before_it_is_shown(operations: Operations) -> None:
    look_up(operations, "NORTH-1")

    [entry] = operations.audited()
    assert (entry.actor, entry.action) == ("olga", LOOKED_UP)
    assert entry.case_ids == ("NORTH-1",)
    assert LOOKED_UP in look_up(operations, "NORTH-1")


def test_what_cannot_be_audited_is_not_shown(
    operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    Audit(operations.db).record("Island", DISCLOSED, ["NORTH-1"])
    operations.olga.get("/node/audit")
    monkeypatch.setattr(Audit, "_note", unwritable)

    answer = operations.olga.post("/node/audit", {"case_id": "NORTH-1"})

    assert answer.status_code == 503 and "Island" not in answer.text


def unwritable(*_: object) -> None:
    raise OSError


def test_a_private_case_and_none_look_alike(operations: Operations) -> None:
    operations.cast.put(case_of("NORTH-7701", sharing=Sharing.PRIVATE))

    private, missing = (look_up(operations, f"NORTH-770{n}") for n in (1, 2))

    def alike(text: str) -> str:
        return text.replace("NORTH-7701", "").replace("NORTH-7702", "")

    assert alike(private) == alike(missing)


@pytest.mark.parametrize("entered", ["", "x" * 256, "a\x07b"])
def test_an_id_that_cannot_be_is_refused(operations: Operations, entered: str) -> None:
    answer = operations.olga.post("/node/audit", {"case_id": entered})

    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert operations.audited() == []


def test_of_many_entries_the_latest_are_shown(operations: Operations) -> None:
    audit = Audit(operations.db)
    with audit.together():
        for number in range(MOST_SHOWN + 3):
            audit.record("Island", DISCLOSED, ["NORTH-1"], query=f"q{number}.")

    told = look_up(operations, "NORTH-1")

    assert f"{MOST_SHOWN + 3} entries name" in told and "query q3." in told
    assert "query q2." not in told


def test_nobody_else_looks_up(operations: Operations) -> None:
    answer = operations.cast["alice"].post("/node/audit", {"case_id": "NORTH-1"})

    assert answer.status_code == 404 and operations.audited() == []
