"""Less to a single peer than to others, when it asks: nothing, or level 1 and no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from matcher.case import (
    Case,
    Contact,
    GenomicFeature,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from matcher.storage.database import Database
from matcher.storage.errors import DatabaseFull
from matcher.storage.store import CaseStore
from ontologies import Release
from web.audit import Audit
from web.db import open_database
from web.mme.answering import server
from web.mme.actions import DISCLOSED
from web.mme.disclosing.consents import ConsentFacts, Consents
from web.mme.disclosing.disclosures import Disclosures
from web.mme.disclosing.limits import BoundByConsent, Limits, Most
from web.mme.nodes import Nodes

from ..asking import AskedNode, results_by_id

TERMS = ("HP:0001250", "HP:0001252", "HP:0000252", "HP:0001263", "HP:0000518")
INHERITANCE = "HP:0000006"
VARIANT = Variant(
    assembly="GRCh38", chromosome="17", start=4242421, reference="A", alternate="T"
)
AGREED = ConsentFacts(
    scope=2, given_by="person", given_on=date(2026, 1, 5), form="Matching 3.1"
)
CASE, OTHER = "limited-1", "other-1"
SAME_VARIANT = [
    {
        "gene": {"id": "EFTUD2"},
        "variant": {
            "assembly": "GRCh38",
            "referenceName": "17",
            "start": 4242421,
            "referenceBases": "A",
            "alternateBases": "T",
        },
    }
]


def shared(case_id: str, **more: Any) -> Case:
    case = Case(
        case_id=case_id,
        features=tuple(PhenotypicFeature(term_id=each) for each in TERMS),
        genomic_features=(GenomicFeature(gene="EFTUD2", variant=VARIANT),),
        inheritance=(INHERITANCE,),
        contact=Contact(name="Dr North", href="mailto:genetics@north.example"),
        sharing=Sharing.EXCHANGE_2,
    )
    return replace(case, **more)


@dataclass
class World:
    """A node with two cases at level 2, of which everybody agreed, and two peers."""

    folder: Path
    island: AskedNode
    hill: AskedNode

    @contextmanager
    def database(self) -> Iterator[Database]:
        with closing(open_database(self.folder / "secondcase.db")) as db:
            yield db

    def limit(self, most: Most | None, node: str = "Island", case: str = CASE) -> bool:
        with self.database() as db:
            return Limits(db).set(case, node, most, "alice")


@pytest.fixture
def world(tmp_path: Path, release: Release) -> World:
    cases = [shared(CASE), shared(OTHER, features=shared(OTHER).features[:4])]
    island = AskedNode.with_cases(tmp_path, release, cases)
    with closing(open_database(tmp_path / "secondcase.db")) as db:
        for each in cases:
            Consents(db).record(each.case_id, AGREED, "alice", is_saved_next=False)
        token = Nodes(db).add("Hill")
    return World(tmp_path, island, AskedNode(island.client, token))


def answer(node: AskedNode, **patient: Any) -> dict[str, Any]:
    said = {"features": [{"id": term} for term in TERMS], **patient}
    return results_by_id(node.ask(**said))


def test_without_limits_both_peers_are_told_the_same(world: World) -> None:
    assert answer(world.island) == answer(world.hill)
    assert set(answer(world.island)) == {CASE, OTHER}


def test_a_peer_that_is_told_nothing_does_not_find_the_case(world: World) -> None:
    answer(world.island)
    before = answer(world.hill)

    assert world.limit(Most.NOTHING)

    assert set(answer(world.island)) == {OTHER}
    assert answer(world.hill) == before


def test_a_peer_at_level_one_is_told_what_level_one_tells(world: World) -> None:
    world.limit(Most.LEVEL_1)

    told, whole = (answer(each)[CASE]["patient"] for each in (world.island, world.hill))

    assert whole["genomicFeatures"][0]["variant"]["start"] == 4242420
    assert whole["inheritanceMode"] == INHERITANCE
    assert "variant" not in told["genomicFeatures"][0]
    assert "inheritanceMode" not in told
    assert "4242" not in str(answer(world.island)[CASE])


def test_what_is_withheld_from_a_peer_moves_nothing_that_it_is_told(
    world: World,
) -> None:
    world.limit(Most.LEVEL_1)
    question = {
        "genomicFeatures": SAME_VARIANT,
        "inheritanceMode": INHERITANCE,
    }
    at_two, at_one = answer(world.hill, **question), answer(world.island, **question)
    with world.database() as db, CaseStore(db) as store:
        store.put(shared(CASE, sharing=Sharing.EXCHANGE_1), actor="alice")

    assert at_one[CASE] == answer(world.hill, **question)[CASE]
    assert at_one[CASE]["_factors"] != at_two[CASE]["_factors"]
    assert at_one[OTHER] == at_two[OTHER]


def test_what_is_withheld_from_a_peer_lifts_no_case_over_the_least_score(
    world: World,
) -> None:
    world.limit(Most.LEVEL_1)
    said = {"features": [{"id": "HP:0000486"}], "genomicFeatures": SAME_VARIANT}
    at_two = results_by_id(world.hill.ask(**said))[CASE]["score"]["patient"]
    contact = {"name": "Dr Example", "href": "mailto:a@island.example"}
    body = {
        "patient": {"id": "theirs-2", "contact": contact, **said},
        "_query": {"minScore": at_two},
    }

    found = [
        results_by_id(node.post(json.dumps(body).encode()).get_json(force=True))
        for node in (world.hill, world.island)
    ]

    assert CASE in found[0] and CASE not in found[1]


def test_a_limit_that_is_lifted_lets_the_peer_see_again(world: World) -> None:
    whole = answer(world.island)
    world.limit(Most.NOTHING)
    world.limit(Most.LEVEL_1)
    answer(world.island)

    world.limit(None)

    assert answer(world.island) == whole
    with world.database() as db:
        history = Limits(db).of_case(CASE)
    assert [each.most for each in history] == [Most.NOTHING, Most.LEVEL_1]
    assert all(each.ended_at and each.ended_by == "alice" for each in history)


def test_the_same_limit_again_is_no_change(world: World) -> None:
    assert world.limit(Most.LEVEL_1)
    assert not world.limit(Most.LEVEL_1) and not world.limit(None, "Hill")
    with world.database() as db:
        assert len(Limits(db).of_case(CASE)) == 1


def test_a_case_that_comes_back_is_under_its_limit_still(world: World) -> None:
    world.limit(Most.NOTHING)
    with world.database() as db, CaseStore(db) as store:
        store.delete(CASE, actor="alice")
        store.put(shared(CASE), actor="alice")

    assert set(answer(world.island)) == {OTHER}
    assert set(answer(world.hill)) == {CASE, OTHER}


def test_a_peer_that_is_added_again_is_under_its_limit_still(world: World) -> None:
    world.limit(Most.NOTHING)
    with world.database() as db:
        Nodes(db).remove("Island")
        token = Nodes(db).add("Island")

    assert set(answer(AskedNode(world.island.client, token))) == {OTHER}


def test_a_limit_is_kept_to_before_the_index_follows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.limit(Most.LEVEL_1, case=OTHER)
    answer(world.island)
    monkeypatch.setattr(Limits, "_save_again", lambda *arguments: None)

    world.limit(Most.NOTHING)

    assert set(answer(world.island)) == {OTHER}


@pytest.mark.parametrize(
    "change",
    ["most = 'exchange-1'", "ended_at = '2026-01-01'", "sha256 = ''", "set_by = 'x'"],
)
def test_a_limit_that_was_changed_outside_tells_nothing(
    world: World, change: str
) -> None:
    world.limit(Most.NOTHING)
    with world.database() as db:
        db.execute(f"UPDATE peer_limits SET {change}")
        [said] = Limits(db).damaged()

    assert set(answer(world.island)) == {OTHER}
    assert "case limited-1 for Island was changed" in said


def test_a_limit_that_was_changed_outside_is_lifted_by_nothing_that_is_set(
    world: World,
) -> None:
    world.limit(Most.NOTHING)
    with world.database() as db:
        limits = Limits(db)
        db.execute("UPDATE peer_limits SET most = 'exchange-1'")

        for most in (Most.LEVEL_1, None):
            limits.set(CASE, "Island", most, "alice")
            assert limits.in_force(CASE) == {"Island": Most.NOTHING}
            assert len(list(limits.damaged())) == 1

    assert set(answer(world.island)) == {OTHER}


def test_a_limit_that_breaks_off_is_not_set(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DatabaseFull

    world.limit(Most.LEVEL_1)
    monkeypatch.setattr(CaseStore, "put", full)

    with world.database() as db:
        before = list(db.conn.iterdump())
        with pytest.raises(DatabaseFull):
            Limits(db).set(CASE, "Island", Most.NOTHING, "alice")
        assert list(db.conn.iterdump()) == before


def test_a_limit_of_a_case_that_is_shared_alone_makes_a_version(world: World) -> None:
    with world.database() as db, CaseStore(db) as store:
        before = store.get(CASE).version
        world.limit(Most.LEVEL_1)
        assert store.get(CASE).version == before + 1

        kept = store.put(shared(CASE, sharing=Sharing.SITE), actor="alice")
        world.limit(Most.NOTHING)
        assert store.get(CASE) == kept


def test_a_consent_may_leave_out_a_peer(world: World) -> None:
    facts = replace(AGREED, given_on=date(2026, 2, 1), not_to=("Island",))
    with world.database() as db:
        consents, limits = Consents(db), Limits(db)
        consents.record(CASE, facts, "alice", is_saved_next=False)
        assert consents.of_case(CASE)[-1].facts == facts

        with pytest.raises(BoundByConsent, match="leaves out Island"):
            limits.set(CASE, "Island", None, "alice")

    assert set(answer(world.island)) == {OTHER}
    assert set(answer(world.hill)) == {CASE, OTHER}


def test_a_consent_that_ended_binds_nobody(world: World) -> None:
    facts = replace(AGREED, given_on=date(2026, 2, 1), not_to=("Island",))
    with world.database() as db:
        consents, limits = Consents(db), Limits(db)
        consents.record(CASE, facts, "alice", is_saved_next=False)
        consents.withdraw(CASE, "alice")

        assert limits.in_force(CASE) == {"Island": Most.NOTHING}
        assert limits.set(CASE, "Island", None, "alice")


def test_whom_a_consent_leaves_out_is_sealed(world: World) -> None:
    facts = replace(AGREED, given_on=date(2026, 2, 1), not_to=("Island",))
    with world.database() as db:
        Consents(db).record(CASE, facts, "alice", is_saved_next=False)
        db.execute("UPDATE consents SET not_to = '' WHERE not_to <> ''")
        [said] = Consents(db).damaged()

    assert "no longer counts" in said


def test_a_consent_that_leaves_out_a_peer_binds_when_a_later_one_has_expired(
    world: World,
) -> None:
    expires = date(2199, 1, 1)
    leaving_out = replace(AGREED, form="Matching 4", not_to=("Island",))
    with world.database() as db:
        consents = Consents(db)
        consents.record(CASE, leaving_out, "alice", is_saved_next=False)
        later = replace(leaving_out, form="Matching 5", expires_on=expires)
        consents.record(CASE, later, "alice", is_saved_next=False)
        Consents(db, clock=lambda: datetime(2199, 1, 2, tzinfo=UTC)).lapse()

    with pytest.raises(BoundByConsent):
        world.limit(None)

    assert CASE not in answer(world.island)


def withdrawn(db: Database) -> None:
    Consents(db).withdraw(CASE, "alice")


def told_nothing(db: Database) -> None:
    Limits(db).set(CASE, "Island", Most.NOTHING, "alice")


def told_less(db: Database) -> None:
    Limits(db).set(CASE, "Island", Most.LEVEL_1, "alice")


def changed(db: Database) -> None:
    now = CaseStore(db).get(CASE).case
    CaseStore(db).put(replace(now, genomic_features=()), actor="alice")


@pytest.mark.parametrize("change", [withdrawn, told_nothing, told_less, changed])
def test_what_was_taken_back_while_it_was_compared_is_not_told(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Database], None],
) -> None:
    compared = server._results

    def slowly(*arguments: Any) -> list[dict[str, Any]]:
        found = list(compared(*arguments))
        with world.database() as db:
            change(db)
        return found

    monkeypatch.setattr(server, "_results", slowly)

    assert set(answer(world.island)) == {OTHER}

    with world.database() as db:
        assert Disclosures(db).of_case(CASE) == ()
        [entry] = [e for e in Audit(db).entries() if e.action == DISCLOSED]
    assert entry.case_ids == (OTHER,)
