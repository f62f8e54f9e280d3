"""Kept rankings: each new answer once, whole or not at all, and gone with an erased case."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from matcher.case import Case, PhenotypicFeature
from matcher.storage.database import connect
from matcher.storage.errors import (
    DamagedRanking,
    DatabaseFull,
    ErasedCase,
    UnknownRanking,
)
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.kept_rows import Basis, RankedCandidate, RankingToKeep
from matcher.storage.store import CaseStore

KEEPER = Path(__file__).parent / "keeper.py"
ASKING = 60
BASIS = Basis(
    release_id="r1",
    calibration_id="c1",
    version="0.1",
    arithmetic="compiled",
    releases={"hpo": "2026"},
    sources={},
    term_rows="",
    expected_partners=1.0,
    bands={"contact": 0.25},
    settings={"pi": 0.8},
    conditions={"must_have": "HP:canary"},
    kinds=("phenotype", "gene", "onset"),
)
# What 0.1 + 0.2 is, and what no short decimal is.
AWKWARD = (0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308)


def a_case(case_id: str, note: str = "") -> Case:
    feature = PhenotypicFeature(term_id="HP:0001250")
    return Case(case_id=case_id, features=(feature,), site="north", note=note)


def candidate(case_id: str, rank: int, **changes: Any) -> RankedCandidate:
    values: dict[str, Any] = {
        "score": 3.25,
        "probability": 0.5,
        "efm": 0.1,
        "band": "contact",
        "evidence": {"phenotype": 3.25, "gene": "they"},
    }
    return RankedCandidate(case_id=case_id, rank=rank, **{**values, **changes})


def ranking(**changes: Any) -> RankingToKeep:
    """P1 asked; P2 and P3 were found."""
    values: dict[str, Any] = {
        "query_id": "P1",
        "as_of": 10**6,
        "actor": "alice",
        "place": "matches",
        "searched": 3,
        "at_most": 40,
        "basis": BASIS,
        "matches": (candidate("P2", 1), candidate("P3", 2, efm=None)),
    }
    return RankingToKeep(**{**values, **changes})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.db"


@pytest.fixture
def store(path: Path) -> Iterator[CaseStore]:
    with CaseStore.open(path) as opened:
        opened.put_many([a_case(f"P{n}") for n in range(1, 5)], actor="alice")
        yield opened


@pytest.fixture
def kept(path: Path, store: CaseStore) -> Iterator[KeptRankings]:
    moment = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    with closing(connect(path)) as db:
        yield KeptRankings(db, lambda: moment)


def number_of(kept: KeptRankings, **changes: Any) -> int:
    """The number of a ranking that must be new."""
    number = kept.keep(ranking(**changes))
    assert number is not None
    return number


def test_what_is_kept_is_read_as_it_was(kept: KeptRankings) -> None:
    found = kept.get(number_of(kept))

    assert found.basis == replace(BASIS, kinds=list(BASIS.kinds))
    assert (found.query_id, found.query_revision, found.query_version) == ("P1", 1, 1)
    assert (found.searched, found.at_most, found.as_of) == (3, 40, 10**6)
    assert (found.actor, found.place) == ("alice", "matches")
    assert found.kept_at == "2026-11-24T09:30:00.000000+00:00"
    first, second = found.matches
    assert (first.case_id, first.revision, first.version, first.rank) == ("P2", 2, 1, 1)
    assert first.evidence == {"phenotype": 3.25, "gene": "they"}
    assert (first.score, first.probability, first.efm) == (3.25, 0.5, 0.1)
    assert (second.case_id, second.efm, second.band) == ("P3", None, "contact")
    assert found.match("P3") == second
    assert found.match("P4") is None


@pytest.mark.parametrize("value", AWKWARD)
def test_every_float_comes_back_to_the_last_bit(
    kept: KeptRankings, value: float
) -> None:
    match = candidate("P2", 1, score=value, efm=value, evidence={"gene": -value})

    found = kept.get(number_of(kept, matches=(match,))).matches[0]

    assert (found.score, found.efm, found.evidence) == (value, value, {"gene": -value})


def test_the_same_answer_is_kept_once(kept: KeptRankings) -> None:
    number = number_of(kept)

    assert kept.keep(ranking(as_of=10**6 + 1, place="elsewhere")) is None
    assert kept.keep(ranking(actor="bob")) is None
    assert kept.numbers() == (number,)


@pytest.mark.parametrize(
    "changes",
    [
        {"searched": 4},
        {"at_most": None},
        {"matches": (candidate("P2", 1),)},
        {"matches": (candidate("P2", 1), candidate("P3", 2, efm=0.2))},
        {"basis": replace(BASIS, release_id="r2")},
    ],
)
def test_another_answer_is_kept(kept: KeptRankings, changes: dict[str, Any]) -> None:
    first = number_of(kept)

    second = number_of(kept, **changes)

    assert [each.number for each in kept.of_case("P1")] == [first, second]


def test_another_version_of_a_case_is_another_answer(
    kept: KeptRankings, store: CaseStore
) -> None:
    number_of(kept)
    store.put(a_case("P3", "new"), actor="alice")

    found = kept.get(number_of(kept))

    assert [match.version for match in found.matches] == [1, 2]


def test_two_people_who_see_different_things_do_not_fill_the_disk_in_turn(
    kept: KeptRankings,
) -> None:
    bobs = {"actor": "bob", "matches": (candidate("P2", 1),)}
    numbers = [number_of(kept), number_of(kept, **bobs)]

    again = [kept.keep(ranking()), kept.keep(ranking(**bobs))]

    assert again == [None, None]
    assert kept.numbers() == tuple(numbers)


def test_an_answer_that_a_case_outran_is_not_kept(
    kept: KeptRankings, store: CaseStore
) -> None:
    as_of = store.revision()
    store.put(a_case("P3", "new"), actor="alice")

    assert kept.keep(ranking(as_of=as_of)) is None
    assert kept.keep(ranking(as_of=as_of + 1)) is not None


def test_an_answer_with_a_case_that_is_gone_is_not_kept(
    kept: KeptRankings, store: CaseStore
) -> None:
    store.delete("P3", "alice")

    assert kept.keep(ranking()) is None


def test_equal_conditions_are_written_down_once(kept: KeptRankings, path: Path) -> None:
    number_of(kept)
    number_of(kept, searched=9)

    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM kept_bases").fetchone() == (1,)


def test_an_unknown_number_is_named(kept: KeptRankings) -> None:
    with pytest.raises(UnknownRanking, match="There is no kept ranking 9"):
        kept.get(9)


def test_a_number_is_never_given_twice(kept: KeptRankings, store: CaseStore) -> None:
    first = number_of(kept)
    store.erase("P1", "dana")

    second = kept.keep(ranking(query_id="P4"))

    assert second is not None and second > first


@pytest.mark.parametrize(
    "damage",
    [
        "kept_rankings SET searched = 4",
        "kept_rankings SET query = 4",
        "kept_rankings SET as_of = 1",
        "kept_rankings SET kept_at = '2020'",
        "kept_rankings SET actor = 'mallory'",
        "kept_rankings SET content = replace(content, substr(content, 1, 1), 'x')",
        "kept_rankings SET sha256 = replace(sha256, substr(sha256, 1, 1), 'x')",
        "kept_matches SET said = replace(said, '3.25', '3.26')",
        "kept_matches SET candidate = 4 WHERE rank = 2",
        "kept_matches SET rank = 3 WHERE rank = 2",
        "kept_bases SET body = replace(body, '0.8', '0.9')",
    ],
)
def test_a_changed_row_is_noticed(
    kept: KeptRankings, store: CaseStore, path: Path, damage: str
) -> None:
    number = number_of(kept)
    assert store.check() == ()

    with closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE {damage}")
        db.commit()

    with pytest.raises(DamagedRanking, match=f"Kept ranking {number} is damaged"):
        kept.get(number)
    assert [problem.where for problem in store.check()] == ["kept_rankings"]


def test_a_match_that_was_taken_out_is_noticed(
    kept: KeptRankings, store: CaseStore, path: Path
) -> None:
    number_of(kept)

    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM kept_matches WHERE rank = 2")
        db.commit()

    assert [problem.where for problem in store.check()] == ["kept_rankings"]


class TestErasing:
    def test_what_an_erased_case_asked_is_gone(
        self, kept: KeptRankings, store: CaseStore, path: Path
    ) -> None:
        number = number_of(kept)

        store.erase("P1", "dana")

        assert kept.of_case("P1") == ()
        with pytest.raises(UnknownRanking):
            kept.get(number)
        with closing(sqlite3.connect(path)) as db:
            for table in ("kept_rankings", "kept_matches", "kept_bases"):
                assert db.execute(f"SELECT * FROM {table}").fetchall() == []
        assert store.check() == ()

    def test_from_the_rankings_of_others_it_is_taken_out(
        self, kept: KeptRankings, store: CaseStore
    ) -> None:
        number = number_of(kept)

        store.erase("P2", "dana")

        assert [(m.case_id, m.rank) for m in kept.get(number).matches] == [("P3", 2)]
        assert store.check() == ()

    def test_no_byte_of_what_was_kept_about_it_stays(
        self, kept: KeptRankings, store: CaseStore, path: Path
    ) -> None:
        store.put(a_case("canary-id"), actor="alice")
        for searched in range(100):
            number_of(
                kept,
                searched=searched,
                matches=(candidate("P2", 1), candidate("canary-id", 2, score=1234.5)),
            )
        before = self._bytes(path)
        assert b"1234.5" in before

        store.erase("canary-id", "dana")

        after = self._bytes(path)
        assert b"1234.5" not in after
        assert b"3.25" in after
        # The feed of changes names an erased case for ever, and nothing else does: its saving
        # and its erasing, each in the table and in the index of versions.
        assert after.count(b"canary-id") == 4

    def _bytes(self, path: Path) -> bytes:
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))

    def test_a_damaged_ranking_is_not_sealed_as_whole(
        self, kept: KeptRankings, store: CaseStore, path: Path
    ) -> None:
        damaged, whole = number_of(kept), number_of(kept, searched=9)
        with closing(sqlite3.connect(path)) as db:
            db.execute(
                f"UPDATE kept_matches SET said = '[]' WHERE ranking = {damaged} AND rank = 2"
            )
            db.commit()

        store.erase("P2", "dana")

        assert kept.numbers() == (whole,)

    def test_its_revision_says_that_it_was_erased(
        self, kept: KeptRankings, store: CaseStore
    ) -> None:
        store.erase("P2", "dana")

        with pytest.raises(ErasedCase, match="Case 'P2' was erased at"):
            kept.revision(2)


def test_the_state_of_a_case_is_that_of_the_moment(
    kept: KeptRankings, store: CaseStore
) -> None:
    store.put(a_case("P2", "new"), actor="alice")
    store.delete("P2", "alice")

    states = [kept.state("P2", as_of) for as_of in (1, 2, 5, 6)]

    assert [each and (each.version, each.action) for each in states] == [
        None,
        (1, "saved"),
        (2, "saved"),
        (3, "deleted"),
    ]


@pytest.mark.parametrize("spare_pages", range(3))
def test_a_full_disk_keeps_nothing_and_says_so(
    kept: KeptRankings, path: Path, spare_pages: int
) -> None:
    with closing(connect(path)) as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages + spare_pages}").fetchone()
        many = tuple(candidate("P2", rank) for rank in range(1, 2000))

        with pytest.raises(DatabaseFull, match="nothing was saved"):
            KeptRankings(db).keep(ranking(matches=many))

    assert kept.numbers() == ()


def test_processes_that_keep_the_same_at_once_keep_it_once(
    kept: KeptRankings, store: CaseStore, path: Path
) -> None:
    names = ["found", *(f"asks-{number}" for number in range(ASKING))]
    store.put_many(map(a_case, names), actor="alice")

    said = both_at_once(path)

    assert len(kept.numbers()) == ASKING
    assert sum(number is not None for numbers in said for number in numbers) == ASKING
    assert all(len(kept.of_case(name)) == 1 for name in names[1:])


def both_at_once(path: Path) -> list[list[int | None]]:
    """What two processes kept that began together."""
    with ExitStack() as stack:
        keepers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-W", "error", KEEPER, path, str(ASKING)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(2)
        ]
        for each in keepers:
            assert each.stdout and each.stdout.readline() == "ready\n"
        for each in keepers:
            assert each.stdin
            each.stdin.write("go\n")
            each.stdin.flush()
        return [json.loads(each.communicate(timeout=60)[0]) for each in keepers]
