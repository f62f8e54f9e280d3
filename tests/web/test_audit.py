"""No entry of the audit can be changed, moved or taken out unnoticed."""

from __future__ import annotations

import json
import os
import random
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher.case import Case
from matcher.storage.database import Database, rows, write_transaction
from matcher.storage.errors import CaseChanged, DatabaseFull
from matcher.storage.store import CaseStore
from ontologies.library import data_directory
from web.audit import HEAD, LOOKED_UP, Audit, AuditFailed, Break, seal_key
from web.cli import main
from web.config import load_settings
from web.db import open_database

KEY = seal_key("a" * 64)
LENGTH = 12
SAMPLES = 60
Attack = Callable[[Database, random.Random], None]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "secondcase.db")) as db:
        yield db


@pytest.fixture
def head(tmp_path: Path) -> Path:
    return tmp_path / HEAD


@pytest.fixture
def audit(db: Database, head: Path) -> Audit:
    audit = Audit(db, KEY, head)
    for number in range(1, LENGTH + 1):
        audit.record("Island", "disclosed to a peer", [f"north-{number}"], test=False)
    return audit


def broken(audit: Audit) -> Break:
    found = audit.first_break()
    assert found is not None
    return found


def edit(db: Database, chance: random.Random) -> None:
    column = chance.choice(["at", "actor", "action", "case_ids", "facts", "seal"])
    number = chance.randint(1, LENGTH)
    [[value]] = db.execute(
        f"SELECT {column} FROM audit WHERE number = ?", [number]
    ).fetchall()
    place = chance.randrange(len(value))
    other = chance.choice([c for c in "0123456789abcdef" if c != value[place]])
    changed = value[:place] + other + value[place + 1 :]
    db.execute(f"UPDATE audit SET {column} = ? WHERE number = ?", [changed, number])


def delete(db: Database, chance: random.Random) -> None:
    db.execute("DELETE FROM audit WHERE number = ?", [chance.randint(1, LENGTH)])


def delete_and_renumber(db: Database, chance: random.Random) -> None:
    gone = chance.randint(1, LENGTH)
    db.execute("DELETE FROM audit WHERE number = ?", [gone])
    for number in range(gone + 1, LENGTH + 1):
        db.execute("UPDATE audit SET number = number - 1 WHERE number = ?", [number])


def reorder(db: Database, chance: random.Random) -> None:
    one, other = chance.sample(range(1, LENGTH + 1), 2)
    for number, target in ((one, -1), (other, one), (-1, other)):
        db.execute("UPDATE audit SET number = ? WHERE number = ?", [target, number])


def truncate(db: Database, chance: random.Random) -> None:
    db.execute("DELETE FROM audit WHERE number > ?", [chance.randrange(LENGTH)])


def rewrite(db: Database, chance: random.Random) -> None:
    """The whole chain again, by somebody with the code but without the key."""
    found = rows(db, "SELECT * FROM audit ORDER BY number")
    db.execute("DELETE FROM audit")
    forged = Audit(db, chance.randbytes(32), Path("never-written"))
    with write_transaction(db):
        for row in found:
            forged.record(row["actor"], row["action"], ["another"])


ATTACKS = [edit, delete, delete_and_renumber, reorder, truncate, rewrite]


