"""A case that few features tell from all others is told broader, unless somebody agreed to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from matcher.case import Case, PhenotypicFeature, Sharing
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies import Release
from web.db import open_database
from web.mme.disclosing.consents import ConsentFacts, Consents
from web.mme.disclosing.generalisation import Generalisation
from web.mme.disclosing.limits import Most, limited
from web.mme.metrics import counted
from web.mme.disclosing.singling import Singling
from web.mme.answering.view import PeerView

from ..answering.test_server import case

SEIZURE, ABSENCE = "HP:0001250", "HP:0002121"
HYPOTONIA, MICROCEPHALY = "HP:0001252", "HP:0000252"
AGREED = ConsentFacts(
    scope=2, given_by="person", given_on=date(2026, 1, 5), form="Matching 3.1"
)


def of(case_id: str, *terms: str) -> Case:
    features = tuple(PhenotypicFeature(term_id=term_id) for term_id in terms)
    return replace(case(case_id, Sharing.EXCHANGE_1), features=features)


# Each feature of the first is shared, each two of them by one other case; all three by none.
CASE = of("one", SEIZURE, HYPOTONIA, MICROCEPHALY)
PAIRS = [
    of(f"pair-{number}", *terms)
    for number, terms in enumerate(
        [(SEIZURE, HYPOTONIA), (ABSENCE, MICROCEPHALY), (HYPOTONIA, MICROCEPHALY)]
    )
]
RARE = of("rare", ABSENCE, HYPOTONIA)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(open_database(tmp_path / "secondcase.db")) as db:
        CaseStore(db).put_many([CASE, *PAIRS], actor="test")
        yield db


def alone(db: Database, release: Release, told: Case, most: int = 3) -> tuple[str, ...]:
    return Singling(db, release).of(told.case_id, told.observed, most)


def copied(db: Database, release: Release, told: Case, by: int) -> Case:
    return Generalisation(db, release, 0, by).of(told)


def test_three_features_that_no_other_case_has_together_are_found(
    db: Database, release: Release
) -> None:
    assert set(alone(db, release, CASE)) == {SEIZURE, HYPOTONIA, MICROCEPHALY}
    assert alone(db, release, CASE, most=2) == ()


def test_the_fewest_are_named(db: Database, release: Release) -> None:
    assert alone(
        db, release, replace(CASE, features=of("x", "HP:0000677").features)
    ) == ("HP:0000677",)
    found = alone(db, release, of("new", ABSENCE, HYPOTONIA, MICROCEPHALY))
    assert set(found) == {ABSENCE, HYPOTONIA}


def test_a_case_with_a_narrower_term_has_the_broader_one(
    db: Database, release: Release
) -> None:
    assert alone(db, release, of("new", SEIZURE, MICROCEPHALY), most=2) == ()


def test_a_feature_that_was_not_found_in_another_case_is_not_shared(
    db: Database, release: Release
) -> None:
    absent = PhenotypicFeature(term_id="HP:0000677", excluded=True)
    CaseStore(db).put(replace(of("absent"), features=(absent,)), actor="test")

    assert alone(db, release, of("new", "HP:0000677"), most=1) == ("HP:0000677",)


def test_many_features_take_a_bounded_look(db: Database, release: Release) -> None:
    terms = sorted(release.ontology.descendants("HP:0000118"))[:200]

    assert len(alone(db, release, of("wide", *terms))) == 1


@pytest.mark.parametrize("by", [1, 2, 3])
def test_a_copy_is_told_from_others_by_no_so_many_features(
    db: Database, release: Release, by: int
) -> None:
    CaseStore(db).put(RARE, actor="test")

    for each in (CASE, RARE, *PAIRS):
        copy = copied(db, release, each, by)
        assert alone(db, release, copy, most=by) == ()
        above = {a for t in each.observed for a in release.ontology.ancestors(t)}
        assert set(copy.observed) <= above


def test_what_tells_no_case_apart_is_told_as_it_is(
    db: Database, release: Release
) -> None:
    assert copied(db, release, CASE, 2) == CASE
    assert copied(db, release, CASE, 0) == CASE
    assert copied(db, release, CASE, 3) != CASE


def test_a_consent_to_level_2_lets_all_be_told_until_it_ends(
    db: Database, release: Release
) -> None:
    Consents(db).record("one", AGREED, "alice", is_saved_next=False)
    assert copied(db, release, CASE, 3) == CASE

    Consents(db).withdraw("one", "alice")

    assert copied(db, release, CASE, 3) != CASE


def test_a_consent_to_level_1_is_none_to_what_tells_apart(
    db: Database, release: Release
) -> None:
    less = replace(AGREED, scope=1)
    Consents(db).record("one", less, "alice", is_saved_next=False)

    assert copied(db, release, CASE, 3) != CASE


def test_a_peer_limited_to_level_1_is_told_what_was_agreed_to(
    db: Database, release: Release
) -> None:
    Consents(db).record("one", AGREED, "alice", is_saved_next=False)
    less = limited(replace(CASE, sharing=Sharing.EXCHANGE_2), Most.LEVEL_1)
    assert less is not None

    assert copied(db, release, less, 3).features == CASE.features


@pytest.mark.parametrize("what", ["test", "simulated"])
def test_a_case_of_nobody_is_told_as_it_is(
    db: Database, release: Release, what: str
) -> None:
    nobodys = replace(CASE, **{what: True})  # type: ignore[arg-type]

    assert copied(db, release, nobodys, 3) == nobodys


def test_message_index_and_numbers_rest_on_the_copy(
    db: Database, release: Release
) -> None:
    view = PeerView(db, release, singled_out_by=3)
    told = view.told(["one"], view.revision())["one"]

    assert set(told.case.observed) == set(copied(db, release, CASE, 3).observed)
    assert view.get("one").case == told.case
    assert view.view != PeerView(db, release).view
    features = counted(db, release, 2, 0, 3).number_of_unique_features
    assert features != counted(db, release).number_of_unique_features
