from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import threading
import time

import pytest

from ontologies.curation import uploads
from ontologies.curation.records import read_record
from ontologies.curation.staging import stage
from ontologies.curation.uploads import Given
from ontologies.errors import (
    DamagedRelease,
    IncompleteBundle,
    MissingSource,
    RepeatedKind,
    UnreadableFile,
)
from ontologies.files.confinement import Limits
from ontologies.files.sources import Kind, read_catalogue
from ontologies.library import (
    State,
    active_release_id,
    held,
    identify,
    open_release,
    state_of,
    status,
)

NEW_TERM = """
[Term]
id: HP:0000003
name: Tall stature
synonym: "Gigantism" EXACT layperson []
is_a: HP:0000002
"""


@pytest.fixture
def newer(slice_text, tmp_path):
    """The ontology of the small release, a year later and with one term more."""
    path = tmp_path / "hp.obo"
    text = slice_text.replace("2026-06-06", "2027-06-06").rstrip()
    path.write_text(f"{text}\n{NEW_TERM}", "utf-8")
    return path


def staged(directory, *paths, **options):
    given = [Given(path, **options) for path in paths]
    return stage(given, by="dana", directory=directory)


def test_staged_release_has_the_new_file_and_the_rest_of_the_active_one(small, newer):
    active = open_release(directory=small)
    release = staged(small, newer).release
    assert release.ontology.label("HP:0000003") == "Tall stature"
    assert release.versions == {**active.versions, "hpo": "2027-06-06"}
    digests = {each.kind: each.sha256 for each in release.manifest.ingredients}
    for each in active.manifest.ingredients:
        assert (digests[each.kind] == each.sha256) is (each.kind is not Kind.HPO)


def test_staging_changes_nothing_for_anybody(small, newer):
    active = active_release_id(small)
    release = staged(small, newer).release
    assert active_release_id(small) == active != release.release_id
    assert state_of(release.release_id, small) is State.STAGED
    assert "HP:0000003" not in open_release(directory=small).ontology


def test_file_is_kept_as_it_came_under_its_hash(small, newer):
    packed = newer.with_suffix(".obo.gz")
    packed.write_bytes(gzip.compress(newer.read_bytes()))
    release = staged(small, packed).release
    (kept,) = (e for e in release.manifest.ingredients if e.kind is Kind.HPO)
    assert kept.path(small).read_bytes() == packed.read_bytes()
    assert kept.path(small).parent.name == kept.sha256
    assert kept.file == "hp.obo.gz"
    assert sorted(path.name for path in kept.path(small).parent.iterdir()) == [
        kept.file
    ]


def test_given_file_is_not_said_to_be_unaltered(small, newer):
    sentence = staged(small, newer).release.acknowledgements[0]
    assert "(version 2027-06-06), from a file given to it" in sentence
    assert "unaltered" not in sentence


def test_record_says_who_staged_what(small, newer):
    release = staged(small, newer, name="..\\evil/hp.obo").release
    (staging,) = read_record(release.release_id, small).stagings
    assert (staging.by, dict(staging.origins)) == ("dana", {"hpo": "hp.obo"})


def test_staging_the_same_again_compiles_nothing(small, newer):
    first = staged(small, newer)
    again = staged(small, newer)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.release.release_id == again.release.release_id
    assert len(read_record(first.release.release_id, small).stagings) == 2


@pytest.mark.parametrize(
    ("kind", "name", "content", "release"),
    [
        (Kind.GENES, "hgnc_complete_set.txt", "hgnc", "2027-01-02"),
        (Kind.DISEASE_GENES, "genes_to_phenotype.txt", "causes", "2027-01-03"),
        (Kind.DISEASES, "en_product1.xml", "orphanet", "2027-01-04"),
        (Kind.ANNOTATIONS, "phenotype.hpoa", "rows", "2027-01-05"),
    ],
)
def test_every_other_kind_is_staged_singly(
    small, hpo_slice, tmp_path, kind, name, content, release
):
    contents = {
        "hgnc": "hgnc_id\tsymbol\tname\talias_symbol\tprev_symbol\tensembl_gene_id\tentrez_id"
        "\tstatus\tdate_modified\nHGNC:3603\tFBN9\tx\t\tFBN1\t\t2200\tApproved\t2027-01-02\n",
        "causes": "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n"
        "2200\tFBN1\tHP:0001166\tx\t-\tOMIM:100002\n",
        "orphanet": '<JDBOR date="2027-01-04 01:02:03"><DisorderList><Disorder><OrphaCode>102'
        "</OrphaCode><Name>Other</Name></Disorder></DisorderList></JDBOR>",
        "rows": hpo_slice.annotations_path.read_text().replace(
            "2026-06-06", "2027-01-05"
        ),
    }
    path = tmp_path / name
    path.write_text(contents[content], "utf-8")
    stated = release if kind is Kind.DISEASE_GENES else ""
    made = staged(small, path, release=stated).release
    active = open_release(directory=small)
    assert made.versions == {**active.versions, str(kind): release}
    made.verify()


