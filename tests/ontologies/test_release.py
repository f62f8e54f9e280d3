from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from ontologies.compiling import compile_release
from ontologies.errors import DamagedRelease, InvalidOntology, OutdatedRelease
from ontologies.release import (
    FORMATS,
    Manifest,
    Release,
    release_id_of,
)
from ontologies.files.sources import Kind, read_catalogue


def test_release_tells_the_version_of_each_file(release):
    assert release.versions == {
        "hpo": "2026-06-06",
        "annotations": "2026-06-06",
        "genes": "2026-06-20",
        "disease_genes": "2025-01-16",
        "diseases": "2026-06-23",
    }
    assert release.ontology.version == release.versions["hpo"]
    assert release.annotations.version == release.versions["annotations"]


def test_release_has_all_its_parts(release):
    assert release.ontology.label("HP:0001250") == "Seizure"
    assert release.annotations.observed("OMIM:154700")
    assert release.information_content["HP:0001250"] > 0
    assert release.genes.resolve("FBN1").gene.hgnc_id == "HGNC:3603"
    assert release.diseases.name("OMIM:154700").startswith("Marfan")
    assert release.lookup.search("seizure")[0].term_id == "HP:0001250"


def test_licences_are_acknowledged_with_the_version_each_sentence_once(release):
    first, *others = release.acknowledgements
    assert "Human Phenotype Ontology (version 2026-06-06)" in first
    assert first not in others
    assert any("CC BY 4.0" in sentence for sentence in others)
    licences = {each.kind: each.licence for each in release.manifest.ingredients}
    assert licences[Kind.GENES] == "CC0 1.0"


def test_release_id_stands_for_the_bytes_of_the_sources_and_the_format(monkeypatch):
    bundle = read_catalogue().bundle()
    release_id = release_id_of(bundle)
    assert len(release_id) == 16 and int(release_id, 16)
    assert release_id_of(bundle[::-1]) == release_id
    renamed = [replace(source, release="1999-01-01") for source in bundle]
    assert release_id_of(renamed) == release_id
    other = replace(bundle[0], sha256="0" * 64)
    assert release_id_of([other, *bundle[1:]]) != release_id
    monkeypatch.setattr("ontologies.release.FORMATS", {**FORMATS, "genes": 99})
    assert release_id_of(bundle) != release_id


def test_every_part_opens(release):
    opened = Release.open(release.folder)

    assert all(getattr(opened, name) for name in FORMATS)


def test_no_file_of_a_release_is_a_pickle(release):
    kinds = {path.suffix for path in release.folder.rglob("*") if path.is_file()}
    assert kinds == {".npy", ".json"}


def test_every_file_is_in_the_manifest(release):
    files = {
        path.relative_to(release.folder).as_posix()
        for path in release.folder.rglob("*")
        if path.is_file()
    }
    assert files - {"manifest.json"} == set(release.manifest.files)
    assert release.size > 1_000_000


def test_flipped_bit_in_any_part_is_a_damaged_release_and_no_wrong_score(
    copied_release,
):
    for name in FORMATS:
        path = max(
            (copied_release / name).iterdir(), key=lambda file: file.stat().st_size
        )
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        opened = Release.open(copied_release)
        with pytest.raises(DamagedRelease, match=f"{path.name} has been changed"):
            getattr(opened, name)
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    Release.open(copied_release).verify()


@pytest.mark.parametrize("size", [0, 10])
def test_shortened_or_missing_file_is_a_damaged_release(copied_release, size):
    path = copied_release / "ontology" / "graph.parent_rows.npy"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DamagedRelease, match="graph.parent_rows.npy has been changed"):
        Release.open(copied_release).verify()
    path.unlink()
    with pytest.raises(DamagedRelease, match="graph.parent_rows.npy cannot be read"):
        Release.open(copied_release).verify()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("2026-06-06", "2026-06-07", 1),
        lambda text: text[:100],
        lambda text: "{}",
        lambda text: "[]",
        lambda text: "",
    ],
)
def test_changed_manifest_is_a_damaged_release(copied_release, change):
    path = copied_release / "manifest.json"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(DamagedRelease, match="manifest.json is no use"):
        Release.open(copied_release)


def test_release_of_another_format_is_outdated_not_damaged(copied_release):
    path = copied_release / "manifest.json"
    manifest = Manifest.from_json(path.read_text("utf-8"))
    older = replace(manifest, formats={**manifest.formats, "genes": 0})
    path.write_text(older.to_json(), "utf-8")
    with pytest.raises(OutdatedRelease, match="secondcase ontology fetch"):
        Release.open(copied_release)


def test_manifest_survives_its_json(release):
    text = release.manifest.to_json()
    assert Manifest.from_json(text) == release.manifest
    assert json.loads(text)["release_id"] == release.release_id


def test_compiling_twice_gives_the_same_files(small_library, tmp_path):
    steps = []
    first = compile_release(
        small_library.bundle,
        small_library.catalogue,
        small_library.directory,
        lambda *step: steps.append(step),
    )
    shutil.move(first.folder, tmp_path / "first")
    second = compile_release(
        small_library.bundle, small_library.catalogue, small_library.directory
    )
    assert second.manifest == first.manifest
    assert steps[0] == ("compile ontology", 0, 6) and steps[-1] == ("compiled", 6, 6)
    assert second.annotations.observed("OMIM:100008")
    assert second.diseases.name("ORPHA:101") == "Not of OMIM"


def test_compiled_release_is_not_compiled_again(small_library):
    arguments = (small_library.bundle, small_library.catalogue, small_library.directory)
    compile_release(*arguments)
    again = compile_release(*arguments, lambda *_: pytest.fail("again"))
    assert again.release_id == release_id_of(small_library.bundle)


def test_oddities_of_the_sources_are_kept_in_the_manifest(small_library):
    hpo, annotations = (
        source.path(small_library.directory).read_bytes()
        for source in small_library.bundle[:2]
    )
    changed = small_library.change(
        Kind.HPO, hpo.replace(b"consider: HP:0000005", b"consider: HP:0404040")
    ).change(Kind.ANNOTATIONS, annotations.replace(b"HP:0000002", b"HP:0505050"))
    release = compile_release(changed.bundle, changed.catalogue, changed.directory)
    first, second = release.manifest.findings
    assert "succeeded by the unknown HP:0404040" in first
    assert second == "line 15: OMIM:100008 has HP:0505050"


def test_failed_compilation_leaves_nothing_behind(small_library):
    changed = small_library.change(
        Kind.HPO, b"format-version: 1.2\n\n[Term]\nid: HP:0000001\n"
    )
    with pytest.raises(InvalidOntology, match="missing name"):
        compile_release(changed.bundle, changed.catalogue, changed.directory)
    assert list((changed.directory / "releases").iterdir()) == []
