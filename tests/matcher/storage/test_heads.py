"""The little that a list reads of a case is what the whole case says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from matcher.case import Case, GenomicFeature, PhenotypicFeature, Sharing
from matcher.storage.database import Database, connect
from matcher.storage.errors import DamagedCase
from matcher.storage.heads import heads, named_genes, named_terms, naming
from matcher.storage.store import CaseStore

CASES = (
    Case(case_id="N1", site="North", submitter="alice"),
    Case(
        case_id="N2",
        site="North",
        submitter="alice",
        label='"quoted" {"solved": true}',
        sharing=Sharing.EXCHANGE_1,
        features=(PhenotypicFeature(term_id="HP:0001250"),),
    ),
    Case(
        case_id="N3",
        site="North",
        submitter="bob",
        solved=True,
        sharing=Sharing.SITE,
        genomic_features=(GenomicFeature(gene="HGNC:22203"),),
        features=(PhenotypicFeature(term_id="HP:0000252", excluded=True),),
    ),
    Case(case_id="H1", site="Harbour", submitter="charlie"),
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "cases.db"
    with CaseStore.open(path) as store:
        store.put_many(CASES, actor="test")
    with closing(connect(path)) as opened:
        yield opened


def refuse(error: DamagedCase) -> None:
    raise error


def test_heads_say_what_the_cases_say(db: Database) -> None:
    whole = CaseStore(db).cases(site="North")
    expected = [
        (s.case.label, s.case.sharing, s.case.solved, s.case.submitter, s.saved_at)
        for s in whole
    ]

    found = sorted(
        heads(db, site="North", submitter=None, on_damage=refuse),
        key=lambda head: head.case_id,
    )

    assert expected == [
        (h.label, h.sharing, h.solved, h.submitter, h.saved_at) for h in found
    ]


def test_heads_of_one_submitter_are_hers(db: Database) -> None:
    found = heads(db, site="North", submitter="bob", on_damage=refuse)

    assert [head.case_id for head in found] == ["N3"]


def test_newest_version_is_told(db: Database) -> None:
    CaseStore(db).put(replace(CASES[1], label="later"), actor="test")

    found = heads(db, site="North", submitter="alice", on_damage=refuse)

    assert [head.label for head in found] == ["", "later"]


@pytest.mark.parametrize("body", ["'x'", "NULL", "'{\"case\": 1}'"])
def test_damaged_case_is_named_and_stops_no_other(db: Database, body: str) -> None:
    db.execute(f"UPDATE revisions SET body = {body} WHERE case_id = 'N2'")
    damaged: list[DamagedCase] = []

    found = list(heads(db, site="North", submitter=None, on_damage=damaged.append))

    assert [head.case_id for head in found] == ["N1", "N3"]
    assert [error.case_id for error in damaged] == ["N2"]


def test_cases_are_found_by_what_they_name(db: Database) -> None:
    assert set(named_terms(db)) == {"HP:0001250", "HP:0000252"}
    assert named_genes(db) == ("HGNC:22203",)
    assert naming(db, terms=["HP:0000252"], genes=[]) == {"N3"}
    assert naming(db, terms=["HP:0001250"], genes=["HGNC:22203"]) == {"N2", "N3"}
    assert naming(db, terms=[], genes=[]) == set()
