"""Erased is erased: in the database, its log and its index, and in a copy that is restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from matcher.case import Case, PhenotypicFeature
from matcher.storage.database import Database
from matcher.storage.errors import ErasedCase, UnknownCase
from matcher.storage.store import CaseStore
from ontologies import Release
from web.accounts import Accounts, Passwords, Role
from web.audit import HEAD, Audit, AuditFailed
from web.backups import CannotRestore, back_up, expired, restore
from web.db import open_database
from web.entry.kept_drafts import KeptDrafts
from web.erasure import LIST, BrokenList, erase, noted
from web.notices.matters import compared
from web.notices.telling import Telling
from web.unrecognised.arriving import Arrivals, Arrived, Kind
from web.unrecognised.queue import Queue

WORD = "said-of-nobody-else"
NOW = datetime.now(UTC)


def case(case_id: str, label: str = WORD) -> Case:
    features = (PhenotypicFeature(term_id="HP:0001250"),)
    return Case(
        case_id=case_id, label=label, features=features, site="North", submitter="alice"
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secondcase.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    path.parent.mkdir()
    with closing(open_database(path)) as opened:
        store = CaseStore(opened)
        store.put_many([case("N-1"), case("N-2", "kept-word")], actor="alice")
        store.put(case("N-1", f"{WORD} twice"), actor="alice")
        yield opened


def content(folder: Path) -> bytes:
    """Every byte of every file of an installation."""
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_no_byte_of_it_is_left_in_any_file(db: Database, path: Path) -> None:
    Accounts(db, Passwords()).add(
        "alice", "a good passphrase", roles=[Role.CLINICIAN], site="North"
    )
    KeptDrafts(db).keep(1, "N-1", "N-1", [("note", f"{WORD} drafted")])
    Telling(db).tell([compared("N-1", f"Harbour {WORD}", "H-1")])
    assert WORD.encode() in content(path.parent)

    erase(db, "N-1", "alice")

    found = content(path.parent)
    assert WORD.encode() not in found and b"kept-word" in found
    with pytest.raises(ErasedCase):
        CaseStore(db).put(case("N-1"), actor="alice")


def test_deleted_case_is_erased_too(db: Database, path: Path) -> None:
    CaseStore(db).delete("N-1", "alice")

    erase(db, "N-1", "alice")

    assert WORD.encode() not in content(path.parent)


def test_it_is_audited_and_noted(db: Database, path: Path) -> None:
    erase(db, "N-1", "alice")

    entry = list(Audit(db).entries("N-1"))[-1]
    assert (entry.actor, entry.action) == ("alice", "erased a case")
    assert list(noted(path.parent / LIST)) == ["N-1"]
    assert (path.parent / LIST).stat().st_mode & 0o077 == 0


def test_nothing_is_erased_that_cannot_be_audited(
    db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AuditFailed

    monkeypatch.setattr(Audit, "record", fail)

    with pytest.raises(AuditFailed):
        erase(db, "N-1", "alice")

    assert CaseStore(db).get("N-1").version == 2
    assert not (path.parent / LIST).exists()


def test_case_that_is_not_there_is_named(db: Database) -> None:
    with pytest.raises(UnknownCase, match="N-9"):
        erase(db, "N-9", "alice")


def test_list_that_a_crash_kept_short_is_brought_up_to_date(
    db: Database, path: Path
) -> None:
    CaseStore(db).erase("N-1", "alice")

    erase(db, "N-2", "alice")

    assert list(noted(path.parent / LIST)) == ["N-1", "N-2"]


def test_restored_copy_has_nothing_that_was_erased_since(
    db: Database, path: Path, tmp_path: Path
) -> None:
    back_up(db, tmp_path / "copy.db")
    erase(db, "N-1", "alice")
    CaseStore(db).put(case("N-3", "came later"), actor="alice")
    db.close()

    done = restore(tmp_path / "copy.db", path, "olga")

    assert (done.cases, done.erased_again) == (1, 1)
    assert WORD.encode() not in content(path.parent)
    with closing(open_database(path)) as restored:
        store = CaseStore(restored)
        assert [each.case.case_id for each in store.cases()] == ["N-2"]
        with pytest.raises(ErasedCase):
            store.put(case("N-1"), actor="alice")
        assert Audit(restored).first_break() is None
        last = list(Audit(restored).entries())[-1]
        assert (last.actor, last.action) == ("olga", "restored a backup")


@pytest.mark.parametrize("is_restored", [False, True])
def test_words_that_too_few_have_without_it_are_read_no_more(
    db: Database, path: Path, tmp_path: Path, release: Release, is_restored: bool
) -> None:
    arrived = [Arrived(case(f"N-{n}"), ["zebra striped toes"]) for n in (1, 2, 3)]
    Arrivals(db, release).note(Kind.IMPORT, "North", arrived)
    assert Queue(db).count() == 1
    back_up(db, tmp_path / "copy.db")

    erase(db, "N-1", "alice")
    db.close()
    if is_restored:
        restore(tmp_path / "copy.db", path, "olga")

    with closing(open_database(path)) as opened:
        assert (Queue(opened).count(), Queue(opened).waiting()) == (0, 1)
    assert b"zebra striped toes" not in content(path.parent)


@pytest.mark.parametrize("lost", ["missing", "broken"])
def test_list_alone_is_enough_where_the_database_is_lost(
    db: Database, path: Path, tmp_path: Path, lost: str
) -> None:
    back_up(db, tmp_path / "copy.db")
    erase(db, "N-1", "alice")
    db.close()
    path.unlink()
    if lost == "broken":
        path.write_bytes(b"no database at all" * 99)

    assert restore(tmp_path / "copy.db", path, "olga").erased_again == 1
    assert WORD.encode() not in content(path.parent)


def test_broken_list_stops_the_restore(
    db: Database, path: Path, tmp_path: Path
) -> None:
    back_up(db, tmp_path / "copy.db")
    (path.parent / LIST).write_text("N-1\n")

    with pytest.raises(BrokenList, match="N-1"):
        restore(tmp_path / "copy.db", path, "olga")

    assert CaseStore(db).count() == 2


def test_old_seals_are_set_aside(db: Database, path: Path, tmp_path: Path) -> None:
    Audit(db).record("alice", "something")
    back_up(db, tmp_path / "copy.db")
    Audit(db).record("alice", "something later")
    db.close()

    done = restore(tmp_path / "copy.db", path, "olga")

    assert done.kept_head is not None and done.kept_head.exists()
    with closing(open_database(path)) as restored:
        assert Audit(restored).first_break() is None
        found = Audit(restored).first_break(done.kept_head)
        assert found is not None and found.number == 2
    assert (path.parent / HEAD).exists()


def test_expired_copy_is_restored_only_if_that_is_said(
    db: Database, path: Path, tmp_path: Path
) -> None:
    back_up(db, tmp_path / "copy.db", clock=lambda: NOW - timedelta(days=36))

    with pytest.raises(CannotRestore, match="--although-expired"):
        restore(tmp_path / "copy.db", path, "olga")

    db.close()
    done = restore(tmp_path / "copy.db", path, "olga", although_expired=True)
    assert done.cases == 2


def test_file_that_is_no_copy_is_refused(
    db: Database, path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    CaseStore.open(other).close()
    text = tmp_path / "text.db"
    text.write_text("no database at all" * 99)

    for source in (other, text, tmp_path / "missing.db"):
        with pytest.raises(CannotRestore, match=source.name):
            restore(source, path, "olga")

    assert CaseStore(db).count() == 2
    assert list(path.parent.glob("*.restoring*")) == []


def test_damaged_copy_is_refused(db: Database, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    back_up(db, copy)
    with closing(open_database(copy)) as other:
        other.execute("UPDATE revisions SET actor = 'mallory' WHERE revision = 1")

    with pytest.raises(CannotRestore, match="damaged"):
        restore(copy, path, "olga")


def test_copies_that_are_too_old_are_named(
    db: Database, path: Path, tmp_path: Path
) -> None:
    back_up(db, tmp_path / "old.db", clock=lambda: NOW - timedelta(days=36))
    back_up(db, tmp_path / "young.db")
    back_up(db, tmp_path / "gone.db", clock=lambda: NOW - timedelta(days=36))
    (tmp_path / "gone.db").unlink()

    found = list(expired(db))

    assert len(found) == 1
    assert "old.db" in found[0] and "delete it" in found[0]


def test_copies_of_upgrades_are_named_by_their_age(db: Database, path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    (folder / "secondcase.db.before").write_bytes(b"x")

    assert list(expired(db)) == []
    later = list(expired(db, clock=lambda: NOW + timedelta(days=36)))
    assert len(later) == 1 and "secondcase.db.before" in later[0]
