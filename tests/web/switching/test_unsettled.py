"""What a release does not read as one term is decided by people, and never lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from matcher.case import Case, PhenotypicFeature, Sharing
from matcher.storage.database import Database, rows
from matcher.storage.errors import CaseChanged, UnknownCase
from matcher.storage.store import CaseStore
from ontologies import Ontology, Release
from ontologies.ontology import build_ontology
from ontologies.terms import ResolutionStatus, Term
from web.accounts.people import Person
from web.switching import unsettled as module
from web.switching.unsettled import (
    NotACandidate,
    NothingToSettle,
    UnsettledFeatures,
    known_to,
)

from .conftest import Place

ROOT, PHENOTYPE = "HP:0000001", "HP:0000118"
SEIZURE, FOCAL, GENERAL = "HP:0001250", "HP:0007359", "HP:0002197"
OLD, NEW = "HP:0009999", "HP:0900001"


def ontology(version: str, *, is_split: bool, has_new: bool = False) -> Ontology:
    """Six terms; OLD is one of them, or is retired with two to consider."""
    live = {ROOT: (), PHENOTYPE: (ROOT,), SEIZURE: (PHENOTYPE,)}
    live |= {FOCAL: (SEIZURE,), GENERAL: (SEIZURE,)}
    terms = [Term(term_id=each, label=f"Name of {each}") for each in live]
    if is_split:
        consider = (FOCAL, GENERAL)
        terms.append(
            Term(term_id=OLD, label="obsolete", obsolete=True, consider=consider)
        )
    else:
        live[OLD] = (SEIZURE,)
        terms.append(Term(term_id=OLD, label="Old"))
    if has_new:
        live[NEW] = (SEIZURE,)
        terms.append(Term(term_id=NEW, label="New"))
    return build_ontology(version, terms, live)


def release_of(found: Ontology, folder: Path) -> Release:
    return cast(Release, SimpleNamespace(ontology=found, folder=folder / "none" / "x"))


@pytest.fixture
def store(db: Database) -> CaseStore:
    made = CaseStore(db)
    for number, sharing in enumerate([Sharing.SITE, Sharing.PRIVATE, Sharing.SITE]):
        made.put(
            Case(
                case_id=f"Q{number}",
                features=(
                    PhenotypicFeature(term_id=OLD, label="As entered"),
                    PhenotypicFeature(term_id=SEIZURE, excluded=number == 2),
                ),
                site="North",
                submitter="alice",
                sharing=sharing,
            ),
            actor="alice",
        )
    return made


@pytest.fixture
def queue(db: Database, store: CaseStore, tmp_path: Path) -> UnsettledFeatures:
    split = ontology("2026-06-06", is_split=True)
    return UnsettledFeatures(db, release_of(split, tmp_path))


def ids(queue: UnsettledFeatures) -> list[str]:
    return [each.case_id for each in queue.of_everybody() if each.term_id == OLD]


def person(name: str, site: str) -> Person:
    return cast(Person, SimpleNamespace(name=name, site=site))


def test_a_term_that_was_split_waits_for_a_decision(queue: UnsettledFeatures) -> None:
    first = next(each for each in queue.of_everybody() if each.term_id == OLD)

    assert (first.case_id, first.version, first.label) == ("Q0", 1, "As entered")
    assert first.status is ResolutionStatus.OBSOLETE
    assert first.candidates == (
        (GENERAL, f"Name of {GENERAL}"),
        (FOCAL, f"Name of {FOCAL}"),
    )
    assert ids(queue) == ["Q0", "Q1", "Q2"]


def test_only_who_may_open_a_case_is_asked_about_it(queue: UnsettledFeatures) -> None:
    def of(name: str, site: str) -> list[str]:
        found = queue.of(person(name, site))
        return [each.case_id for each in found if each.term_id == OLD]

    assert of("alice", "North") == ["Q0", "Q1", "Q2"]
    assert of("dana", "North") == ["Q0", "Q2"]
    assert of("charlie", "Harbour") == []
    for decide in (
        lambda: queue.settle("Q1", OLD, FOCAL, actor="x", person=person("d", "North")),
        lambda: queue.leave("Q1", OLD, actor="x", person=person("c", "Harbour")),
    ):
        with pytest.raises(UnknownCase):
            decide()


def test_a_decision_is_a_new_version_and_the_old_one_stays(
    queue: UnsettledFeatures, store: CaseStore
) -> None:
    saved = queue.settle("Q0", OLD, FOCAL, actor="dana", expected_version=1)

    assert (saved.version, saved.actor) == (2, "dana")
    assert saved.case.observed == (FOCAL, SEIZURE)
    first, second = store.history("Q0")
    assert first.case and first.case.observed == (OLD, SEIZURE)
    assert ids(queue) == ["Q1", "Q2"]
    with pytest.raises(NothingToSettle, match="decided meanwhile"):
        queue.settle("Q0", OLD, FOCAL, actor="erin", expected_version=1)


def test_of_two_who_decide_at_once_one_is_told(
    queue: UnsettledFeatures, store: CaseStore
) -> None:
    changed = replace(store.get("Q2").case, note="more is known")
    store.put(changed, actor="alice")

    with pytest.raises(CaseChanged):
        queue.settle("Q2", OLD, FOCAL, actor="dana", expected_version=1)

    assert store.get("Q2").case == changed


def test_the_term_that_is_there_already_is_not_there_twice(
    queue: UnsettledFeatures, store: CaseStore
) -> None:
    case = store.get("Q0").case
    both = (*case.features, PhenotypicFeature(term_id=FOCAL, label="Focal"))
    store.put(replace(case, features=both), actor="alice")

    saved = queue.settle("Q0", OLD, FOCAL, actor="dana")

    assert saved.case.observed == (FOCAL, SEIZURE)


@pytest.mark.parametrize("chosen", [SEIZURE, OLD, "HP:0000000", "anything"])
def test_only_what_the_release_offers_can_be_chosen(
    queue: UnsettledFeatures, store: CaseStore, chosen: str
) -> None:
    with pytest.raises(NotACandidate, match=f"one of {GENERAL}, {FOCAL}"):
        queue.settle("Q0", OLD, chosen, actor="dana")

    assert store.get("Q0").version == 1


def test_what_is_left_as_it_was_is_asked_again_when_other_terms_are_offered(
    queue: UnsettledFeatures, db: Database, store: CaseStore, tmp_path: Path
) -> None:
    queue.leave("Q0", OLD, actor="dana")

    assert ids(queue) == ["Q1", "Q2"]
    assert store.get("Q0").version == 1
    lost = build_ontology(
        "2027-01-01",
        [Term(term_id=each, label=each) for each in (ROOT, PHENOTYPE, SEIZURE)],
        {ROOT: (), PHENOTYPE: (ROOT,), SEIZURE: (PHENOTYPE,)},
    )
    later = UnsettledFeatures(db, release_of(lost, tmp_path))
    assert ids(later) == ["Q0", "Q1", "Q2"]
    store.erase("Q0", "alice")
    assert rows(db, "SELECT * FROM features_left") == []


def test_a_term_of_a_newer_release_is_flagged_after_a_roll_back_and_comes_back(
    db: Database, store: CaseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = ontology("2026-06-06", is_split=False, has_new=True)
    older = ontology("2026-01-08", is_split=False)
    monkeypatch.setattr(
        module, "known_to", lambda ids, _: {i: ("2026-06-06",) for i in ids}
    )
    case = store.get("Q0").case
    entered = replace(case, features=(PhenotypicFeature(term_id=NEW, label="New"),))
    store.put(entered, actor="alice")

    def flagged(found: Ontology) -> list[tuple[str, tuple[str, ...]]]:
        queue = UnsettledFeatures(db, release_of(found, tmp_path))
        return [
            (e.case_id, e.known_to) for e in queue.of_everybody() if e.term_id == NEW
        ]

    assert flagged(newer) == []
    assert flagged(older) == [("Q0", ("2026-06-06",))]
    assert store.get("Q0").case == entered
    assert flagged(newer) == []


def test_other_releases_on_the_disk_are_asked_for_an_id(place: Place) -> None:
    releases = place.directory / "releases"
    (releases / "broken").mkdir()

    assert known_to([SEIZURE, NEW], releases) == {SEIZURE: ("2026-06-06",), NEW: ()}
