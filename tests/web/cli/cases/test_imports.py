"""`secondcase import` of tables and FHIR bundles: what is guessed waits for a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher.case import Case
from matcher.storage.store import CaseStore
from ontologies import Release
from web.cli import main
from web.config import load_settings
from web.db import open_database
from web.unrecognised.queue import Queue, Wanted

TABLE = "patient,hpo,absent\nA,HP:0001250;floppy baby,HP:0000252\nB,Seizure,\n"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: Release) -> None:
    """A data directory of the test's own, and the release of all tests."""
    monkeypatch.setenv("SECONDCASE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("web.cli.cases.transfer.open_release", lambda: release)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


def stored() -> dict[str, Case]:
    with CaseStore(open_database(load_settings().database)) as store:
        return {each.case.case_id: each.case for each in store.cases()}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "cases.csv"
    path.write_text(TABLE)
    return path


def test_guessed_columns_are_refused_with_a_mapping_to_correct(table: Path) -> None:
    done = call(table)

    assert done.exit_code == 1 and stored() == {}
    assert '"hpo": "observed features"' in done.output and "--map" in done.output


def test_a_mapping_reads_the_table_and_leaves_guesses_out(
    table: Path, tmp_path: Path
) -> None:
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({"patient": "case id", "hpo": "observed features"}))

    done = call(table, "--map", mapping)

    assert done.exit_code == 0, done.output
    assert "Guessed and left out: 1." in done.output
    assert stored()["A"].observed == ("HP:0001250",) and stored()["A"].excluded == ()


def test_accepted_guesses_are_taken(table: Path) -> None:
    done = call(table, "--accept-guesses")

    assert done.exit_code == 0, done.output
    assert stored()["A"].observed == ("HP:0001250", "HP:0008947")
    assert stored()["A"].excluded == ("HP:0000252",)


@pytest.mark.parametrize("text", ["[]", '{"patient": 3}'])
def test_what_is_no_mapping_is_said(table: Path, tmp_path: Path, text: str) -> None:
    mapping = tmp_path / "map.json"
    mapping.write_text(text)

    done = call(table, "--map", mapping)

    assert done.exit_code == 1 and "is no mapping of columns" in done.output


def test_a_fhir_bundle_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bundle.json"
    code = {
        "coding": [
            {"system": "http://human-phenotype-ontology.org", "code": "HP:0001250"}
        ]
    }
    resources = [
        {"resourceType": "Patient", "id": "p1"},
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/p1"},
            "code": code,
        },
    ]
    entries = [{"resource": each} for each in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))

    done = call(path)

    assert done.exit_code == 0, done.output
    assert stored()["p1"].observed == ("HP:0001250",)


def test_words_that_are_no_term_are_counted_for_the_curators(tmp_path: Path) -> None:
    lines = [f"{name},HP:0001250;zebra toes,\n" for name in "ABC"]
    path = tmp_path / "cases.csv"
    path.write_text("patient,hpo,absent\n" + "".join(lines))

    for _ in range(2):
        assert call(path, "--accept-guesses").exit_code == 0

    [entry] = Queue(open_database(load_settings().database)).page(Wanted())
    assert (entry.words, entry.patients) == ("zebra toes", 3)
