from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matcher import Calibration, Case, Matcher
from matcher.storage.beside import drop_index, index_path, unfinished_path
from matcher.calibration import default_calibration
from matcher.case import (
    Disease,
    GenomicFeature,
    Onset,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from matcher.evidence.settings import EvidenceSettings
from matcher.engine.kept_index import ALIGNMENT, KeptIndex, index_key, keep, load
from matcher.simulation import demonstration_cases
from matcher.storage.database import connect
from matcher.storage.store import CaseStore
from ontologies import Release

KEY = "0" * 64
SIGNS = ("HP:0001250", "HP:0000252", "HP:0000154")


@pytest.fixture(scope="module")
def calibration(release: Release) -> Calibration:
    return default_calibration(release)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    with CaseStore.open(tmp_path / "cases.db") as opened:
        yield opened


@pytest.fixture
def matcher(release: Release, calibration: Calibration) -> Matcher:
    return Matcher(release, calibration=calibration)


def telling(case_id: str, canary: str) -> Case:
    """A case with the canary in everything that an index holds."""
    return Case(
        case_id=case_id,
        features=tuple(PhenotypicFeature(term_id=sign) for sign in SIGNS),
        genomic_features=(
            GenomicFeature(
                gene="HGNC:22203",
                variant=Variant(
                    hgvs=("NM_014660.4:c.2543A>G",),
                    label=canary,
                    assembly="GRCh38",
                    chromosome="7",
                    start=11_051_720,
                    reference="A",
                    alternate="G",
                ),
            ),
        ),
        diseases=(Disease(disease_id=f"{canary}:1", label=canary),),
        onset=Onset(years=3.25),
        inheritance=("HP:0000006",),
        site=f"{canary}-site",
        submitter=f"{canary}-person",
        family=f"{canary}-family",
        sharing=Sharing.NETWORK,
    )


def varied(release: Release) -> list[Case]:
    """Simulated cases, some with each kind of evidence that an index numbers."""
    cases = list(demonstration_cases(release, per_site=40))
    genes = ("HGNC:22203", "KMT2D", "no such gene")
    return [
        replace(
            telling(case.case_id, f"canary{number % 7}"),
            features=case.features,
            genomic_features=telling("", f"c{number % 5}").genomic_features
            + (GenomicFeature(gene=genes[number % 3]),),
            onset=Onset(years=number % 11) if number % 4 else None,
            inheritance=("HP:0000006",) if number % 3 else ("HP:0000007",),
        )
        for number, case in enumerate(cases)
    ]


def kept_again(store: CaseStore) -> KeptIndex:
    found = load(store, KEY)
    assert found is not None
    return found


def reopened(
    release: Release, calibration: Calibration, kept: KeptIndex, cases: list[Case]
) -> Matcher:
    return Matcher(
        release,
        calibration=calibration,
        kept=(kept.segment, kept.catalogue),
        fetch={case.case_id: case for case in cases}.get,
    )


def test_scores_of_a_kept_index_are_exactly_those_of_a_fresh_one(
    release: Release, calibration: Calibration, store: CaseStore, matcher: Matcher
) -> None:
    cases = varied(release)
    matcher.add_all(cases)
    matcher.add_all(replace(case, family="moved") for case in cases[:5])
    for case in cases[5:40]:
        matcher.remove(case.case_id)
    left = [replace(case, family="moved") for case in cases[:5]] + cases[40:]
    keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, 0)

    again = reopened(release, calibration, kept_again(store), left)
    fresh = Matcher(release, left, calibration)

    for query in cases[::9]:
        found, expected = (each.rank(query, limit=None) for each in (again, fresh))
        assert [(m.case_id, m.score, m.probability, m.efm) for m in found] == [
            (m.case_id, m.score, m.probability, m.efm) for m in expected
        ]
        assert [m.evidence for m in found[:5]] == [m.evidence for m in expected[:5]]


