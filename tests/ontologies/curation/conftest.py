"""A data directory with a small active release, compiled once and copied for each test."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from ontologies.compiling import compile_release
from ontologies.files.sources import Kind
from ontologies.library import activate

from ..conftest import DISEASE_GENES, HGNC, ORPHANET, make_library


@pytest.fixture(scope="session")
def compiled_small(hpo_slice, tmp_path_factory) -> Path:
    """The directory that `small` copies."""
    contents = {
        Kind.HPO: hpo_slice.ontology_path.read_bytes(),
        Kind.ANNOTATIONS: hpo_slice.annotations_path.read_bytes(),
        Kind.GENES: gzip.compress(HGNC.encode(), mtime=0),
        Kind.DISEASE_GENES: DISEASE_GENES.encode(),
        Kind.DISEASES: ORPHANET.encode(),
    }
    library = make_library(tmp_path_factory.mktemp("curation"), contents)
    release = compile_release(library.bundle, library.catalogue, library.directory)
    activate(release, directory=library.directory)
    return library.directory


@pytest.fixture
def small(compiled_small, tmp_path) -> Path:
    """A data directory of its own with the small release, which is active."""
    return shutil.copytree(compiled_small, tmp_path / "data")


@pytest.fixture(scope="session")
def slice_text(hpo_slice) -> str:
    """The ontology of the small release as OBO."""
    return hpo_slice.ontology_path.read_text("utf-8")
