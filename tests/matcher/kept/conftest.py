"""A data directory with two small releases, a store of made cases, and who keeps rankings."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from matcher.calibration import Calibration, Tail, calibrate
from matcher import Constraints
from matcher.case import Case, GenomicFeature, Onset, PhenotypicFeature, Sharing
from matcher.kept.keeping import Asked, keep
from matcher.kept.replay import Replayer
from matcher.matching import Matcher
from matcher.storage.database import connect
from matcher.storage.kept_rankings import KeptRankings
from matcher.storage.store import CaseStore
from ontologies.files.sources import Kind
from ontologies.compiling import compile_release
from ontologies.release import Release

from ...conftest import ANNOTATIONS, HpoSlice
from ...ontologies.conftest import ORPHANET, make_library
from ..conftest import CAUSES, HGNC

SIGNS = (
    "HP:0000707 HP:0012638 HP:0001250 HP:0002197 HP:0007359 HP:0001507 HP:0000002"
    " HP:0001510 HP:0004322"
).split()
MODES = ("HP:0000006", "HP:0000007")
PANEL = 40


@dataclass(frozen=True)
class SmallReleases:
    """Two releases whose terms are of different rarity, compiled below `directory`."""

    directory: Path
    older: Release
    newer: Release


@pytest.fixture(scope="session")
def small_releases(
    hpo_slice: HpoSlice, tmp_path_factory: pytest.TempPathFactory
) -> SmallReleases:
    """Both compiled once; the newer one has a disease more, with seizures."""
    directory = tmp_path_factory.mktemp("releases")
    contents = {
        Kind.HPO: hpo_slice.ontology_path.read_bytes(),
        Kind.ANNOTATIONS: ANNOTATIONS.encode(),
        Kind.GENES: gzip.compress(HGNC.encode(), mtime=0),
        Kind.DISEASE_GENES: CAUSES.encode(),
        Kind.DISEASES: ORPHANET.encode(),
    }
    more = "OMIM:100010|Tenth||HP:0007359|PMID:9|PCS|||||P|HPO:hand\n"
    later = f"{ANNOTATIONS}{more.replace('|', chr(9))}".encode()
    made = []
    for text in (contents[Kind.ANNOTATIONS], later):
        library = make_library(directory, {**contents, Kind.ANNOTATIONS: text})
        made.append(compile_release(library.bundle, library.catalogue, directory))
    return SmallReleases(directory, *made)


@dataclass
class Site:
    """A database with cases, and a matcher as it is set up at the moment."""

    directory: Path
    store: CaseStore
    kept: KeptRankings
    calibration: Calibration
    release: Release

    def matcher(self) -> Matcher:
        """Over all cases that are stored now."""
        cases = [stored.case for stored in self.store.cases()]
        return Matcher(self.release, cases, self.calibration)

    def keep(
        self,
        query_id: str,
        *,
        at_most: int | None = 10,
        actor: str = "alice",
        matcher: Matcher | None = None,
        constraints: Constraints = Constraints(),
        cut: int | None = None,
    ) -> int | None:
        """Rank a stored case and keep the answer, or the best `cut` of it."""
        as_of = self.store.revision()
        matcher = matcher or self.matcher()
        case = self.store.get(query_id).case
        answer = matcher.answer(case, limit=at_most, constraints=constraints)
        return keep(
            self.kept,
            Asked(
                query_id=query_id,
                as_of=as_of,
                actor=actor,
                place="test",
                at_most=at_most,
                constraints=constraints,
            ),
            answer.matches[:cut],
            answer.searched,
            matcher=matcher,
            directory=self.directory,
        )

    def kept_number(self, query_id: str, **arguments: object) -> int:
        """The same, of an answer that must be new."""
        number = self.keep(query_id, **arguments)  # type: ignore[arg-type]
        assert number is not None
        return number

    def replayer(self) -> Replayer:
        """Over this database and this directory."""
        return Replayer(self.kept, self.directory)

    def edit(self, case_id: str, **changes: object) -> Case:
        """Save a case with some fields changed."""
        stored = self.store.get(case_id)
        case = replace(stored.case, **changes)  # type: ignore[arg-type]
        return self.store.put(case, actor="bob").case


def a_case(number: int, **changes: object) -> Case:
    """One of many cases, each with signs, and some with genes, modes and onsets."""
    choose = random.Random(number)
    signs = choose.sample(SIGNS, choose.randint(1, 5))
    case = Case(
        case_id=f"P{number:03}",
        features=tuple(
            PhenotypicFeature(term_id=term_id, label=f"Sign {term_id[-4:]}")
            for term_id in signs
        ),
        genomic_features=(GenomicFeature(gene="KARS1"),) if number % 3 == 0 else (),
        onset=Onset(years=number / 7) if number % 2 else None,
        inheritance=(choose.choice(MODES),) if number % 5 == 0 else (),
        site="North",
        submitter="alice",
        sharing=Sharing.NETWORK,
    )
    return replace(case, **changes)  # type: ignore[arg-type]


def small_calibration(release: Release, first: int = 500) -> Calibration:
    """A calibration against made cases."""
    return calibrate(
        release, [a_case(first + n) for n in range(PANEL)], tail=Tail(factor=0.9)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.db"


@pytest.fixture
def site(path: Path, small_releases: SmallReleases, tmp_path: Path) -> Iterator[Site]:
    """Twelve cases on the older release."""
    (tmp_path / "releases").symlink_to(small_releases.directory / "releases")
    CaseStore.open(path).close()
    with closing(connect(path)) as db:
        store = CaseStore(db)
        store.put_many(cases(12), actor="alice")
        yield Site(
            directory=tmp_path,
            store=store,
            kept=KeptRankings(db),
            calibration=small_calibration(small_releases.older),
            release=small_releases.older,
        )


def cases(count: int) -> Sequence[Case]:
    """The first `count` made cases."""
    return [a_case(number) for number in range(count)]
