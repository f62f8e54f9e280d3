"""A whole bundle of small files, so that a release compiles in about a second."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ontologies.files.sources import CURRENT, Catalogue, Kind, Source, read_catalogue

HGNC = """\
hgnc_id	symbol	name	alias_symbol	prev_symbol	ensembl_gene_id	entrez_id	status
HGNC:3603	FBN1	fibrillin 1	MASS		ENSG00000166147	2200	Approved
"""
DISEASE_GENES = """\
ncbi_gene_id	gene_symbol	hpo_id	hpo_name	frequency	disease_id
2200	FBN1	HP:0001166	Arachnodactyly	-	OMIM:100001
"""
ORPHANET = """\
<?xml version="1.0" encoding="UTF-8"?>
<JDBOR><DisorderList><Disorder>
<OrphaCode>101</OrphaCode><Name lang="en">Not of OMIM</Name>
<SynonymList/><ExternalReferenceList/>
</Disorder></DisorderList></JDBOR>
"""


@dataclass(frozen=True)
class SmallLibrary:
    """A data directory that has every source of the bundle and no release yet."""

    catalogue: Catalogue
    directory: Path

    @property
    def bundle(self) -> tuple[Source, ...]:
        return self.catalogue.bundle()

    def change(self, kind: Kind, content: bytes) -> SmallLibrary:
        """The library with other content in one of its sources."""
        contents = {
            source.kind: source.path(self.directory).read_bytes()
            for source in self.bundle
        }
        return make_library(self.directory, {**contents, kind: content})


def make_library(directory: Path, contents: dict[Kind, bytes]) -> SmallLibrary:
    real = read_catalogue()
    bundle = tuple(
        replace(
            source,
            size=len(contents[source.kind]),
            sha256=hashlib.sha256(contents[source.kind]).hexdigest(),
        )
        for source in real.bundle()
    )
    for source in bundle:
        path = source.path(directory)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[source.kind])
    sources = {source.name: source for source in bundle}
    catalogue = Catalogue(real.licences, sources, {CURRENT: bundle})
    return SmallLibrary(catalogue, directory)


@pytest.fixture
def small_library(hpo_slice, tmp_path, monkeypatch) -> SmallLibrary:
    """The library of the slice; for fetching it is the only one there is."""
    contents = {
        Kind.HPO: hpo_slice.ontology_path.read_bytes(),
        Kind.ANNOTATIONS: hpo_slice.annotations_path.read_bytes(),
        Kind.GENES: gzip.compress(HGNC.encode(), mtime=0),
        Kind.DISEASE_GENES: DISEASE_GENES.encode(),
        Kind.DISEASES: ORPHANET.encode(),
    }
    library = make_library(tmp_path / "small", contents)
    monkeypatch.setattr("ontologies.library.read_catalogue", lambda: library.catalogue)
    return library


@pytest.fixture
def copied_release(release, tmp_path) -> Path:
    """The folder of the real release in a data directory of its own, to be damaged."""
    releases = tmp_path / "data" / "releases"
    return shutil.copytree(release.folder, releases / release.release_id)
