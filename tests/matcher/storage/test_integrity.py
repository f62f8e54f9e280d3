"""Damage to a database is noticed and named, by whoever reads it and by the check."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from matcher.case import Case, GenomicFeature, PhenotypicFeature
from matcher.storage.codec import encode
from matcher.storage.store import CaseStore
from matcher.storage.errors import DamagedCase, StoreError

SITES = ("harbour", "island")


def a_case(number: int) -> Case:
    return Case(
        case_id=f"P{number:03}",
        features=tuple(
            PhenotypicFeature(term_id=f"HP:{n:07}", label=f"Sign {n}")
            for n in range(number % 9 + 1)
        ),
        genomic_features=(GenomicFeature(gene="KARS1"),),
        site=SITES[number % 2],
        submitter="alice",
        note="é" * (number % 60),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with CaseStore.open(tmp_path / "cases.db") as store:
        store.put_many([a_case(n) for n in range(40)], actor="alice")
        store.put(a_case(3), actor="bob", external_id="MRN3")
        store.delete("P005", "bob")
    return tmp_path / "cases.db"


def change(path: Path, sql: str) -> None:
    """Change the database behind the back of the store."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


def problems(path: Path) -> list[tuple[str, str]]:
    with CaseStore.open(path) as store:
        return [(problem.where, problem.message) for problem in store.check()]


def test_a_sound_database_has_no_problems(path: Path) -> None:
    assert problems(path) == []


@pytest.mark.parametrize(
    "damage",
    [
        "body = replace(body, 'Sign 0', 'Sign 1')",
        "body = '{'",
        "body = CAST(x'7bff7d' AS TEXT)",
        "body = NULL",
        "actor = 'mallory'",
        "saved_at = '2020-01-01'",
        "site = 'island'",
        "external_id = 'other'",
        "version = version + 100",
        "sha256 = replace(sha256, substr(sha256, 1, 1), 'x')",
    ],
)
def test_a_changed_column_is_noticed_on_reading(path: Path, damage: str) -> None:
    change(path, f"UPDATE revisions SET {damage} WHERE case_id = 'P004'")

    with CaseStore.open(path) as store:
        with pytest.raises(DamagedCase, match="Case 'P004' .revision 5. is damaged"):
            store.get("P004")
        with pytest.raises(DamagedCase):
            store.history("P004")
        with pytest.raises(DamagedCase):
            list(store.cases())
        assert store.get("P006").case == a_case(6)
    assert any("'P004'" in message for _, message in problems(path))


def test_one_damaged_case_does_not_hide_the_others(path: Path) -> None:
    change(path, "UPDATE revisions SET body = '{}' WHERE case_id = 'P004'")
    damaged: list[str] = []

    with CaseStore.open(path) as store:
        found = list(store.cases(on_damage=lambda error: damaged.append(error.case_id)))

    assert len(found) == 38
    assert damaged == ["P004"]


@pytest.mark.parametrize("damage", ["revision = 900", "revision = 1"])
def test_a_case_that_points_at_a_wrong_revision_is_damaged(
    path: Path, damage: str
) -> None:
    change(path, "DELETE FROM cases WHERE case_id = 'P000'")
    change(path, f"UPDATE cases SET {damage} WHERE case_id = 'P004'")

    with CaseStore.open(path) as store:
        with pytest.raises(DamagedCase, match="Case 'P004'"):
            store.get("P004")
    assert problems(path) != []


def test_a_case_that_points_at_an_older_revision_of_itself_is_noticed(
    path: Path,
) -> None:
    change(path, "UPDATE cases SET revision = 4 WHERE case_id = 'P003'")

    assert problems(path) != []


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ("cases", "UPDATE cases SET sharing = 'exchange-2' WHERE case_id = 'P004'"),
        ("cases", "UPDATE cases SET site = 'island' WHERE case_id = 'P004'"),
        (
            "case_features",
            "UPDATE case_features SET excluded = 1 WHERE case_id = 'P004'",
        ),
        ("case_features", "DELETE FROM case_features WHERE case_id = 'P004'"),
        ("case_genes", "UPDATE case_genes SET gene = 'GARS1' WHERE case_id = 'P004'"),
        ("case_genes", "INSERT INTO case_genes VALUES ('P999', 0, 'GARS1')"),
    ],
)
def test_lookup_rows_that_disagree_with_their_case_are_named(
    path: Path, where: str, sql: str
) -> None:
    change(path, sql)

    assert where in [place for place, _ in problems(path)]


def test_a_missing_current_row_is_named(path: Path) -> None:
    change(path, "DELETE FROM cases WHERE case_id = 'P004'")

    assert any("'P004'" in message for _, message in problems(path))


def rows_of(path: Path) -> bytes:
    """The content of the file, the write-ahead log folded in."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def flips(path: Path, rounds: int) -> Iterator[bytes]:
    """Copies of the file, each with one bit flipped in the text of a case."""
    content, choose = rows_of(path), random.Random(7)
    with CaseStore.open(path) as store:
        bodies = [encode(stored.case).encode() for stored in store.cases()]
    for _ in range(rounds):
        body = choose.choice(bodies)
        position = content.index(body) + choose.randrange(len(body))
        damaged = bytearray(content)
        damaged[position] ^= 1 << choose.randrange(8)
        yield bytes(damaged)


def unnoticed(path: Path, rounds: int) -> int:
    """How many of so many flipped bits neither reading nor the check notices."""
    missed = 0
    for number, content in enumerate(flips(path, rounds)):
        copy = path.with_name(f"flipped{number}.db")
        copy.write_bytes(content)
        with CaseStore.open(copy) as store:
            found = bool(store.check())
        missed += not found
    return missed


def test_a_flipped_bit_in_a_case_is_noticed(path: Path) -> None:
    assert unnoticed(path, 25) == 0


@pytest.mark.full
def test_three_hundred_flipped_bits_are_noticed(path: Path) -> None:
    assert unnoticed(path, 300) == 0


@pytest.mark.parametrize("page", range(1, 12))
def test_a_page_of_rubbish_is_named_and_never_read_as_cases(
    path: Path, page: int
) -> None:
    content = bytearray(rows_of(path))
    content[page * 4096 : (page + 1) * 4096] = random.Random(page).randbytes(4096)
    path.write_bytes(content)

    try:
        with CaseStore.open(path) as store:
            assert store.check() != ()
            cases = [stored.case for stored in store.cases()]
    except StoreError as error:
        assert "damaged" in str(error)
    else:
        assert set(cases) <= {a_case(n) for n in range(40)}
