"""No answer leaves without its audit entry, however often and wherever writing one fails."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from matcher.case import Case, Contact, PhenotypicFeature, Sharing
from matcher.storage.database import Database
from ontologies import Release
from web.audit import Audit
from web.audit_head import AuditHead
from web.db import open_database
from web.mme.actions import DISCLOSED

from ..asking import AskedNode

TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263", "HP:0000518")
EVERYDAY, FULL = 60, 10_000
CANARY = "canary-5f1c"


def shared(case_id: str) -> Case:
    return Case(
        case_id=case_id,
        features=tuple(PhenotypicFeature(term_id=each) for each in TERMS),
        contact=Contact(name=CANARY, href="mailto:genetics@north.example"),
        sharing=Sharing.EXCHANGE_1,
    )


def break_now_and_then(db: Database) -> None:
    """Let the database refuse an entry while somebody says so."""
    db.execute("CREATE TABLE broken (is_broken INTEGER)")
    db.execute("INSERT INTO broken VALUES (0)")
    db.execute("""
        CREATE TRIGGER refuse BEFORE INSERT ON audit
        WHEN (SELECT is_broken FROM broken)
        BEGIN SELECT RAISE(ABORT, 'broken'); END
    """)


@pytest.fixture
def many(pytestconfig: pytest.Config) -> int:
    return FULL if pytestconfig.getoption("--full") else EVERYDAY


def test_every_answer_has_its_entry_and_every_other_is_refused(
    tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    node = AskedNode.with_cases(tmp_path, release, [shared("N-1"), shared("N-2")])
    chance, places = random.Random(7), ("nowhere", "database", "file of seals")
    append = AuditHead.append
    failing = {"is_failing": False}

    def append_or_fail(head: AuditHead, *arguments: object) -> None:
        if failing["is_failing"]:
            raise OSError("broken")
        append(head, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(AuditHead, "append", append_or_fail)
    body = b'{"patient":{"id":"p","features":[%s]}}' % b",".join(
        b'{"id":"%s"}' % term.encode() for term in TERMS
    )
    answered = told = noted_too_late = 0
    with closing(open_database(tmp_path / "secondcase.db")) as db:
        break_now_and_then(db)
        for _ in range(many):
            place = chance.choice(places)
            db.execute("UPDATE broken SET is_broken = ?", [place == "database"])
            failing["is_failing"] = place == "file of seals"
            noted_too_late += place == "file of seals"

            answer = node.post(body)

            if answer.status_code == 200:
                answered += 1
                told += len(answer.get_json(force=True)["results"])
            else:
                assert answer.status_code == 503, answer.text
                assert CANARY not in answer.text and "N-1" not in answer.text
            assert (answer.status_code == 200) is (place == "nowhere")
        entries = [e for e in Audit(db).entries() if e.action == DISCLOSED]

    assert answered > many / 5 and told == 2 * answered
    # An entry whose seal could not be noted stands there, and tells of an answer too many.
    assert len(entries) == answered + noted_too_late