def test_files_are_staged_together_as_one_bundle(small, newer, tmp_path):
    genes = tmp_path / "genes_to_phenotype.txt"
    genes.write_text("ncbi_gene_id\tdisease_id\n2200\tOMIM:100003\n")
    given = [Given(newer), Given(genes, release="2027-06-06")]
    release = stage(given, by="dana", directory=small).release
    assert release.genes.diseases_of("HGNC:3603") == ("OMIM:100003",)
    assert release.versions["disease_genes"] == release.versions["hpo"] == "2027-06-06"


def test_file_without_a_date_asks_for_one(small, tmp_path):
    genes = tmp_path / "genes_to_phenotype.txt"
    genes.write_text("ncbi_gene_id\tdisease_id\n2200\tOMIM:100003\n")
    with pytest.raises(
        UnreadableFile, match="not say of which release.*such as 2026-06-06"
    ):
        staged(small, genes)


def test_date_that_contradicts_the_file_is_refused(small, newer):
    with pytest.raises(UnreadableFile, match="of 2027-06-06, not of 2020-01-01"):
        staged(small, newer, release="2020-01-01")


def test_two_files_of_a_kind_are_refused(small, newer):
    with pytest.raises(RepeatedKind, match="hp.obo and hp.obo are both hpo"):
        staged(small, newer, newer)


def test_without_an_active_release_all_files_are_needed(newer, tmp_path):
    with pytest.raises(IncompleteBundle, match="also needs annotations, genes"):
        staged(tmp_path / "empty", newer)
    assert list((tmp_path / "empty" / "sources").iterdir()) == []


def test_changed_file_of_the_active_release_is_not_compiled_into_another(small, newer):
    ingredients = open_release(directory=small).manifest.ingredients
    (path,) = (e.path(small) for e in ingredients if e.kind is Kind.GENES)
    path.write_bytes(b"other")
    with pytest.raises(MissingSource, match="has been changed"):
        staged(small, newer)
    path.unlink()
    with pytest.raises(MissingSource, match="is not in"):
        staged(small, newer)


def test_active_release_with_a_broken_manifest_is_told(small, newer):
    manifest = small / "releases" / active_release_id(small) / "manifest.json"
    manifest.write_text("{}")
    with pytest.raises(DamagedRelease):
        staged(small, newer)


def test_pinned_file_is_recognised_by_its_content(small, hpo_path):
    given = Given(hpo_path, name="mine.obo", release="1999-01-01")
    ingredient = uploads.keep(given, small, read_catalogue(), Limits())
    assert ingredient.release == "2026-06-06"
    assert "unaltered" in ingredient.acknowledgement
    assert ingredient.path(small).read_bytes() == hpo_path.read_bytes()


def test_sweeping_removes_what_no_release_came_of(small, tmp_path):
    unused = small / "sources" / ("0" * 64)
    unused.mkdir()
    (unused / ".unused").touch()
    (unused / "hp.obo").write_text("x")
    (small / "sources" / ".uploading-x").write_text("x")
    kept = {path.name for path in (small / "sources").iterdir()}
    uploads.sweep(small)
    left = {path.name for path in (small / "sources").iterdir()}
    assert kept - left == {"0" * 64, ".uploading-x"}


def test_sweeping_keeps_what_a_release_was_made_from(small):
    ingredient = open_release(directory=small).manifest.ingredients[0]
    mark = ingredient.path(small).parent / ".unused"
    mark.touch()
    uploads.sweep(small)
    assert ingredient.path(small).is_file() and not mark.exists()


