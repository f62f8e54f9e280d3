"""Every hostile file ends in an error that names it; none hangs, connects, or leaves a trace."""

from __future__ import annotations

import os
import resource
import socket
import time

import pytest

from ontologies.curation.findings import Severity, refused
from ontologies.curation.staging import stage
from ontologies.curation.uploads import Given
from ontologies.errors import OntologyError, UnreadableFile
from ontologies.files.confinement import Limits
from ontologies.library import active_release_id

from .hostile import CORPUS, GOOD

LIMITS = Limits(
    seconds=20,
    wall_seconds=300,
    memory_bytes=1 << 30,
    file_bytes=64 << 20,
    lines=300_000,
)
# What is refused by its first bytes costs nothing; of what is read in a child a part is enough
# for every day.
EVERYDAY = 4


def contents(directory):
    return sorted(
        (str(path.relative_to(directory)), path.stat().st_size)
        for path in directory.rglob("*")
        if path.is_file() and path.name != ".lock"
    )


def test_the_corpus_is_as_large_as_promised():
    assert len(CORPUS) >= 60


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(each, marks=[pytest.mark.full] if number % EVERYDAY else [])
        for number, each in enumerate(CORPUS)
    ],
    ids=lambda each: f"{ascii(each.name)[:30]}, {each.says[:30]}",
)
def test_hostile_file_is_refused_in_words(hostile, small, tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(hostile.make())
    before = contents(small)
    started = time.monotonic()
    with pytest.raises(OntologyError, match=hostile.says) as caught:
        stage(
            [Given(path, name=hostile.name)], by="dana", directory=small, limits=LIMITS
        )
    assert time.monotonic() - started < LIMITS.wall_seconds
    findings = refused(caught.value)
    assert findings and {each.severity for each in findings} == {Severity.ERROR}
    assert contents(small) == before


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "nothing"])
def test_what_is_no_plain_file_is_refused_without_being_read(kind, small, tmp_path):
    path = tmp_path / "hp.obo"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(UnreadableFile, match="it is a link, or cannot|no plain file"):
        stage([Given(path)], by="dana", directory=small)


def test_import_of_an_address_connects_to_nobody(small, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.obo"
        path = tmp_path / "hp.obo"
        path.write_text(GOOD.replace("\n\n", f"\nimport: {address}\n\n", 1))
        with pytest.raises(OntologyError, match="is to be imported"):
            stage([Given(path)], by="dana", directory=small)
        with pytest.raises(TimeoutError):
            server.accept()


def test_process_that_asks_stays_small_while_a_bomb_is_read(small, tmp_path):
    bomb = next(each for each in CORPUS if each.name == "hp.obo.gz")
    path = tmp_path / "upload"
    path.write_bytes(bomb.make())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(OntologyError):
        stage([Given(path, name=bomb.name)], by="dana", directory=small, limits=LIMITS)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000  # kB


def test_every_refused_file_is_named_beside_the_others(small, tmp_path):
    ontology, rows = tmp_path / "hp.obo", tmp_path / "phenotype.hpoa"
    ontology.write_text(
        GOOD + "[Term]\nid: HP:0000118\nname: Twice\nis_a: HP:0000404\n"
    )
    rows.write_text("#version: 2031-02-03\nno columns\n")
    with pytest.raises(OntologyError) as caught:
        stage([Given(ontology), Given(rows)], by="dana", directory=small)
    said = "\n".join(map(str, refused(caught.value)))
    assert "already described" in said and "not in the file" in said
    assert "the columns are not" in said
    assert active_release_id(small)
