"""A feature that hardly any case shares is told by a broader term, and matched by it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matcher.case import Case, Onset, PhenotypicFeature, Sharing
from matcher.storage.database import Database
from matcher.storage.store import CaseStore
from ontologies import Release
from web import create_app
from web.config import load_settings
from web.db import open_database
from web.mme.disclosing.generalisation import Generalisation
from web.mme.metrics import counted
from web.mme.nodes import Nodes
from web.mme.answering.view import PeerView

from ..answering.test_server import case, patient

SEIZURE, ABSENCE = "HP:0001250", "HP:0002121"
HYPOTONIA, MICROCEPHALY = "HP:0001252", "HP:0000252"
COMMON = (SEIZURE, HYPOTONIA, MICROCEPHALY)
LEAST = 3


def of(case_id: str, *terms: str) -> Case:
    features = tuple(PhenotypicFeature(term_id=term_id) for term_id in terms)
    return replace(case(case_id, Sharing.EXCHANGE_1), features=features)


RARE = of("rare", ABSENCE, HYPOTONIA, MICROCEPHALY)
OTHERS = [of(f"other-{number}", *COMMON) for number in range(3)]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(open_database(tmp_path / "secondcase.db")) as db:
        CaseStore(db).put_many([RARE, *OTHERS], actor="test")
        yield db


def generalised(
    db: Database, release: Release, told: Case, least: int = LEAST
) -> tuple[PhenotypicFeature, ...]:
    return Generalisation(db, release, least).of(told).features


def test_a_rare_term_is_told_by_an_ancestor_that_enough_cases_share(
    db: Database, release: Release
) -> None:
    [first, *rest] = generalised(db, release, RARE)

    assert first.term_id in release.ontology.ancestors(ABSENCE) - {ABSENCE}
    assert SEIZURE in release.ontology.ancestors(first.term_id)
    assert tuple(rest) == RARE.features[1:]


def test_at_nought_everything_is_told_as_it_is(db: Database, release: Release) -> None:
    assert generalised(db, release, RARE, least=0) == RARE.features


def test_what_is_said_of_a_rare_term_goes_with_it(
    db: Database, release: Release
) -> None:
    onset = PhenotypicFeature(term_id=ABSENCE, label="x", onset=Onset(years=3))
    usual = PhenotypicFeature(term_id=SEIZURE, onset=Onset(years=3))

    [told] = generalised(db, release, replace(RARE, features=(onset,)))

    assert told == PhenotypicFeature(term_id=told.term_id)
    assert generalised(db, release, replace(RARE, features=(usual,))) == (usual,)


def test_a_rare_excluded_term_and_an_unknown_one_are_left_out(
    db: Database, release: Release
) -> None:
    features = (
        PhenotypicFeature(term_id=ABSENCE, excluded=True),
        PhenotypicFeature(term_id="HP:9999999"),
        PhenotypicFeature(term_id=SEIZURE, excluded=True),
    )

    assert generalised(db, release, replace(RARE, features=features)) == features[2:]


def test_two_rare_terms_with_one_ancestor_are_one_feature(
    db: Database, release: Release
) -> None:
    both = of("both", "HP:0002121", "HP:0010819")

    told = [feature.term_id for feature in generalised(db, release, both, least=4)]

    assert len(set(told)) == len(told)


def test_the_index_and_the_message_say_the_same(db: Database, release: Release) -> None:
    view = PeerView(db, release, rare_below=LEAST)

    told = view.told(["rare"], view.revision())["rare"]
    assert ABSENCE not in json.dumps(told.message)
    assert view.get("rare").case == told.case
    assert view.view != PeerView(db, release).view


def test_the_numbers_of_the_node_are_those_of_the_messages(
    db: Database, release: Release
) -> None:
    assert counted(db, release).number_of_unique_features == 4
    assert counted(db, release, 2, LEAST).number_of_unique_features == 3


def test_a_rare_term_moves_no_byte_of_an_answer(
    tmp_path: Path, release: Release
) -> None:
    """Who asks for the hidden term is told what she would be told if it were another."""
    answers = []
    for hidden in ("HP:0002121", "HP:0002123"):
        folder = tmp_path / hidden[3:]
        settings = load_settings({"SECONDCASE_RARE_BELOW": "4"}, directory=folder)
        with contextlib.closing(open_database(settings.database)) as db:
            token = Nodes(db).add("Island")
            cases = [of("rare", hidden, HYPOTONIA, MICROCEPHALY), *OTHERS]
            CaseStore(db).put_many(cases, actor="test")
        app = create_app(settings, release=release)
        answer = app.test_client().post(
            "/match",
            json={"patient": patient("HP:0002121", HYPOTONIA, MICROCEPHALY)},
            headers={"X-Auth-Token": token},
        )
        assert answer.status_code == 200 and hidden not in answer.text
        assert "rare" in answer.text
        answers.append(answer.text)

    assert answers[0] == answers[1]
