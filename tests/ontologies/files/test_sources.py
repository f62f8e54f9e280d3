from __future__ import annotations

import re
from pathlib import Path

import pytest

from ontologies.errors import InvalidCatalogue, UnknownBundle
from ontologies.files.sources import Kind, read_catalogue

CATALOGUE = """
[licences.free]
name = "Free"
url = "https://example.org/licence"
acknowledgement = "By them, {release}."

[bundles]
current = ["hpo", "annotations", "genes", "disease_genes", "diseases"]
"""
SOURCE = """
[sources.{kind}]
kind = "{kind}"
file = "{kind}.txt"
release = "2026-01-01"
licence = "free"
size = 3
sha256 = "ab"
address = "https://example.org/{kind}.txt"
package = "some-package==1.0"
member = "data/{kind}.txt"
"""
GOOD = CATALOGUE + "".join(SOURCE.format(kind=kind) for kind in Kind)


@pytest.mark.parametrize(
    "source", read_catalogue().sources.values(), ids=lambda s: s.name
)
def test_every_source_is_pinned_and_has_two_places(source):
    assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", source.release)
    assert source.size > 1_000_000
    assert source.address.startswith("https://")
    assert re.fullmatch(r"[a-z-]+==[0-9.]+", source.package)
    assert source.member


def test_current_bundle_is_the_newest_pair_of_ontology_and_annotations():
    releases = [source.release for source in read_catalogue().bundle()][:2]
    assert releases == ["2026-06-06", "2026-06-06"]


def test_bundles_walk_six_releases_of_the_ontology():
    bundles = read_catalogue().bundles.values()
    assert len({bundle[0].sha256 for bundle in bundles}) == 6


def test_no_bundle_has_annotations_newer_than_its_ontology():
    for ontology, rows, *_ in read_catalogue().bundles.values():
        assert rows.release <= ontology.release


def test_unknown_bundle_is_named_with_those_there_are():
    with pytest.raises(UnknownBundle, match="'1999'; there are current, 2026-02-16"):
        read_catalogue().bundle("1999")


def test_file_is_kept_below_its_content_hash():
    source = read_catalogue().bundle()[0]
    path = source.path(Path("/data"))
    assert path == Path("/data/sources") / source.sha256 / "hp.obo"


def test_good_catalogue_is_read(tmp_path):
    path = tmp_path / "sources.toml"
    path.write_text(GOOD)
    assert [source.kind for source in read_catalogue(path).bundle()] == list(Kind)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[bundles]", "[bundle]", "'bundles' is not there"),
        ("[bundles]", "[bundles", "at line"),
        ('"genes", ', "", "not one each of hpo, annotations, genes"),
        ('"genes", ', '"gene", ', "'gene' is not there"),
        (
            "https://example.org/hpo",
            "http://example.org/hpo",
            "hpo is not an https one",
        ),
        ('"free"\nsize', '"owned"\nsize', "licence of hpo is not described"),
        ('member = "data/hpo.txt"', "", "missing"),
        ('kind = "hpo"', 'kind = "music"', "'music' is not a valid Kind"),
        ('file = "hpo.txt"', 'files = "hpo.txt"', "unknown key 'files'"),
    ],
)
def test_unusable_catalogue_is_refused(tmp_path, old, new, reason):
    path = tmp_path / "sources.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(InvalidCatalogue, match=re.escape(reason)):
        read_catalogue(path)
