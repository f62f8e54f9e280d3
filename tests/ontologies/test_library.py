from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import ontologies
from ontologies import library
from ontologies.errors import (
    ActiveReleaseChanged,
    FetchFailed,
    NoActiveRelease,
    UnknownRelease,
)
from ontologies.files.fetching import Origin
from ontologies.library import (
    FetchedRelease,
    activate,
    data_directory,
    fetch_release,
    open_release,
    status,
)
from ontologies.pointer import Edition, Pointed, pointed, switching


@pytest.fixture
def directory(copied_release):
    """A data directory with the current release, not active, and none of its sources."""
    return copied_release.parents[1]


def test_public_names_are_those_of_the_package():
    assert ontologies.open_release is open_release
    assert ontologies.Release and ontologies.Ontology


def test_variable_names_the_data_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path / "kept"))
    assert data_directory() == tmp_path / "kept"


def test_checkout_keeps_its_data_beside_the_packages(monkeypatch):
    monkeypatch.delenv("SECONDCASE_DATA", raising=False)
    root = Path(ontologies.__file__).resolve().parents[1]
    assert data_directory() == root / "var"


def test_installed_package_keeps_its_data_with_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv("SECONDCASE_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(
        library, "__file__", str(tmp_path / "site/ontologies/library.py")
    )
    assert data_directory().name == "secondcase"


def test_before_the_first_fetch_the_command_is_named(tmp_path):
    with pytest.raises(NoActiveRelease, match="run 'secondcase ontology fetch'"):
        open_release(directory=tmp_path)


@pytest.mark.parametrize("release_id", ["0" * 16, "../releases", ".", ""])
def test_unknown_release_is_named(directory, release_id):
    with pytest.raises(UnknownRelease, match="There is no release"):
        open_release(release_id, directory=directory)


def test_active_release_is_opened_by_default(directory, release):
    activate(open_release(release.release_id, directory=directory), directory=directory)
    assert open_release(directory=directory).release_id == release.release_id
    pointer = directory / "releases" / "active"
    assert pointer.read_text() == f"{release.release_id}\n"
    assert sorted(p.name for p in pointer.parent.glob("[!.]*")) == sorted(
        [release.release_id, "active"]
    )


def test_fetching_what_is_there_asks_nobody_and_makes_it_active(directory, release):
    fetched = fetch_release(
        directory=directory, progress=lambda *_: pytest.fail("nothing is to be done")
    )
    assert fetched.files == ()
    assert open_release(directory=directory).release_id == release.release_id


def test_fetching_can_leave_the_active_release_as_it_is(directory):
    fetch_release(directory=directory, make_active=False)
    with pytest.raises(NoActiveRelease):
        open_release(directory=directory)


def test_first_fetch_compiles_and_makes_active(small_library):
    fetched = fetch_release(directory=small_library.directory)
    assert {each.origin for each in fetched.files} == {Origin.DISK}
    opened = open_release(directory=small_library.directory)
    assert opened.manifest == fetched.release.manifest
    assert all(
        each.is_present for each in status(directory=small_library.directory).sources
    )


def test_what_is_fetched_replaces_nothing_that_was_activated_meanwhile(
    directory, release
):
    other = Edition("0123456789abcdef")

    def switch(*arguments):
        with switching(directory) as held:
            held.point(held.pointed.switched(other))
        return FetchedRelease(release, ())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ontologies.library._fetch", switch)
        with pytest.raises(ActiveReleaseChanged, match="somebody switched meanwhile"):
            fetch_release(directory=directory)

    assert pointed(directory) == Pointed(other)


def test_damaged_release_is_made_again_by_fetching(small_library):
    first = fetch_release(directory=small_library.directory).release
    damaged = next((first.folder / "genes").iterdir())
    damaged.write_bytes(b"")
    again = fetch_release(directory=small_library.directory).release
    again.verify()
    assert again.manifest == first.manifest


def test_leftovers_of_a_killed_process_are_swept_up(directory):
    left = directory / "releases" / ".compiling-x"
    left.mkdir()
    fetch_release(directory=directory)
    assert not left.exists()


def test_failed_fetch_says_why_and_changes_nothing(tmp_path, monkeypatch):
    class Offline:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def fetch(self, source):
            raise FetchFailed(source.file, source.release, ["package: no answer"])

    monkeypatch.setattr("ontologies.files.fetching.Fetcher", Offline)
    with pytest.raises(FetchFailed, match="hp.obo of 2026-06-06 could not be fetched"):
        fetch_release(directory=tmp_path)
    assert status(directory=tmp_path).releases == ()


def test_second_process_waits_for_the_first(directory):
    program = (
        "import sys; from pathlib import Path; from ontologies.library import held\n"
        "with held(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()\n"
        "print('out', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout.readline() == "in\n"
        with subprocess.Popen(
            [sys.executable, "-c", program, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as second:
            first.communicate()
            assert first.returncode == 0
            assert second.communicate()[0] == "in\nout\n"


def test_status_tells_what_is_there(directory, release):
    fetch_release(directory=directory)
    found = status(directory=directory)
    (stored,) = found.releases
    assert found.active == stored.release_id == release.release_id
    assert stored.is_active and stored.problem == ""
    assert stored.release.versions == release.versions
    assert found.acknowledgements == release.acknowledgements
    assert not any(each.is_present for each in found.sources)
    assert len(found.sources) == 14


def test_status_of_nothing_is_empty(tmp_path):
    found = status(directory=tmp_path)
    assert (found.active, found.releases, found.acknowledgements) == (None, (), ())
    assert list(tmp_path.iterdir()) == []


def test_status_names_a_damaged_release_and_goes_on(directory, release):
    fetch_release(directory=directory)
    manifest = directory / "releases" / release.release_id / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**content, "findings": ["made up"]}))
    (stored,) = status(directory=directory).releases
    assert "is damaged" in stored.problem
    assert stored.release is None
    assert status(directory=directory).acknowledgements == ()


@pytest.mark.full
@pytest.mark.parametrize(
    "bundle", ["2025-01-16", "2025-05-06", "2025-11-24", "2026-01-08", "2026-02-16"]
)
def test_every_older_bundle_compiles(bundle):
    release = fetch_release(bundle, make_active=False).release
    assert release.ontology.version == bundle
    assert release.information_content.diseases > 8000
