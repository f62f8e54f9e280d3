"""The fifty test patients of the exchange, out of the package of a peer that ships them."""

from __future__ import annotations

from pathlib import Path

from ontologies.files.fetching import fetch
from ontologies.library import data_directory
from ontologies.files.sources import Kind, Source

PATIENTS = Source(
    name="mme-test-patients",
    kind=Kind.DISEASES,
    file="benchmark_patients.json",
    release="4.7.0",
    licence="none named",
    size=113895,
    sha256="706f7b10a2a9053bb2e1ff3246e4e6518f129ea0ade8785d6d865bd0da7a3867",
    address="https://github.com/ga4gh/mme-apis",
    package="patientmatcher==4.7.0",
    member="patientMatcher/resources/benchmark_patients.json",
    rolling=True,
)


def mme_test_patients() -> Path:
    """The file, fetched once."""
    return fetch(PATIENTS, data_directory()).path