def attacked(audit: Audit, db: Database, attack: Attack, seed: int) -> Break | None:
    """What is found after an attack; the chain is as before afterwards."""
    db.execute("BEGIN")
    try:
        attack(db, random.Random(seed))
        return audit.first_break()
    finally:
        db.execute("ROLLBACK")


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_change_is_found(audit: Audit, db: Database, attack: Attack) -> None:
    found = [attacked(audit, db, attack, n) for n in range(SAMPLES // len(ATTACKS))]

    assert None not in found and audit.first_break() is None


@pytest.mark.full
@pytest.mark.parametrize("attack", ATTACKS)
def test_three_hundred_changes_are_found(
    audit: Audit, db: Database, attack: Attack
) -> None:
    assert None not in [attacked(audit, db, attack, n) for n in range(300)]


def test_a_whole_chain_has_no_break(audit: Audit) -> None:
    assert audit.first_break() is None


def test_an_empty_audit_is_whole(db: Database, head: Path) -> None:
    assert Audit(db, KEY, head).first_break() is None


def test_a_cut_off_end_is_found_and_stays_found(audit: Audit, db: Database) -> None:
    db.execute("DELETE FROM audit WHERE number > 9")
    assert broken(audit).number == 10

    for _ in range(5):
        audit.record("Island", "disclosed to a peer")

    assert broken(audit).number == 10


def test_a_chain_of_the_right_key_that_was_not_noted_is_found(
    audit: Audit, db: Database, head: Path, tmp_path: Path
) -> None:
    db.execute("DELETE FROM audit")
    insider = Audit(db, KEY, tmp_path / "other")
    for _ in range(LENGTH):
        insider.record("Island", "disclosed to a peer")

    assert "not the one noted" in broken(audit).message


def test_an_entry_of_another_chain_of_the_same_key_is_found(
    audit: Audit, db: Database, head: Path, tmp_path: Path
) -> None:
    with closing(open_database(tmp_path / "another.db")) as elsewhere:
        another = Audit(elsewhere, KEY, tmp_path / "another.head")
        for _ in range(7):
            another.record("Island", "disclosed to a peer", ["nobody"])
        [entry] = rows(elsewhere, "SELECT * FROM audit WHERE number = 7")
    [[seal]] = db.execute("SELECT seal FROM audit WHERE number = 7").fetchall()

    db.table("audit").update(7, entry)
    head.write_text(head.read_text().replace(seal, entry["seal"]))

    assert broken(audit).number == 7


def test_a_missing_entry_is_told_from_one_that_was_changed(
    audit: Audit, db: Database
) -> None:
    db.execute("DELETE FROM audit WHERE number = 5")

    assert broken(audit) == Break(5, "entry 5 is missing")


def test_a_missing_file_of_seals_is_found(audit: Audit, head: Path) -> None:
    head.unlink()

    assert HEAD in broken(audit).message


def test_a_line_taken_out_of_the_file_is_found(audit: Audit, head: Path) -> None:
    lines = head.read_text().splitlines(keepends=True)
    head.write_text("".join(lines[:4] + lines[5:]))

    assert broken(audit).number == 5


def test_a_copy_kept_elsewhere_finds_what_was_cut_off_both(
    audit: Audit, db: Database, head: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes(head.read_bytes())
    db.execute("DELETE FROM audit WHERE number > 9")
    head.write_text("".join(head.read_text().splitlines(keepends=True)[:9]))

    assert audit.first_break() is None
    found = audit.first_break(copy)
    assert found is not None and found.number == 10


def test_a_crash_before_the_file_is_written_is_no_break(
    audit: Audit, head: Path
) -> None:
    lines = head.read_text().splitlines(keepends=True)
    head.write_text("".join(lines[:-2]) + lines[-2][:20])
    assert audit.first_break() is None

    audit.record("Island", "disclosed to a peer")

    assert audit.first_break() is None
    noted = {line.split()[0] for line in head.read_text().splitlines() if line}
    assert {str(n) for n in range(1, LENGTH + 2)} <= noted


def test_an_entry_of_an_open_transaction_is_noted_with_the_next(
    audit: Audit, db: Database, head: Path
) -> None:
    before = head.read_bytes()
    with write_transaction(db):
        audit.record("Island", "disclosed to a peer")
        assert head.read_bytes() == before
    assert audit.first_break() is None

    audit.record("Island", "disclosed to a peer")

    assert len(head.read_text().splitlines()) == LENGTH + 2
    assert audit.first_break() is None


def test_what_is_rolled_back_is_in_neither(
    audit: Audit, db: Database, head: Path
) -> None:
    before = head.read_bytes()

    with pytest.raises(KeyError), write_transaction(db):
        audit.record("Island", "disclosed to a peer")
        raise KeyError

    assert head.read_bytes() == before and audit.length() == LENGTH
    assert audit.first_break() is None


def test_what_belongs_to_an_entry_is_kept_with_it_or_neither_is(
    audit: Audit, db: Database, head: Path
) -> None:
    db.execute("CREATE TABLE beside (name TEXT)")
    before = head.read_bytes()

    def tell() -> None:
        db.execute("INSERT INTO beside VALUES ('alice')")
        raise DatabaseFull

    with pytest.raises(AuditFailed):
        audit.record("Island", "disclosed to a peer", also=tell)
    # What the block itself meets is not the audit's failure.
    with pytest.raises(DatabaseFull), audit.together():
        audit.record("Island", "disclosed to a peer")
        tell()

    assert head.read_bytes() == before and audit.length() == LENGTH
    assert not rows(db, "SELECT * FROM beside")


def test_entries_together_in_an_open_transaction_are_noted_with_the_next(
    audit: Audit, db: Database, head: Path
) -> None:
    before = head.read_bytes()

    with pytest.raises(KeyError), write_transaction(db):
        with audit.together():
            audit.record("Island", "disclosed to a peer")
        raise KeyError
    with write_transaction(db), audit.together():
        audit.record("Island", "disclosed to a peer")

    assert head.read_bytes() == before and audit.length() == LENGTH + 1
    with audit.together():
        audit.record("Island", "disclosed to a peer")
    assert len(head.read_text().splitlines()) == LENGTH + 2
    assert audit.first_break() is None


def test_a_seal_is_on_the_disk_when_its_entry_is_done(
    audit: Audit, head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, synced = os.fsync, list[int]()

    def note(descriptor: int) -> None:
        sync(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr("web.audit_head.os.fsync", note)

    audit.record("Island", "disclosed to a peer")

    assert synced == [head.stat().st_size]


def test_the_file_is_for_its_owner_only(audit: Audit, head: Path) -> None:
    assert stat.S_IMODE(head.stat().st_mode) == 0o600


def test_many_writers_make_one_whole_chain(audit: Audit, head: Path) -> None:
    path = head.with_name("secondcase.db")

    def write(actor: int) -> None:
        with closing(open_database(path)) as db:
            for _ in range(10):
                Audit(db, KEY, head).record(str(actor), "disclosed to a peer")

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(write, range(4)))

    assert audit.length() == LENGTH + 40 and audit.first_break() is None


def test_an_entry_that_cannot_be_written_is_said(audit: Audit, db: Database) -> None:
    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'no'); END"
    )

    with pytest.raises(AuditFailed):
        audit.record("Island", "disclosed to a peer")


def test_what_the_store_refuses_is_said_as_it_is_and_rolled_back(
    audit: Audit, db: Database
) -> None:
    store = CaseStore(db)
    store.put(Case(case_id="NORTH-1", label="as it was"), actor="alice")

    with pytest.raises(CaseChanged), audit.together():
        audit.record("alice", "changed a case", ["NORTH-1"])
        db.execute("UPDATE cases SET test = 1")
        store.put(Case(case_id="NORTH-1"), actor="alice", expected_version=7)

    assert audit.length() == LENGTH and audit.first_break() is None
    assert store.get("NORTH-1").case == Case(case_id="NORTH-1", label="as it was")
    assert rows(db, "SELECT test FROM cases") == [{"test": 0}]


def test_a_seal_of_a_block_that_cannot_be_noted_is_said(
    audit: Audit, head: Path
) -> None:
    head.unlink()
    head.mkdir()

    with pytest.raises(AuditFailed), audit.together():
        audit.record("alice", "changed a case")


def test_a_seal_that_cannot_be_noted_is_said(audit: Audit, head: Path) -> None:
    head.unlink()
    head.mkdir()

    with pytest.raises(AuditFailed):
        audit.record("Island", "disclosed to a peer")
    with pytest.raises(AuditFailed), audit.together():
        audit.record("Island", "disclosed to a peer")


def test_entries_of_a_case_tell_who_saw_it(audit: Audit) -> None:
    assert [entry.number for entry in audit.entries("north-7")] == [7]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An installation whose audit has two entries."""
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path))
    assert data_directory() == tmp_path
    settings = load_settings()
    with closing(open_database(settings.database)) as db:
        audit = Audit(db)
        audit.record("Island", "disclosed to a peer", ["north-1"], query="\x1b[2Jhis-1")
        audit.record("Island", "refused a peer", reason="too little")
        yield db


def called(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["audit", *words])
    return result.exit_code, result.output


def test_show_prints_every_entry_and_nothing_for_the_terminal_to_obey(
    installed: Database,
) -> None:
    status, text = called("show")

    assert status == 0 and len(text.splitlines()) == 2
    assert "too little" in text and "\x1b" not in text


def test_show_prints_who_was_told_of_one_case(installed: Database) -> None:
    _, text = called("show", "--case", "north-1")

    assert len(text.splitlines()) == 1 and '"Island"' in text


def test_looking_up_a_case_is_an_entry_of_its_own(installed: Database) -> None:
    called("show")
    called("show", "--case", "north-1")

    _, text = called("show", "--case", "north-1")

    [first, second] = [json.loads(line) for line in text.splitlines()]
    assert first["actor"] == "Island"
    assert (second["actor"], second["action"]) == ("command line", LOOKED_UP)
    assert second["cases"] == ["north-1"] and second["number"] == 3


def test_nothing_is_told_of_a_look_up_that_cannot_be_recorded(
    installed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **facts: object) -> None:
        raise AuditFailed

    monkeypatch.setattr(Audit, "record", refuse)

    status, text = called("show", "--case", "north-1")

    assert status and "north-1" not in text


def test_verify_says_that_all_is_whole(installed: Database) -> None:
    assert called("verify") == (0, "All 2 entries are whole.\n")


def test_verify_fails_and_names_the_entry(installed: Database) -> None:
    installed.execute("UPDATE audit SET actor = 'Valley' WHERE number = 2")

    status, text = called("verify")

    assert status == 1 and "from entry 2 on" in text


def test_the_doctor_verifies_the_audit(installed: Database) -> None:
    installed.execute("DELETE FROM audit WHERE number = 2")

    result = CliRunner().invoke(main, ["doctor"])

    assert result.exit_code == 1 and "cut off" in result.output