def test_a_kept_index_grows_and_shrinks_like_any_other(
    release: Release, calibration: Calibration, store: CaseStore, matcher: Matcher
) -> None:
    cases = varied(release)
    matcher.add_all(cases[:60])
    keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, 0)

    again = reopened(release, calibration, kept_again(store), cases)
    again.add_all(cases[60:])
    again.remove(cases[0].case_id)

    fresh = Matcher(release, cases[1:], calibration)
    assert [(m.case_id, m.score) for m in again.rank(cases[0], limit=None)] == [
        (m.case_id, m.score) for m in fresh.rank(cases[0], limit=None)
    ]


def test_an_index_without_cases_is_kept_and_found(
    store: CaseStore, matcher: Matcher
) -> None:
    assert keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, 0)

    assert len(kept_again(store).segment) == 0


def test_only_its_owner_may_read_the_file(store: CaseStore, matcher: Matcher) -> None:
    keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, 0)

    assert stat.S_IMODE(index_path(store.path).stat().st_mode) == 0o600


def followed(store: CaseStore, matcher: Matcher) -> int:
    """Bring a matcher up to date; the revision it is at."""
    for change in store.changes(0):
        if not change.deleted:
            matcher.add(store.get(change.case_id).case)
        elif change.case_id in matcher:
            matcher.remove(change.case_id)
    return store.revision()


@pytest.mark.parametrize("how", ["delete", "erase"])
def test_nothing_of_a_removed_case_is_left(
    store: CaseStore, matcher: Matcher, how: str
) -> None:
    for number in range(20):
        store.put(telling(f"stays-{number}", "keeper"), actor="alice")
    store.put(telling("canary-1", "canary"), actor="alice")
    revision = followed(store, matcher)
    keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, revision)
    assert b"canary" in index_path(store.path).read_bytes()

    getattr(store, how)("canary-1", "alice")

    assert [path for path in store.path.parent.iterdir() if "index" in path.name] == []
    revision = followed(store, matcher)
    assert keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, revision)
    content = index_path(store.path).read_bytes()
    assert b"canary" not in content
    assert b"keeper" in content


@pytest.mark.parametrize("how", ["delete", "erase"])
def test_who_did_not_see_a_removal_keeps_nothing(
    store: CaseStore, matcher: Matcher, how: str
) -> None:
    store.put(telling("canary-1", "canary"), actor="alice")
    revision = followed(store, matcher)
    getattr(store, how)("canary-1", "alice")

    kept = keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, revision)

    assert not kept
    assert [path for path in store.path.parent.iterdir() if "index" in path.name] == []


def test_removal_clears_what_another_process_is_writing(store: CaseStore) -> None:
    store.put(telling("canary-1", "canary"), actor="alice")
    unfinished = unfinished_path(store.path, "abc")
    unfinished.write_bytes(b"canary")

    store.erase("canary-1", "alice")

    assert not unfinished.exists()


def test_writer_whose_file_was_cleared_keeps_nothing(
    store: CaseStore, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = store.keep_index

    def cleared(unfinished: Path, revision: int, release_id: str) -> bool:
        drop_index(store.path)
        return replaced(unfinished, revision, release_id)

    monkeypatch.setattr(store, "keep_index", cleared)

    assert not keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, 0)
    assert not index_path(store.path).exists()


def kept_with(store: CaseStore, matcher: Matcher) -> Path:
    store.put(telling("case-1", "canary"), actor="alice")
    revision = followed(store, matcher)
    assert keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, revision)
    return index_path(store.path)


@pytest.mark.parametrize("place", np.linspace(0, 0.999, 25))
def test_one_flipped_bit_is_noticed(
    store: CaseStore, matcher: Matcher, place: float
) -> None:
    path = kept_with(store, matcher)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 4
    path.write_bytes(content)

    assert load(store, KEY) is None
    assert not path.exists()


