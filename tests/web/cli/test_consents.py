"""Cases that no peer finds, since nobody is known to have agreed, are counted for an operator."""

from __future__ import annotations

import contextlib
import json
from datetime import date
from pathlib import Path

from click.testing import CliRunner

from matcher.case import Case, Sharing
from matcher.storage.store import CaseStore
from ontologies import Release
from web.cli import main
from web.db import open_database
from web.mme.disclosing.consents import ConsentFacts, Consents
from web.mme.answering.view import PeerView

TERMS = ("HP:0001250", "HP:0001252", "HP:0000252")
FACTS = ConsentFacts(
    scope=2, given_by="parent", given_on=date(2026, 1, 5), form="Matching 3.1"
)


def test_an_import_says_that_no_peer_finds_its_cases(
    home: Path, tmp_path: Path, release: Release
) -> None:
    packet = tmp_path / "packet.json"
    features = [{"type": {"id": term}} for term in TERMS]
    body = {"id": "a", "subject": {"id": "a"}, "phenotypicFeatures": features}
    packet.write_text(json.dumps(body))
    called = ["import", str(packet), "--sharing", "exchange-2"]

    imported = CliRunner().invoke(main, called)
    checked = CliRunner().invoke(main, ["doctor"])

    assert "1 of them have no consent on record for exchange-2" in imported.stderr
    assert "1 cases are shared with the exchange without" in checked.stdout
    with contextlib.closing(open_database(home / "secondcase.db")) as db:
        assert list(PeerView(db, release).cases()) == []


def test_the_doctor_is_content_once_there_is_a_consent(home: Path) -> None:
    with contextlib.closing(open_database(home / "secondcase.db")) as db:
        CaseStore(db).put(
            Case(case_id="shared", sharing=Sharing.EXCHANGE_2), actor="alice"
        )
        Consents(db).record("shared", FACTS, "alice", is_saved_next=False)

    assert "consents: well" in CliRunner().invoke(main, ["doctor"]).stdout
