"""`secondcase ontology stage`, `validate`, `diff`, `status`, on a small library."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from ontologies.compiling import compile_release
from ontologies.files.sources import Kind, read_catalogue
from ontologies.library import activate, active_release_id, open_release
from web.cli import main

from ....ontologies.conftest import DISEASE_GENES, HGNC, ORPHANET, make_library

REASON = "Agreed in the meeting of the curators."


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ontology", *arguments])


@pytest.fixture(scope="module")
def compiled(hpo_slice, tmp_path_factory) -> Path:
    contents = {
        Kind.HPO: hpo_slice.ontology_path.read_bytes(),
        Kind.ANNOTATIONS: hpo_slice.annotations_path.read_bytes(),
        Kind.GENES: gzip.compress(HGNC.encode(), mtime=0),
        Kind.DISEASE_GENES: DISEASE_GENES.encode(),
        Kind.DISEASES: ORPHANET.encode(),
    }
    library = make_library(tmp_path_factory.mktemp("cli-curation"), contents)
    release = compile_release(library.bundle, library.catalogue, library.directory)
    activate(release, directory=library.directory)
    return library.directory


@pytest.fixture(scope="module")
def newer(hpo_slice, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("newer") / "hp.obo"
    text = hpo_slice.ontology_path.read_text("utf-8").replace(
        "2026-06-06", "2027-06-06"
    )
    text = text.replace("name: Growth delay\n", 'name: "=HYPERLINK(1)"\n')
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def staged(compiled, newer) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECONDCASE_DATA", str(compiled))
        return call("stage", str(newer))


@pytest.fixture
def library(compiled, staged, monkeypatch) -> Path:
    """The data directory after staging."""
    monkeypatch.setenv("SECONDCASE_DATA", str(compiled))
    return compiled


def test_stage_says_what_was_made_and_what_it_needs(staged):
    assert staged.exit_code == 0
    assert ", staged: hpo 2027-06-06, annotations 2026-06-06, genes" in staged.output
    assert "warning: 1 annotated ids are obsolete in this release" in staged.output
    assert "It may be activated once" in staged.output


def test_stage_lists_every_reason_and_ends_with_one(library, tmp_path):
    path = tmp_path / "hp.obo"
    path.write_text("format-version: 1.2\n\n[Term]\nid: HP:0000001\nis_a: HP:0000009\n")
    done = call("stage", str(path))
    assert done.exit_code == 1
    assert "error: hp.obo, line 3: missing name" in done.output
    assert "error: hp.obo, line 3: dangling parent" in done.output
    assert "Nothing is staged, for 3 error(s)." in done.output


def test_status_names_what_is_staged_and_by_whom(library):
    done = call("status")
    assert done.exit_code == 0
    assert ", staged: hpo 2027-06-06" in done.output
    assert "staged by command line, 20" in done.output
    assert f"active release {active_release_id(library)}" in done.output


def test_diff_is_beside_the_active_release_unless_another_is_named(library):
    done = call("diff", "2027-06-06", "--change", "renamed")
    assert "       1  terms, renamed" in done.output
    assert "HP:0001510" in done.output
    assert call("diff", "2026-06-06", "2027-06-06").exit_code == 0


def test_diff_as_a_table_holds_no_formula(library):
    done = call("diff", "2027-06-06", "--format", "csv", "--shifts", "0")
    head, *rows = csv.reader(io.StringIO(done.output))
    assert head == ["part", "change", "id", "label", "before", "after"]
    (row,) = (row for row in rows if row[1] == "renamed")
    assert row[3].lstrip("'").startswith('"=HYPERLINK') and row[3].startswith("'")


def test_diff_as_json_goes_to_a_file(library, tmp_path):
    path = tmp_path / "diff.json"
    done = call("diff", "2027-06-06", "--format", "json", "--output", str(path))
    assert (done.exit_code, done.output) == (0, "")
    (change,) = json.loads(path.read_text())["changes"]
    assert (change["id"], change["before"]) == ("HP:0001510", ["Growth delay"])


def test_unknown_release_is_named(library):
    done = call("diff", "1999-01-01")
    assert done.exit_code == 1 and "There is no release '1999-01-01'" in done.output


def test_warnings_are_accepted_with_a_reason_and_stay_accepted(library):
    before = call("validate", "2027-06-06")
    assert before.exit_code == 1 and "It may be activated once" in before.output
    assert call("validate", "2027-06-06", "--accept", "ok").exit_code == 1
    done = call("validate", "2027-06-06", "--accept", REASON)
    assert done.exit_code == 0 and "It may be activated." in done.output
    again = call("validate", "2027-06-06", "--json")
    verdict = json.loads(again.output)
    assert again.exit_code == 0 and verdict["may_be_activated"]
    assert verdict["acceptances"][0]["reason"] == REASON
    assert not any(finding["is_open"] for finding in verdict["findings"])


def test_fetch_lists_what_it_knows(library):
    done = call("fetch", "1999")
    assert done.exit_code == 1 and "there are current, 2026-02-16" in done.output


@pytest.fixture
def asked(library, newer, monkeypatch) -> list[str]:
    """The addresses that were asked; they serve the newer ontology, else what is active."""
    addresses: list[str] = []
    manifest = open_release(directory=library).manifest
    served = {each.kind: each.path(library) for each in manifest.ingredients}
    served[Kind.HPO] = newer
    kinds = {address: kind for kind, address in read_catalogue().latest.items()}

    def download(address, target, most, progress):
        addresses.append(address)
        target.write_bytes(served[kinds[address]].read_bytes())

    monkeypatch.setattr("ontologies.curation.latest.download_unpinned", download)
    return addresses


@pytest.mark.parametrize(
    ("publisher", "hosts"),
    [
        ([], ["github.com"] * 3 + ["storage.googleapis.com", "www.orphadata.com"]),
        (["hpo"], ["github.com"] * 3),
        (["hgnc"], ["storage.googleapis.com"]),
        (["orphanet"], ["www.orphadata.com"]),
    ],
    ids=["all", "hpo", "hgnc", "orphanet"],
)
def test_fetch_of_the_latest_stages_what_the_addresses_serve(asked, publisher, hosts):
    done = call("fetch", "--latest", *publisher)

    assert done.exit_code == 0, done.output
    version = "2027-06-06" if "github.com" in hosts else "2026-06-06"
    assert f"on this disk already: hpo {version}" in done.output
    assert sorted(urlsplit(address).netloc for address in asked) == hosts


def test_fetch_of_the_latest_lists_the_publishers(asked):
    done = call("fetch", "--latest", "2026-01-08")

    assert done.exit_code == 1 and asked == []
    assert "there are all, hpo, hgnc, orphanet" in " ".join(done.output.split())
