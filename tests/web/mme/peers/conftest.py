"""The peers that the tests talk to, each started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ontologies import Release

from .patientmatcher import PatientMatcher


@pytest.fixture(scope="session")
def patientmatcher(release: Release) -> Iterator[PatientMatcher]:
    """A stock patientMatcher with the fifty test patients."""
    with PatientMatcher.running(release) as peer:
        yield peer