@pytest.mark.parametrize("size", [0, 1, 40, ALIGNMENT, ALIGNMENT + 1, -1, -ALIGNMENT])
def test_a_file_cut_short_is_noticed(
    store: CaseStore, matcher: Matcher, size: int
) -> None:
    path = kept_with(store, matcher)
    path.write_bytes(path.read_bytes()[:size])

    assert load(store, KEY) is None
    assert not path.exists()


def test_an_index_of_other_code_or_another_calibration_is_not_used(
    store: CaseStore, matcher: Matcher
) -> None:
    kept_with(store, matcher)

    assert load(store, "1" * 64) is None
    assert load(store, KEY) is None


def test_an_index_of_another_database_is_not_used(
    store: CaseStore, matcher: Matcher, tmp_path: Path
) -> None:
    path = kept_with(store, matcher)
    with CaseStore.open(tmp_path / "other.db") as other:
        other.put(telling("case-1", "canary"), actor="alice")
        shutil.copy(path, index_path(other.path))

        assert load(other, KEY) is None


def test_an_index_is_not_used_on_a_restored_database_with_another_future(
    store: CaseStore, matcher: Matcher, tmp_path: Path
) -> None:
    store.put(telling("before", "canary"), actor="alice")
    store.backup(tmp_path / "restored.db")
    path = kept_with(store, matcher)
    with CaseStore.open(tmp_path / "restored.db") as restored:
        shutil.copy(path, index_path(restored.path))
        assert load(restored, KEY) is None

        shutil.copy(path, index_path(restored.path))
        restored.put(telling("else", "canary"), actor="alice")
        restored.put(telling("later", "canary"), actor="alice")
        assert load(restored, KEY) is None


def test_an_index_that_missed_a_removal_is_not_used(
    store: CaseStore, matcher: Matcher, tmp_path: Path
) -> None:
    path = kept_with(store, matcher)
    shutil.copy(path, tmp_path / "copy")
    store.put(telling("case-2", "canary"), actor="alice")
    store.delete("case-2", "alice")
    shutil.copy(tmp_path / "copy", path)

    assert load(store, KEY) is None
    assert not path.exists()


def test_key_names_release_calibration_and_settings(calibration: Calibration) -> None:
    settings = EvidenceSettings()
    keys = {
        index_key("a", calibration, settings),
        index_key("b", calibration, settings),
        index_key("a", replace(calibration, expected_partners=2.0), settings),
        index_key("a", calibration, replace(settings, confirmed_trust=0.5)),
        index_key("a", calibration, replace(settings, candidate_trust=0.1)),
        index_key("a", calibration, replace(settings, onset_years={})),
    }

    assert len(keys) == 6
    assert index_key("a", calibration, settings) in keys


def test_key_names_the_code_that_decides_what_is_seen(
    calibration: Calibration, tmp_path: Path
) -> None:
    def key() -> str | None:
        return index_key("a", calibration, EvidenceSettings(), [tmp_path])

    (tmp_path / "consent.py").write_text("shown = 1", "utf-8")
    before = key()
    (tmp_path / "consent.py").write_text("shown = 2", "utf-8")

    assert key() != before


def test_an_index_made_with_a_chain_file_is_never_kept(
    calibration: Calibration,
) -> None:
    class Lifting:
        def lift(self, chromosome: str, position: int) -> int | None:
            return position

    assert index_key("a", calibration, EvidenceSettings(chain=Lifting())) is None


def test_a_view_of_the_cases_has_an_index_of_its_own(
    store: CaseStore, matcher: Matcher
) -> None:
    store.put(telling("canary-1", "canary"), actor="alice")
    revision = followed(store, matcher)
    view = CaseStore(connect(store.path), view="peers")

    keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, revision)
    assert load(view, KEY) is None
    assert index_path(store.path, "peers") != index_path(store.path)

    keep(store, KEY, matcher.index.snapshot(), matcher.catalogue, revision)
    keep(view, KEY, matcher.index.snapshot(), matcher.catalogue, revision)
    store.delete("canary-1", "alice")
    assert [path for path in store.path.parent.iterdir() if "index" in path.name] == []
    view.close()
