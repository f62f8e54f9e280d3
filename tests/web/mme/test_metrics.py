"""The numbers of a node are true, count nothing that is not shared, and are not costly to ask."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matcher.case import (
    Case,
    Disease,
    DiseaseStatus,
    GenomicFeature,
    PhenotypicFeature,
    Sharing,
    Variant,
)
from matcher.readers import mme
from matcher.storage.store import CaseStore
from ontologies import Release
from web.db import open_database
from web.mme.metrics import (
    FRESH_SECONDS,
    BeingCounted,
    Metrics,
    MetricsDesk,
    counted,
    note_matched_genes,
)

from .answering.test_server import TERMS, Site, case, found, patient, running

pytestmark = pytest.mark.usefixtures("everybody_agreed")

SEIZURE, HYPOTONIA, MICROCEPHALY, DELAY = TERMS
PLACED = Variant(assembly="GRCh37", chromosome="17", start=42929131, reference="G")
HELD_BACK = Variant(assembly="GRCh37", chromosome="17", start=9, shareable=False)
ONE, TWO = Sharing.EXCHANGE_1, Sharing.EXCHANGE_2


def of(case_id: str, sharing: Sharing, *terms: str, **more: Any) -> Case:
    features = tuple(PhenotypicFeature(term_id=term_id) for term_id in terms)
    return Case(case_id=case_id, sharing=sharing, features=features, **more)


def genes(*given: tuple[str, Variant | None]) -> dict[str, Any]:
    return {
        "genomic_features": tuple(GenomicFeature(gene=g, variant=v) for g, v in given)
    }


def diagnosis(status: DiseaseStatus) -> dict[str, Any]:
    return {"diseases": (Disease(disease_id="OMIM:610536", status=status),)}


CASES = [
    of("a", ONE, SEIZURE, HYPOTONIA, submitter="alice", **genes(("KARS", PLACED))),
    # The same terms in another order, one of them twice, the gene by its newer name.
    of("b", TWO, HYPOTONIA, SEIZURE, HYPOTONIA, **genes(("KARS1", PLACED))),
    of("c", TWO, **genes(("EFTUD2", PLACED), ("EFTUD2", HELD_BACK)), submitter="bob"),
    of("d", ONE, DELAY, submitter="bob", **diagnosis(DiseaseStatus.CONFIRMED)),
    of("e", ONE, MICROCEPHALY, submitter="bob", **diagnosis(DiseaseStatus.CANDIDATE)),
    of("a-test", ONE, SEIZURE, test=True),
    of("private", Sharing.PRIVATE, SEIZURE, submitter="eve"),
    of("network", Sharing.NETWORK, SEIZURE, submitter="eve"),
]


@pytest.fixture
def metrics(tmp_path: Path, everybody_agreed: None, release: Release) -> Metrics:
    db = open_database(tmp_path / "secondcase.db")
    with CaseStore(db) as store:
        store.put_many(CASES, actor="test")
        excluded = PhenotypicFeature(term_id=SEIZURE, excluded=True)
        store.put(of("f", ONE, submitter="bob"), actor="test")
        store.put(
            Case(case_id="g", sharing=ONE, features=(excluded,), submitter="bob"),
            actor="test",
        )
        return counted(db, release)


@pytest.mark.parametrize(
    "name, number",
    [
        ("numberOfCases", 7),
        ("numberOfSubmitters", 2),
        ("numberOfGenes", 3),
        ("numberOfUniqueGenes", 2),
        ("numberOfVariants", 2),
        ("numberOfUniqueVariants", 1),
        ("numberOfFeatures", 6),
        ("numberOfUniqueFeatures", 4),
        ("numberOfFeatureSets", 4),
        ("numberOfUniqueFeatureSets", 3),
        ("numberOfCasesWithDiagnosis", 1),
        ("numberOfRequestsReceived", 0),
        ("numberOfPotentialMatchesSent", 0),
        ("numberOfUniqueGenesMatched", 0),
        ("meanNumberOfGenesPerCase", 0.43),
        ("meanNumberOfVariantsPerCase", 0.29),
        ("meanNumberOfPhenotypesPerCase", 0.86),
    ],
)
def test_what_is_shared_is_counted(metrics: Metrics, name: str, number: float) -> None:
    assert metrics.to_json()[name] == number


def test_a_node_without_cases_has_numbers_too(tmp_path: Path, release: Release) -> None:
    with contextlib.closing(open_database(tmp_path / "secondcase.db")) as db:
        told = counted(db, release).to_json()

    assert told.pop("dateGenerated")
    assert set(told.values()) == {0}


def test_questions_and_what_they_were_told_are_counted_and_tests_are_not(
    tmp_path: Path, release: Release
) -> None:
    eftud2 = {"genomic_features": (GenomicFeature(gene="EFTUD2"),)}
    cases = [case("a", ONE, **eftud2), case("b", ONE), case("t", ONE, test=True)]
    with running(tmp_path, release, cases) as site:
        asked = {"genomicFeatures": [{"gene": {"id": "EFTUD2"}}]}
        matched = len(found(site.post(patient(*TERMS, **asked))))
        matched += len(found(site.post(patient(*TERMS, **asked))))
        site.post(patient(SEIZURE))
        site.post(patient())
        assert found(site.post(patient(*TERMS, test=True, **asked))) == ["t"]
        numbers = asked_about(site, release)

    assert numbers.number_of_requests_received == 4
    assert numbers.number_of_potential_matches_sent == matched > 0
    assert numbers.number_of_unique_genes_matched == 1


def test_a_gene_of_a_test_is_not_counted_as_matched(
    tmp_path: Path, release: Release
) -> None:
    eftud2 = (GenomicFeature(gene="EFTUD2"),)
    with running(
        tmp_path, release, [case("t", ONE, test=True, genomic_features=eftud2)]
    ) as site:
        asked = {"genomicFeatures": [{"gene": {"id": "EFTUD2"}}], "test": True}
        assert found(site.post(patient(*TERMS, **asked))) == ["t"]

        assert asked_about(site, release).number_of_unique_genes_matched == 0


def asked_about(site: Site, release: Release) -> Metrics:
    with contextlib.closing(open_database(site.database)) as db:
        return counted(db, release)


def test_numbers_are_counted_again_after_an_hour(metrics: Metrics) -> None:
    now = [0.0]
    times: list[float] = []
    desk = MetricsDesk(clock=lambda: now[0])

    def count() -> Metrics:
        times.append(now[0])
        return metrics

    for now[0] in (0.0, 1.0, FRESH_SECONDS - 1.0, float(FRESH_SECONDS)):
        assert desk.current(count) is metrics

    assert times == [0.0, FRESH_SECONDS]


def test_numbers_that_could_not_be_counted_are_counted_the_next_time(
    metrics: Metrics,
) -> None:
    desk = MetricsDesk(clock=lambda: 0.0)

    def fail() -> Metrics:
        raise OSError

    with pytest.raises(OSError):
        desk.current(fail)

    assert desk.current(lambda: metrics) is metrics


def test_nobody_waits_while_another_has_the_numbers_counted(metrics: Metrics) -> None:
    now = [0.0]
    desk = MetricsDesk(clock=lambda: now[0])
    newer = replace(metrics, number_of_cases=99)

    def count_first() -> Metrics:
        with pytest.raises(BeingCounted, match="ask again in 10 seconds"):
            desk.current(lambda: newer)
        return metrics

    def count_again() -> Metrics:
        assert desk.current(lambda: newer) is metrics
        return newer

    assert desk.current(count_first) is metrics
    now[0] = 2.0 * FRESH_SECONDS
    assert desk.current(count_again) is newer


def test_a_gene_that_another_request_notes_meanwhile_is_kept_once(
    tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = replace(
        case("Q", Sharing.EXCHANGE_2), genomic_features=(GenomicFeature(gene="PHF14"),)
    )
    sent = [mme.to_json(query, release=release)]
    with contextlib.closing(open_database(tmp_path / "cases.db")) as db:
        note_matched_genes(db, query, sent, release)
        # As for a request that looked before the first one wrote.
        monkeypatch.setattr("web.mme.metrics.rows", lambda *_: iter(()))
        note_matched_genes(db, query, sent, release)
        (count,) = db.execute("SELECT count(*) FROM matched_genes").fetchone()
    assert count == 1
