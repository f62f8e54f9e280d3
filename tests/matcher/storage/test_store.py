"""The store keeps every case, every version of it, and tells others what changed."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
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
from matcher.storage.codec import UnstorableCase
from matcher.storage.store import (
    Action,
    CaseStore,
    Change,
    Mark,
    connect,
    write_transaction,
)
from matcher.storage.errors import (
    CaseChanged,
    CaseOfAnotherSite,
    DamagedCase,
    DatabaseFull,
    ErasedCase,
    ExternalIdTaken,
    RepeatedCase,
    StoreError,
    UnknownCase,
)

SEIZURE = PhenotypicFeature(term_id="HP:0001250", label="Seizure")
NO_ATAXIA = PhenotypicFeature(term_id="HP:0001251", label="Ataxia", excluded=True)


def a_case(case_id: str = "P1", **changes: Any) -> Case:
    case = Case(
        case_id=case_id,
        features=(SEIZURE, NO_ATAXIA),
        genomic_features=(
            GenomicFeature(gene="KARS1", variant=Variant(chromosome="16", start=7)),
        ),
        contact=Contact(name="Alice", href="mailto:alice@harbour.example"),
        site="harbour",
        submitter="alice",
        sharing=Sharing.NETWORK,
        note="told by her mother",
    )
    return dataclasses.replace(case, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.db"


@pytest.fixture
def store(path: Path) -> Iterator[CaseStore]:
    with CaseStore.open(path) as opened:
        yield opened


def test_a_saved_case_comes_back_with_who_and_which_version(store: CaseStore) -> None:
    saved = store.put(a_case(), actor="alice")

    assert store.get("P1") == saved
    assert saved.case == a_case()
    assert (saved.version, saved.revision, saved.actor) == (1, 1, "alice")
    assert (saved.site, saved.submitter) == ("harbour", "alice")


def test_times_come_from_the_clock_in_utc(path: Path) -> None:
    CaseStore.open(path).close()
    moment = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    db = connect(path)
    store = CaseStore(db, clock=lambda: moment)

    assert store.put(a_case(), actor="alice").saved_at == (
        "2026-06-01T12:00:00.000000+00:00"
    )
    db.close()


def test_another_process_reads_what_was_saved(store: CaseStore, path: Path) -> None:
    store.put(a_case(), actor="alice")

    with CaseStore.open(path) as other:
        assert other.get("P1").case == a_case()


def test_a_case_needs_an_id(store: CaseStore) -> None:
    with pytest.raises(UnstorableCase, match="must be an id of at least one character"):
        store.put(a_case(""), actor="alice")


def test_an_id_with_a_nul_is_refused_as_it_could_not_be_erased(
    store: CaseStore,
) -> None:
    with pytest.raises(UnstorableCase, match="must be an id without a NUL"):
        store.put(a_case("P1\0x"), actor="alice")
    assert store.count() == 0


def test_an_unknown_case_is_named(store: CaseStore) -> None:
    with pytest.raises(UnknownCase, match="There is no case 'P9'"):
        store.get("P9")


def test_history_keeps_every_version_and_the_deletion(store: CaseStore) -> None:
    store.put(a_case(), actor="alice")
    store.put(a_case(note="changed"), actor="bob")
    store.delete("P1", "dana")

    history = store.history("P1")

    assert [(r.version, r.action, r.actor) for r in history] == [
        (1, Action.SAVED, "alice"),
        (2, Action.SAVED, "bob"),
        (3, Action.DELETED, "dana"),
    ]
    assert [r.case.note if r.case else None for r in history] == [
        "told by her mother",
        "changed",
        None,
    ]


def test_history_of_an_unknown_case_is_an_error(store: CaseStore) -> None:
    with pytest.raises(UnknownCase):
        store.history("P9")


def test_a_deleted_case_is_gone_and_may_come_back_as_a_later_version(
    store: CaseStore,
) -> None:
    store.put(a_case(), actor="alice")
    store.delete("P1", "alice")

    with pytest.raises(UnknownCase):
        store.get("P1")
    with pytest.raises(UnknownCase):
        store.delete("P1", "alice")
    assert store.count() == 0
    assert store.cases_with_term("HP:0001250") == ()
    assert store.put(a_case(), actor="alice", expected_version=0).version == 3


class TestVersions:
    def test_the_expected_version_may_be_replaced(self, store: CaseStore) -> None:
        store.put(a_case(), actor="alice", expected_version=0)

        assert store.put(a_case(), actor="bob", expected_version=1).version == 2

    def test_a_conflict_tells_who_changed_the_case_and_when(
        self, store: CaseStore
    ) -> None:
        store.put(a_case(), actor="alice")
        second = store.put(a_case(note="new"), actor="bob")

        with pytest.raises(CaseChanged) as conflict:
            store.put(a_case(note="lost"), actor="alice", expected_version=1)

        assert (conflict.value.actor, conflict.value.saved_at) == (
            "bob",
            second.saved_at,
        )
        assert "is now version 2 (changed by bob at" in str(conflict.value)
        assert store.get("P1").case.note == "new"

    def test_a_new_case_may_not_replace_one(self, store: CaseStore) -> None:
        store.put(a_case(), actor="alice")

        with pytest.raises(CaseChanged, match="is now version 1"):
            store.put(a_case(), actor="bob", expected_version=0)

    def test_a_case_that_never_was_cannot_be_changed(self, store: CaseStore) -> None:
        with pytest.raises(CaseChanged, match="does not exist, but"):
            store.put(a_case(), actor="bob", expected_version=3)

    def test_a_change_of_a_deleted_case_names_the_deleter(
        self, store: CaseStore
    ) -> None:
        store.put(a_case(), actor="alice")
        store.delete("P1", "dana")

        with pytest.raises(CaseChanged, match="does not exist .changed by dana at"):
            store.put(a_case(), actor="alice", expected_version=1)

    def test_deleting_needs_the_expected_version_if_one_is_given(
        self, store: CaseStore
    ) -> None:
        store.put(a_case(), actor="alice")

        with pytest.raises(CaseChanged):
            store.delete("P1", "bob", expected_version=2)
        store.delete("P1", "bob", expected_version=1)

        assert store.count() == 0

    def test_of_two_writers_from_one_version_exactly_one_wins(
        self, path: Path, store: CaseStore
    ) -> None:
        store.put(a_case(), actor="alice")
        barrier = threading.Barrier(4)
        outcomes: list[str] = []

        def change(name: str) -> None:
            with CaseStore.open(path) as own:
                barrier.wait()
                try:
                    own.put(a_case(note=name), actor=name, expected_version=1)
                    outcomes.append("saved")
                except CaseChanged:
                    outcomes.append("refused")

        run_together([lambda n=n: change(f"writer {n}") for n in range(4)])

        assert sorted(outcomes) == ["refused"] * 3 + ["saved"]
        assert store.get("P1").version == 2


def run_together(jobs: list[Any]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestSites:
    def test_a_case_id_of_another_site_is_never_overwritten(
        self, store: CaseStore
    ) -> None:
        store.put(a_case(), actor="alice")

        with pytest.raises(CaseOfAnotherSite, match="'P1' is in use at another site"):
            store.put(a_case(site="island"), actor="charlie")
        with pytest.raises(CaseOfAnotherSite):
            store.put_many([a_case("P2"), a_case(site=None)], actor="charlie")

        assert store.get("P1").site == "harbour"
        assert store.count() == 1

    def test_a_case_moves_to_another_site_from_a_version_that_was_read(
        self, store: CaseStore
    ) -> None:
        store.put(a_case(), actor="alice")

        moved = store.put(a_case(site="island"), actor="dana", expected_version=1)

        assert moved.site == "island"
        assert store.count(site="harbour") == 0

    def test_one_external_id_names_one_case_of_a_site(self, store: CaseStore) -> None:
        store.put(a_case("P1"), actor="alice", external_id="7")
        store.put(a_case("P2", site="island"), actor="charlie", external_id="7")

        with pytest.raises(ExternalIdTaken, match="'7' already names case 'P1'"):
            store.put(a_case("P3"), actor="alice", external_id="7")

        assert store.find("harbour", "7") == "P1"
        assert store.find("island", "7") == "P2"
        assert store.find(None, "7") is None
        assert store.count() == 2

    def test_an_external_id_twice_in_one_import_is_refused(
        self, store: CaseStore
    ) -> None:
        with pytest.raises(ExternalIdTaken, match="'7' already names case 'P1'"):
            store.put_many(
                [a_case("P1"), a_case("P2")],
                actor="alice",
                external_ids={"P1": "7", "P2": "7"},
            )

        assert store.count() == 0

    def test_a_case_keeps_its_external_id(self, store: CaseStore) -> None:
        store.put(a_case(), actor="alice", external_id="7")

        assert store.put(a_case(note="new"), actor="alice").external_id == "7"


class TestMany:
    def test_many_are_saved_together(self, store: CaseStore) -> None:
        cases = [a_case(f"P{n:04}") for n in range(1200)]

        assert store.put_many(iter(cases), actor="alice") == 1200

        assert [stored.case for stored in store.cases()] == cases
        assert store.revision() == 1200

    def test_many_are_saved_wholly_or_not_at_all(self, store: CaseStore) -> None:
        cases = [a_case(f"P{n:04}") for n in range(1200)]
        cases.append(a_case("bad", age_years=float("nan")))

        with pytest.raises(StoreError, match="Case 'bad' cannot be stored"):
            store.put_many(cases, actor="alice")

        assert (store.count(), store.revision()) == (0, 0)

    def test_a_case_twice_is_refused(self, store: CaseStore) -> None:
        with pytest.raises(RepeatedCase, match="Case id 'P1' stands twice"):
            store.put_many([a_case(), a_case()], actor="alice")

        assert store.count() == 0

    def test_an_error_of_the_source_leaves_nothing(self, store: CaseStore) -> None:
        def source() -> Iterator[Case]:
            yield a_case()
            raise OSError("the file ended early")

        with pytest.raises(OSError, match="ended early"):
            store.put_many(source(), actor="alice")

        assert store.count() == 0

    def test_many_again_are_the_next_versions(self, store: CaseStore) -> None:
        store.put_many([a_case("P1"), a_case("P2")], actor="alice")
        store.put_many([a_case("P2", features=()), a_case("P3")], actor="alice")

        assert [s.version for s in store.cases()] == [1, 2, 1]
        assert store.cases_with_term("HP:0001250") == ("P1", "P3")


class TestLookup:
    def test_cases_are_chosen_by_site_and_submitter(self, store: CaseStore) -> None:
        store.put(a_case("P1"), actor="alice")
        store.put(a_case("P2", submitter="bob"), actor="bob")
        store.put(a_case("P3", site="island"), actor="charlie")

        def ids(**chosen: str) -> list[str]:
            return [stored.case.case_id for stored in store.cases(**chosen)]

        assert ids() == ["P1", "P2", "P3"]
        assert ids(site="harbour") == ["P1", "P2"]
        assert ids(site="harbour", submitter="bob") == ["P2"]
        assert store.count() == 3
        assert store.count(site="harbour") == 2
        assert store.count(submitter="alice") == 2

    def test_many_are_read_together_without_those_that_are_not_there(
        self, store: CaseStore
    ) -> None:
        store.put_many([a_case("P1"), a_case("P2"), a_case("P3")], actor="alice")
        store.delete("P2", "alice")

        found = store.get_many(["P3", "P2", "P1", "' OR true --"])

        assert found == {"P1": store.get("P1"), "P3": store.get("P3")}

    def test_a_damaged_one_of_many_is_told_of(
        self, store: CaseStore, path: Path
    ) -> None:
        store.put_many([a_case("P1"), a_case("P2")], actor="alice")
        with contextlib.closing(connect(path)) as db:
            db.execute("UPDATE revisions SET actor = 'bob' WHERE case_id = 'P1'")
        damaged: list[DamagedCase] = []

        assert store.get_many(["P1", "P2"], on_damage=damaged.append).keys() == {"P2"}
        assert [error.case_id for error in damaged] == ["P1"]
        with pytest.raises(DamagedCase, match="P1"):
            store.get_many(["P1", "P2"])

    def test_cases_are_found_by_term_and_gene_as_entered(
        self, store: CaseStore
    ) -> None:
        store.put(a_case("P1"), actor="alice")
        store.put(a_case("P2", genomic_features=()), actor="alice")

        assert store.cases_with_term("HP:0001251") == ("P1", "P2")
        assert store.cases_with_term("HP:0000001") == ()
        assert store.cases_with_gene("KARS1") == ("P1",)
        assert store.term_counts() == {"HP:0001250": 2, "HP:0001251": 2}

    @pytest.mark.parametrize(
        "text", ["x' OR '1'='1", "%", "P1; DROP TABLE cases", "é☃", "a\0b", ""]
    )
    def test_any_text_is_a_value_and_never_a_command(
        self, store: CaseStore, text: str
    ) -> None:
        case_id = f"id {text}".replace("\0", "")
        feature = PhenotypicFeature(term_id=text)
        store.put(a_case("P1"), actor="alice")
        store.put(
            a_case(case_id, site=text, submitter=text, features=(feature,)),
            actor=text,
        )

        assert store.count(site=text) == 1
        assert store.get(case_id).actor == text
        assert store.cases_with_term(text) == (case_id,)
        assert store.check() == ()


class TestChangeFeed:
    def test_an_empty_store_is_at_revision_zero(self, store: CaseStore) -> None:
        assert store.revision() == 0
        assert list(store.changes(0)) == []

    def test_a_mark_tells_one_history_from_another_whatever_is_done_later(
        self, store: CaseStore, tmp_path: Path
    ) -> None:
        assert store.mark() == Mark()
        store.put(a_case("P1"), actor="alice")
        mark = store.mark()
        store.erase("P1", "alice")
        with CaseStore.open(tmp_path / "other.db") as other:
            other.put(a_case("P1"), actor="alice")

            assert store.mark(1) == mark != other.mark(1)
        assert store.mark().revision == store.revision() == 2
        assert store.mark(3) == Mark()

    def test_a_follower_hears_of_each_case_once_in_order(
        self, store: CaseStore
    ) -> None:
        store.put(a_case("P1"), actor="alice")
        store.put(a_case("P2"), actor="alice")
        store.put(a_case("P1", note="new"), actor="alice")
        store.delete("P2", "alice")

        assert list(store.changes(0)) == [
            Change(revision=3, case_id="P1", deleted=False),
            Change(revision=4, case_id="P2", deleted=True),
        ]
        assert list(store.changes(3)) == [
            Change(revision=4, case_id="P2", deleted=True)
        ]
        assert list(store.changes(4)) == []

    def test_a_failed_write_takes_no_revision(self, store: CaseStore) -> None:
        with pytest.raises(CaseChanged):
            store.put(a_case(), actor="alice", expected_version=4)

        assert store.revision() == 0

    def test_a_follower_that_reads_while_others_write_ends_with_the_same_cases(
        self, path: Path, store: CaseStore
    ) -> None:
        store.put_many([a_case(f"P{n:04}") for n in range(700)], actor="alice")
        mirror: dict[str, Case] = {}

        since = store.revision()
        for position, stored in enumerate(store.cases()):
            mirror[stored.case.case_id] = stored.case
            if position == 100:
                with CaseStore.open(path) as other:
                    other.delete("P0001", "bob")
                    other.put(a_case("P0050", note="late"), actor="bob")
                    other.put(a_case("P0690", note="late"), actor="bob")
                    other.put(a_case("A0000"), actor="bob")
        for change in store.changes(since):
            if change.deleted:
                mirror.pop(change.case_id, None)
            else:
                mirror[change.case_id] = store.get(change.case_id).case

        assert mirror == {s.case.case_id: s.case for s in store.cases()}


class TestErasure:
    def test_no_byte_of_an_erased_case_stays(
        self, store: CaseStore, path: Path
    ) -> None:
        store.put_many([a_case(f"P{n:03}") for n in range(50)], actor="alice")
        store.put(a_case("P007", note="canary one"), actor="alice", external_id="MRN77")
        store.put(
            a_case(
                "P007",
                note="canary two",
                features=(PhenotypicFeature(term_id="HP:canary"),),
            ),
            actor="alice",
        )

        store.erase("P007", "dana")

        files = b"".join(p.read_bytes() for p in path.parent.iterdir())
        assert b"canary" not in files
        assert b"MRN77" not in files
        assert store.check() == ()

    def test_history_says_that_it_was_erased_and_nothing_more(
        self, store: CaseStore
    ) -> None:
        store.put(a_case(), actor="alice")
        store.erase("P1", "dana")

        history = store.history("P1")

        assert [(r.action, r.actor, r.case) for r in history] == [
            (Action.SAVED, "alice", None),
            (Action.ERASED, "dana", None),
        ]
        assert list(store.changes(0))[-1].deleted

    def test_an_erased_id_never_comes_back(self, store: CaseStore) -> None:
        store.put(a_case(), actor="alice")
        store.erase("P1", "dana")

        with pytest.raises(ErasedCase, match="Case 'P1' was erased at"):
            store.put(a_case(), actor="alice")
        with pytest.raises(UnknownCase):
            store.erase("P1", "dana")

    def test_a_deleted_case_can_still_be_erased(self, store: CaseStore) -> None:
        store.put(a_case(), actor="alice")
        store.delete("P1", "alice")

        store.erase("P1", "dana")

        assert all(revision.case is None for revision in store.history("P1"))


class TestFullDisk:
    @pytest.mark.parametrize("spare_pages", range(0, 40, 3))
    def test_a_full_disk_is_named_and_leaves_nothing_partial(
        self, path: Path, spare_pages: int
    ) -> None:
        CaseStore.open(path).close()
        db = connect(path)
        store = CaseStore(db)
        store.put(a_case("P1"), actor="alice")
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages + spare_pages}").fetchone()

        with pytest.raises(DatabaseFull, match="nothing was saved"):
            store.put_many([a_case(f"Q{n}") for n in range(400)], actor="alice")

        assert [s.case for s in store.cases()] == [a_case("P1")]
        assert store.revision() == 1
        assert store.check() == ()
        db.execute("PRAGMA max_page_count=1000000").fetchone()
        assert store.put(a_case("P2"), actor="alice").version == 1
        db.close()


class TestConnections:
    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("busy_timeout", 5000),
            ("trusted_schema", 0),
            ("secure_delete", 1),
        ],
    )
    def test_every_connection_has_the_safe_settings(
        self, store: CaseStore, path: Path, setting: str, value: object
    ) -> None:
        db = connect(path)

        assert db.execute(f"PRAGMA {setting}").fetchone()[0] == value
        db.close()

    def test_a_new_database_is_private(self, store: CaseStore, path: Path) -> None:
        store.put(a_case(), actor="alice")

        modes = {p.name: p.stat().st_mode & 0o777 for p in path.parent.iterdir()}

        assert set(modes.values()) == {0o600}, modes

    def test_a_folder_that_is_missing_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="its folder must exist and belong"):
            CaseStore.open(tmp_path / "absent" / "cases.db")

    def test_another_kind_of_file_is_named(self, path: Path) -> None:
        path.write_text("This is no database. " * 400)

        with pytest.raises(StoreError, match="is damaged"):
            CaseStore.open(path)

    def test_a_write_inside_a_write_belongs_to_it(self, store: CaseStore) -> None:
        db = connect(store.path)
        inner = CaseStore(db)

        with pytest.raises(ZeroDivisionError), write_transaction(db):
            inner.put(a_case(), actor="alice")
            inner.erase("P1", "alice")
            1 / 0

        assert store.revision() == 0
        db.close()

    def test_an_error_inside_a_write_inside_a_write_undoes_only_that(
        self, store: CaseStore
    ) -> None:
        db = connect(store.path)
        inner = CaseStore(db)

        with write_transaction(db):
            inner.put(a_case("P1"), actor="alice", external_id="7")
            with pytest.raises(ExternalIdTaken):
                inner.put(a_case("P2"), actor="alice", external_id="7")

        assert (store.count(), store.revision()) == (1, 1)
        assert store.check() == ()
        db.close()
