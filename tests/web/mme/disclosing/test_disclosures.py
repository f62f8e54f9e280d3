"""At most so many cases are told to a peer for the first time within a day."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from click.testing import CliRunner

from matcher.case import Case, GenomicFeature, PhenotypicFeature, Sharing
from matcher.storage.database import Database, write_transaction
from ontologies import Release
from web.audit import Audit, Entry
from web.cli import main
from web.db import open_database
from web.mme.disclosing.disclosures import Disclosures, Granted
from web.mme.nodes import Node, Nodes
from web.mme.nodes.register import Description

from ..answering.test_server import Site, found, patient, refused, running

pytestmark = pytest.mark.usefixtures("everybody_agreed")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263")
GENES = ("EFTUD2", "PHF14", "KMT2D", "ARID1B")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(open_database(tmp_path / "secondcase.db")) as db:
        add(db, "Island")
        yield db


def add(db: Database, name: str, budget: int = 3) -> None:
    Nodes(db).add(name, Description(daily_budget=budget))


def island(db: Database) -> Node:
    return next(node for node in Nodes(db) if node.name == "Island")


def take(db: Database, *case_ids: str, at: datetime = NOON) -> Granted:
    with write_transaction(db):
        return Disclosures(db, lambda: at).take(island(db), case_ids)


def test_cases_are_granted_best_first_as_far_as_the_budget_goes(db: Database) -> None:
    take(db, "a", "b")

    granted = take(db, "c", "d", "e")

    assert granted.case_ids == ("c",) and granted.withheld == 2


def test_cases_that_the_peer_knows_cost_nothing(db: Database) -> None:
    take(db, "a", "b", "c")

    assert take(db, "c", "a") == Granted(
        case_ids=("c", "a"), is_spent=True, retry_after=86_400
    )
    assert take(db, "d", "b").case_ids == ("b",)


def test_a_day_later_there_is_a_new_budget(db: Database) -> None:
    take(db, "a", "b", at=NOON)
    take(db, "c", at=NOON + timedelta(hours=1))

    early = take(db, "d", "e", "f", at=NOON + timedelta(hours=23))
    later = take(db, "d", "e", "f", at=NOON + timedelta(hours=24))

    assert early.case_ids == () and early.retry_after == 3600
    assert later.case_ids == ("d", "e") and later.retry_after == 3600


def test_a_peer_with_a_budget_of_nothing_is_told_nothing(db: Database) -> None:
    Nodes(db).set("Island", Description(daily_budget=0))

    assert take(db, "a") == Granted(
        case_ids=(), withheld=1, is_spent=True, retry_after=86_400
    )


def test_every_peer_has_a_budget_of_its_own(db: Database) -> None:
    add(db, "Valley", budget=2)
    take(db, "a", "b", "c")
    valley = next(node for node in Nodes(db) if node.name == "Valley")

    with write_transaction(db):
        granted = Disclosures(db).take(valley, ["d", "a", "b"])

    assert granted.case_ids == ("d", "a") and granted.withheld == 1
    assert {told.node for told in Disclosures(db).of_case("a")} == {"Island", "Valley"}


def test_a_budget_that_is_lowered_below_what_was_told_grants_nothing(
    db: Database,
) -> None:
    take(db, "a", "b", "c")
    Nodes(db).set("Island", Description(daily_budget=1))

    granted = take(db, "d", "a", "e", "f", "g")

    assert granted.case_ids == ("a",) and granted.withheld == 4 and granted.is_spent


def test_many_at_once_never_get_more_than_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "secondcase.db"
    with contextlib.closing(open_database(path)) as db:
        add(db, "Island")

    def ask(number: int) -> int:
        with contextlib.closing(open_database(path)) as own:
            return len(take(own, f"{number}-a", f"{number}-b").case_ids)

    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(ask, range(24)))

    assert granted == 3


def test_who_was_told_of_a_case_is_known_after_the_peer_is_gone(db: Database) -> None:
    take(db, "a")
    db.execute("DELETE FROM nodes")

    [told] = Disclosures(db).of_case("a")

    assert told.node == "Island" and told.first_at.startswith("2026-03-01T12:00")


@pytest.fixture
def site(tmp_path: Path, release: Release) -> Iterator[Site]:
    features = tuple(PhenotypicFeature(term_id=term_id) for term_id in TERMS)
    cases = [
        Case(
            case_id=f"{gene}-{number}",
            features=features,
            genomic_features=(GenomicFeature(gene=gene),),
            sharing=Sharing.EXCHANGE_2,
            test=gene == "ARID1B",
        )
        for gene in GENES
        for number in range(2)
    ]
    with running(tmp_path, release, cases) as site:
        with contextlib.closing(open_database(site.database)) as db:
            Nodes(db).set("Island", Description(daily_budget=3))
        yield site


def ask(site: Site, gene: str, **more: Any) -> Any:
    return site.post(patient(genomicFeatures=[{"gene": {"id": gene}}], **more))


def entries(site: Site) -> list[Entry]:
    with contextlib.closing(open_database(site.database)) as db:
        return list(Audit(db).entries())


def test_the_question_that_passes_the_budget_is_answered_in_part(site: Site) -> None:
    assert found(ask(site, "EFTUD2")) == ["EFTUD2-0", "EFTUD2-1"]

    with capture_logs() as logs:
        answer = ask(site, "PHF14")

    assert found(answer) == ["PHF14-0"]
    [alert] = [each for each in logs if "budget" in each["event"]]
    assert (alert["node"], alert["log_level"]) == ("Island", "warning")
    assert "3 cases" in answer.json()["_warnings"][-1]
    assert entries(site)[-1].case_ids == ("PHF14-0",)
    assert entries(site)[-1].facts["withheld"] == 1


@pytest.mark.parametrize("gene", ["KMT2D", "MECP2"])
def test_a_spent_budget_says_nothing_of_what_there_is(site: Site, gene: str) -> None:
    ask(site, "EFTUD2")
    ask(site, "PHF14")

    answer = ask(site, gene)

    message = refused(answer, 429)
    assert "at most 3 cases" in message and gene not in answer.text
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400
    assert entries(site)[-1].facts == {"reason": "daily budget spent"}


def test_what_the_peer_knows_is_told_after_the_budget_is_spent(site: Site) -> None:
    ask(site, "EFTUD2")
    ask(site, "PHF14")

    assert found(ask(site, "EFTUD2")) == ["EFTUD2-0", "EFTUD2-1"]
    assert found(ask(site, "PHF14")) == ["PHF14-0"]


def test_what_a_spent_budget_holds_back_pushes_nothing_off_the_list(site: Site) -> None:
    ask(site, "EFTUD2")
    ask(site, "PHF14")

    # There are better ones for the first gene, and none at all for the other.
    here, nowhere = (
        site.send(
            {
                "patient": patient(*TERMS, genomicFeatures=[{"gene": {"id": gene}}]),
                "_query": {"maxResults": 1},
            }
        )
        for gene in ("KMT2D", "MECP2")
    )

    assert found(here) == found(nowhere) == ["EFTUD2-0"]
    assert here.json()["_warnings"] == nowhere.json()["_warnings"]
    assert entries(site)[-1].facts["reason"] == "daily budget spent"


def test_test_questions_cost_nothing(site: Site) -> None:
    assert len(found(ask(site, "ARID1B", test=True))) == 2
    ask(site, "EFTUD2")
    ask(site, "PHF14")

    assert len(found(ask(site, "ARID1B", test=True))) == 2


def test_without_an_audit_no_budget_is_spent(site: Site) -> None:
    with contextlib.closing(open_database(site.database)) as db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit "
            "BEGIN SELECT RAISE(FAIL, 'no room'); END"
        )
        refused(ask(site, "EFTUD2"), 503)

        assert db.table("disclosures").count == 0


def test_the_doctor_names_the_peers_that_met_a_guard(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDCASE_DATA", str(site.database.parent))
    ask(site, "EFTUD2")
    quiet = CliRunner().invoke(main, ["doctor"]).output
    ask(site, "PHF14")
    ask(site, "KMT2D")

    told = CliRunner().invoke(main, ["doctor"]).output

    assert "peers: well" in quiet
    assert "Island met a guard 2 times in the last 24 hours: daily budget spent" in told
    assert "budget of new cases is spent" in node("list")
    assert re.search(r"new cases told in 24 hours\s+3", node("show", "Island"))


def node(*arguments: str) -> str:
    return CliRunner().invoke(main, ["node", *arguments]).stdout