def test_sweeping_removes_nothing_where_a_manifest_is_damaged(small):
    unused = small / "sources" / ("0" * 64)
    unused.mkdir()
    (unused / ".unused").touch()
    (small / "releases" / active_release_id(small) / "manifest.json").write_text("{}")
    uploads.sweep(small)
    assert unused.is_dir()


STAGER = """
import sys
from pathlib import Path
from ontologies.curation.staging import stage
from ontologies.curation.uploads import Given
directory, *paths = map(Path, sys.argv[1:])
print(stage([Given(p) for p in paths], by="killed", directory=directory).release.release_id)
"""


def run_stager(directory, path):
    return subprocess.Popen(
        [sys.executable, "-c", STAGER, str(directory), str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_several_who_stage_at_once_each_get_their_release(small, newer, tmp_path):
    other = tmp_path / "other.obo"
    other.write_text(newer.read_text().replace("Tall stature", "Great stature"))
    stagers = [run_stager(small, path) for path in (newer, other, newer)]
    ids = [stager.communicate()[0].strip() for stager in stagers]
    assert [stager.returncode for stager in stagers] == [0, 0, 0]
    assert ids[0] == ids[2] != ids[1]
    labels = {
        open_release(i, directory=small).ontology.label("HP:0000003") for i in ids
    }
    assert labels == {"Tall stature", "Great stature"}
    assert len(read_record(ids[0], small).stagings) == 2


def test_readers_are_served_while_a_file_is_read(small, newer):
    stager = run_stager(small, newer)
    served = 0
    while stager.poll() is None:
        assert open_release(directory=small).ontology.label("HP:0001250") == "Seizure"
        served += 1
    stager.communicate()
    assert stager.returncode == 0 and served > 10


@pytest.fixture
def duration(small, newer, tmp_path):
    """Seconds that staging takes here and now, and the id of what comes of it."""
    trial = shutil.copytree(small, tmp_path / "trial")
    started = time.monotonic()
    with run_stager(trial, newer) as stager:
        release_id = stager.communicate()[0].strip()
    return time.monotonic() - started, release_id


def kill_after(seconds, directory, path):
    """Stage in a process that is killed after so many seconds, unless it is done before."""
    with run_stager(directory, path) as stager:
        timer = threading.Timer(seconds, stager.kill)
        timer.start()
        stager.communicate()
        timer.cancel()


@pytest.mark.parametrize(
    "rounds", [3, pytest.param(200, marks=pytest.mark.full)], ids=["few", "200"]
)
def test_kill_at_any_point_leaves_old_or_new_and_nothing_between(
    small, newer, duration, rounds, tmp_path
):
    seconds, new = duration
    active = active_release_id(small)
    before = {path.name for path in (small / "sources").iterdir()}
    for number in range(rounds):
        directory = shutil.copytree(small, tmp_path / f"round-{number}")
        kill_after(seconds * (number + 0.5) / rounds, directory, newer)
        found = status(directory=directory)
        assert found.active == active
        assert {each.release_id for each in found.releases} <= {active, new}
        assert all(each.problem == "" for each in found.releases)
        is_made = len(found.releases) == 2
        if is_made:
            made = open_release(new, directory=directory)
            assert all(e.path(directory).is_file() for e in made.manifest.ingredients)
        with held(directory):
            uploads.sweep(directory)
        left = {path.name for path in (directory / "sources").iterdir()}
        assert len(left - before) == is_made
        assert not list((directory / "releases").glob(".compiling-*"))
        shutil.rmtree(directory)
    assert staged(small, newer).release.release_id == new


def test_release_is_named_by_its_id_its_beginning_or_its_version(small, newer):
    release_id = staged(small, newer).release.release_id
    assert identify(release_id, small) == release_id
    assert identify(release_id[:8], small) == release_id
    assert identify("2027-06-06", small) == release_id


def test_damaged_record_is_told(small, newer):
    release_id = staged(small, newer).release.release_id
    path = small / "curation" / f"{release_id}.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "stagings": [{"by": "x"}]}))
    with pytest.raises(Exception, match="is damaged"):
        read_record(release_id, small)
